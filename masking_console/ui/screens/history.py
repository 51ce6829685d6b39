"""The history: what was expired, by whom and why, and what became of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from masking_console.errors import InputError, MaskingConsoleError
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.history_query import HistoryPage, HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.read_history import ReadHistory
from masking_console.presentation.display import shown_time, zone_name
from masking_console.presentation.history import (
    COUNT_TITLES,
    counts,
    damaged_words,
    end_words,
    exported_words,
    session_line,
    verified_words,
)
from masking_console.presentation.run_lines import headline, report
from masking_console.ui.keys.acts import asks, key_of, moves
from masking_console.ui.keys.key_words import with_remedy
from masking_console.ui.screens.finished import AddTicket, written_words
from masking_console.ui.widgets.bottom_lines import FilterLine, KeyFooter
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
"""Rows before the last one at which the next page is asked for."""
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
        """Reason that the filter cannot be used; empty when it can."""
        self.next: int | None = None
        """Start of the next page; None where there is none, or it is on its way."""
        self.found = 0
        """Number of batches that match."""
        self.is_more = False
        """Whether more match than were counted."""
        self.all = 0
        """Number of all batches."""

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
        """Count of sessions that the filter shows, out of those that are meant."""
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


class HistoryScreen(Screen[BatchRecord | None]):
    """Returns a batch whose open sessions are to be checked again, or None."""

    GUIDE_PAGE = "promises"
    CSS_PATH = "history.tcss"
    AUTO_FOCUS = "#batches"
    BINDING_GROUP_TITLE = "history"
    BINDINGS: ClassVar[list[BindingType]] = [
        # H opened it; without this it would open a second one.
        moves("escape,H", "back", "back", id="history.back", show=True),
        asks("t", "check", "retry", id="history.check", show=True),
        moves("y", "copy", "report", id="history.copy", show=True),
        asks("ctrl+e", "export", "export", id="history.export", show=True),
        asks("T", "add_ticket", "add a ticket", id="history.add_ticket"),
        asks("v", "verify", "verify", id="history.verify", show=True),
    ]

    def __init__(
        self,
        history: ReadHistory,
        copy: Callable[[str, str], Awaitable[str]],
        days: int,
        add_ticket: AddTicket,
        place: str = "",
    ) -> None:
        super().__init__()
        self._add_ticket = add_ticket
        self._place = f"{place}   " if place else ""
        self._history = history
        self._days = days
        self._copy = copy

    def compose(self) -> ComposeResult:
        whose = "the whole team" if self._history.is_of_team else "this computer only"
        head = f" History   {self._place}{self._days} days, {whose},"
        words = f"{head} no phone numbers   times in {zone_name()}"
        yield Static(Text(words), id="history-head")
        since = datetime.now(UTC) - timedelta(days=self._days)
        yield BatchTable(since, id="batches")
        yield BatchSessions(id="batch-sessions")
        yield Static(id="history-words", classes="says")
        yield FilterLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self._sessions.border_title = "Batch"
        self._say("Reading the journal...")
        self._table.refilter()

    @property
    def _table(self) -> BatchTable:
        return self.query_one(BatchTable)

    @property
    def _sessions(self) -> BatchSessions:
        return self.query_one(BatchSessions)

    @property
    def _chosen(self) -> BatchRecord | None:
        key = self._table.cursor_key
        return self._table.records[key] if key is not None else None

    @on(BatchTable.Asked)
    def _ask(self) -> None:
        self._read_soon(None)

    def _read_soon(self, before: int | None) -> None:
        # Not a coroutine: one that is cancelled before it begins would complain.
        work: Callable[[], Awaitable[None]] = partial(self._read, before)
        self.run_worker(work, group="read", exclusive=True)

    async def _read(self, before: int | None) -> None:
        """Show the first page of what the filter asks for, or the next one."""
        table = self._table
        try:
            page = await self._history.page(table.wanted, before)
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))
            return
        if before is None:
            self._say(damaged_words(page.damaged))
        table.show(page, goes_on=before is not None)

    def _say(self, words: str) -> None:
        self.query_one("#history-words", Static).update(Text(words))

    @on(RowsView.CursorMoved, "#batches")
    def _show_batch(self) -> None:
        table, chosen = self._table, self._chosen
        over = "over " if table.is_more else ""
        count = f"{over}{table.found} of {table.all} batches"
        table.border_title = Text(f"History   {count}")
        table.border_subtitle = Text(table.problem or table.filter_text)
        self._sessions.show(chosen, table.wanted)
        if chosen is not None:
            title = f"{chosen.batch_id}   {headline(chosen)}"
            self._sessions.border_title = Text(title)
        self.refresh_bindings()
        if table.next is not None and table.is_near_the_end:
            before, table.next = table.next, None
            self._read_soon(before)

    @on(RowsView.CursorMoved, "#batch-sessions")
    def _show_found(self) -> None:
        chosen = self._chosen
        words = (self._sessions.found_words, chosen.reason if chosen else "")
        self._sessions.border_subtitle = Text("   ".join(filter(None, words)))

    @on(RowsView.Opened, "#batches")
    def _enter_batch(self) -> None:
        self._sessions.focus()

    @on(RowsView.FilterRequested)
    def _open_filter(self, event: RowsView.FilterRequested) -> None:
        self.query_one(FilterLine).open_for(event.control)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"copy", "export", "add_ticket"}:
            is_ours = action != "add_ticket" or not self._history.is_of_team
            return True if self._is_there and is_ours else None
        if action == "check":
            chosen = self._chosen if self._is_there else None
            return True if chosen and chosen.may_still_connect else None
        return super().check_action(action, parameters)

    @property
    def _is_there(self) -> bool:
        return self.is_mounted and self._chosen is not None

    def action_back(self) -> None:
        if self.focused is self._sessions:
            self._table.focus()
        else:
            self.dismiss(None)

    def action_check(self) -> None:
        self.dismiss(self._chosen)

    async def action_copy(self) -> None:
        chosen = self._chosen
        if chosen is not None:
            copied = await self._copy(report(chosen), "report")
            self._say(await written_words(self._history, chosen, copied))

    def action_export(self) -> None:
        self.run_worker(self._export(), group="export", exclusive=True)

    async def _export(self) -> None:
        try:
            records = await self._history.batches(self._table.wanted)
            paths = await self._history.export(records)
            self._say(exported_words(paths))
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))

    def action_add_ticket(self) -> None:
        self.run_worker(self._ask_ticket(), group="ticket", exclusive=True)

    async def _ask_ticket(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        try:
            said = await self._add_ticket(chosen.batch_id, chosen.tickets)
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))
            return
        await self._read(None)
        self._say(said)

    def action_verify(self) -> None:
        self.run_worker(self._verify(), group="verify", exclusive=True)

    async def _verify(self) -> None:
        self._say("Checking every entry...")
        try:
            self._say(verified_words(await self._history.verify()))
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))
