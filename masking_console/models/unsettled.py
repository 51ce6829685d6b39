"""What earlier batches have left unsettled, until somebody settles it or sets it aside.

The operator's own stop leaves nothing unsettled but what was sent and is not known.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from masking_console.models.expiry import UNSETTLED, ExpiryOutcome, RunEnd
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.session_uuid import SessionUuid

OFFERED_FOR = timedelta(days=90)
"""How far back it goes: older sessions cannot be listed at Plivo either."""


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
