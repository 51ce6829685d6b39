"""Asks for the name of a protected account before something is done to it."""

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

    Enter in the field leads to Cancel, so that no paste can end in the act.
    """

    CSS_PATH = "typed_name.tcss"
    AUTO_FOCUS = "#typed-cancel"
    BINDING_GROUP_TITLE = "question"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", id="typed_name.cancel"),
    ]

    def __init__(self, name: str, *, heading: str, sentence: str, act: str) -> None:
        """Make the question.

        Args:
            name: what has to be typed, in any letters.
            heading: the question, short.
            sentence: what there is to know before it is answered.
            act: the button that does it.
        """
        super().__init__()
        self._name_to_type = name
        self._heading = heading
        self._sentence = sentence
        self._act = act

    def compose(self) -> ComposeResult:
        with Vertical(id="typed-name") as box:
            box.border_title = Text(self._heading)
            yield Static(Text(self._sentence))
            yield Static(Text(f"Type {self._name_to_type.lower()} to go ahead."))
            yield Input(id="typed-field", compact=True)
            yield Static(id="typed-words", classes="says")
            with Horizontal(id="typed-buttons"):
                yield Button("Cancel", id="typed-cancel", compact=True)
                yield Button(
                    Text(self._act), id="typed-act", variant="warning", compact=True
                )

    def action_cancel(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#typed-cancel")
    def _cancel(self) -> None:
        self.dismiss(False)

    @on(Input.Submitted)
    def _go_on(self) -> None:
        self.query_one("#typed-cancel").focus()

    @on(Button.Pressed, "#typed-act")
    def _go_ahead(self) -> None:
        typed = self.query_one("#typed-field", Input).value.strip()
        if typed.casefold() == self._name_to_type.casefold():
            self.dismiss(True)
        else:
            words = "That is not its name. Nothing was changed."
            self.query_one("#typed-words", Static).update(Text(words))
