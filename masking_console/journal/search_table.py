"""Values to search the journal by, in tables of their own beside the entries.

They are written in the transaction of the entry, can be built anew from the entries at
any time, and prove nothing: they only name batches, whose sealed entries are then read.
A batch with a damaged entry is named by every search, because nobody can tell what that
entry said.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from masking_console.journal.seals import (
    FIRST_SEAL,
    Head,
    SealedRow,
    batch_ids_of,
    entry_of,
)
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import batch_record, standing_after
from masking_console.models.history_query import HistoryQuery, SearchProgress
from masking_console.models.journal_entry import JournalEntry, JournalEvent

RULES = 1
"""Rises when the values follow from the entries in another way; all is then built
anew."""
AT_ONCE = 4_000
"""Entries that are taken in one transaction: about 0.2 s, in which no other console can
write."""

_TABLES = ("search_state", "search_batches", "search_sessions", "search_damaged")
_CREATE = (
    """
    CREATE TABLE IF NOT EXISTS search_state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        rules INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        seal TEXT NOT NULL
    ) STRICT
    """,
    # `id` numbers the batches by their first entries, so that it sorts by time.
    """
    CREATE TABLE IF NOT EXISTS search_batches (
        id INTEGER PRIMARY KEY,
        batch_id TEXT NOT NULL UNIQUE,
        began_at REAL NOT NULL,
        account TEXT NOT NULL,
        operators TEXT NOT NULL,
        tickets TEXT NOT NULL,
        words TEXT NOT NULL,
        is_damaged INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS search_sessions (
        batch INTEGER NOT NULL,
        session_uuid TEXT NOT NULL,
        standing TEXT NOT NULL,
        PRIMARY KEY (batch, session_uuid)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS search_sessions_by_uuid
    ON search_sessions (session_uuid, batch)
    """,
    """
    CREATE INDEX IF NOT EXISTS search_sessions_by_standing
    ON search_sessions (standing, batch)
    """,
    """
    CREATE TABLE IF NOT EXISTS search_damaged (
        batch INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (batch, sequence)
    ) STRICT, WITHOUT ROWID
    """,
)
_BEHIND_EVERY_ID = "g"
"""Sorts behind every character of a session's id."""
_NO_BATCH = 0
_NOT_SENT = ExpiryOutcome.NOT_SENT.value
_FEW = 2_000
"""Sessions with an outcome."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables, all of them anew where one is missing."""
    names = "SELECT count(*) FROM sqlite_master WHERE name IN (?, ?, ?, ?)"
    if connection.execute(names, _TABLES).fetchone()[0] < len(_TABLES):
        drop_tables(connection)
    for statement in _CREATE:
        connection.execute(statement)


def drop_tables(connection: sqlite3.Connection) -> None:
    """Remove all values, so that they are built anew."""
    for name in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def reached(connection: sqlite3.Connection) -> Head | None:
    """Return the last entry that was taken; None where the values cannot be used."""
    query = "SELECT sequence, seal FROM search_state WHERE id = 1 AND rules = ?"
    try:
        row = connection.execute(query, (RULES,)).fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None  # There is no such table.
    return Head(*row) if row is not None else None


def take_new(
    connection: sqlite3.Connection, last: Head, head: Head, row: SealedRow
) -> None:
    """Take an entry in the transaction that writes it, unless earlier ones are missing.

    An entry is never lost for its values: where they cannot be written, they stay
    behind, and are built later.
    """
    if reached(connection) != last:
        return
    connection.execute("SAVEPOINT search")
    try:
        taking = _Taking(connection)
        taking.take(row)
        taking.write()
        _write_state(connection, head)
    except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
        primary = error.sqlite_errorcode & 0xFF
        if primary not in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}:
            raise
        connection.execute("ROLLBACK TO search")
    connection.execute("RELEASE search")


def take_some(
    connection: sqlite3.Connection,
    last: Head,
    head_at: Callable[[int], Head | None],
    rows_behind: Callable[[int], Iterable[SealedRow]],
) -> SearchProgress:
    """Take the next entries, inside a transaction of the caller.

    Args:
        connection: holds the write lock.
        last: the last entry of the journal.
        head_at: returns number and seal of an entry.
        rows_behind: yields the rows behind one.
    """
    create_tables(connection)
    at = reached(connection)
    is_known = at is not None and (at.sequence == 0 or head_at(at.sequence) == at)
    if at is None or not is_known:
        # Nothing was built, or for other entries than these.
        drop_tables(connection)
        create_tables(connection)
        at = Head(0, FIRST_SEAL)
    sequence = at.sequence
    rows = tuple(islice(rows_behind(sequence), AT_ONCE))
    taking = _Taking(connection)
    for row in rows:
        taking.take(row)
        sequence = row.sequence
    taking.write()
    _write_state(connection, head_at(sequence) or at)
    return SearchProgress(sequence if rows else last.sequence, last.sequence)


def _write_state(connection: sqlite3.Connection, head: Head) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO search_state VALUES (1, ?, ?, ?)",
        (RULES, head.sequence, head.seal),
    )


class _Taking:
    """Some entries on their way into the tables; standings are written at the end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._many = connection.executemany
        self._batches: dict[str, int] = {}
        self._standings: dict[tuple[int, str], str] = {}

    def take(self, row: SealedRow) -> None:
        """Take the next entry."""
        entry = entry_of(row)
        if entry is None:
            self._take_damaged(row)
        elif entry.event is JournalEvent.BATCH_CONFIRMED:
            self._take_beginning(entry)
        elif entry.batch_id:
            batch = self._batch(entry.batch_id)
            if entry.session_uuid:
                key = batch, entry.session_uuid
                self._standings[key] = standing_after(self._standing(key), entry)
            elif entry.event is JournalEvent.TICKET_ADDED:
                self._take_ticket(batch, entry)

    def write(self) -> None:
        """Write the standings, each once."""
        self._many(
            "INSERT OR REPLACE INTO search_sessions VALUES (?, ?, ?)",
            [
                (*key, standing or _NOT_SENT)
                for key, standing in self._standings.items()
            ],
        )

    def _take_damaged(self, row: SealedRow) -> None:
        insert = "INSERT OR IGNORE INTO search_damaged VALUES (?, ?)"
        self._execute(insert, (_NO_BATCH, row.sequence))
        for batch_id in batch_ids_of(row):
            batch = self._batch(batch_id)
            mark = "UPDATE search_batches SET is_damaged = 1 WHERE id = ?"
            self._execute(mark, (batch,))
            self._execute(insert, (batch, row.sequence))

    def _take_beginning(self, entry: JournalEntry) -> None:
        record = batch_record((entry,))
        assert record is not None  # noqa: S101 - the entry begins a batch
        # As the record says them, which is what the search is for.
        operators = _who(entry)
        account, ticket = record.account_name.casefold(), record.ticket.casefold()
        words = _lines(account, operators, ticket, record.reason)
        values = (record.began_at.timestamp(), account, operators, ticket, words)
        changed = self._execute(
            "UPDATE search_batches SET began_at = ?, account = ?, operators = ?, "
            "tickets = ?, words = ? WHERE batch_id = ?",
            (*values, entry.batch_id),
        )
        if not changed.rowcount:
            self._add_batch(entry.batch_id, *values, 0)
        batch = self._batch(entry.batch_id)
        for uuid in entry.sessions:
            self._standings[batch, uuid] = ""

    def _add_batch(self, batch_id: str, *values: object) -> None:
        self._execute(
            "INSERT INTO search_batches SELECT coalesce(max(id), 0) + 1, "
            "?, ?, ?, ?, ?, ?, ? FROM search_batches",
            (batch_id, *values),
        )

    def _take_ticket(self, batch: int, entry: JournalEntry) -> None:
        self._execute(
            "UPDATE search_batches SET tickets = tickets || char(10) || ?, "
            "words = words || char(10) || ? WHERE id = ?",
            (
                entry.ticket.casefold(),
                _lines(entry.ticket, entry.reason, _who(entry)),
                batch,
            ),
        )

    def _standing(self, key: tuple[int, str]) -> str:
        """Return a standing, in which nothing was sent yet where none is known."""
        if key not in self._standings:
            query = "SELECT standing FROM search_sessions WHERE batch = ? "
            query += "AND session_uuid = ?"
            found = self._execute(query, key).fetchone()
            is_sent = found is not None and found[0] != _NOT_SENT
            self._standings[key] = found[0] if is_sent else ""
        return self._standings[key]

    def _batch(self, batch_id: str) -> int:
        """Return the number of a batch, also where its beginning is lost."""
        if batch_id not in self._batches:
            query = "SELECT id FROM search_batches WHERE batch_id = ?"
            found = self._execute(query, (batch_id,)).fetchone()
            if found is None:
                # Nobody knows what it may be searched by, so every search names it.
                self._add_batch(batch_id, 0.0, "", "", "", "", 1)
                return self._batch(batch_id)
            self._batches[batch_id] = found[0]
        return self._batches[batch_id]


def _who(entry: JournalEntry) -> str:
    return _lines(entry.operator, entry.sudo_user, entry.operator_name)


def _lines(*texts: str) -> str:
    return "\n".join(text.casefold() for text in texts if text)


@dataclass(frozen=True, slots=True)
class Named:
    """A batch that a search names."""

    id: int
    """Its number, by which the searches sort."""
    batch_id: str
    """The batch."""


def count_named(connection: sqlite3.Connection, query: HistoryQuery) -> int:
    """Return how many batches a search names."""
    where, values = _where(connection, query)
    sql = f"SELECT count(*) FROM search_batches b WHERE {where}"  # noqa: S608
    return int(connection.execute(sql, values).fetchone()[0])


def named(
    connection: sqlite3.Connection, query: HistoryQuery, before: int | None
) -> Iterable[Named]:
    """Yield the batches that a search names, the newest first.

    Args:
        connection: reads.
        query: what is looked for.
        before: only those with a lower number.
    """
    where, values = _where(connection, query)
    if before is not None:
        where, values = f"b.id < ? AND ({where})", [before, *values]
    sql = f"SELECT b.id, b.batch_id FROM search_batches b WHERE {where}"  # noqa: S608
    for row in connection.execute(f"{sql} ORDER BY b.id DESC", values):
        yield Named(*row)


def damaged_of(connection: sqlite3.Connection, batch: int | None = None) -> list[int]:
    """Return the numbers of the damaged entries: of a batch, or all."""
    query = "SELECT sequence FROM search_damaged WHERE batch = ? ORDER BY sequence"
    found = connection.execute(query, (_NO_BATCH if batch is None else batch,))
    return [row[0] for row in found]


def _where(
    connection: sqlite3.Connection, query: HistoryQuery
) -> tuple[str, list[object]]:
    of_sessions = _of_sessions(connection, query)
    parts = [*_of_batches(query), *of_sessions, *_of_words(query)]
    if not parts:
        return "1", []
    wanted = " AND ".join(f"({sql})" for sql, _values in parts)
    return f"b.is_damaged OR ({wanted})", [each for _, some in parts for each in some]


_Condition = tuple[str, Sequence[object]]
"""A part of a WHERE, and its values."""


def _of_batches(query: HistoryQuery) -> Iterable[_Condition]:
    if query.batch:
        yield "instr(lower(b.batch_id), ?) = 1", [query.batch.casefold()]
    if query.ticket:
        yield "instr(b.tickets, ?)", [query.ticket.casefold()]
    if query.account:
        yield "b.account = ?", [query.account.casefold()]
    if query.operator:
        of_a_line = "instr(char(10) || b.operators || char(10), ?)"
        yield of_a_line, [f"\n{query.operator.casefold()}\n"]
    if query.since is not None:
        yield "b.began_at >= ?", [query.since.timestamp()]


def _of_sessions(
    connection: sqlite3.Connection, query: HistoryQuery
) -> Iterable[_Condition]:
    outcomes = [each.value for each in query.outcomes]
    standing = f"standing IN ({', '.join('?' * len(outcomes))})"
    if query.session:
        where, values = "session_uuid >= ? AND session_uuid < ?", _span(query.session)
        where += f" AND {standing}" if outcomes else ""
        sql = f"SELECT batch FROM search_sessions WHERE {where}"  # noqa: S608
        yield f"b.id IN ({sql})", [*values, *outcomes]
    elif outcomes:
        sql = f"SELECT batch FROM search_sessions WHERE {standing}"  # noqa: S608
        few = connection.execute(f"{sql} LIMIT 1 OFFSET {_FEW}", outcomes).fetchone()
        # Of few sessions all batches are noted; of many, each batch is asked for one.
        in_each = f"EXISTS ({sql} AND batch = b.id)"
        yield f"b.id IN ({sql})" if few is None else in_each, outcomes


def _of_words(query: HistoryQuery) -> Iterable[_Condition]:
    for word in map(str.casefold, query.words):
        anywhere = "instr(b.words, ?) OR instr(lower(b.batch_id), ?) = 1"
        of_a_session = "session_uuid >= ? AND session_uuid < ?"
        sql = f"SELECT batch FROM search_sessions WHERE {of_a_session}"  # noqa: S608
        yield f"{anywhere} OR b.id IN ({sql})", [word, word, *_span(word)]


def _span(part: str) -> tuple[str, str]:
    """Return the bounds of the ids that begin so."""
    return part.casefold(), f"{part.casefold()}{_BEHIND_EVERY_ID}"
