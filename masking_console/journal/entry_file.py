"""The journal's file: append-only SQLite in which each entry seals the one before.

With `entry_reader`, `schema` and `search_table`, the only modules that speak SQL.
Nothing here knows of threads: one thread uses it.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from masking_console.errors import JournalError
from masking_console.journal import search_table
from masking_console.journal.entry_reader import (
    ONE_ROW,
    SELECT,
    as_text,
    last_head,
    rows_behind,
)
from masking_console.journal.failures import FilesInUse
from masking_console.journal.seals import (
    Head,
    HeadNote,
    SealedRow,
    batch_ids_of,
    entry_of,
    head_of,
    note_path,
    note_problem,
    read_head,
    row_of,
    seal,
)
from masking_console.journal.search_table import create_tables
from masking_console.models.history_query import SearchProgress
from masking_console.models.journal_entry import (
    SCHEMA_VERSION,
    JournalEntry,
    JournalEvent,
)
from masking_console.paths import UnsafePathError, make_private_folder, open_private

_VERSION_1 = (
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
_VERSION_2 = ("CREATE INDEX entries_by_event ON entries (event, sequence)",)
_VERSION_5 = (
    "CREATE TABLE identity (journal_id TEXT NOT NULL) STRICT",
    "INSERT INTO identity VALUES (lower(hex(randomblob(16))))",
    """
    CREATE TRIGGER identity_is_never_changed BEFORE UPDATE ON identity
    BEGIN SELECT RAISE(ABORT, 'the journal keeps its name'); END
    """,
)
_STEPS: Mapping[int, tuple[str, ...]] = {
    1: _VERSION_1,
    2: _VERSION_2,
    3: (),
    4: (),
    5: _VERSION_5,
}
"""Statements that lead to each version; entries are never rewritten.

The tables of `search_table`, which came with 4, are made wherever they are missing."""


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create or extend the tables, inside a transaction of the caller.

    Raises:
        JournalError: the file was written by a newer version of this program.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalError(
            "The journal was written by a newer masking-console. Update this one."
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _STEPS[step]:
            connection.execute(statement)
    create_tables(connection)
    if version != SCHEMA_VERSION:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


_BUSY_SECONDS = 5.0
_IS_SMALL_DAMAGE = (
    "NULL value in entries.",
    "non-TEXT value in entries.",
    "NULL value in search_",
    "non-TEXT value in search_",
    "non-INTEGER value in search_",
    "non-REAL value in search_",
)
"""The beginnings of what SQLite says of one row, while the file itself is sound."""
_ON_THE_DISK = frozenset({JournalEvent.BATCH_CONFIRMED, JournalEvent.BATCH_ENDED})
"""After these the note is put on the disk as well, so that a power failure between two
batches does not set it back; in between it would take longer than the entry."""

NewEntry = Callable[[JournalEvent, str], JournalEntry]
"""Makes an entry that concerns the whole journal, of what happened and its words."""


class EntryFile:
    """Entries in the order in which they were written; none is changed or removed.

    An entry is on the disk (WAL, ``synchronous=FULL``), in the file that stands at the
    path, when `append` returns. Several processes may append to one file: each append
    reads the last seal and writes its own in one immediate transaction, so the chain
    stays whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._in_use = FilesInUse(path)
        self._note = HeadNote(path)
        self._is_compared = False

    def open(self) -> None:
        """Open the file, creating it where it is missing.

        Raises:
            JournalError: it was written by a newer version of this program.
        """
        self._opened()

    @property
    def is_compared(self) -> bool:
        """Whether it is open, and was compared with its note."""
        return self._is_compared

    def check(self) -> None:
        """Look through the whole file for damage that is more than one bad entry.

        Raises:
            sqlite3.DatabaseError: it is damaged.
        """
        found = [row[0] for row in self._opened().execute("PRAGMA quick_check")]
        for words in found:
            if words != "ok" and not words.startswith(_IS_SMALL_DAMAGE):
                raise sqlite3.DatabaseError(words)

    def compare_with_note(self, new_entry: NewEntry, consoles: int) -> str:
        """Compare the note of the last entry with the journal, before it is written.

        What does not fit is written down, so that it can be seen ever after.

        Args:
            new_entry: makes the entry that says it.
            consoles: how many may have written an entry and been killed before the
                note of it.

        Returns:
            What does not fit, in words; nothing where all is well.
        """
        with _immediately(self._opened()) as connection:
            last, noted = last_head(connection), read_head(self.path)
            event, words = note_problem(
                self._row(last.sequence),
                noted,
                self._row(noted.sequence) if noted is not None else None,
                consoles,
                is_there=os.path.lexists(note_path(self.path)),
            )
            head = last
            if event is not None:
                head = _insert(connection, new_entry(event, words))
            else:
                # Where nobody else writes, so that the note is never set back.
                self._note.begin(last)
        if event is not None:
            # Only when it is written down is the old note let go.
            self._note.begin(head)
        self._is_compared = True
        return words

    def append(self, new_entry: Callable[[], JournalEntry | None]) -> int:
        """Write one entry and return its sequence number, from 1.

        Args:
            new_entry: makes the entry inside the transaction, where nobody else
                writes; None writes nothing, and 0 is returned.

        Raises:
            UnsafePathError: the file that was written is not at the path any more, or
                somebody changed the note.
        """
        with _immediately(self._opened()) as connection:
            entry = new_entry()
            head = _insert(connection, entry) if entry is not None else None
        if entry is None or head is None:
            return 0
        self._in_use.check()
        self._note.write(head)
        if entry.event in _ON_THE_DISK:
            self._note.sync()
        return head.sequence

    def take_for_search(self, *, anew: bool = False) -> SearchProgress:
        """Take the next entries into the values to search by.

        Args:
            anew: forget what was taken before.
        """
        last = last_head(self._opened())
        if not anew and search_table.reached(self._opened()) == last:
            return SearchProgress(last.sequence, last.sequence)
        with _immediately(self._opened()) as connection:
            if anew:
                search_table.drop_tables(connection)
            return search_table.take_some(
                connection,
                last_head(connection),
                self._head_at,
                lambda sequence: rows_behind(connection, sequence),
            )

    def knows_batch(self, batch_id: str) -> bool:
        """Whether there is an entry of this batch."""
        query = "SELECT 1 FROM entries WHERE batch_id = ? LIMIT 1"
        return self._opened().execute(query, (batch_id,)).fetchone() is not None

    def last_seal(self) -> str:
        """Return the seal of the last entry."""
        return last_head(self._opened()).seal

    def rows(
        self, batch_id: str, events: Sequence[JournalEvent] = ()
    ) -> tuple[SealedRow, ...]:
        """Return the rows of one batch, or some of its events, oldest first."""
        places = ", ".join("?" * len(events))
        some = f"AND event IN ({places})" if events else ""
        query = f"{SELECT} batch_id = ? {some} ORDER BY sequence"
        values = (batch_id, *(each.value for each in events))
        return tuple(map(row_of, self._opened().execute(query, values)))

    def open_batches(self) -> Mapping[str, Sequence[SealedRow]]:
        """Return the rows of each batch without an end that can be read."""
        ended = {
            row.batch_id
            for row in self._rows_of_event(JournalEvent.BATCH_ENDED)
            if entry_of(row) is not None
        }
        found: dict[str, list[SealedRow]] = {}
        for each in self._batch_ids():
            for row in self.rows(each) if each not in ended else ():
                # A damaged one may stand under an id that is no batch's.
                names = {each} if entry_of(row) is not None else batch_ids_of(row)
                for name in names - ended:
                    found.setdefault(name, []).append(row)
        for rows in found.values():
            rows.sort(key=lambda row: row.sequence)
        return found

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        self._note.close()
        self._is_compared = False
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            _make_private(self.path)
            self._in_use.about_to_open()
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None
            )
            connection.text_factory = as_text
            try:
                _patiently(lambda: _prepare(connection))
                self._in_use.opened()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _row(self, sequence: int) -> SealedRow | None:
        found = self._opened().execute(ONE_ROW, (sequence,)).fetchone()
        return row_of(found) if found is not None else None

    def _head_at(self, sequence: int) -> Head | None:
        row = self._row(sequence)
        return head_of(row.sequence, row.seal) if row is not None else None

    def _rows_of_event(self, event: JournalEvent) -> Iterable[SealedRow]:
        query = f"{SELECT} event = ? ORDER BY sequence"
        return map(row_of, self._opened().execute(query, (event.value,)))

    def _batch_ids(self) -> Sequence[str]:
        """Return the ids of all batches, from the index alone: one step for each."""
        found = self._opened().execute(
            "WITH RECURSIVE ids(id) AS (SELECT min(batch_id) FROM entries WHERE "
            "batch_id > '' UNION ALL SELECT (SELECT min(batch_id) FROM entries WHERE "
            "batch_id > ids.id) FROM ids WHERE ids.id IS NOT NULL) "
            "SELECT id FROM ids WHERE id IS NOT NULL"
        )
        return [row[0] for row in found]


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
    last = last_head(connection)
    head = Head(last.sequence + 1, seal(last.seal, content))
    values = (
        head.sequence,
        entry.event.value,
        entry.batch_id,
        entry.session_uuid,
        content,
        last.seal,
        head.seal,
    )
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    search_table.take_new(connection, last, head, row_of(values))
    return head


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
