"""Unsettled sessions of earlier batches, until they are settled or set aside.

The operator's own stop leaves nothing unsettled but what was sent and is not known.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from masking_console.models.account import Account
from masking_console.models.expiry import UNSETTLED, ExpiryOutcome, RunEnd
from masking_console.models.history import (
    OF_A_SESSION,
    BatchRecord,
    SessionRecord,
    outcome_of,
    standing_after,
    tickets_of,
    who,
)
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """The work of an earlier batch on one session, as the journal tells it."""

    batch_id: str
    """The batch."""
    operator: PlainText
    """The person who confirmed it."""
    ticket: PlainText
    """Every ticket of the batch, the first one first; may be empty."""
    outcome: ExpiryOutcome
    """The last word on the session; unknown also where a later look found it open."""
    at: datetime
    """The moment of that word."""
    is_looked: bool = False
    """Whether a look after the end said it: then nobody knows who expired it."""
    attempts: int = 0
    """Number of DELETEs that were sent."""
    http_status: int | None = None
    """The status of the answer behind that word."""

    @property
    def is_known_missing(self) -> bool:
        """Whether a look after the end did not find it."""
        return self.is_looked and self.http_status == HTTPStatus.NOT_FOUND

    @property
    def has_expired_it(self) -> bool:
        """Whether the journal says that this batch expired the session."""
        return self.outcome is ExpiryOutcome.EXPIRED and not self.is_looked

    @property
    def may_have_expired_it(self) -> bool:
        """Whether a request was sent of which nobody can say that it did nothing."""
        if self.is_looked:
            return self.outcome in {*UNSETTLED, ExpiryOutcome.EXPIRED}
        return self.outcome in {ExpiryOutcome.UNKNOWN, ExpiryOutcome.FAILED}


def past_attempt(
    confirmed: JournalEntry,
    entries: Iterable[JournalEntry],
    added: Iterable[JournalEntry] = (),
) -> PastAttempt | None:
    """Return what a batch did to one session; None where it sent nothing.

    Args:
        confirmed: the entry with which the batch began.
        entries: those of the session in this batch, oldest first.
        added: the entries that added a ticket to the batch.
    """
    standing, at, is_looked, attempts = "", confirmed.at, False, 0
    status: int | None = None
    for entry in entries:
        if entry.event not in OF_A_SESSION - {JournalEvent.SESSION_CAME_BACK}:
            continue
        after = standing_after(standing, entry)
        is_look = entry.event is JournalEvent.SESSION_LOOKED
        if not is_look or after == (entry.outcome or after):
            standing, at, is_looked = after, entry.at, is_look
            status = entry.http_status
        attempts = entry.attempt or attempts
    if not standing:
        return None
    return PastAttempt(
        batch_id=confirmed.batch_id,
        operator=who(confirmed.operator, confirmed.sudo_user, confirmed.operator_name),
        ticket=plain_text(", ".join(tickets_of((confirmed, *added)))),
        outcome=outcome_of(standing),
        at=at,
        is_looked=is_looked,
        attempts=attempts,
        http_status=status,
    )


def is_on(confirmed: JournalEntry, account: Account) -> bool:
    """Return whether a batch began on this account, under this name."""
    named = (confirmed.account_name, confirmed.auth_id_tail)
    return named == (str(account.name), account.auth_id.tail)


def unsettled_attempts(attempts: Iterable[PastAttempt]) -> tuple[PastAttempt, ...]:
    """Return those that left a session unsettled, up to one that told more.

    Args:
        attempts: all on one session, oldest first.
    """
    unsettled: list[PastAttempt] = []
    for attempt in attempts:
        if attempt.outcome in UNSETTLED:
            unsettled.append(attempt)
        elif attempt.outcome is not ExpiryOutcome.NOT_SENT:
            unsettled.clear()
    return tuple(unsettled)


OFFERED_FOR = timedelta(days=90)
"""Age up to which it is offered: older sessions cannot be listed at Plivo either."""


@dataclass(frozen=True, slots=True)
class NotSettled:
    """One batch that has left something unsettled."""

    record: BatchRecord
    """The batch."""
    sessions: tuple[SessionUuid, ...]
    """The sessions of it that are not settled, in its order."""
    is_cut_off: bool
    """Whether it has no end in the journal, and nobody works on it."""

    def count(self, *outcomes: ExpiryOutcome) -> int:
        """Return how many of these sessions came to one of the outcomes."""
        named = frozenset(self.sessions)
        return sum(
            each.outcome in outcomes and each.session_uuid in named
            for each in self.record.sessions
        )

    @property
    def not_sent(self) -> tuple[SessionUuid, ...]:
        """The sessions for which nothing was carried out."""
        named = frozenset(self.sessions)
        return tuple(
            each.session_uuid
            for each in self.record.sessions
            if each.outcome is ExpiryOutcome.NOT_SENT and each.session_uuid in named
        )


def not_settled(
    records: Sequence[BatchRecord], left: Collection[str], since: datetime
) -> tuple[NotSettled, ...]:
    """Return what is not settled, the newest batch first.

    Args:
        records: all batches, oldest first.
        left: the ids of those without an end that nobody works on.
        since: older batches are not offered any more.
    """
    return tuple(_not_settled(records, left, since))


def _not_settled(
    records: Sequence[BatchRecord], left: Collection[str], since: datetime
) -> Iterator[NotSettled]:
    # A later batch that took a session up has its own word on it.
    sent_later, planned_later = set[SessionUuid](), set[SessionUuid]()
    for record in reversed(records):
        is_cut_off = record.ended_at is None and record.batch_id in left
        is_over = record.ended_at is not None or is_cut_off
        is_offered = is_over and record.set_aside is None and record.began_at >= since
        if is_offered:
            sessions = tuple(
                each.session_uuid
                for each in record.sessions
                if _is_open(record, each, is_cut_off=is_cut_off)
                and each.session_uuid
                not in (sent_later if each.outcome in UNSETTLED else planned_later)
            )
            if sessions:
                yield NotSettled(record, sessions, is_cut_off)
        for each in record.sessions:
            planned_later.add(each.session_uuid)
            if each.outcome is not ExpiryOutcome.NOT_SENT:
                sent_later.add(each.session_uuid)


def _is_open(record: BatchRecord, session: SessionRecord, *, is_cut_off: bool) -> bool:
    if session.outcome in UNSETTLED:
        return True
    is_own_stop = record.end == RunEnd.STOPPED.value and not is_cut_off
    return session.outcome is ExpiryOutcome.NOT_SENT and not is_own_stop
