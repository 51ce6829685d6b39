"""Where a paste goes: to where it can do no harm, and nowhere else."""

from typing import TYPE_CHECKING

from textual.widgets import Input, TextArea

from masking_console.models.plain_text import plain_text
from masking_console.presentation.display import Sign

if TYPE_CHECKING:
    from masking_console.ui.app import ConsoleApp

_NOT_PASTED = frozenset({"review-phrase", "typed-field"})
"""The fields where a person has to type."""


class Pastes:
    """Every paste passes here before any widget sees it."""

    def __init__(self, app: "ConsoleApp") -> None:
        self._app = app

    def take(self, text: str) -> None:
        """Bring a paste to the pane or the field that it is for, or say why not."""
        main, focused = self._app.main, self._app.focused
        # Most terminals send a carriage return for the end of a line.
        lines = text.strip().splitlines()
        is_text = not isinstance(focused, Input) or (
            focused.id == "find" and len(lines) > 1
        )
        if self._app.screen is main and is_text:
            main.take_text(text)
        elif isinstance(focused, Input) and focused.id not in _NOT_PASTED:
            focused.insert_text_at_cursor(plain_text("".join(lines[:1])))
        else:
            words = "Not taken in a dialog. Close it and paste again."
            main.note(Sign.NOTE, "pasted", words)

    @property
    def is_typing(self) -> bool:
        """Whether printable keys go into a text field."""
        return isinstance(self._app.focused, Input | TextArea)
