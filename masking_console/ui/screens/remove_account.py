"""Asks for the name of a protected account before it is removed."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class RemoveAccountScreen(ModalScreen[bool]):
    """Returns whether the name was typed and the button pressed.

    Enter in the field leads to Cancel, so that no paste can end in a removal.
    """

    CSS_PATH = "remove_account.tcss"
    AUTO_FOCUS = "#remove-cancel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", id="remove_account.cancel"),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name_to_type = name

    def compose(self) -> ComposeResult:
        name = self._name_to_type
        with Vertical(id="remove-account") as box:
            box.border_title = Text(f"Remove {name.upper()}?")
            yield Static(Text("It is protected. Nothing changes at Plivo."))
            yield Static(Text(f"Type {name.lower()} to remove it from this computer."))
            yield Input(id="remove-name", compact=True)
            yield Static(id="remove-words")
            with Horizontal(id="remove-buttons"):
                yield Button("Cancel", id="remove-cancel", compact=True)
                yield Button("Remove", id="remove", variant="warning", compact=True)

    def action_cancel(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#remove-cancel")
    def _cancel(self) -> None:
        self.dismiss(False)

    @on(Input.Submitted)
    def _go_on(self) -> None:
        self.query_one("#remove-cancel").focus()

    @on(Button.Pressed, "#remove")
    def _remove(self) -> None:
        typed = self.query_one("#remove-name", Input).value.strip()
        if typed.casefold() == self._name_to_type.casefold():
            self.dismiss(True)
        else:
            words = "That is not its name. Nothing was removed."
            self.query_one("#remove-words", Static).update(Text(words))
