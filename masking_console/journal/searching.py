"""Searches in the journal: batches that match, and the story of one session.

The values to search by name the batches; what is returned is read from their sealed
entries, and matched once more. Where those values are missing, behind, or made for
other entries than these, the whole journal is read, which takes seconds when it is
large.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from masking_console.journal import search_table
from masking_console.journal.entry_reader import (
    SELECT,
    last_head,
    opened_to_read,
    rows_behind,
    rows_of_batch,
)
from masking_console.journal.failures import in_our_words, is_damage
from masking_console.journal.reading import read_contents
from masking_console.journal.seals import (
    SealedRow,
    batch_ids_of,
    damaged_entry,
    entry_of,
    row_of,
)
from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.history_query import (
    HistoryPage,
    HistoryQuery,
    SealedEntry,
    SessionEvent,
    events_of_batch,
)
from masking_console.models.journal_entry import DamagedEntry, JournalEntry

T = TypeVar("T")

_MOST_BATCHES = 50
_MOST_ENTRIES = 400
"""A page ends behind the batch that reaches one of them."""


def read_page(
    path: Path, query: HistoryQuery, before: int | None = None
) -> HistoryPage:
    """Return some of the batches that match, the newest first.

    Args:
        path: the journal's file; nothing is found where there is none.
        query: what is looked for.
        before: where the page begins, as the one before it said.

    Raises:
        JournalError: the journal cannot be read.
    """
    page = _searched(path, lambda found: _page(found, query, before))
    if page is not None:
        return page
    contents = read_contents(path)
    batches = tuple(each for each in reversed(contents.batches) if query.matches(each))
    return HistoryPage(
        batches=batches,
        total=len(batches),
        all=len(contents.batches),
        damaged=contents.damaged,
        last_seal=contents.last_seal,
    )


def read_matching(path: Path, query: HistoryQuery) -> tuple[BatchRecord, ...]:
    """Return every batch that matches, the newest first.

    Raises:
        JournalError: the journal cannot be read.
    """

    def look(connection: sqlite3.Connection) -> tuple[BatchRecord, ...]:
        return tuple(each.record for each in _found(connection, query))

    batches = _searched(path, look)
    if batches is not None:
        return batches
    contents = read_contents(path)
    return tuple(each for each in reversed(contents.batches) if query.matches(each))


def read_session_events(path: Path, query: HistoryQuery) -> tuple[SessionEvent, ...]:
    """Return the events of the sessions that a query names, by session.

    Args:
        path: the journal's file.
        query: names a session, and may ask for more of its batches.

    Raises:
        JournalError: the journal cannot be read.
    """
    found = _searched(path, lambda connection: _events(connection, query))
    if found is None and path.exists():
        found = in_our_words(lambda: _events_of_all(path, query), "read")
    return tuple(sorted(found or (), key=_by_session))


def count_unprepared(path: Path) -> int:
    """Return how many entries have to be read for any question; 0: only those meant.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not path.exists() or _searched(path, lambda _connection: True):
        return 0

    def count() -> int:
        with opened_to_read(path) as connection:
            return last_head(connection).sequence

    return in_our_words(count, "read")


def _by_session(event: SessionEvent) -> tuple[str, int]:
    return event.session_uuid, event.sealed.sequence


def _searched(path: Path, look: Callable[[sqlite3.Connection], T]) -> T | None:
    """Return what the values to search by lead to; None where they cannot be used."""

    def read() -> T | None:
        with opened_to_read(path) as connection:
            # One transaction, so that all of it is of the same moment.
            connection.execute("BEGIN")
            if search_table.reached(connection) != last_head(connection):
                return None
            try:
                return look(connection)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                return None

    return in_our_words(read, "read") if path.exists() else None


@dataclass(frozen=True, slots=True)
class _Found:
    id: int
    rows: list[SealedRow]
    record: BatchRecord


def _found(
    connection: sqlite3.Connection, query: HistoryQuery, before: int | None = None
) -> Iterator[_Found]:
    """Yield the batches that match, the newest first, from their sealed entries."""
    for each in search_table.named(connection, query, before):
        damaged = search_table.damaged_of(connection, each.id)
        rows = rows_of_batch(connection, each.batch_id, damaged)
        record = _record(each.batch_id, rows)
        if record is not None and query.matches(record):
            yield _Found(each.id, rows, record)


def _record(batch_id: str, rows: Iterable[SealedRow]) -> BatchRecord | None:
    entries: list[JournalEntry | DamagedEntry] = []
    seal = ""
    for row in rows:
        entry = entry_of(row)
        if entry is not None and row.batch_id == batch_id:
            seal = row.seal
        entries.append(entry or damaged_entry(row))
    return batch_record(entries, seal)


def _page(
    connection: sqlite3.Connection, query: HistoryQuery, before: int | None
) -> HistoryPage:
    batches: list[BatchRecord] = []
    entries, next_page = 0, None
    for each in islice(_found(connection, query, before), _MOST_BATCHES):
        batches.append(each.record)
        entries += len(each.rows)
        if entries >= _MOST_ENTRIES or len(batches) == _MOST_BATCHES:
            next_page = each.id
            break
    total = len(batches)
    if before is None and next_page is not None:
        total = search_table.count_named(connection, query)
    # Also what was damaged since the values were taken, as far as it is shown here.
    damaged = {*search_table.damaged_of(connection)}
    damaged.update(*(each.damaged for each in batches))
    head = last_head(connection)
    seal = head.seal if head.sequence else ""
    return HistoryPage(
        batches=tuple(batches),
        total=total,
        all=search_table.count_named(connection, HistoryQuery()),
        next=next_page,
        damaged=tuple(sorted(damaged)),
        last_seal=seal,
    )


def _events(connection: sqlite3.Connection, query: HistoryQuery) -> list[SessionEvent]:
    events: list[SessionEvent] = []
    for each in _found(connection, query):
        events += _told(query, each.record, each.rows)
    return [*events, *_outside_batches(connection, query)]


def _events_of_all(path: Path, query: HistoryQuery) -> list[SessionEvent]:
    records = {
        each.batch_id: each
        for each in read_contents(path).batches
        if query.matches(each)
    }
    rows: dict[str, list[SealedRow]] = {}
    events: list[SessionEvent] = []
    with opened_to_read(path) as connection:
        for row in rows_behind(connection, 0):
            for batch_id in batch_ids_of(row) & records.keys():
                rows.setdefault(batch_id, []).append(row)
        for batch_id, record in records.items():
            events += _told(query, record, rows[batch_id])
        return [*events, *_outside_batches(connection, query)]


def _told(
    query: HistoryQuery, record: BatchRecord, rows: Iterable[SealedRow]
) -> Iterator[SessionEvent]:
    sealed = tuple(map(_sealed, rows))
    for session in record.sessions:
        if query.wants(session):
            yield from events_of_batch(session.session_uuid, record, sealed)


def _outside_batches(
    connection: sqlite3.Connection, query: HistoryQuery
) -> Iterator[SessionEvent]:
    """Yield events of a session outside batches: that its numbers were shown."""
    if query != HistoryQuery(session=query.session):
        return
    begin = query.session.casefold()
    found = connection.execute(
        f"{SELECT} session_uuid >= ? AND session_uuid < ? AND batch_id = '' "
        "ORDER BY sequence",
        (begin, f"{begin}g"),
    )
    for sealed in map(_sealed, map(row_of, found)):
        if isinstance(sealed.entry, JournalEntry):
            yield SessionEvent(sealed.entry.session_uuid, sealed)


def _sealed(row: SealedRow) -> SealedEntry:
    return SealedEntry(row.sequence, row.seal, entry_of(row) or damaged_entry(row))
