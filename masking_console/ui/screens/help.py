"""All keys of the screen below, made from its bindings, and what the signs mean."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from masking_console.presentation.display import Sign, glyph
from masking_console.ui.keys.acts import hints, key_of, moves
from masking_console.ui.keys.key_words import HelpGroup
from masking_console.ui.widgets.row_cells import fitted

_COLUMN_WIDTH = 32
"""A column is at least so wide."""
_KEY_WIDTH = 11
_MOST_COLUMNS = 4
_SIGNS = {
    Sign.DONE: "expired, with evidence",
    Sign.ALREADY: "already expired",
    Sign.UNKNOWN: "outcome unknown",
    Sign.FAILED: "failed, or look at it",
    Sign.ABSENT: "not there",
    Sign.RETRY: "waiting, trying again",
}
_PROMISE = "No key that can occur in a session id does anything harmful."

Lines = list[Text]


class HelpScreen(ModalScreen[None]):
    """Shows the keys in as many columns as there is room for; typing searches."""

    CSS_PATH = "help.tcss"
    AUTO_FOCUS = "#help-search"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape,f1", "close", "back", id="help.close", priority=True, show=True),
    ]

    def __init__(self, groups: Sequence[HelpGroup]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        with Vertical(id="help") as box:
            box.border_title = Text(f"{key_of('app.help', self)} Help")
            box.border_subtitle = Text(f"type to search   {hints(self, 'help.close')}")
            yield Input(placeholder="search", id="help-search", compact=True)
            with VerticalScroll(id="help-keys", can_focus=False):
                yield Static(id="help-text")
            yield Static(Text(_PROMISE), id="help-promise")

    def on_mount(self) -> None:
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        if event.value.endswith("?"):
            # The key that has opened it.
            self.dismiss(None)
        else:
            self._show()

    def _show(self) -> None:
        width = self.query_one("#help-keys").scrollable_content_region.width
        count = max(1, min(_MOST_COLUMNS, width // _COLUMN_WIDTH))
        wanted = self.query_one(Input).value.casefold().strip()
        blocks = list(self._blocks(wanted, width // count))
        text = Text("\n").join(_side_by_side(blocks, count, width // count))
        if not blocks:
            text = Text("No key does that.")
        self.query_one("#help-text", Static).update(text)

    def _blocks(self, wanted: str, width: int) -> Iterator[Lines]:
        """Yield the groups that hold what is searched for, each with its title."""
        for group in self._groups:
            lines = [
                _line(key.keys, key.words, width, is_dim=not key.is_possible)
                for key in group.keys
                if wanted in f"{key.keys} {key.words}".casefold()
            ]
            if lines:
                yield [Text(group.title.upper(), "bold"), *lines]
        signs = [
            _line(glyph(sign), words, width)
            for sign, words in _SIGNS.items()
            if wanted in words
        ]
        if signs:
            yield [Text("SIGNS", "bold"), *signs]


def _line(keys: str, words: str, width: int, *, is_dim: bool = False) -> Text:
    # A blank more than the longest key, and one before the next column.
    line = Text(fitted(keys, _KEY_WIDTH), "" if is_dim else "bold")
    line.append(f" {fitted(words, width - _KEY_WIDTH - 2).rstrip()}", "not bold")
    if is_dim:
        line.append("")
    return line


def _side_by_side(blocks: Sequence[Lines], count: int, width: int) -> Iterator[Text]:
    """Yield the lines of all blocks, in columns of about the same height."""
    columns: list[Lines] = [[] for _ in range(count)]
    height = sum(len(block) + 1 for block in blocks) / count
    at = 0
    for block in blocks:
        is_full = columns[at] and len(columns[at]) + len(block) / 2 > height
        at += bool(is_full and at < count - 1)
        columns[at] += [*block, Text("")]
    for row in range(max(map(len, columns))):
        line = Text("")
        for column in columns:
            piece = column[row] if row < len(column) else Text("")
            line.append_text(piece)
            line.append(" " * (width - cell_len(piece.plain)))
        yield line
