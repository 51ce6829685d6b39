"""The journal's file: append-only SQLite in which each entry seals the one before.

With `schema`, the only module that speaks SQL. Nothing here knows of threads: one
thread uses it.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from masking_console.journal.failures import is_damage
from masking_console.journal.files_in_use import FilesInUse
from masking_console.journal.head_note import HeadNote, note_path, read_head
from masking_console.journal.schema import bring_up_to_date
from masking_console.journal.seals import (
    FIRST_SEAL,
    Head,
    SealedRow,
    batch_ids_of,
    entry_of,
    is_seal,
    note_problem,
    row_of,
    seal,
)
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.paths import UnsafePathError, make_private_folder, open_private

_BUSY_SECONDS = 5.0
_AT_ONCE = 400
"""Sessions that one question names; SQLite takes a limited number of values."""
_COLUMNS = "sequence, event, batch_id, session_uuid, content, previous_seal, seal"
_SELECT = f"SELECT {_COLUMNS} FROM entries WHERE"  # noqa: S608 - names of columns
_ONE_ROW = f"{_SELECT} sequence = ?"
_ROWS_BEHIND = f"{_SELECT} sequence > ? ORDER BY sequence"
_ONE_ROW_IS_DAMAGED = ("NULL value in entries.", "non-TEXT value in entries.")
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
            if words != "ok" and not words.startswith(_ONE_ROW_IS_DAMAGED):
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
            last, noted = _last(connection), read_head(self.path)
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

    def knows_batch(self, batch_id: str) -> bool:
        """Whether there is an entry of this batch."""
        query = "SELECT 1 FROM entries WHERE batch_id = ? LIMIT 1"
        return self._opened().execute(query, (batch_id,)).fetchone() is not None

    def last_seal(self) -> str:
        """Return the seal of the last entry."""
        return _last(self._opened()).seal

    def rows(self, batch_id: str) -> tuple[SealedRow, ...]:
        """Return the rows of one batch, oldest first, sound or not."""
        query = f"{_SELECT} batch_id = ? ORDER BY sequence"
        return tuple(map(row_of, self._opened().execute(query, (batch_id,))))

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
            connection.text_factory = _as_text
            try:
                _patiently(lambda: _prepare(connection))
                self._in_use.opened()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _row(self, sequence: int) -> SealedRow | None:
        found = self._opened().execute(_ONE_ROW, (sequence,)).fetchone()
        return row_of(found) if found is not None else None

    def _rows_of_event(self, event: JournalEvent) -> Iterable[SealedRow]:
        query = f"{_SELECT} event = ? ORDER BY sequence"
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


def read_last(path: Path, *, is_untouched: bool = False) -> Head:
    """Return the last entry of a journal, without changing anything; see below."""
    with closing(_opened_to_read(path, is_untouched=is_untouched)) as connection:
        return _last(connection)


def read_rows(
    path: Path, behind: int = 0, *, is_untouched: bool = False
) -> Iterator[SealedRow]:
    """Yield the rows of a journal by sequence, without changing anything.

    A row that SQLite cannot read comes as one that is damaged, as long as the rows
    behind it can be reached.

    Args:
        path: the journal's file.
        behind: the number of the row before the first one.
        is_untouched: leave nothing beside the file; a console that begins to write
            meanwhile may then be seen in the middle of it.
    """
    with closing(_opened_to_read(path, is_untouched=is_untouched)) as connection:
        last = behind
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
        return row_of(connection.execute(_ONE_ROW, (sequence,)).fetchone())
    except sqlite3.DatabaseError:
        return row_of((sequence, *[None] * 6))


def read_entries_of(path: Path, session_uuids: Sequence[str]) -> Iterator[JournalEntry]:
    """Yield the entries of some sessions, and how their batches began, by sequence.

    One that is damaged is left out.
    """
    with closing(_opened_to_read(path)) as connection:
        for start in range(0, len(session_uuids), _AT_ONCE):
            asked = session_uuids[start : start + _AT_ONCE]
            places = ", ".join("?" * len(asked))
            of_sessions = f"session_uuid IN ({places})"
            of_these = f"(SELECT batch_id FROM entries WHERE {of_sessions})"  # noqa: S608
            of_batches = f"event = 'batch.confirmed' AND batch_id IN {of_these}"
            query = f"{_SELECT} {of_sessions} OR {of_batches} ORDER BY sequence"
            rows = connection.execute(query, (*asked, *asked))
            yield from _sound(rows)


def read_gaps(path: Path) -> Iterator[JournalEntry]:
    """Yield the entries that tell of entries that are lost."""
    with closing(_opened_to_read(path)) as connection:
        yield from _sound(
            connection.execute(
                f"{_SELECT} event IN "
                "('journal.set_aside', 'journal.cut', 'journal.note') ORDER BY sequence"
            )
        )


def _sound(rows: Iterable[Sequence[object]]) -> Iterator[JournalEntry]:
    """Yield what can be read of some rows."""
    found = (entry_of(row_of(values)) for values in rows)
    yield from (entry for entry in found if entry is not None)


def _opened_to_read(path: Path, *, is_untouched: bool = False) -> sqlite3.Connection:
    # A missing file is not created, and its missing is an error of its own.
    path.stat()
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if is_untouched and not os.path.exists(f"{path}-wal"):  # noqa: PTH110 - quick
        # Nobody writes. SQLite would leave a log and its index beside the file.
        uri += "&immutable=1"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)
    connection.text_factory = _as_text
    return connection


def _as_text(content: bytes) -> str:
    """Return a text of the file; a bit that was flipped in it is no reason to fail."""
    return content.decode("utf-8", "replace")


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
    if row is None:
        return Head(0, FIRST_SEAL)
    # A damaged one is followed all the same: that it is damaged is found by itself.
    return Head(row[0], row[1] if is_seal(row[1]) else seal("", str(row[1])))


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
