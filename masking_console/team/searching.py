"""The history of all consoles, asked of the team's server.

The values to search by name the batches. What is returned is read from their sealed
entries, whose seals are computed here once more, and matched against the query again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from masking_console.journal.seals import SealedRow, damaged_entry, entry_of
from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.history_query import (
    HistoryPage,
    HistoryQuery,
    SealedEntry,
    SessionEvent,
    events_of_batch,
)
from masking_console.models.plain_text import plain_text
from masking_console.team.connection import TeamServer
from masking_console.team.schema import check_version

_AT_ONCE = 20
"""Batches that are read together."""
_MOST_BATCHES = 50
_MOST_ENTRIES = 400
"""A page ends behind the batch that reaches one of them."""
_MOST_COUNTED = 1_000
"""Most matches that are counted: counting all takes longer than showing some."""
_COUNT_SECONDS = 60.0
"""Interval between two counts of many batches."""
_BEHIND_EVERY_ID = "g"
"""Behind every hexadecimal digit."""
_ROWS = """
SELECT b.number, b.chain::text, c.shipped_by, e.sequence, e.event, e.batch_id,
    e.session_uuid, e.content, e.previous_seal, e.seal
FROM unnest(%s::bigint[]) AS wanted (number)
JOIN team.batch b ON b.number = wanted.number
JOIN team.chain c ON c.chain = b.chain
JOIN team.entry e ON e.batch_id = b.batch_id AND e.chain = b.chain
ORDER BY b.number, e.sequence
"""
_OUTSIDE_BATCHES = """
SELECT sequence, event, batch_id, session_uuid, content, previous_seal, seal
FROM team.entry
WHERE batch_id = '' AND session_uuid <> '' AND session_uuid >= %s AND session_uuid < %s
ORDER BY session_uuid, shipped_at, sequence
"""
_NEWEST_ANCHOR = "SELECT sequence, seal FROM team.anchor ORDER BY sequence DESC LIMIT 1"

_Condition = tuple[str, Sequence[object]]
"""A part of a WHERE, and its values."""


@dataclass(frozen=True, slots=True)
class _Found:
    number: int
    rows: Sequence[SealedRow]
    record: BatchRecord


class TeamHistory:
    """The history on the server; one thread at a time uses it."""

    def __init__(self, server: TeamServer) -> None:
        self._server = server
        self._all = 0
        self._counted_at = -_COUNT_SECONDS

    def page(self, query: HistoryQuery, before: int | None = None) -> HistoryPage:
        """Return some of the batches that match, the newest first.

        Args:
            query: what is looked for.
            before: where the page begins, as the one before it said.

        Raises:
            TeamError: the server cannot be used.
        """
        self._check_version()
        batches: list[BatchRecord] = []
        entries, next_page = 0, None
        for each in self._found(query, before):
            batches.append(each.record)
            entries += len(each.rows)
            if entries >= _MOST_ENTRIES or len(batches) == _MOST_BATCHES:
                next_page = each.number
                break
        total = everything = len(batches)
        if before is None:
            everything = self._count_all()
            total = len(batches) if next_page is None else self._count(query)
        return HistoryPage(
            tuple(batches),
            total=min(total, _MOST_COUNTED),
            all=everything,
            next=next_page,
            is_more=total > _MOST_COUNTED,
        )

    def matching(self, query: HistoryQuery) -> tuple[BatchRecord, ...]:
        """Return every batch that matches, the newest first.

        Raises:
            TeamError: the server cannot be used.
        """
        self._check_version()
        return tuple(each.record for each in self._found(query))

    def session_events(self, query: HistoryQuery) -> tuple[SessionEvent, ...]:
        """Return what the journals tell of the sessions that a query names.

        Raises:
            TeamError: the server cannot be used.
        """
        self._check_version()
        events: list[SessionEvent] = []
        for each in reversed(tuple(self._found(query))):
            sealed = tuple(map(_sealed, each.rows))
            for session in each.record.sessions:
                if query.wants(session):
                    events += events_of_batch(session.session_uuid, each.record, sealed)
        if query == HistoryQuery(session=query.session):
            events += self._outside_batches(query.session)
        return tuple(sorted(events, key=lambda event: event.session_uuid))

    def whole_words(self) -> str:
        """Return the newest anchor as a line; kept elsewhere, it proves all before it.

        Raises:
            TeamError: the server cannot be used.
        """
        found = self._server.ask(_NEWEST_ANCHOR)
        return "Team anchor {} {}\n".format(*found[0]) if found else ""

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _check_version(self) -> None:
        if not self._server.is_open:
            check_version(self._server)

    def _found(
        self, query: HistoryQuery, before: int | None = None
    ) -> Iterator[_Found]:
        """Yield the batches that match, the newest first, from their sealed entries."""
        while numbers := self._named(query, before):
            rows: dict[int, list[SealedRow]] = {}
            places: dict[int, tuple[str, str]] = {}
            for number, chain, login, *values in self._server.ask(_ROWS, (numbers,)):
                rows.setdefault(number, []).append(SealedRow(*values))
                places[number] = (chain, login)
            for number in numbers:
                record = _record(rows.get(number, ()), *places.get(number, ("", "")))
                if record is not None and query.matches(record):
                    yield _Found(number, rows[number], record)
            if len(numbers) < _AT_ONCE:
                return
            before = numbers[-1]

    def _named(self, query: HistoryQuery, before: int | None) -> list[int]:
        where, values = _where(query)
        if before is not None:
            place = "SELECT began_at, number FROM team.batch WHERE number = %s"
            where = f"(b.began_at, b.number) < ({place}) AND {where}"
            values = [before, *values]
        order = f"b.began_at DESC, b.number DESC LIMIT {_AT_ONCE}"
        sql = f"SELECT b.number FROM team.batch b WHERE {where} ORDER BY {order}"  # noqa: S608 - of our own parts
        return [row[0] for row in self._server.ask(sql, values)]

    def _count(self, query: HistoryQuery) -> int:
        where, values = _where(query)
        some = f"SELECT FROM team.batch b WHERE {where} LIMIT {_MOST_COUNTED + 1}"
        sql = f"SELECT count(*) FROM ({some}) AS found"  # noqa: S608 - likewise
        return int(self._server.ask(sql, values)[0][0])

    def _count_all(self) -> int:
        """Return how many batches there are; of late, where there are many."""
        if monotonic() - self._counted_at > _COUNT_SECONDS:
            self._all = int(self._server.ask("SELECT count(*) FROM team.batch")[0][0])
            is_quick = self._all <= _MOST_COUNTED
            self._counted_at = -_COUNT_SECONDS if is_quick else monotonic()
        return self._all

    def _outside_batches(self, begin: str) -> Iterator[SessionEvent]:
        """Yield what is told of a session outside batches: its numbers were shown."""
        for values in self._server.ask(_OUTSIDE_BATCHES, _span(begin)):
            row = SealedRow(*values)
            yield SessionEvent(row.session_uuid, _sealed(row))


def _record(rows: Sequence[SealedRow], chain: str, login: str) -> BatchRecord | None:
    found = batch_record(
        (entry_of(row) or damaged_entry(row) for row in rows),
        rows[-1].seal if rows else "",
    )
    if found is None:
        return None
    return replace(found, chain=chain, login=plain_text(login, limit=64))


def _sealed(row: SealedRow) -> SealedEntry:
    return SealedEntry(row.sequence, row.seal, entry_of(row) or damaged_entry(row))


def _where(query: HistoryQuery) -> tuple[str, list[Any]]:
    parts = [*_of_batches(query), *_of_sessions(query), *_of_words(query)]
    wanted = " AND ".join(f"({sql})" for sql, _values in parts) or "true"
    return wanted, [each for _sql, some in parts for each in some]


def _of_batches(query: HistoryQuery) -> Iterable[_Condition]:
    if query.batch:
        yield _begins("lower(b.batch_id)", query.batch)
    if query.ticket:
        yield "b.tickets LIKE %s", [_anywhere(query.ticket)]
    if query.account:
        yield "b.account = %s", [query.account.lower()]
    if query.operator:
        yield "b.operators @> ARRAY[%s]", [query.operator.lower()]
    if query.since is not None:
        yield "b.began_at >= %s", [query.since]


def _of_sessions(query: HistoryQuery) -> Iterable[_Condition]:
    standings = [each.value for each in query.outcomes]
    if query.session:
        where, values = "session_uuid >= %s AND session_uuid < %s", _span(query.session)
        if standings:
            where, values = f"{where} AND standing = ANY (%s)", [*values, standings]
        sql = f"SELECT batch FROM team.session WHERE {where}"  # noqa: S608 - likewise
        yield f"b.number IN ({sql})", values
    elif standings:
        sql = "SELECT FROM team.session s WHERE s.batch = b.number AND s.standing = "
        yield f"EXISTS ({sql} ANY (%s))", [standings]


def _of_words(query: HistoryQuery) -> Iterable[_Condition]:
    for word in query.words:
        # Each part has its index; an OR of them would read every batch.
        begins, values = _begins("lower(batch_id)", word)
        sql = "session_uuid >= %s AND session_uuid < %s"
        parts = (
            "SELECT number FROM team.batch WHERE words LIKE %s",
            f"SELECT number FROM team.batch WHERE {begins}",  # noqa: S608 - likewise
            f"SELECT batch FROM team.session WHERE {sql}",  # noqa: S608 - likewise
        )
        yield (
            f"b.number IN ({' UNION ALL '.join(parts)})",
            [_anywhere(word), *values, *_span(word)],
        )


def _begins(column: str, text: str) -> _Condition:
    """Return the condition that a column begins so; an index answers it."""
    begin = text.casefold()
    return f"{column} >= %s AND {column} < %s", [begin, f"{begin}\U0010ffff"]


def _anywhere(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _span(part: str) -> list[object]:
    """Return the bounds of the ids that begin so."""
    begin = part.casefold()
    return [begin, f"{begin}{_BEHIND_EVERY_ID}"]
