"""A question with several answers; going back has the focus."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from masking_console.ui.keys.acts import moves
from masking_console.ui.widgets.dialog_box import DialogBox


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
