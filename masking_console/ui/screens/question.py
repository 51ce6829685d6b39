"""A sentence to answer, or only to read; the safe answer has the focus."""

from collections.abc import Collection
from enum import Enum
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from masking_console.models.expiry import ExpiryOutcome
from masking_console.presentation.finished import unsettled_outcomes_words
from masking_console.ui.keys.acts import asks, key_of, moves
from masking_console.ui.keys.asking import Asks
from masking_console.ui.widgets.dialog_box import DialogBox


class QuestionScreen(Asks[bool]):
    """Returns whether the operator chose the act rather than the safe answer."""

    ACT, PROBLEM = "#act", "#question-problem"

    CSS_PATH = "question.tcss"
    BINDING_GROUP_TITLE = "question"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "keep", "back", id="question.back", show=True),
    ]

    def __init__(
        self,
        heading: str,
        sentence: str,
        *,
        safe: str = "Close",
        act: str = "",
        is_harmless: bool = False,
    ) -> None:
        """Make a question; the act has the focus only where it is harmless."""
        super().__init__()
        self._is_harmless = is_harmless
        self._heading = heading
        self._sentence = sentence
        self._safe = safe
        self._act = act

    def compose(self) -> ComposeResult:
        with DialogBox(id="question") as box:
            box.border_title = Text(self._heading)
            yield Static(Text(self._sentence))
            with Horizontal(id="question-buttons"):
                yield Button(Text(self._safe), id="safe", compact=True)
                if self._act:
                    yield Button(
                        Text(self._act), id="act", variant="warning", compact=True
                    )
            yield Static(id="question-problem")

    def on_mount(self) -> None:
        self.query_one("#act" if self._is_harmless else "#safe").focus()

    @property
    def how(self) -> str:
        return "choose again"

    def hears(self, event: events.Event) -> bool:
        return self._is_harmless or super().hears(event)

    def agreed(self) -> None:
        self.dismiss(True)

    def action_keep(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        is_act = event.button.id == "act"
        if is_act and not self._is_harmless:
            self.clicked()
        else:
            self.dismiss(is_act)


class Leaving(Enum):
    """What the operator wants while the second look is due."""

    LOOK = "look"
    """Make it at once, and quit then."""
    QUIT = "quit"
    """Quit without it."""


class SecondLookQuestion(ModalScreen[Leaving | None]):
    """Returns whether to look before leaving; only GETs can come of it."""

    CSS_PATH = "question.tcss"
    AUTO_FOCUS = "#look"
    BINDING_GROUP_TITLE = "question"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "stay", "stay", id="leaving.stay", show=True),
        asks("q", "leave", "quit", id="leaving.quit", show=True),
    ]

    def __init__(self, seconds: int, unsettled: Collection[ExpiryOutcome]) -> None:
        """Make a question that says in how many seconds the look is due."""
        super().__init__()
        self._seconds = seconds
        self._unsettled = unsettled

    def compose(self) -> ComposeResult:
        quits = f"{key_of('leaving.quit', self)} quits"
        words = f"Second look in {self._seconds} s. Enter looks now and quits, {quits}."
        if self._unsettled:
            words += f"\n{unsettled_outcomes_words(self._unsettled)}"
        with DialogBox(id="question") as box:
            box.border_title = "Quit?"
            yield Static(Text(words))
            with Horizontal(id="question-buttons"):
                yield Button("Stay", id="stay", compact=True)
                yield Button("Quit", id="quit", compact=True)
                yield Button("Look and quit", id="look", compact=True)

    def action_stay(self) -> None:
        self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(Leaving.QUIT)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        answers = {"quit": Leaving.QUIT, "look": Leaving.LOOK}
        self.dismiss(answers.get(event.button.id or ""))
