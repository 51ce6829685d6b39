"""The journal's file: append-only SQLite in which each entry seals the one before.

The only module that speaks SQL. Nothing here knows of threads: one thread uses it.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from masking_console.errors import JournalError
from masking_console.models.journal_entry import (
    SCHEMA_VERSION,
    JournalEntry,
    JournalEvent,
)

FIRST_SEAL = "0" * 64
"""What the first entry names as the seal of the one before."""

_BUSY_SECONDS = 5.0
_SCHEMA = (
    """
    CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        event TEXT NOT NULL,
        batch_id TEXT NOT NULL,
        session_uuid TEXT NOT NULL,
        content TEXT NOT NULL,
        previous_seal TEXT NOT NULL,
        seal TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    "CREATE INDEX entries_by_batch ON entries (batch_id, sequence)",
    "CREATE INDEX entries_by_session ON entries (session_uuid, sequence)",
    f"""
    CREATE UNIQUE INDEX batch_ids ON entries (batch_id)
    WHERE event = '{JournalEvent.BATCH_CONFIRMED.value}'
    """,
    """
    CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    # INSERT OR REPLACE removes a row without asking the trigger for removals.
    """
    CREATE TRIGGER entries_are_never_replaced BEFORE INSERT ON entries
    WHEN EXISTS (
        SELECT 1 FROM entries WHERE sequence = NEW.sequence OR seal = NEW.seal
    )
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    """
    CREATE TRIGGER entries_are_never_removed BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
)


def seal(previous_seal: str, content: str) -> str:
    """Return the hash that binds an entry to the one before it."""
    return hashlib.sha256(f"{previous_seal}\n{content}".encode()).hexdigest()


class EntryFile:
    """Entries in the order in which they were written; none is changed or removed.

    An entry is on the disk (WAL, ``synchronous=FULL``) when `append` returns. Several
    processes may append to one file: each append reads the last seal and writes its own
    in one immediate transaction, so the chain stays whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, creating it where it is missing.

        Raises:
            JournalError: it was written by a newer version of this program.
        """
        self._opened()

    def append(self, new_entry: Callable[[Callable[[str], bool]], JournalEntry]) -> int:
        """Write one entry and return its sequence number, from 1.

        Args:
            new_entry: makes the entry inside the transaction; it is given a function
                that tells whether a batch id is taken.
        """
        with _immediately(self._opened()) as connection:
            entry = new_entry(lambda batch_id: _knows_batch(connection, batch_id))
            return _insert(connection, entry)

    def entries(self, batch_id: str) -> tuple[JournalEntry, ...]:
        """Return the entries of one batch, oldest first."""
        rows = self._opened().execute(
            "SELECT content FROM entries WHERE batch_id = ? ORDER BY sequence",
            (batch_id,),
        )
        return tuple(msgspec.json.decode(row[0], type=JournalEntry) for row in rows)

    def close(self) -> None:
        """Close the file; a later call opens it again."""
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


def _insert(connection: sqlite3.Connection, entry: JournalEntry) -> int:
    content = msgspec.json.encode(entry, order="deterministic").decode()
    last = connection.execute(
        "SELECT sequence, seal FROM entries ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    sequence, previous = (last[0] + 1, last[1]) if last else (1, FIRST_SEAL)
    connection.execute(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            sequence,
            entry.event.value,
            entry.batch_id,
            entry.session_uuid,
            content,
            previous,
            seal(previous, content),
        ),
    )
    return int(sequence)


def _knows_batch(connection: sqlite3.Connection, batch_id: str) -> bool:
    query = "SELECT 1 FROM entries WHERE batch_id = ? LIMIT 1"
    return connection.execute(query, (batch_id,)).fetchone() is not None


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    with _immediately(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise JournalError(
                "The journal was written by a newer masking-console. Update this one."
            )
        if version == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _make_private(path: Path) -> None:
    """Create folder and file for this operator alone; tighten them where they exist.

    Windows has no such bits; there the folder is inside the operator's own profile.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if os.name == "posix":  # pragma: no branch - tested on Linux
        path.parent.chmod(0o700)
        path.chmod(0o600)
