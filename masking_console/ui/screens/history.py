"""The history: what was expired, by whom and why, and what became of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.history import BatchRecord
from masking_console.operations.read_history import ReadHistory
from masking_console.presentation.display import zone_name
from masking_console.presentation.history import (
    damaged_words,
    exported_words,
    verified_words,
)
from masking_console.presentation.run_lines import headline, report
from masking_console.ui.keys.acts import asks, moves
from masking_console.ui.keys.remedies import with_remedy
from masking_console.ui.screens.finished import AddTicket, written_words
from masking_console.ui.widgets.filter_line import FilterLine
from masking_console.ui.widgets.history_tables import BatchSessions, BatchTable
from masking_console.ui.widgets.key_footer import KeyFooter
from masking_console.ui.widgets.rows_view import RowsView


class HistoryScreen(Screen[BatchRecord | None]):
    """Returns a batch whose open sessions are to be checked again, or None."""

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
