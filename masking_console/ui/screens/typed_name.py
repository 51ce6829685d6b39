"""Asks for a name to be typed before something is done that is worth a pause."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class TypedNameScreen(ModalScreen[bool]):
    """Returns whether the name was typed and the button pressed.

    Enter in the field leads to Cancel, so that no paste can end in a yes.
    """

    CSS_PATH = "typed_name.tcss"
    AUTO_FOCUS = "#typed-name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", id="typed_name.cancel"),
    ]

    def __init__(self, heading: str, sentence: str, *, name: str, act: str) -> None:
        super().__init__()
        self._heading = heading
        self._sentence = sentence
        self._name_to_type = name
        self._act = act

    def compose(self) -> ComposeResult:
        with Vertical(id="typed-name-box") as box:
            box.border_title = Text(self._heading)
            yield Static(Text(self._sentence))
            yield Input(id="typed-name", compact=True)
            yield Static(id="typed-name-words")
            with Horizontal(id="typed-name-buttons"):
                yield Button("Cancel", id="typed-name-cancel", compact=True)
                yield Button(
                    Text(self._act),
                    id="typed-name-act",
                    variant="warning",
                    compact=True,
                )

    def action_cancel(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#typed-name-cancel")
    def _cancel(self) -> None:
        self.dismiss(False)

    @on(Input.Submitted)
    def _go_on(self) -> None:
        self.query_one("#typed-name-cancel").focus()

    @on(Button.Pressed, "#typed-name-act")
    def _confirm(self) -> None:
        typed = self.query_one("#typed-name", Input).value.strip()
        if typed.casefold() == self._name_to_type.casefold():
            self.dismiss(True)
        else:
            words = "That is not its name. Nothing was changed."
            self.query_one("#typed-name-words", Static).update(Text(words))
