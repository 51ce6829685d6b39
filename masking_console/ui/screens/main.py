"""The main screen: what was pasted, what is queued, and what has happened."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_ids import PastedIds
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import LogLine, Sign
from masking_console.presentation.listing import (
    called_off,
    offered_ticket,
    other_account,
    pasted_words,
)
from masking_console.presentation.sessions import undone_words
from masking_console.ui.clipboard import copy_text
from masking_console.ui.header import Header
from masking_console.ui.jobs import Jobs
from masking_console.ui.keys.acts import asks, grave, hints, key_of
from masking_console.ui.panes import Panes
from masking_console.ui.screens.opening import PANE_ACTS, PanesScreen
from masking_console.ui.widgets.filter_line import FilterLine
from masking_console.ui.widgets.key_footer import KeyFooter
from masking_console.ui.widgets.queue_filter import queue_title
from masking_console.ui.widgets.queue_table import QueueTable
from masking_console.ui.widgets.result_log import ResultLog
from masking_console.ui.widgets.rows_view import RowsView
from masking_console.ui.widgets.run_panel import RunPanel
from masking_console.ui.widgets.source_pane import SourcePane, SourceText
from masking_console.ui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from masking_console.operations.wiring import Operations
    from masking_console.ui.check_job import CheckJob
    from masking_console.ui.detail_job import DetailJob
    from masking_console.ui.expiry_job import ExpiryJob
    from masking_console.ui.find_job import FindJob
    from masking_console.ui.follow_up import FollowUp
    from masking_console.ui.numbers_job import NumbersJob
    from masking_console.ui.writes import WriteSwitch


class MainScreen(PanesScreen):
    """Three panes: source, queue and log."""

    CSS_PATH = "main.tcss"
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

    checks: "CheckJob"
    job: "ExpiryJob"
    finding: "FindJob"
    details: "DetailJob"
    follow_up: "FollowUp"
    numbers: "NumbersJob"
    writes: "WriteSwitch"

    def __init__(self, operations: "Operations", clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.operations, self.clock = operations, clock
        self.settings = operations.settings
        self.account: Account | None = None
        self.waiting: asyncio.Task[Account | None] | None = None
        """The wait for an account's token, which the operator may stop."""
        self.cause = Cause()
        self.is_ticket_asked = self.settings.cause_rules.ticket_per_batch
        self.offered_ticket = PlainText("")
        self.called_off: frozenset[SessionUuid] = frozenset()
        self.named_otherwise: frozenset[SessionUuid] = frozenset()
        # Held, not looked for: when the console ends, work that is under way may have a
        # last word to say to panes that are not on the screen any more.
        self.status_bar = StatusBar(classes="status")
        self.source = SourcePane(id="source")
        self.queue = QueueTable(clock=clock, id="queue", classes="pane")
        self.run_panel = RunPanel()
        self.log_pane = ResultLog(id="log", classes="pane")
        self.panes = Panes(self)
        self.header = Header(self)
        self._jobs = Jobs(self)

    def compose(self) -> ComposeResult:
        yield self.status_bar
        with Horizontal(id="panes"):
            yield self.source.add_class("pane")
            yield self.queue
        yield Static(Text(self._first_run(), justify="center"), id="first-run")
        yield self.run_panel
        yield self.log_pane
        yield FilterLine()
        yield KeyFooter(classes="keys")
        yield Static(id="too-small")

    def on_mount(self) -> None:
        find, example = key_of("main.find", self), key_of("main.practice", self)
        words = f"Paste session ids here, or press {find} to find by number."
        if self.settings.practice:
            words = f"Paste ids here.  {find} finds by number.  {example}: an example."
        self.queue.empty_text = words
        around = hints(self, "rows.filter", "log.copy")
        self.log_pane.border_title = Text(self._title("log", "Log: all"))
        self.log_pane.border_subtitle = Text(
            f"{key_of('main.full_log', self)} full   {around}"
        )
        self._jobs.begin()
        self.show_counts()

    def _title(self, pane: str, words: str) -> str:
        return f"{key_of(f'main.{pane}', self)} {words}"

    def _first_run(self) -> str:
        new, leave = key_of("app.new_account", self), key_of("app.quit", self)
        return (
            f"No account yet. Press {new}.\n\n"
            "You need the Auth ID and Auth Token from the Plivo console home page.\n\n"
            f"Just to look: {leave}, then masking-console --practice. "
            f"Help: {key_of('app.help', self)}"
        )

    def use(self, account: Account | None, why_none: str = "") -> None:
        """Work on this account from here on; what was known of the queue is not."""
        words = Text(why_none or self._first_run(), justify="center")
        self.query_one("#first-run", Static).update(words)
        is_other = account is None or not account.is_same_as(self.account)
        self.account = account
        self.writes.work_on(account, is_other=is_other)
        had_none = self.has_class("-no-account")
        self.set_class(account is None, "-no-account")
        if account is None:
            # At the start, the focus of the screen itself may come after this.
            self.set_focus(None)
            self.call_after_refresh(self.set_focus, None)
        elif had_none:
            self.call_after_refresh(self.queue.focus)
        if is_other:
            self.numbers.hide()
            self.finding.forget()
            self.queue.forget_checks()
            self.checks.check_queued()
            if account is not None:
                self.follow_up.offer(account)
        self.header.look_at_link()

    def work_for(self, cause: Cause) -> None:
        """Write this ticket and reason down with every batch from here on."""
        self.cause = cause
        self.is_ticket_asked = False
        self.show_status()

    def ask_about_ticket(self) -> None:
        """Ask in passing whether the next batch is for the same ticket."""
        rules = self.settings.cause_rules
        if rules.ticket_per_batch:
            self.cause = Cause()
        self.is_ticket_asked = rules.ticket_per_batch or bool(self.cause.ticket)
        self.show_status()
        self.refresh_bindings()

    def action_keep_ticket(self) -> None:
        self.is_ticket_asked = False
        self.note(Sign.NOTE, "ticket", f"{self.cause.ticket} is kept.")
        self.show_status()
        self.refresh_bindings()

    def queue_up(self, uuids: Sequence[SessionUuid]) -> None:
        """Add sessions to the queue and ask Plivo about them."""
        if self.queue.add(uuids):
            self.checks.check_queued()

    def take_text(self, text: str, *, is_rest: bool = False) -> None:
        """Read a pasted text, or the rest of one, whichever pane has the focus."""
        self.source.take(text, is_rest=is_rest)

    def note(self, sign: Sign, word: str, text: str) -> None:
        """Add a line of ours to the log."""
        self.log_pane.append([LogLine(self.clock(), sign, word, plain_text(text))])

    def show_status(self) -> None:
        """Bring the bar at the top up to date."""
        self.header.show()

    def action_show_pane(self, pane: str) -> None:
        self.panes.show(pane)
        self.show_status()

    def action_find(self) -> None:
        self.panes.show_field()
        self.show_status()

    def action_stop_finding(self) -> None:
        self.finding.stop()

    def action_stop_waiting(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()

    def action_full_log(self) -> None:
        self.panes.toggle_full_log()
        self.show_status()

    def action_practice_text(self) -> None:
        self.take_text(self.operations.practice_text)

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
        states = {
            "pause": self.job.is_running or None,
            "stop": self.job.is_running or None,
            "stop_waiting": self.waiting is not None,
            "stop_finding": self.waiting is None and (self.finding.is_reading or None),
            "keep_ticket": bool(self.is_ticket_asked and self.cause.ticket) or None,
            "practice_text": self.settings.practice and not self.queue.keys,
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
        known = self.named_otherwise.difference(pasted.found)
        self.named_otherwise = known | pasted.named_otherwise
        self.source.show_found(pasted_words(pasted, new, self.account))
        self._take_reports(pasted)
        if event.number and not pasted.found:
            self.source.offer_number(event.number)
        if new:
            self.checks.check_queued()

    def _take_reports(self, pasted: PastedIds) -> None:
        """Warn of a report of another account, and offer its ticket with `T`."""
        self.called_off |= called_off(pasted)
        if ticket := offered_ticket(pasted):
            self.offered_ticket = ticket
            if not self.cause.ticket:
                key = key_of("app.ticket", self)
                words = f"The report names {ticket}. Press {key} to take it over."
                self.note(Sign.NOTE, "ticket", words)
        for report in pasted.reports:
            if words := other_account(report, self.account):
                self.note(Sign.FAILED, "account?", words)

    @on(QueueTable.Changed)
    def show_counts(self) -> None:
        """Say how many rows there are, what about them, and what is being read."""
        summary, order = self.queue.summary(), self.queue.order
        title = self._title("queue", queue_title(summary, order, self.queue.search))
        title = f"{title}   {self.finding.progress}".rstrip()
        self.queue.show_around(title, summary.text)
        self.refresh_bindings()
        if self.job.is_running:
            self.show_status()
        else:
            self.header.look_at_link()

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
        self.note(Sign.NOTE, "tick", words)

    @on(QueueTable.UndoAnswered)
    def _say_what_came_back(self, event: QueueTable.UndoAnswered) -> None:
        undone, words = event.undone, "Nothing to put back."
        if undone is not None:
            words = undone_words(*undone[:2], is_search=undone.is_search)
        self.note(Sign.NOTE, "undo", words)
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
        await self.copy("\n".join(event.uuids), what)

    @on(ResultLog.CopyRequested)
    async def _copy_log(self, event: ResultLog.CopyRequested) -> None:
        await self.copy(event.text, f"{event.lines} lines")

    async def copy(self, text: str, what: str) -> str:
        """Copy a text; say how, in the log as well."""
        words = (await copy_text(self.app, text)).sentence(what)
        self.note(Sign.NOTE, "copied", words)
        return words

    @on(ResultLog.Changed)
    def _show_log_counts(self, event: ResultLog.Changed) -> None:
        words = self.log_pane.filter_text
        title = f"{words}, {event.shown} of {event.total}" if words else "all"
        self.log_pane.border_title = Text(self._title("log", f"Log: {title}"))

    @on(RowsView.FilterRequested)
    def _open_filter(self, event: RowsView.FilterRequested) -> None:
        self.query_one(FilterLine).open_for(event.control)
