"""Asks for the name of a protected account before something is done to it."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from masking_console.ui.keys.acts import moves
from masking_console.ui.keys.asking import AnswerField, Asks


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
