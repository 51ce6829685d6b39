"""The result of a batch; it stays until it is closed."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from enum import Enum
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import var
from textual.screen import ModalScreen
from textual.widgets import Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.expiry import ExpirySummary
from masking_console.models.history import BatchRecord
from masking_console.operations.read_history import ReadHistory
from masking_console.presentation.display import Sign, hour_to_second, zone_name
from masking_console.presentation.finished import (
    may_still_connect,
    saved_words,
    summary_rows,
)
from masking_console.presentation.history import copied_words, exported_words
from masking_console.presentation.run_lines import headline, report
from masking_console.ui.keys.acts import asks, hints, key_of, moves
from masking_console.ui.keys.key_words import with_remedy
from masking_console.ui.screens.question import DialogBox

AddTicket = Callable[[str, Sequence[str]], Awaitable[str]]
"""Asks for another ticket of a batch that has these; returns what was done."""
_WITH_PROBLEMS = "Finished, with problems"


class Afterwards(Enum):
    """Choice of the operator about a finished batch."""

    NOTHING = "nothing"
    """Leave it as it is."""
    CHECK = "check"
    """Look at what may still connect calls, and review it again."""


_LOOKS = {
    Sign.DONE: "good",
    Sign.ALREADY: "good",
    Sign.UNKNOWN: "warn",
    Sign.RETRY: "warn",
}
"""The look of each sign; what is not here has failed."""


class FinishedWords(Static):
    """Result of a batch: each outcome that has sessions in the color of its sign."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "finished-words--good",
        "finished-words--warn",
        "finished-words--bad",
        "finished-words--none",
    }
    DEFAULT_CSS = """
    FinishedWords {
        & > .finished-words--good { color: $text-success; text-style: bold; }
        & > .finished-words--warn { color: $text-warning; text-style: bold; }
        & > .finished-words--bad { color: $text-error; text-style: bold; }
        & > .finished-words--none { color: $text-muted; }
    }
    """
    summary: var[ExpirySummary | None] = var(None, init=False)

    def __init__(self, summary: ExpirySummary, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.set_reactive(FinishedWords.summary, summary)

    def watch_summary(self) -> None:
        self.refresh(layout=True)

    def render(self) -> Text:
        summary = self.summary
        if summary is None:
            return Text()
        plan = summary.batch.confirmed.plan
        ticket = f"   Ticket {plan.ticket}" if plan.ticket else ""
        head = f"Account {plan.account.label.upper()}{ticket}   {_span(summary)}"
        lines = [Text(head), Text()]
        for row in summary_rows(summary):
            look = _LOOKS.get(row.sign, "bad") if row.sessions else "none"
            lines.append(Text(row.line, self._style(look)))
        look = "good" if summary.is_clean else "warn"
        headed = headline(BatchRecord.of(summary))
        lines += [Text(), Text(headed, self._style(look))]
        lines += map(Text, self._what_is_left(summary))
        return Text("\n").join(lines)

    def _style(self, look: str) -> Style:
        return self.get_component_rich_style(f"finished-words--{look}", partial=True)

    def _what_is_left(self, summary: ExpirySummary) -> Iterator[str]:
        left = len(summary.to_check)
        if left:
            how = f"Press {key_of('finished.check', self.screen)} to check and retry."
            yield may_still_connect(summary, how)
        yield from ("", saved_words(summary), "")
        check = f"{hints(self.screen, 'finished.check')} {left}   " if left else ""
        rest = ("finished.copy", "finished.add_ticket", "finished.close")
        yield f"{check}{hints(self.screen, *rest)}"


class FinishedScreen(ModalScreen[Afterwards]):
    """Shows the counts of a batch and what is left to do."""

    GUIDE_PAGE = "accidents"
    CSS_PATH = "finished.tcss"
    BINDING_GROUP_TITLE = "finished"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "close", "close", id="finished.close", show=True),
        asks("t", "check", "check and retry", id="finished.check", show=True),
        moves("y", "copy", "copy report", id="finished.copy", show=True),
        asks("T", "add_ticket", "add ticket", id="finished.add_ticket", show=True),
        asks("ctrl+e", "export", "export", id="finished.export", show=True),
    ]

    def __init__(
        self,
        summary: ExpirySummary,
        history: ReadHistory,
        copy: Callable[[str], Awaitable[str]],
        add_ticket: AddTicket,
        *,
        look: str = "",
        said: str = "",
    ) -> None:
        """Make the panel.

        Args:
            summary: the batch, with all that was learnt since.
            history: where the report comes from.
            copy: copies a text and returns how.
            add_ticket: asks for a ticket of a batch and returns what was done.
            look: when the second look is due.
            said: the result of the look that was just asked for.
        """
        super().__init__()
        self.summary = summary
        self._look = look
        self._said = said
        self._history = history
        self._copy = copy
        self._add_ticket = add_ticket
        self._later: list[str] = []

    def compose(self) -> ComposeResult:
        summary = self.summary
        with DialogBox(id="finished") as box:
            box.border_title = "Finished" if summary.is_clean else _WITH_PROBLEMS
            self.set_class(not summary.is_clean, "-problems")
            yield FinishedWords(summary, id="finished-words")
            yield Static(id="finished-later")
            yield Static(Text(self._look), id="finished-look")
            yield Static(Text(self._said), id="finished-copied", classes="says")

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
        record = await self._history.batch(self.summary)
        copied = await self._copy(report(record))
        self._say(await written_words(self._history, record, copied))

    def action_add_ticket(self) -> None:
        self.run_worker(self._ask_ticket(), group="ticket", exclusive=True)

    async def _ask_ticket(self) -> None:
        batch_id = self.summary.batch.batch_id
        try:
            record = await self._history.batch(self.summary)
            self._say(await self._add_ticket(batch_id, record.tickets))
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))

    def action_export(self) -> None:
        self.run_worker(self._export(), group="report", exclusive=True)

    async def _export(self) -> None:
        try:
            record = await self._history.batch(self.summary)
            self._say(exported_words(await self._history.export([record])))
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))

    def renew(self, summary: ExpirySummary) -> None:
        """Show the batch with all that was learnt since."""
        self.summary = summary
        self._show_problems(has_problems=not summary.is_clean)
        self.query_one(FinishedWords).summary = summary
        self.refresh_bindings()

    def tell_look(self, words: str, warning: str) -> None:
        """Say what the second look has found: its end, and what is not as it was."""
        if words:
            self.query_one("#finished-look", Static).update(Text(words))
        if warning:
            self._later.append(f"! {warning}")
            lines = Text("\n".join(self._later))
            self.query_one("#finished-later", Static).update(lines)
            self.set_class(True, "-later")
        self._show_problems(has_problems=bool(self._later or self.summary.to_check))

    def _show_problems(self, *, has_problems: bool) -> None:
        self.set_class(has_problems, "-problems")
        title = _WITH_PROBLEMS if has_problems else "Finished"
        self.query_one("#finished").border_title = title

    def _say(self, words: str) -> None:
        self.query_one("#finished-copied", Static).update(Text(words))


async def written_words(history: ReadHistory, record: BatchRecord, copied: str) -> str:
    """Write a report that was copied to a file as well, and say what became of both.

    A terminal may drop what it is sent, and does not say so.
    """
    try:
        return copied_words(copied, await history.save_report(record))
    except MaskingConsoleError as error:
        return f"{copied} {error}"


def _span(summary: ExpirySummary) -> str:
    start, end = summary.started_at, summary.finished_at
    return f"{hour_to_second(start)} to {hour_to_second(end)} {zone_name(end)}"
