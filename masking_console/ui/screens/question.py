"""A sentence to answer, or only to read; the safe answer has the focus."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from masking_console.ui.widgets.dialog_box import DialogBox


class QuestionScreen(ModalScreen[bool]):
    """Returns whether the operator chose the act rather than the safe answer."""

    CSS_PATH = "question.tcss"
    BINDING_GROUP_TITLE = "question"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "keep", "back", id="question.back"),
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
        self._first = "#act" if is_harmless else "#safe"
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

    def on_mount(self) -> None:
        self.query_one(self._first).focus()

    def action_keep(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "act")
