"""Reading a journal that somebody else may be writing; nothing is changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from masking_console.journal.entry_file import (
    decoded,
    read_entries_of,
    read_gaps,
    read_rows,
)
from masking_console.journal.failures import in_our_words
from masking_console.journal.head_note import read_head
from masking_console.journal.seals import verify_chain
from masking_console.models.history import (
    BatchRecord,
    ChainReport,
    PastAttempt,
    batch_record,
    past_attempt,
)
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.session_uuid import SessionUuid


def read_batches(path: Path) -> tuple[BatchRecord, ...]:
    """Return every batch, oldest first; none where there is no journal yet.

    Raises:
        JournalError: the journal cannot be read.
    """
    return in_our_words(lambda: _batches(path), "read") if path.exists() else ()


def read_attempts(
    path: Path, session_uuids: Iterable[SessionUuid]
) -> Mapping[SessionUuid, tuple[PastAttempt, ...]]:
    """Return what earlier batches did to these sessions, oldest first.

    Raises:
        JournalError: the journal cannot be read.
    """
    asked = tuple(dict.fromkeys(session_uuids))
    if not asked or not path.exists():
        return {}
    return in_our_words(lambda: _attempts(path, asked), "read")


def read_latest_gap(path: Path) -> datetime | None:
    """Return when entries were last found to be lost, or None where none ever were.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not path.exists():
        return None
    gaps = in_our_words(lambda: [entry.at for entry in read_gaps(path)], "read")
    return max(gaps, default=None)


def verify_file(path: Path) -> ChainReport:
    """Return whether the chain is whole, and if not, where it is broken.

    Raises:
        JournalError: the journal cannot be read.
    """
    # The note first: what is written while we read can only be newer.
    head = read_head(path)
    if not path.exists():
        return verify_chain((), head)
    return in_our_words(lambda: verify_chain(read_rows(path), head), "read")


def _batches(path: Path) -> tuple[BatchRecord, ...]:
    entries: dict[str, list[JournalEntry]] = {}
    seals: dict[str, str] = {}
    for row in read_rows(path):
        if row.batch_id:
            entries.setdefault(row.batch_id, []).append(decoded(row.content))
            seals[row.batch_id] = row.seal
    found = (batch_record(each, seals[name]) for name, each in entries.items())
    return tuple(record for record in found if record is not None)


def _attempts(
    path: Path, asked: tuple[SessionUuid, ...]
) -> Mapping[SessionUuid, tuple[PastAttempt, ...]]:
    began: dict[str, JournalEntry] = {}
    entries: dict[tuple[str, str], list[JournalEntry]] = {}
    for entry in read_entries_of(path, asked):
        if entry.event is JournalEvent.BATCH_CONFIRMED:
            began[entry.batch_id] = entry
        else:
            key = (entry.session_uuid, entry.batch_id)
            entries.setdefault(key, []).append(entry)
    found: dict[SessionUuid, tuple[PastAttempt, ...]] = {}
    for (text, batch_id), each in entries.items():
        confirmed = began.get(batch_id)
        attempt = past_attempt(confirmed, each) if confirmed is not None else None
        if attempt is not None:
            uuid = SessionUuid(text)
            found[uuid] = (*found.get(uuid, ()), attempt)
    return found
