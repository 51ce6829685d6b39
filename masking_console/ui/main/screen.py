"""The main screen: what was pasted, what is queued, and what has happened."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from masking_console.models.account import Account
from masking_console.models.session_ids import PastedIds
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import Sign
from masking_console.presentation.listing import (
    called_off,
    offered_ticket,
    other_account,
    pasted_words,
)
from masking_console.presentation.sessions import undone_words
from masking_console.ui.keys.acts import asks, grave, hints
from masking_console.ui.main.accounts import AccountSwitch, FirstSteps
from masking_console.ui.main.check import CheckJob
from masking_console.ui.main.conditions import Tickets, WriteSwitch
from masking_console.ui.main.details import DetailJob, NumbersJob
from masking_console.ui.main.drill import DrillJob
from masking_console.ui.main.expire import ExpiryJob
from masking_console.ui.main.find import REFRESH_SECONDS, FindJob
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.outer_screens import OuterScreens
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.splash import PANE_ACTS, PanesScreen
from masking_console.ui.widgets.bottom_lines import FilterLine, KeyFooter
from masking_console.ui.widgets.queue_table import QueueTable
from masking_console.ui.widgets.result_log import ResultLog
from masking_console.ui.widgets.rows_view import RowsView
from masking_console.ui.widgets.source_pane import SourcePane, SourceText

if TYPE_CHECKING:
    from masking_console.operations.wiring import Operations


class MainScreen(PanesScreen):
    """Three panes: source, queue and log."""

    CSS_PATH = "screen.tcss"
    AUTO_FOCUS, BINDING_GROUP_TITLE = "#queue", "in the console"
    BINDINGS: ClassVar[list[BindingType]] = [
        *PANE_ACTS,
        asks(
            "S",
            "find",
            "find",
            id="main.find",
            tooltip="find by number or id",
            is_spare=True,
        ),
        asks(
            "escape", "stop_finding", "stop reading", id="main.stop_finding", show=True
        ),
        # The same key, under the same id: the line of keys says what it does now.
        asks(
            "escape", "stop_waiting", "stop waiting", id="main.stop_finding", show=True
        ),
        asks(
            "L",
            "full_log",
            "full log",
            id="main.full_log",
            tooltip="the log alone, and back",
        ),
        asks(
            "f2",
            "practice_text",
            "practice",
            id="main.practice",
            tooltip="some ids to practice with",
        ),
        grave(
            "W",
            "writes",
            "writes on/off",
            id="main.writes",
            tooltip="turn writes on or off",
        ),
        asks(
            "K",
            "keep_ticket",
            "keep ticket",
            id="main.keep_ticket",
            show=True,
            tooltip="keep it for the next batch",
        ),
        asks(
            "p",
            "pause",
            "pause",
            id="main.pause",
            show=True,
            tooltip="pause the run, or go on",
        ),
        asks(
            "p",
            "go_on",
            "go on",
            id="main.pause",
            show=True,
            tooltip="pause the run, or go on",
        ),
        grave(
            "s",
            "stop",
            "stop",
            id="main.stop",
            show=True,
            tooltip="stop after what is sent",
        ),
    ]

    def __init__(self, operations: "Operations", clock: Callable[[], datetime]) -> None:
        super().__init__()
        space = self.space = Workspace(self, operations, clock)
        self.queue, self.source = space.queue, space.source
        self.writes = WriteSwitch(space)
        self.tickets = Tickets(space)
        self.follow_up = FollowUp(space)
        self.checks = CheckJob(space, self.follow_up)
        self.finding = FindJob(space, self.checks, self.follow_up)
        self.job = ExpiryJob(
            space, self.checks, self.follow_up, self.tickets, self.writes
        )
        self.numbers = NumbersJob(space)
        self.details = DetailJob(space, self.job)
        self.accounts = AccountSwitch(
            space,
            self.writes,
            self.numbers,
            self.finding,
            self.checks,
            self.follow_up,
        )
        self.drill = DrillJob(space)
        self.first_steps = FirstSteps(space, self.accounts)
        self.outer = OuterScreens(
            space,
            self.accounts,
            self.checks,
            self.job,
            self.follow_up,
            self.tickets,
        )

    @property
    def account(self) -> Account | None:
        """The account in use."""
        return self.space.account

    def compose(self) -> ComposeResult:
        space = self.space
        yield space.status_bar
        with Horizontal(id="panes"):
            yield space.source.add_class("pane")
            yield space.queue
        yield Static(Text(self.accounts.first_run(), justify="center"), id="first-run")
        yield space.run_panel
        yield space.log
        yield FilterLine()
        yield KeyFooter(classes="keys")
        yield Static(id="too-small")

    def on_mount(self) -> None:
        space = self.space
        find, example = space.key("main.find"), space.key("main.practice")
        words = f"Paste session ids here, or press {find} to find by number."
        if space.settings.practice:
            words = f"Paste ids here.  {find} finds by number.  {example}: an example."
        space.queue.empty_text = words
        around = hints(self, "rows.filter", "log.copy")
        space.log.border_title = Text(space.pane_title("log", "Log: all"))
        space.log.border_subtitle = Text(
            f"{space.key('main.full_log')} full   {around}"
        )
        self.set_interval(1, self.tick)
        self.set_interval(REFRESH_SECONDS, self.finding.refresh)
        space.show_counts()

    def tick(self) -> None:
        """End what lasts for a limited time, and show the new second."""
        self.writes.turn_off_when_idle()
        self.numbers.tick()
        self.drill.tick()
        self.space.look_at_link()

    def action_keep_ticket(self) -> None:
        self.tickets.keep()

    def take_text(self, text: str, *, is_rest: bool = False) -> None:
        """Read a pasted text, or the rest of one, whichever pane has the focus."""
        self.source.take(text, is_rest=is_rest)

    def note(self, sign: Sign, word: str, text: str) -> None:
        """Add a line of ours to the log."""
        self.space.note(sign, word, text)

    def action_show_pane(self, pane: str) -> None:
        self.space.show_pane(pane)

    def action_find(self) -> None:
        self.space.show_find_field()

    def action_stop_finding(self) -> None:
        self.finding.stop()

    def action_stop_waiting(self) -> None:
        if self.space.waiting is not None:
            self.space.waiting.cancel()

    def action_full_log(self) -> None:
        self.space.toggle_full_log()

    def action_practice_text(self) -> None:
        self.take_text(self.space.operations.practice_text)

    def action_writes(self) -> None:
        self.writes.toggle()

    def action_pause(self) -> None:
        self.job.pause_or_go_on()
        self.refresh_bindings()

    def action_go_on(self) -> None:
        self.action_pause()

    def action_stop(self) -> None:
        self.job.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"pause", "go_on"} and self.job.is_running:
            return self.job.is_paused == (action == "go_on")
        # None is a key that is shown and does nothing now; False is one of two acts on
        # the same key, or not there at all.
        is_waiting = self.space.waiting is not None
        states = {
            "pause": self.job.is_running or None,
            "stop": self.job.is_running or None,
            "stop_waiting": is_waiting,
            "stop_finding": self.space.waiting is None
            and (self.finding.is_reading or None),
            "keep_ticket": self.tickets.can_keep or None,
            "practice_text": self.space.settings.practice and not self.queue.keys,
        }
        if action in states:
            return states[action]
        if self.has_class("-no-account") and self._leads_to_a_pane(action, parameters):
            return False
        return super().check_action(action, parameters) and action != "go_on"

    @staticmethod
    def _leads_to_a_pane(action: str, parameters: tuple[object, ...]) -> bool:
        """Return whether an action leads to a pane that needs an account."""
        is_other_pane = action == "show_pane" and parameters != ("log",)
        return is_other_pane or action == "find"

    @on(SourceText.Left)
    def _leave_source(self) -> None:
        self.action_show_pane("queue")

    @on(SourcePane.FindRequested)
    def _find(self, event: SourcePane.FindRequested) -> None:
        self.finding.find(event.text)
        self.action_show_pane("queue")

    @on(SourcePane.Read)
    def _queue_what_was_read(self, event: SourcePane.Read) -> None:
        pasted = event.pasted
        new = self.queue.add(pasted.found)
        known = self.space.named_otherwise.difference(pasted.found)
        self.space.named_otherwise = known | pasted.named_otherwise
        self.source.show_found(pasted_words(pasted, new, self.space.account))
        self._take_reports(pasted)
        if event.number and not pasted.found:
            self.source.offer_number(event.number)
        if new:
            self.checks.check_queued()

    def _take_reports(self, pasted: PastedIds) -> None:
        """Warn of a report of another account, and offer its ticket with `T`."""
        self.space.called_off |= called_off(pasted)
        if ticket := offered_ticket(pasted):
            self.space.offered_ticket = ticket
            if not self.space.cause.ticket:
                key = self.space.key("app.ticket")
                words = f"The report names {ticket}. Press {key} to take it over."
                self.space.note(Sign.NOTE, "ticket", words)
        for report in pasted.reports:
            if words := other_account(report, self.space.account):
                self.space.note(Sign.FAILED, "account?", words)

    @on(QueueTable.Changed)
    def _show_counts(self) -> None:
        self.space.show_counts()

    @on(QueueTable.CheckRequested)
    def _check_again(self, event: QueueTable.CheckRequested) -> None:
        if self.queue.is_search_latest and self.finding.can_go_again:
            self.finding.again()
        else:
            self.checks.check_again(event.uuids)

    @on(QueueTable.NumbersRequested)
    def _show_numbers(self) -> None:
        self.numbers.toggle()

    @on(QueueTable.ReviewRequested)
    def _review(self) -> None:
        self.job.review()

    @on(QueueTable.TickRefused)
    def _say_that_rows_moved(self) -> None:
        words = "The list has just moved. Look, then tick."
        if self.queue.cursor_key is None:
            words = "The cursor is on no row. Move it to a session first."
        self.space.note(Sign.NOTE, "tick", words)

    @on(QueueTable.UndoAnswered)
    def _say_what_came_back(self, event: QueueTable.UndoAnswered) -> None:
        undone, words = event.undone, "Nothing to put back."
        if undone is not None:
            words = undone_words(*undone[:2], is_search=undone.is_search)
        self.space.note(Sign.NOTE, "undo", words)
        if undone is not None and undone.is_search:
            self.finding.forget()
        if undone is not None and undone.rows:
            self.checks.check_queued()

    @on(RowsView.Opened, "#queue")
    def _open_detail(self, event: RowsView.Opened) -> None:
        self.details.open(SessionUuid(str(event.key)))

    @on(QueueTable.CopyRequested)
    async def _copy_ids(self, event: QueueTable.CopyRequested) -> None:
        what = "1 id" if len(event.uuids) == 1 else f"{len(event.uuids)} ids"
        await self.space.copy("\n".join(event.uuids), what)

    @on(ResultLog.CopyRequested)
    async def _copy_log(self, event: ResultLog.CopyRequested) -> None:
        await self.space.copy(event.text, f"{event.lines} lines")

    @on(ResultLog.Changed)
    def _show_log_counts(self, event: ResultLog.Changed) -> None:
        words = self.space.log.filter_text
        title = f"{words}, {event.shown} of {event.total}" if words else "all"
        self.space.log.border_title = Text(
            self.space.pane_title("log", f"Log: {title}")
        )

    @on(RowsView.FilterRequested)
    def _open_filter(self, event: RowsView.FilterRequested) -> None:
        self.query_one(FilterLine).open_for(event.control)
