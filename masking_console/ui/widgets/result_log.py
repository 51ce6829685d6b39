"""The log of what happened, which keeps the text of each line and little else."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.binding import BindingType
from textual.message import Message

from masking_console.presentation.display import LogLine, glyph
from masking_console.ui.keys.acts import moves
from masking_console.ui.widgets.queue_cells import SIGN_LOOKS
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

KEPT_LINES = 100_000
"""Most lines kept; older ones are in the journal."""
COPIED_LINES = 1_000
"""Most lines in a copy: a clipboard is no archive."""

_COLUMNS = (Column("", 8), Column("", 11), Column("", 0))
_FULL_FROM = 94
"""Below this width the duration and the API id make room for the words."""
_UUID = re.compile(r"([0-9a-f]{8})-[0-9a-f-]+")


class _KeptLine(NamedTuple):
    line: str
    text_at: int


class _Tail:
    """The newest lines by their number, which never changes."""

    def __init__(self) -> None:
        self.first = 0
        self._lines: list[str] = []
        # One byte each, because a hundred thousand objects would be most of the memory.
        self._text_at = array("B")

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + len(self._lines))

    def __getitem__(self, number: int) -> _KeptLine:
        index = number - self.first
        return _KeptLine(self._lines[index], self._text_at[index])

    def append(self, lines: Sequence[LogLine]) -> None:
        for line in lines[-KEPT_LINES:]:
            head = line.head
            self._lines.append(head + line.text)
            self._text_at.append(len(head))
        surplus = max(0, len(self._lines) - KEPT_LINES)
        del self._lines[:surplus]
        del self._text_at[:surplus]
        self.first += surplus

    def find(self, words: Sequence[str], start: int) -> list[int]:
        numbers: Sequence[int] = range(start, self.numbers.stop)
        for word in words:
            numbers = [
                number
                for number in numbers
                if word in self._lines[number - self.first].casefold()
            ]
        return list(numbers)


class ResultLog(RowsView[int, _KeptLine]):
    """Log, newest line last; it follows the tail until it is scrolled."""

    BINDING_GROUP_TITLE = "in the log"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("y", "copy", "copy", id="log.copy", show=True),
    ]
    empty_text = "Nothing has happened yet."

    class Changed(Message):
        """Lines have come, or another filter."""

        def __init__(self, shown: int, total: int) -> None:
            super().__init__()
            self.shown = shown
            self.total = total

    class CopyRequested(Message):
        """The operator wants these lines in the clipboard."""

        def __init__(self, text: str, lines: int) -> None:
            super().__init__()
            self.text = text
            self.lines = lines

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        self._tail = _Tail()
        super().__init__(self._tail, id=id, classes=classes)
        self._following = True

    @property
    def counts(self) -> tuple[int, int]:
        """Number of lines shown, and of lines kept."""
        return len(self.keys), len(self._tail.numbers)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end, as one change on the screen."""
        if not lines:
            return
        before = self._tail.numbers
        self._tail.append(lines)
        words = self._words()
        keys: Sequence[int] = self._tail.numbers
        if words:
            kept = self.keys[bisect_left(self.keys, self._tail.first) :]
            start = max(before.stop, self._tail.first)
            keys = [*kept, *self._tail.find(words, start)]
        self._show(keys)

    def clear(self) -> None:
        """Forget every line, as for another account."""
        self._tail = self.rows = _Tail()
        self._following = True
        self._show(self._tail.numbers)

    def refilter(self) -> None:
        words = self._words()
        first = self._tail.first
        self._show(self._tail.find(words, first) if words else self._tail.numbers)

    def _show(self, keys: Sequence[int]) -> None:
        following = self._following
        self.show_keys(keys)
        if following:
            self.move_to(len(keys) - 1)
        self.post_message(self.Changed(*self.counts))

    def _words(self) -> list[str]:
        # Lines hold eight characters of an id; a pasted id finds them all the same.
        words = self.filter_text.casefold().split()
        return [match[1] if (match := _UUID.fullmatch(w)) else w for w in words]

    def layout_of(self, width: int) -> Sequence[Column]:  # noqa: ARG002 - a hook
        return _COLUMNS

    def cells(self, row: _KeptLine, columns: Sequence[Column]) -> Sequence[Cell]:  # noqa: ARG002 - a hook
        line, text_at = row
        word, rest = line[LogLine.WORD], line[LogLine.REST]
        if text_at > LogLine.REQUEST.stop and self.size.width < _FULL_FROM:
            rest = f"{line[LogLine.REQUEST]}  {line[text_at:]}"
        return (
            Cell(line[LogLine.TIME], "rows-view--dim"),
            Cell(word, _look_of(word[0])),
            Cell(rest),
        )

    def action_copy(self) -> None:
        # A filter says which lines are meant; without one it is the line at hand.
        numbers = self.keys[-COPIED_LINES:] if self._words() else [self.cursor_key]
        lines = [self._tail[n].line for n in numbers if n is not None]
        if lines:
            self.post_message(self.CopyRequested("\n".join(lines), len(lines)))

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self._following = self.cursor_index >= len(self.keys) - 1

    def keep_in_sight(self) -> None:
        if self._following:
            self.move_to(len(self.keys) - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # Wheel and scroll bar leave the cursor where it is, at the end as a rule.
        if self.cursor_index >= len(self.keys) - 1:
            self._following = round(new_value) >= self.max_scroll_y


def _look_of(character: str) -> str:
    return next(
        (SIGN_LOOKS[sign] for sign in SIGN_LOOKS if glyph(sign) == character), ""
    )
