"""Questions to the operator; the safe answer has the focus."""

import asyncio
from collections.abc import Collection
from enum import Enum
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Static

from masking_console.models.account import Account
from masking_console.models.expiry import ExpiryOutcome
from masking_console.presentation.finished import unsettled_outcomes_words
from masking_console.ui.keys.acts import asks, key_of, moves
from masking_console.ui.keys.asking import AnswerField, Asks

T = TypeVar("T")


async def answer_to(app: App[Any], dialog: Screen[T]) -> T | None:
    """Show the dialog and return what it was closed with.

    Textual's own `push_screen_wait` first runs callbacks of the app inside the worker
    (traced in Textual 8.2.8). When the app ends just then, they are the removal of its
    screens, and the cancelled worker takes the app's shutdown with it.
    """
    return await asyncio.shield(app.push_screen(dialog, wait_for_dismiss=True))


class DialogBox(Vertical):
    """Names the account of the screen that it lies over, where that has one.

    What is asked over the list of accounts is about the one that the question names.
    """

    def on_mount(self) -> None:
        below = self.app.screen_stack[-2:-1]
        account = getattr(below[0], "account", None) if below else None
        if isinstance(account, Account):
            self.border_subtitle = Text(f"on {account.label.upper()}")


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
    """Choice of the operator while the second look is due."""

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


class ChoiceScreen(ModalScreen[int]):
    """Returns which answer was chosen, from 0, or None for going back."""

    CSS_PATH = "question.tcss"
    AUTO_FOCUS = "#back"
    BINDING_GROUP_TITLE = "question"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "back", "back", id="choice.back", show=True),
    ]

    def __init__(self, heading: str, sentence: str, answers: tuple[str, ...]) -> None:
        super().__init__()
        self._heading = heading
        self._sentence = sentence
        self._answers = answers

    def compose(self) -> ComposeResult:
        with DialogBox(id="question") as box:
            box.border_title = Text(self._heading)
            yield Static(Text(self._sentence))
            with Horizontal(id="question-buttons"):
                yield Button("Go back", id="back", compact=True)
                for number, answer in enumerate(self._answers):
                    yield Button(Text(answer), id=f"answer-{number}", compact=True)

    def action_back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        kind, _, number = (event.button.id or "").partition("-")
        if kind == "answer":
            self.dismiss(int(number))


class TypedNameScreen(Asks[bool]):
    """Returns whether a person typed the name and said yes to the act."""

    CSS_PATH = "typed_name.tcss"
    AUTO_FOCUS = "#typed-cancel"
    ACT, PROBLEM = "#typed-act", "#typed-words"
    BINDING_GROUP_TITLE = "question"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "cancel", "cancel", id="typed_name.cancel", show=True),
    ]

    def __init__(self, name: str, *, heading: str, sentence: str, act: str) -> None:
        """Make the question.

        Args:
            name: what has to be typed, in any letters.
            heading: the question, short.
            sentence: what there is to know before it is answered.
            act: the button that does it.
        """
        super().__init__(name.lower())
        self._heading = heading
        self._sentence = sentence
        self._act = act

    def compose(self) -> ComposeResult:
        with Vertical(id="typed-name") as box:
            box.border_title = Text(self._heading)
            yield Static(Text(self._sentence))
            yield Static(Text(f"Type {self.phrase} to go ahead."))
            yield AnswerField(id="typed-field", compact=True)
            yield Static(id="typed-words", classes="says")
            with Horizontal(id="typed-buttons"):
                yield Button("Cancel", id="typed-cancel", compact=True)
                yield Button(
                    Text(self._act), id="typed-act", variant="warning", compact=True
                )

    @property
    def how(self) -> str:
        return f"type {self.phrase}"

    def agreed(self) -> None:
        self.dismiss(True)

    def action_cancel(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#typed-cancel")
    def _cancel(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#typed-act")
    def _go_ahead(self) -> None:
        self.clicked()
