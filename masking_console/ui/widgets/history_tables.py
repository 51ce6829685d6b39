"""Two lists of the history: the batches, and the sessions of one of them."""

from collections.abc import Sequence
from datetime import datetime

from textual.message import Message

from masking_console.errors import InputError
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.history_query import HistoryPage, HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import shown_time
from masking_console.presentation.history import (
    COUNT_TITLES,
    counts,
    end_words,
    session_line,
)
from masking_console.ui.keys.acts import key_of
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

_TOTAL = Column(COUNT_TITLES[0], 5, right=True)
_COUNTS = tuple(Column(title, 4, right=True) for title in COUNT_TITLES[1:])
_WIDE = (
    Column("time", 16),
    Column("account", 12),
    Column("ticket", 12),
    Column("by", 9),
    _TOTAL,
    *_COUNTS,
    Column("end", 17),
)
_MIDDLE = (Column("time", 11), *_WIDE[1:])
_NARROW = (
    Column("time", 11),
    Column("account", 8),
    Column("ticket", 8),
    Column("by", 6),
    *_COUNTS,
    Column("end", 10),
)
"""Without the total, which the line above the sessions has: how it ended needs room."""
_WIDE_FROM, _MIDDLE_FROM = 112, 94
_WIDE_SESSION = (Column("session", 36, gap=2), Column("outcome", 40))
_NARROW_SESSION = (Column("session", 8, gap=2), Column("outcome", 40))
_LOOK_AHEAD = 10
"""So many rows before the last one the next page is asked for."""
_OFF = frozenset({ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED})


class BatchTable(RowsView[str, BatchRecord]):
    """All batches that match the filter, newest first."""

    has_header = True
    empty_text = "Nothing was expired from this computer yet."

    class Asked(Message):
        """Other batches are asked for: those of a new filter, or the next page."""

    def __init__(
        self,
        since: datetime,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """Make a table that goes back so far, until a filter asks for more."""
        super().__init__({}, id=id)
        self._since = since
        self.records: dict[str, BatchRecord] = {}
        """The batches that were read so far, by their keys, newest first."""
        self.wanted = HistoryQuery(since=since)
        """The query of the filter."""
        self.problem = ""
        """Why the filter cannot be used; empty when it can."""
        self.next: int | None = None
        """Where the next page begins; None where there is none, or it is on its way."""
        self.found = 0
        """How many batches match."""
        self.is_more = False
        """Whether more match than were counted."""
        self.all = 0
        """How many batches there are."""

    def show(self, page: HistoryPage, *, goes_on: bool) -> None:
        """Show these batches, behind those that are there where it goes on."""
        new = {each.key: each for each in page.batches}
        if not goes_on:
            self.found, self.all = page.total, page.all
            self.is_more = page.is_more
        self.records = self.records | new if goes_on else new
        self.rows, self.next = self.records, page.next
        if self.next is None:
            self.found, self.is_more = len(self.records), False
        if self.filter_text:
            key = key_of("rows.clear_filter", self)
            self.empty_text = f"No batch matches. Press {key} to show all."
        self.show_keys(list(self.records))
        self.post_message(self.CursorMoved(self))

    @property
    def is_near_the_end(self) -> bool:
        """Whether the next page is needed soon."""
        return self.cursor_index + _LOOK_AHEAD >= len(self.keys)

    def refilter(self) -> None:
        self.wanted, self.problem = HistoryQuery(since=self._since), ""
        try:
            if self.filter_text:
                self.wanted = HistoryQuery.of(self.filter_text)
        except InputError as error:
            self.problem = str(error)
        self.next = None
        self.post_message(self.Asked())

    def layout_of(self, width: int) -> Sequence[Column]:
        if width >= _WIDE_FROM:
            return _WIDE
        return _MIDDLE if width >= _MIDDLE_FROM else _NARROW

    def cells(self, row: BatchRecord, columns: Sequence[Column]) -> Sequence[Cell]:
        found = counts(row)
        time_format = "%Y-%m-%d %H:%M" if columns is _WIDE else "%m-%d %H:%M"
        total = () if columns is _NARROW else (Cell(str(found.total)),)
        is_odd = found.unknown or found.failed or found.not_sent or not row.end
        return (
            Cell(f"{shown_time(row.began_at):{time_format}}"),
            Cell(row.account_name.upper()),
            Cell(", ".join(row.tickets) or "-"),
            Cell(row.by),
            *total,
            Cell(str(found.expired)),
            Cell(str(found.already)),
            Cell(str(found.absent)),
            Cell(str(found.not_sent), "rows-view--warn" if found.not_sent else ""),
            Cell(str(found.unknown), "rows-view--warn" if found.unknown else ""),
            Cell(str(found.failed), "rows-view--bad" if found.failed else ""),
            Cell(end_words(row), "rows-view--warn" if is_odd else "rows-view--dim"),
        )


class BatchSessions(RowsView[SessionUuid, SessionRecord]):
    """The sessions of the batch under the cursor, with what became of each."""

    empty_text = "No batch."

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__({}, id=id)
        self.rows: dict[SessionUuid, SessionRecord] = {}
        self._meant: set[SessionUuid] = set()
        self._batch = ""

    def show(self, record: BatchRecord | None, query: HistoryQuery) -> None:
        """Show the sessions of this batch, and mark those that the query means."""
        sessions = record.sessions if record is not None else ()
        self.rows = {each.session_uuid: each for each in sessions}
        self._meant = {each.session_uuid for each in sessions if query.names(each)}
        batch = record.key if record is not None else ""
        is_same, self._batch = batch == self._batch, batch
        if self.filter_text and not is_same:
            # The filter was meant for the sessions of another batch.
            self.filter_text = ""
        else:
            self.refilter()
        first = next(
            (at for at, key in enumerate(self.keys) if key in self._meant), None
        )
        if first is not None:
            self.move_to(first)

    @property
    def found_words(self) -> str:
        """How many sessions the filter shows, and how many are meant."""
        parts = []
        if self.filter_text:
            parts.append(f"/{self.filter_text}: {len(self.keys)} of {len(self.rows)}")
        if self._meant and len(self._meant) < len(self.rows):
            parts.append(f"{len(self._meant)} of {len(self.rows)} found")
        return "   ".join(parts)

    def refilter(self) -> None:
        words = self.filter_text.casefold().split()
        self.empty_text = "No session matches. Esc shows all." if words else "No batch."
        self.show_keys(
            [key for key, row in self.rows.items() if _holds_all(key, row, words)]
        )
        self.post_message(self.CursorMoved(self))

    def is_marked(self, index: int) -> bool:
        return self.keys[index] in self._meant

    def layout_of(self, width: int) -> Sequence[Column]:
        return _WIDE_SESSION if width >= _MIDDLE_FROM else _NARROW_SESSION

    def cells(self, row: SessionRecord, columns: Sequence[Column]) -> Sequence[Cell]:
        look = "rows-view--good" if row.outcome in _OFF else "rows-view--warn"
        uuid = row.session_uuid
        name = uuid if columns is _WIDE_SESSION else uuid.short
        return (Cell(name), Cell(session_line(row), look))


def _holds_all(key: SessionUuid, row: SessionRecord, words: Sequence[str]) -> bool:
    text = f"{key} {row.outcome.value} {session_line(row)}".casefold()
    return all(word in text for word in words)
