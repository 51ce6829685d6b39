"""Reading a journal that somebody else may be writing; nothing is changed."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from masking_console.journal.consoles import count_consoles
from masking_console.journal.entry_reader import (
    read_entries_of,
    read_gaps,
    read_latest_batches,
    read_rows,
)
from masking_console.journal.failures import in_our_words
from masking_console.journal.seals import (
    SealedRow,
    batch_ids_of,
    damaged_entry,
    entry_of,
    note_path,
    read_head,
    verify_chain,
)
from masking_console.models.account import Account
from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.journal_entry import (
    ChainReport,
    DamagedEntry,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import (
    PastAttempt,
    is_on,
    past_attempt,
)


@dataclass(frozen=True, slots=True)
class JournalContents:
    """Everything that can be read of a journal."""

    batches: tuple[BatchRecord, ...] = ()
    """Every batch, oldest first."""
    damaged: tuple[int, ...] = ()
    """The numbers of the entries that cannot be read."""
    last_seal: str = ""
    """The seal of the last entry; empty where there is none."""


def read_contents(path: Path) -> JournalContents:
    """Return every batch, and what cannot be read; nothing where no journal is yet.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not path.exists():
        return JournalContents()
    return in_our_words(lambda: _contents(read_rows(path)), "read")


def see_sound_entries(
    path: Path, see: Callable[[SealedRow, JournalEntry], None]
) -> None:
    """Show every entry that is sound, with its row, oldest first; none is kept.

    Raises:
        JournalError: the journal cannot be read.
    """

    def look() -> None:
        for row in read_rows(path):
            entry = entry_of(row)
            if entry is not None:
                see(row, entry)

    if path.exists():
        in_our_words(look, "read")


def read_attempts(
    path: Path,
    session_uuids: Iterable[SessionUuid],
    account: Account | None = None,
) -> Mapping[SessionUuid, tuple[PastAttempt, ...]]:
    """Return what earlier batches did to these sessions, oldest first.

    Args:
        path: the journal's file.
        session_uuids: the sessions.
        account: only batches on this account; None: on any.

    Raises:
        JournalError: the journal cannot be read.
    """
    asked = tuple(dict.fromkeys(session_uuids))
    if not asked or not path.exists():
        return {}
    return in_our_words(lambda: _attempts(path, asked, account), "read")


def read_latest_gap(path: Path) -> datetime | None:
    """Return when entries were last found to be lost, or None where none ever were.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not path.exists():
        return None
    gaps = in_our_words(lambda: [entry.at for entry in read_gaps(path)], "read")
    return max(gaps, default=None)


def read_beginnings(path: Path, most: int) -> tuple[JournalEntry, ...]:
    """Return the entries that began the latest batches, newest first; quick.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not path.exists():
        return ()
    return in_our_words(lambda: tuple(read_latest_batches(path, most)), "read")


def verify_file(path: Path, *, is_untouched: bool = False) -> ChainReport:
    """Return whether the chain is whole, and if not, where it is broken.

    Args:
        path: the journal's file.
        is_untouched: see `read_rows`.

    Raises:
        JournalError: the journal cannot be read.
    """
    # The note first: what is written while we read can only be newer.
    noted, is_there = read_head(path), os.path.lexists(note_path(path))

    def may_lag() -> int:
        now = read_head(path)
        moved = now.sequence - noted.sequence if now and noted else 0
        return count_consoles(path) + max(0, moved)

    if not path.exists():
        return verify_chain((), noted, is_there=is_there)
    return in_our_words(
        lambda: verify_chain(
            read_rows(path, is_untouched=is_untouched),
            noted,
            may_lag,
            is_there=is_there,
        ),
        "read",
    )


def batch_of(rows: Iterable[SealedRow], seal: str = "") -> BatchRecord | None:
    """Return the batch of these rows, sound or not."""
    return batch_record((entry_of(row) or damaged_entry(row) for row in rows), seal)


def _contents(rows: Iterable[SealedRow]) -> JournalContents:
    entries: dict[str, list[JournalEntry | DamagedEntry]] = {}
    seals: dict[str, str] = {}
    damaged: list[int] = []
    last_seal = ""
    for row in rows:
        last_seal = row.seal
        entry = entry_of(row)
        if entry is None:
            damaged.append(row.sequence)
            for batch_id in batch_ids_of(row):
                entries.setdefault(batch_id, []).append(damaged_entry(row))
        elif row.batch_id:
            entries.setdefault(row.batch_id, []).append(entry)
            seals[row.batch_id] = row.seal
    found = (batch_record(each, seals.get(name, "")) for name, each in entries.items())
    batches = tuple(record for record in found if record is not None)
    return JournalContents(batches, tuple(damaged), last_seal)


def _attempts(
    path: Path, asked: tuple[SessionUuid, ...], account: Account | None
) -> Mapping[SessionUuid, tuple[PastAttempt, ...]]:
    began: dict[str, JournalEntry] = {}
    added: dict[str, list[JournalEntry]] = {}
    entries: dict[tuple[str, str], list[JournalEntry]] = {}
    for entry in read_entries_of(path, asked):
        if entry.event is JournalEvent.BATCH_CONFIRMED:
            began[entry.batch_id] = entry
        elif entry.event is JournalEvent.TICKET_ADDED:
            added.setdefault(entry.batch_id, []).append(entry)
        else:
            key = (entry.session_uuid, entry.batch_id)
            entries.setdefault(key, []).append(entry)
    found: dict[SessionUuid, tuple[PastAttempt, ...]] = {}
    for (text, batch_id), each in entries.items():
        confirmed = began.get(batch_id)
        if confirmed is None or not (account is None or is_on(confirmed, account)):
            continue
        attempt = past_attempt(confirmed, each, added.get(batch_id, ()))
        if attempt is not None:
            uuid = SessionUuid(text)
            found[uuid] = (*found.get(uuid, ()), attempt)
    return found
