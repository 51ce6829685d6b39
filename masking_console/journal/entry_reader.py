"""The journal's file, read without changing anything, and without a right to write.

A journal in WAL mode is read with two files beside it, which SQLite has to create where
they are missing. Where it may not (another person's folder, a read-only medium) or
cannot (a full disk), the file is read as it is, by itself.
"""

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from masking_console.journal.failures import is_damage
from masking_console.journal.seals import (
    FIRST_SEAL,
    Head,
    SealedRow,
    entry_of,
    head_of,
    row_of,
)
from masking_console.models.journal_entry import JournalEntry, JournalEvent

_BUSY_SECONDS = 5.0
_AT_ONCE = 400
"""Sessions that one question names; SQLite takes a limited number of values."""
_COLUMNS = "sequence, event, batch_id, session_uuid, content, previous_seal, seal"
SELECT = f"SELECT {_COLUMNS} FROM entries WHERE"  # noqa: S608 - names of columns
"""The beginning of every question for rows."""
ONE_ROW = f"{SELECT} sequence = ?"
"""The question for one row by its number."""
_ROWS_BEHIND = f"{SELECT} sequence > ? ORDER BY sequence"
_GAPS = "('journal.set_aside', 'journal.cut', 'journal.note')"
_OF_A_WHOLE_BATCH = "('batch.confirmed', 'batch.ticket_added')"
_NEEDS_MORE_FILES = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
}
"""Failures of a reader that may not or cannot write the files beside the journal."""
_WITHOUT_LOCKS = "win32-none" if sys.platform == "win32" else "unix-none"


@contextmanager
def opened_to_read(
    path: Path, *, is_untouched: bool = False
) -> Iterator[sqlite3.Connection]:
    """Open a journal that somebody else may be writing.

    Args:
        path: the journal's file.
        is_untouched: leave nothing beside the file; a console that begins to write
            meanwhile may then be seen in the middle of it.

    Raises:
        FileNotFoundError: there is none; it is not created.
        sqlite3.Error: it cannot be read.
    """
    path.stat()
    with closing(_connected(path, is_untouched=is_untouched)) as connection:
        yield connection


def _connected(path: Path, *, is_untouched: bool) -> sqlite3.Connection:
    if is_untouched and not os.path.exists(f"{path}-wal"):  # noqa: PTH110 - quick
        # Nobody writes. SQLite would leave a log and its index beside the file.
        return _connect(path, "mode=ro&immutable=1")
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in _NEEDS_MORE_FILES:
            raise
    else:
        return connection
    # Where this program can write nothing, as a rule nobody can; should somebody do,
    # the seals tell.
    if not _has_log(path):
        return _connect(path, "mode=ro&immutable=1")
    # Alone, SQLite keeps in memory what it otherwise shares in a file.
    connection = _connect(path, f"mode=ro&vfs={_WITHOUT_LOCKS}")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    return connection


def _has_log(path: Path) -> bool:
    """Whether entries are in the write-ahead log, as after a kill."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _connect(path: Path, options: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)
    connection.text_factory = as_text
    return connection


def as_text(content: bytes) -> str:
    """Return a text of the file; a bit that was flipped in it is no reason to fail."""
    return content.decode("utf-8", "replace")


def last_head(connection: sqlite3.Connection) -> Head:
    """Return number and seal of the last entry."""
    row = connection.execute(
        "SELECT sequence, seal FROM entries ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return head_of(*row) if row is not None else Head(0, FIRST_SEAL)


def read_last(path: Path, *, is_untouched: bool = False) -> Head:
    """Return number and seal of the last entry; see `opened_to_read`."""
    with opened_to_read(path, is_untouched=is_untouched) as connection:
        return last_head(connection)


def read_journal_id(path: Path) -> str:
    """Return the journal's own name; empty in one that an older version left."""
    with opened_to_read(path) as connection:
        tables = "SELECT 1 FROM sqlite_master WHERE name = 'identity'"
        if connection.execute(tables).fetchone() is None:
            return ""
        return str(connection.execute("SELECT journal_id FROM identity").fetchone()[0])


def read_rows(
    path: Path, behind: int = 0, *, is_untouched: bool = False
) -> Iterator[SealedRow]:
    """Yield every row of a journal behind one by sequence; see `opened_to_read`."""
    with opened_to_read(path, is_untouched=is_untouched) as connection:
        yield from rows_behind(connection, behind)


def rows_behind(connection: sqlite3.Connection, last: int) -> Iterator[SealedRow]:
    """Yield every row behind one by sequence.

    A row that SQLite cannot read comes as one that is damaged, as long as the rows
    behind it can be reached.
    """
    while True:
        try:
            for values in connection.execute(_ROWS_BEHIND, (last,)):
                last = values[0]
                yield row_of(values)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            row = _row_behind(connection, last)
            last = row.sequence
            yield row
        else:
            return


def _row_behind(connection: sqlite3.Connection, last: int) -> SealedRow:
    """Return the row behind one, alone: its number can be read where it cannot.

    Raises:
        sqlite3.DatabaseError: not even its number can be read.
    """
    query = "SELECT min(sequence) FROM entries WHERE sequence > ?"
    sequence = connection.execute(query, (last,)).fetchone()[0]
    if sequence is None:
        raise sqlite3.DatabaseError("the end cannot be read")
    try:
        return row_of(connection.execute(ONE_ROW, (sequence,)).fetchone())
    except sqlite3.DatabaseError:
        return row_of((sequence, *[None] * 6))


def rows_of_batch(
    connection: sqlite3.Connection, batch_id: str, damaged: Iterable[int] = ()
) -> list[SealedRow]:
    """Return the rows of a batch, oldest first.

    Args:
        connection: reads.
        batch_id: the batch.
        damaged: numbers of more rows that may belong to it.
    """
    found = connection.execute(f"{SELECT} batch_id = ?", (batch_id,))
    rows = {values[0]: row_of(values) for values in found}
    for sequence in damaged:
        values = connection.execute(ONE_ROW, (sequence,)).fetchone()
        if values is not None:
            rows[sequence] = row_of(values)
    return [rows[sequence] for sequence in sorted(rows)]


def read_entries_of(path: Path, session_uuids: Sequence[str]) -> Iterator[JournalEntry]:
    """Yield the entries of some sessions, by sequence, with some of their batches.

    Those say how a batch began, and which tickets were added. A damaged entry is left
    out.
    """
    with opened_to_read(path) as connection:
        for start in range(0, len(session_uuids), _AT_ONCE):
            asked = session_uuids[start : start + _AT_ONCE]
            places = ", ".join("?" * len(asked))
            of_sessions = f"session_uuid IN ({places})"
            of_these = f"(SELECT batch_id FROM entries WHERE {of_sessions})"  # noqa: S608
            of_batches = f"batch_id IN {of_these} AND +event IN {_OF_A_WHOLE_BATCH}"
            query = f"{SELECT} {of_sessions} OR {of_batches} ORDER BY sequence"
            rows = connection.execute(query, (*asked, *asked))
            yield from sound_entries(map(row_of, rows))


def read_gaps(path: Path) -> Iterator[JournalEntry]:
    """Yield the entries that tell of entries that are lost."""
    with opened_to_read(path) as connection:
        rows = connection.execute(f"{SELECT} event IN {_GAPS} ORDER BY sequence")
        yield from sound_entries(map(row_of, rows))


def read_latest_batches(path: Path, most: int) -> Sequence[JournalEntry]:
    """Return the entries that began the latest batches, newest first."""
    with opened_to_read(path) as connection:
        rows = connection.execute(
            f"{SELECT} event = ? ORDER BY sequence DESC LIMIT ?",
            (JournalEvent.BATCH_CONFIRMED.value, most),
        )
        return tuple(sound_entries(map(row_of, rows)))


def sound_entries(rows: Iterable[SealedRow]) -> Iterator[JournalEntry]:
    """Yield the entries of some rows that can be read."""
    yield from (entry for entry in map(entry_of, rows) if entry is not None)
