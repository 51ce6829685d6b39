"""The story of one session: every entry of the journal that concerns it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from masking_console.models.history import BatchRecord, tickets_of
from masking_console.models.journal_entry import (
    DamagedEntry,
    JournalEntry,
    JournalEvent,
)

_OF_A_WHOLE_BATCH = frozenset(
    {
        JournalEvent.BATCH_ENDED,
        JournalEvent.BATCH_RESUMED,
        JournalEvent.SECOND_LOOK_ENDED,
        JournalEvent.TICKET_ADDED,
        JournalEvent.BATCH_SET_ASIDE,
    }
)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry with its place in the chain."""

    sequence: int
    """Its number."""
    seal: str
    """Its seal."""
    entry: JournalEntry | DamagedEntry
    """The entry, or what is left of it."""


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One entry that concerns a session, with the batch it belongs to."""

    session_uuid: str
    """The session."""
    sealed: SealedEntry
    """The entry."""
    batch: BatchRecord | None = None
    """The batch; None for an entry that concerns the whole journal."""
    tickets: tuple[str, ...] = ()
    """Every ticket of the batch, the first one first."""


def events_of_batch(
    session_uuid: str, batch: BatchRecord, entries: Iterable[SealedEntry]
) -> Iterator[SessionEvent]:
    """Yield what a batch tells of one of its sessions, oldest first."""
    rows = tuple(entries)
    tickets = tickets_of(each.entry for each in rows)
    for each in rows:
        if _concerns(session_uuid, each.entry):
            yield SessionEvent(session_uuid, each, batch, tickets)


def _concerns(session_uuid: str, entry: JournalEntry | DamagedEntry) -> bool:
    if isinstance(entry, DamagedEntry):
        return session_uuid in entry.session_uuids or not entry.session_uuids
    return (
        entry.session_uuid == session_uuid
        or entry.event in _OF_A_WHOLE_BATCH
        or session_uuid in entry.sessions
    )
