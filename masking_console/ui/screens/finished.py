"""What became of a batch; stays until it is closed."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.expiry import ExpirySummary
from masking_console.models.history import BatchRecord
from masking_console.operations.read_history import ReadHistory
from masking_console.presentation.display import hour_to_second, zone_name
from masking_console.presentation.finished import (
    may_still_connect,
    saved_words,
    summary_lines,
)
from masking_console.presentation.history import exported_words
from masking_console.presentation.run_lines import headline, report
from masking_console.ui.keys.acts import asks, hints, moves
from masking_console.ui.widgets.dialog_box import DialogBox

_WITH_PROBLEMS = "Finished, with problems"


class Afterwards(Enum):
    """What the operator wants to do about a finished batch."""

    NOTHING = "nothing"
    """Leave it as it is."""
    CHECK = "check"
    """Look at what may still connect calls, and review it again."""


class FinishedScreen(ModalScreen[Afterwards]):
    """Shows the counts of a batch and what is left to do."""

    CSS_PATH = "finished.tcss"
    BINDING_GROUP_TITLE = "finished"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "close", "close", id="finished.close", show=True),
        asks("t", "check", "check and retry", id="finished.check", show=True),
        moves("y", "copy", "copy report", id="finished.copy", show=True),
        asks("ctrl+e", "export", "export", id="finished.export", show=True),
    ]

    def __init__(
        self,
        summary: ExpirySummary,
        history: ReadHistory,
        copy: Callable[[str], Awaitable[str]],
    ) -> None:
        super().__init__()
        self.summary = summary
        self._history = history
        self._copy = copy
        self._later: list[str] = []

    def compose(self) -> ComposeResult:
        summary = self.summary
        with DialogBox(id="finished") as box:
            box.border_title = "Finished" if summary.is_clean else _WITH_PROBLEMS
            self.set_class(not summary.is_clean, "-problems")
            yield Static(self._words(), id="finished-words")
            yield Static(id="finished-later")
            yield Static(id="finished-copied", classes="says")

    def _words(self) -> Text:
        summary = self.summary
        plan = summary.batch.confirmed.plan
        ticket = f"   Ticket {plan.ticket}" if plan.ticket else ""
        times = _span(summary)
        lines = [
            f"Account {plan.account.label.upper()}{ticket}   {times}",
            "",
            *summary_lines(summary),
            "",
            headline(BatchRecord.of(summary)),
        ]
        left = len(summary.to_check)
        if left:
            lines.append(may_still_connect(summary))
        lines += ["", saved_words(summary), ""]
        check = f"{hints(self, 'finished.check')} {left}   " if left else ""
        rest = hints(self, "finished.copy", "finished.export", "finished.close")
        lines.append(f"{check}{rest}")
        return Text("\n".join(lines))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "check" and not self.summary.to_check:
            return None
        return super().check_action(action, parameters)

    def action_close(self) -> None:
        self.dismiss(Afterwards.NOTHING)

    def action_check(self) -> None:
        self.dismiss(Afterwards.CHECK)

    def action_copy(self) -> None:
        self.run_worker(self._copy_report(), group="report", exclusive=True)

    async def _copy_report(self) -> None:
        # From the journal, so that the ticket gets the seal as well.
        self._say(await self._copy(report(await self._history.batch(self.summary))))

    def action_export(self) -> None:
        self.run_worker(self._export(), group="report", exclusive=True)

    async def _export(self) -> None:
        try:
            record = await self._history.batch(self.summary)
            self._say(exported_words(await self._history.export([record])))
        except MaskingConsoleError as error:
            self._say(str(error))

    def tell_later(self, words: str) -> None:
        """Say what a look found a minute later: it is not as it was when this began."""
        self.set_class(True, "-problems", "-later")
        self.query_one("#finished").border_title = _WITH_PROBLEMS
        self._later.append(f"! {words}")
        self.query_one("#finished-later", Static).update(Text("\n".join(self._later)))

    def _say(self, words: str) -> None:
        self.query_one("#finished-copied", Static).update(Text(words))


def _span(summary: ExpirySummary) -> str:
    start, end = summary.started_at, summary.finished_at
    return f"{hour_to_second(start)} to {hour_to_second(end)} {zone_name(end)}"
