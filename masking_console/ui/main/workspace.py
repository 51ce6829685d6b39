"""The workspace: what all jobs of the main screen share."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from textual.screen import Screen

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.reach import Unreached
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import NotSettled
from masking_console.operations.run_control import RunControl
from masking_console.presentation.display import LogLine, Sign
from masking_console.presentation.history import audit_notice, team_notice
from masking_console.presentation.reach import reach_words
from masking_console.queue.filters import queue_title
from masking_console.ui.clipboard import copy_text
from masking_console.ui.keys.acts import key_of
from masking_console.ui.keys.key_words import with_remedy
from masking_console.ui.screens.question import answer_to
from masking_console.ui.widgets.queue_table import QueueTable
from masking_console.ui.widgets.result_log import ResultLog
from masking_console.ui.widgets.source_pane import SourcePane
from masking_console.ui.widgets.status import RunPanel, StatusBar, StatusFacts

if TYPE_CHECKING:
    from masking_console.operations.connections import Link
    from masking_console.operations.wiring import Operations

T = TypeVar("T")


class Workspace:
    """Operations, panes and facts, and the lines in which the console speaks.

    The panes are held, not looked for: when the console ends, a job that is under way
    may write to panes that have left the screen.
    """

    account: Account | None = None
    """The account in use."""
    waiting: asyncio.Task[Account | None] | None = None
    """The wait for an account's token, which the operator may stop."""
    cause: Cause = Cause()
    """Ticket and reason of the next batch."""
    is_ticket_asked: bool
    """Whether the next review asks for a ticket first."""
    offered_ticket: PlainText = PlainText("")
    """The ticket of a pasted report."""
    called_off: frozenset[SessionUuid] = frozenset()
    """The sessions that a pasted report calls expired."""
    named_otherwise: frozenset[SessionUuid] = frozenset()
    """The sessions that were pasted as something else's id."""
    not_settled: tuple[NotSettled, ...] = ()
    """Batches of the last 90 days that are not settled on this account."""
    run: RunControl | None = None
    """The control of the batch under way."""
    is_reviewing: bool = False
    """Whether a list is being reviewed."""
    find_progress: str = ""
    """Progress of the search under way, as the title of the queue ends."""
    drill_clock: str = ""
    """The clock of a drill in the header; empty without one."""
    numbers_notice: str = ""
    """Notice in the header while phone numbers can be read."""

    def __init__(
        self,
        screen: Screen[None],
        operations: "Operations",
        clock: Callable[[], datetime],
    ) -> None:
        self.screen = screen
        self.operations, self.clock = operations, clock
        self.settings = operations.settings
        self.status_bar = StatusBar(classes="status")
        self.source = SourcePane(id="source")
        self.queue = QueueTable(clock=clock, id="queue", classes="pane")
        self.run_panel = RunPanel()
        self.log = ResultLog(id="log", classes="pane")
        self.is_ticket_asked = self.settings.cause_rules.ticket_per_batch
        self._journal, self._is_journal_well = "", True
        self._link: Link | None = None
        self._told: Unreached | None = None

    @property
    def is_running(self) -> bool:
        """Whether a batch is under way."""
        return self.run is not None

    @property
    def is_busy(self) -> bool:
        """Whether a list is being reviewed or a batch is under way."""
        return self.is_reviewing or self.is_running

    # Words and questions.

    def key(self, act_id: str) -> str:
        """Return the key that is bound to an act now."""
        return key_of(act_id, self.screen)

    def words(self, error: MaskingConsoleError, *, in_dialog: bool = False) -> str:
        """Return the sentence of an error with its remedy, as keys of this screen."""
        return with_remedy(error, self.screen, in_dialog=in_dialog)

    def note(self, sign: Sign, word: str, text: str) -> None:
        """Add a line of ours to the log."""
        self.log.append([LogLine(self.clock(), sign, word, plain_text(text))])

    async def ask(self, dialog: Screen[T]) -> T | None:
        """Show a dialog and return what it was closed with."""
        return await answer_to(self.screen.app, dialog)

    def work(self, job: Coroutine[Any, Any, Any], group: str) -> None:
        """Do a job beside the others; the screen's end cancels it.

        Textual's `@work` would give it to the object with the method. A job has none:
        a dialog that starts one must not take it along when it closes.
        """
        self.screen.run_worker(job, group=group)

    def work_alone(self, job: Coroutine[Any, Any, Any], group: str) -> None:
        """Do a job in place of the one of this group that is under way."""
        self.screen.run_worker(job, group=group, exclusive=True)

    def show(self, dialog: Screen[Any]) -> None:
        """Show a dialog whose answer nobody waits for."""
        self.screen.app.push_screen(dialog)

    async def copy(self, text: str, what: str) -> str:
        """Copy a text; return how, and note it in the log."""
        words = (await copy_text(self.screen.app, text)).sentence(what)
        self.note(Sign.NOTE, "copied", words)
        return words

    # Panes.

    def show_pane(self, pane: str) -> None:
        """Give a pane the focus, and bring it to the front where there is no room."""
        self.screen.set_class(pane == "source", "-pane-source")
        self.screen.set_class(False, "-full-log")
        panes = {"source": self.source.text_area, "queue": self.queue, "log": self.log}
        panes[pane].focus()
        self.show_status()

    def show_find_field(self) -> None:
        """Bring the field to find by to the front, and give it the focus."""
        self.show_pane("source")
        self.source.field.focus()

    def toggle_full_log(self) -> None:
        """Give the log the whole window, or give it back."""
        self.screen.toggle_class("-full-log")
        self.log.focus()
        self.show_status()

    def pane_title(self, pane: str, words: str) -> str:
        """Return the title of a pane, with the key that leads to it."""
        return f"{self.key(f'main.{pane}')} {words}"

    def show_counts(self) -> None:
        """Show the numbers of rows and ticks, and what is being read."""
        summary, order = self.queue.summary(), self.queue.order
        words = queue_title(summary, order, self.queue.search)
        title = f"{self.pane_title('queue', words)}   {self.find_progress}".rstrip()
        self.queue.show_around(title, summary.text)
        self.screen.refresh_bindings()
        if self.is_running:
            self.show_status()
        else:
            self.look_at_link()

    # The two lines at the top.

    def journal_is(self, words: str, *, is_well: bool = True) -> None:
        """Show the state of the journal."""
        self._journal, self._is_journal_well = words, is_well
        self.show_status()

    def look_at_link(self) -> None:
        """Show the state of the connection; in a run, nobody could read each answer."""
        account = self.account
        self._link = self.operations.link(account) if account else None
        self._tell_why(None if self._link is None else self._link.unreached)
        self.show_status()

    def _tell_why(self, unreached: Unreached | None) -> None:
        """Note in the log, once for each cause, why Plivo is not reached."""
        if unreached is not None and unreached != self._told:
            self.note(
                Sign.FAILED, "network", f"No connection: {reach_words(unreached)}."
            )
        self._told = unreached

    def show_status(self) -> None:
        """Bring the two lines at the top up to date."""
        operations = self.operations
        notices = (
            audit_notice(operations.audit_states()),
            team_notice(operations.team_state()),
        )
        facts = StatusFacts(
            now=self.clock().replace(microsecond=0),
            practice=self.settings.practice,
            notice="   ".join(filter(None, (self.drill_clock, self.numbers_notice))),
            ticket=self.cause.ticket,
            is_ticket_asked=self.is_ticket_asked,
            journal=self._journal,
            is_journal_well=self._is_journal_well,
            unsettled=self._unsettled(),
            audit="   ".join(filter(None, notices)),
            settings=self.settings,
            tabs=self._tabs(),
        )
        if self.account is not None:
            facts = replace(facts, writes=operations.policy.writes.state.value)
            facts = facts.on(self.account, self._link)
        self.status_bar.facts = facts
        self.run_panel.now = facts.now

    def _unsettled(self) -> str:
        count = len(self.not_settled)
        return f"{count} not settled: {self.key('app.not_settled')}" if count else ""

    def _tabs(self) -> str:
        """Return the panes, the shown one in brackets, for a narrow window."""
        shown = "source" if self.screen.has_class("-pane-source") else "queue"
        if self.screen.has_class("-full-log"):
            shown = "log"
        queue = f"Queue {len(self.queue.keys)}"
        words = {"source": "Source", "queue": queue, "log": "Log"}
        names = {pane: self.pane_title(pane, word) for pane, word in words.items()}
        return "  ".join(
            f"[{name}]" if pane == shown else name for pane, name in names.items()
        )
