"""The journal's file: append-only SQLite in which each entry seals the one before.

With `schema`, the only module that speaks SQL. Nothing here knows of threads: one
thread uses it.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from masking_console.journal.head_note import HeadNote, read_head
from masking_console.journal.schema import bring_up_to_date
from masking_console.journal.seals import FIRST_SEAL, Head, SealedRow, seal
from masking_console.models.journal_entry import JournalEntry
from masking_console.paths import UnsafePathError, make_private_folder, open_private

_BUSY_SECONDS = 5.0
_AT_ONCE = 400
"""Sessions that one question names; SQLite takes a limited number of values."""


class EntryFile:
    """Entries in the order in which they were written; none is changed or removed.

    An entry is on the disk (WAL, ``synchronous=FULL``) when `append` returns. Several
    processes may append to one file: each append reads the last seal and writes its own
    in one immediate transaction, so the chain stays whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._head = HeadNote(path)

    def open(self) -> None:
        """Open the file, creating it where it is missing.

        Raises:
            JournalError: it was written by a newer version of this program.
        """
        self._opened()

    def check(self) -> None:
        """Look through the whole file for damage.

        Raises:
            sqlite3.DatabaseError: it is damaged.
        """
        found = self._opened().execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)

    def append(self, new_entry: Callable[[], JournalEntry | None]) -> int:
        """Write one entry and return its sequence number, from 1.

        Args:
            new_entry: makes the entry inside the transaction, where nobody else
                writes; None writes nothing, and 0 is returned.
        """
        with _immediately(self._opened()) as connection:
            entry = new_entry()
            head = _insert(connection, entry) if entry is not None else None
        if head is None:
            return 0
        self._head.write(head)
        return head.sequence

    def missing_at_end(self) -> tuple[int, int] | None:
        """Return the first and last number of entries that were cut off, if any were.

        Begins the note of the last entry where there is none, as in an older journal.
        """
        last, noted = _last(self._opened()), read_head(self.path)
        if noted is None:
            self._head.write(last)
        if noted is None or noted.sequence <= last.sequence:
            return None
        return last.sequence + 1, noted.sequence

    def knows_batch(self, batch_id: str) -> bool:
        """Whether there is an entry of this batch."""
        query = "SELECT 1 FROM entries WHERE batch_id = ? LIMIT 1"
        return self._opened().execute(query, (batch_id,)).fetchone() is not None

    def entries(self, batch_id: str) -> tuple[JournalEntry, ...]:
        """Return the entries of one batch, oldest first."""
        rows = self._opened().execute(
            "SELECT content FROM entries WHERE batch_id = ? ORDER BY sequence",
            (batch_id,),
        )
        return tuple(decoded(row[0]) for row in rows)

    def open_batches(self) -> tuple[str, ...]:
        """Return the batches that have a beginning and no end, oldest first."""
        rows = self._opened().execute(
            "SELECT batch_id FROM entries AS began WHERE event = 'batch.confirmed' "
            "AND NOT EXISTS (SELECT 1 FROM entries WHERE batch_id = began.batch_id "
            "AND event = 'batch.ended') ORDER BY sequence"
        )
        return tuple(row[0] for row in rows)

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        self._head.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            _make_private(self.path)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None
            )
            try:
                _patiently(lambda: _prepare(connection))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def read_rows(path: Path) -> Iterator[SealedRow]:
    """Yield every row of a journal by sequence, without changing anything."""
    with closing(_opened_to_read(path)) as connection:
        for row in connection.execute(
            "SELECT sequence, event, batch_id, session_uuid, content, previous_seal, "
            "seal FROM entries ORDER BY sequence"
        ):
            yield SealedRow(*row)


def read_entries_of(path: Path, session_uuids: Sequence[str]) -> Iterator[JournalEntry]:
    """Yield the entries of some sessions, and how their batches began, by sequence."""
    with closing(_opened_to_read(path)) as connection:
        for start in range(0, len(session_uuids), _AT_ONCE):
            asked = session_uuids[start : start + _AT_ONCE]
            places = ", ".join("?" * len(asked))
            of_sessions = f"session_uuid IN ({places})"
            rows = connection.execute(
                f"SELECT content FROM entries WHERE {of_sessions} OR "  # noqa: S608
                "event = 'batch.confirmed' AND batch_id IN "
                f"(SELECT batch_id FROM entries WHERE {of_sessions}) "
                "ORDER BY sequence",
                (*asked, *asked),
            )
            yield from (decoded(row[0]) for row in rows)


def read_gaps(path: Path) -> Iterator[JournalEntry]:
    """Yield the entries that tell of entries that are lost."""
    with closing(_opened_to_read(path)) as connection:
        rows = connection.execute(
            "SELECT content FROM entries "
            "WHERE event IN ('journal.set_aside', 'journal.cut') ORDER BY sequence"
        )
        yield from (decoded(row[0]) for row in rows)


def _opened_to_read(path: Path) -> sqlite3.Connection:
    # A missing file is not created, and its missing is an error of its own.
    path.stat()
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)


def decoded(content: str) -> JournalEntry:
    """Return the entry that a row holds."""
    return msgspec.json.decode(content, type=JournalEntry)


def _patiently(work: Callable[[], None]) -> None:
    """Try again while another console prepares the same new file.

    SQLite waits by itself for every lock but the one that switches to WAL.
    """
    deadline = time.monotonic() + 2 * _BUSY_SECONDS
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@contextmanager
def _immediately(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run one transaction that holds the write lock from its beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself, and then there is nothing to do.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _insert(connection: sqlite3.Connection, entry: JournalEntry) -> Head:
    content = msgspec.json.encode(entry, order="deterministic").decode()
    last = _last(connection)
    head = Head(last.sequence + 1, seal(last.seal, content))
    connection.execute(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            head.sequence,
            entry.event.value,
            entry.batch_id,
            entry.session_uuid,
            content,
            last.seal,
            head.seal,
        ),
    )
    return head


def _last(connection: sqlite3.Connection) -> Head:
    row = connection.execute(
        "SELECT sequence, seal FROM entries ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return Head(*row) if row else Head(0, FIRST_SEAL)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    with _immediately(connection):
        bring_up_to_date(connection)


def _make_private(path: Path) -> None:
    """Create folder and file for this operator alone; tighten them where they exist.

    Raises:
        UnsafePathError: one of them is a link, or somebody else's.
    """
    make_private_folder(path.parent)
    os.close(open_private(path, os.O_CREAT | os.O_RDWR))
    # SQLite gives them the rights of the file, but would write through a link.
    for ending in ("-wal", "-shm"):
        part = path.with_name(f"{path.name}{ending}")
        if part.is_symlink():
            raise UnsafePathError(f"{part.name} is a link to elsewhere")
