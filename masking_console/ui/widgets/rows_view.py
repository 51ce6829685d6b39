"""A long list of rows that draws only the lines that can be seen."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from masking_console.ui.keys.acts import asks, moves
from masking_console.ui.widgets.row_cells import (
    Cell,
    Column,
    Rows,
    fitted,
    laid_out,
    nearest,
    position,
)

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

NOWHERE = -1
"""The line of a cursor that is on no row."""
GUTTER = 1
"""The column for the cursor's sign, so that it needs no color."""


class _FromView(Message):
    def __init__(self, view: "RowsView[Any, Any]") -> None:
        super().__init__()
        self.view = view
        self.key: Hashable = view.cursor_key

    @property
    def control(self) -> "RowsView[Any, Any]":
        return self.view


class RowsView(ScrollView, Generic[Key, Row], can_focus=True, inherit_bindings=False):
    """An ordered list of keys, drawn from the rows behind them, with a cursor.

    Subclasses say how a row looks (`cells`) and in which columns (`layout_of`). The
    order is replaced as a whole and may be any sequence; the rows are read when drawn.
    """

    DEFAULT_CSS = """
    RowsView {
        overflow-x: hidden; scrollbar-size-vertical: 1;
        & > .rows-view--header { color: $text-muted; text-style: bold; }
        & > .rows-view--empty, & > .rows-view--dim { color: $text-muted; }
        & > .rows-view--good { color: $text-success; }
        & > .rows-view--warn { color: $text-warning; text-style: bold; }
        & > .rows-view--bad { color: $text-error; text-style: bold; }
        & > .rows-view--cursor {
            color: $foreground; background: $primary 30%; text-style: bold;
        }
        &:focus > .rows-view--cursor { background: $surface; text-style: bold reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"rows-view--{look}"
        for look in ("header", "empty", "dim", "good", "warn", "bad", "cursor")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("up", "move(-1)", "up", id="rows.up", system=True),
        moves("down", "move(1)", "down", id="rows.down", system=True),
        moves("pageup", "page(-1)", "page up", id="rows.page_up", system=True),
        moves("pagedown", "page(1)", "page down", id="rows.page_down", system=True),
        moves("home", "first", "first", id="rows.first", system=True),
        moves("end", "last", "last", id="rows.last", system=True),
        asks("enter", "open", "detail", id="rows.open", tooltip="one row in full"),
        moves(
            "slash",
            "ask_filter",
            "filter",
            id="rows.filter",
            key_display="/",
            show=True,
            tooltip="filter as you type",
        ),
        moves(
            "escape",
            "clear_filter",
            "all",
            id="rows.clear_filter",
            show=True,
            tooltip="drop the filter",
        ),
    ]
    BINDING_GROUP_TITLE, ALLOW_SELECT = "in the list", False

    filter_text: var[str] = var("", init=False)
    """Words that a row must contain to be shown, all of them."""

    class CursorMoved(_FromView):
        """The cursor is on another row."""

    class Opened(_FromView):
        """The operator asks for the detail of the row under the cursor."""

    class FilterRequested(_FromView):
        """The operator wants to type a filter."""

    empty_text = ""
    """Text in the middle when there is nothing to show."""
    has_header = False
    """Whether the first line names the columns."""

    def __init__(
        self,
        rows: Rows[Key, Row],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.rows = rows
        self._keys: Sequence[Key] = ()
        self._cursor_index = 0
        self._cursor_key: Key | None = None
        self._width = 0
        self._style = Style.null()
        self._around = ("", "")

    def cells(self, row: Row, columns: Sequence[Column]) -> Sequence[Cell]:
        """Return the cells of a row, at most one a column."""
        raise NotImplementedError

    def layout_of(self, width: int) -> Sequence[Column]:
        """Return the columns for a list that is so wide."""
        raise NotImplementedError

    def refilter(self) -> None:
        """Show the keys that fit the new filter."""

    def keep_in_sight(self) -> None:
        """Scroll to what matters after a change of size."""
        if self._cursor_index != NOWHERE:
            self.move_to(self._cursor_index)

    def is_marked(self, index: int) -> bool:  # noqa: ARG002 - a hook
        """Return whether a row belongs to a range that is being made."""
        return False

    @property
    def keys(self) -> Sequence[Key]:
        """Keys of the rows that are shown, in their order."""
        return self._keys

    @property
    def cursor_key(self) -> Key | None:
        """The key under the cursor, or None in an empty list."""
        return self._cursor_key

    @property
    def cursor_index(self) -> int:
        """The line of the cursor, counted from 0."""
        return self._cursor_index

    def show_keys(self, keys: Sequence[Key]) -> None:
        """Show these keys in this order; the cursor stays on its row, or the nearest.

        So does what is seen: the cursor's row if it is in sight, else the top row.
        """
        top, page = self._top, self._page_height
        sees_cursor = top <= self._cursor_index < top + page
        anchor = self._cursor_index if sees_cursor else top
        anchor_key = self._key_at(anchor)
        before, self._keys = self._keys, keys
        index = position(keys, self._cursor_key)
        if self._cursor_key is None:
            index = self.index_without_cursor()
        elif index is None:
            index = nearest(before, keys, self._cursor_index)
        new_anchor = index if sees_cursor else position(keys, anchor_key)
        self._set_height(len(keys) + self.has_header)
        self._put_cursor(index)
        self._scroll_top(top if new_anchor is None else top + new_anchor - anchor)
        self.refresh()

    def index_without_cursor(self) -> int:
        """Return the line to which a cursor goes that is on no row."""
        return 0

    def leave_row(self) -> None:
        """Leave the cursor on no row until rows are shown again."""
        self._put_cursor(NOWHERE)

    def show_around(self, title: str, subtitle: str) -> None:
        """Show words in the border, and paint nothing where they are there already."""
        if title != self._around[0]:
            self.border_title = Text(title)
        if subtitle != self._around[1]:
            self.border_subtitle = Text(subtitle)
        self._around = title, subtitle

    def refresh_rows(self, keys: Collection[Key]) -> None:
        """Draw those of the rows that can be seen once more."""
        top = self._top
        for number, key in enumerate(self._keys[top : top + self._page_height]):
            if key in keys:
                self.refresh_line(top + number + self.has_header)

    def move_to(self, index: int) -> None:
        """Put the cursor on the row at this line and bring it in sight."""
        index = max(0, min(index, len(self._keys) - 1))
        before = self._cursor_index
        self._put_cursor(index)
        for changed in {before, index} if before != index else ():
            self.refresh_line(changed + self.has_header)
        top = self._top
        self._scroll_top(max(min(top, index), index - self._page_height + 1))

    def _put_cursor(self, index: int) -> None:
        before = self._cursor_key
        self._cursor_index = index
        self._cursor_key = self._key_at(index)
        if self._cursor_key != before:
            self.post_message(self.CursorMoved(self))

    def _key_at(self, index: int) -> Key | None:
        return self._keys[index] if 0 <= index < len(self._keys) else None

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _page_height(self) -> int:
        return max(1, self.scrollable_content_region.height - self.has_header)

    def _set_height(self, height: int) -> None:
        size = Size(0, height)
        if min(height, self.virtual_size.height) <= self.size.height:
            self.virtual_size = size
            return
        # The scroll bar stays, so the screen need not be laid out anew: that would be
        # most of the work of a line that is added.
        self.set_reactive(RowsView.virtual_size, size)
        self.vertical_scrollbar.window_virtual_size = height

    def _scroll_top(self, index: int) -> None:
        index = max(0, min(index, self.max_scroll_y))
        # Forced, because the scrollbar of a list that has just grown is not there yet.
        if self.size.height and index != self._top:
            self.scroll_to(y=index, animate=False, force=True)

    def action_move(self, step: int) -> None:
        self.move_to(self._cursor_index + step)

    def action_page(self, step: int) -> None:
        self.move_to(self._cursor_index + step * self._page_height)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self._keys) - 1)

    def action_open(self) -> None:
        if self._cursor_key is not None:
            self.post_message(self.Opened(self))

    def action_ask_filter(self) -> None:
        self.post_message(self.FilterRequested(self))

    def action_clear_filter(self) -> None:
        self.filter_text = ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "clear_filter":
            return bool(self.filter_text)
        return super().check_action(action, parameters)

    def watch_filter_text(self) -> None:
        self.refilter()
        self.refresh_bindings()

    def on_resize(self) -> None:
        self.keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self.has_header:
            index = self._top + offset.y - self.has_header
            if index < len(self._keys):
                self.move_to(index)

    def render_lines(self, crop: Region) -> list[Strip]:
        # Both are searched for through the whole tree, so once a frame is enough.
        self._width = self.scrollable_content_region.width
        self._style = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self._width
        if not self._keys:
            return self._empty_line(y, width)
        columns = self.layout_of(width - GUTTER)
        if self.has_header and y == 0:
            titles = [Cell(column.title, "rows-view--header") for column in columns]
            return self._strip(" ", titles, columns, width)
        index = self._top + y - self.has_header
        key = self._key_at(index)
        if key is None:
            return Strip.blank(width, self._style)
        cells = self.cells(self.rows[key], columns)
        if index == self._cursor_index:
            sign = ">" if self.has_focus else "|" if self.is_marked(index) else " "
            return self._strip(sign, cells, columns, width, is_cursor=True)
        return self._strip("|" if self.is_marked(index) else " ", cells, columns, width)

    def _strip(
        self,
        sign: str,
        cells: Sequence[Cell],
        columns: Sequence[Column],
        width: int,
        *,
        is_cursor: bool = False,
    ) -> Strip:
        segments = [Cell(sign), *laid_out(cells, columns, width - GUTTER)]
        over = self._look("rows-view--cursor") if is_cursor else Style.null()
        return Strip(
            [Segment(text, self._look(look) + over) for text, look in segments], width
        )

    def _empty_line(self, y: int, width: int) -> Strip:
        if y != self.size.height // 2:
            return Strip.blank(width, self._style)
        text = fitted(self.empty_text.center(width), width)
        return Strip([Segment(text, self._look("rows-view--empty"))])

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(name) if name else self._style
