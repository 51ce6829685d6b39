"""Where a paste goes: to where it can do no harm, and nowhere else."""

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Input, Static, TextArea

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
        elif isinstance(focused, Input):
            self._fill(focused, lines)
        else:
            self._refuse("Not taken in a dialog. Close it and paste again.")

    def _fill(self, field: Input, lines: list[str]) -> None:
        if field.id in _NOT_PASTED:
            self._refuse("A paste is not taken here. Type it.")
            return
        text = plain_text("".join(lines[:1]))
        if field.max_length:
            room = field.max_length - len(field.value)
            if len(text) > room:
                words = f"Not pasted: {len(text)} characters, and {room} fit here."
                self._refuse(words)
                return
        field.insert_text_at_cursor(text)
        if any(line.strip() for line in lines[1:]):
            self._refuse("Only the first line was taken.")

    def _refuse(self, words: str) -> None:
        """Say so where the dialog says what is wrong, and in the log behind it."""
        for line in self._app.screen.query(".says").results(Static):
            line.update(Text(words))
        self._app.main.note(Sign.NOTE, "pasted", words)

    @property
    def is_typing(self) -> bool:
        """Whether printable keys go into a text field."""
        return isinstance(self._app.focused, Input | TextArea)
