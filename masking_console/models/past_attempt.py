"""The work of earlier batches on one session."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from masking_console.models.account import Account
from masking_console.models.expiry import UNSETTLED, ExpiryOutcome
from masking_console.models.history import (
    OF_A_SESSION,
    outcome_of,
    standing_after,
    tickets_of,
    who,
)
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.plain_text import PlainText, plain_text


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
    """How many DELETEs were sent."""
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
