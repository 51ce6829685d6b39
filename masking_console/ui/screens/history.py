"""The history: what was expired, by whom and why, and what became of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
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
        asks("v", "verify", "verify", id="history.verify", show=True),
    ]

    def __init__(
        self,
        history: ReadHistory,
        copy: Callable[[str, str], Awaitable[str]],
        days: int,
    ) -> None:
        super().__init__()
        self._history = history
        self._days = days
        self._copy = copy

    def compose(self) -> ComposeResult:
        head = f" History   {self._days} days, this computer only, no phone numbers"
        yield Static(Text(f"{head}   times in {zone_name()}"), id="history-head")
        since = datetime.now(UTC) - timedelta(days=self._days)
        yield BatchTable(since, id="batches")
        yield BatchSessions(id="batch-sessions")
        yield Static(id="history-words", classes="says")
        yield FilterLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self._sessions.border_title = "Batch"
        self.run_worker(self._read())

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

    async def _read(self) -> None:
        try:
            contents = await self._history.contents()
            self._table.show(tuple(reversed(contents.batches)))
            if contents.damaged:
                self._say(damaged_words(contents.damaged))
        except MaskingConsoleError as error:
            self._say(str(error))

    def _say(self, words: str) -> None:
        self.query_one("#history-words", Static).update(Text(words))

    @on(RowsView.CursorMoved, "#batches")
    def _show_batch(self) -> None:
        table, chosen = self._table, self._chosen
        count = f"{len(table.keys)} of {len(table.records)} batches"
        table.border_title = Text(f"History   {count}")
        table.border_subtitle = Text(table.problem or table.filter_text)
        self._sessions.show(chosen)
        if chosen is not None:
            title = f"{chosen.batch_id}   {headline(chosen)}"
            self._sessions.border_title = Text(title)
            self._sessions.border_subtitle = Text(chosen.reason)
        self.refresh_bindings()

    @on(RowsView.Opened, "#batches")
    def _enter_batch(self) -> None:
        self._sessions.focus()

    @on(RowsView.FilterRequested)
    def _open_filter(self, event: RowsView.FilterRequested) -> None:
        self.query_one(FilterLine).open_for(event.control)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"copy", "export"}:
            return True if self._is_there else None
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
            self._say(await self._copy(report(chosen), "report"))

    def action_export(self) -> None:
        self.run_worker(self._export(), group="export", exclusive=True)

    async def _export(self) -> None:
        try:
            paths = await self._history.export(self._table.matching)
            self._say(exported_words(paths))
        except MaskingConsoleError as error:
            self._say(str(error))

    def action_verify(self) -> None:
        self.run_worker(self._verify(), group="verify", exclusive=True)

    async def _verify(self) -> None:
        self._say("Checking every entry...")
        try:
            self._say(verified_words(await self._history.verify()))
        except MaskingConsoleError as error:
            self._say(str(error))
