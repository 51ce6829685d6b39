from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events, on
from textual.app import App, ComposeResult

from masking_console.models.plain_text import plain_text
from masking_console.ui.widgets.row_cells import Cell, Column, fitted, laid_out
from masking_console.ui.widgets.rows_view import RowsView

COLUMNS = (
    Column("key", 4, right=True),
    Column("name", 10, gap=2),
    Column("rest", 5),
)


class Names(RowsView[int, str]):
    has_header = True
    empty_text = "Nobody is here."

    def layout_of(self, width: int) -> Sequence[Column]:  # noqa: ARG002 - a hook
        return COLUMNS

    def cells(self, row: str, columns: Sequence[Column]) -> Sequence[Cell]:  # noqa: ARG002 - a hook
        return (Cell("7"), Cell(row, "rows-view--good"), Cell("tail"))


class Host(App[None]):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.names = Names({number: f"name {number}" for number in range(count)})
        self.count = count
        self.opened: list[object] = []
        self.filters_asked_for = 0

    def compose(self) -> ComposeResult:
        yield self.names

    def on_mount(self) -> None:
        self.names.show_keys(range(self.count))
        self.names.focus()

    @on(RowsView.Opened)
    def remember_what_was_opened(self, event: RowsView.Opened) -> None:
        assert event.control is self.names
        self.opened.append(event.key)

    @on(RowsView.FilterRequested)
    def count_requests(self) -> None:
        self.filters_asked_for += 1

    def lines(self) -> list[str]:
        region = self.names.region.reset_offset
        return [strip.text for strip in self.names.render_lines(region)]


async def test_keys_move_the_cursor_and_bring_it_in_sight() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        names, seen = host.names, []
        for key in ("down", "down", "up", "pagedown", "end", "pageup", "home", "up"):
            await pilot.press(key)
            seen.append(names.cursor_key)
            shown = [line for line in host.lines() if line.startswith(">")]
            assert shown == [line for line in shown if f"name {seen[-1]} " in line]
            assert len(shown) == 1
        assert seen == [1, 2, 1, 12, 99, 88, 0, 0]


async def test_the_header_stays_when_the_rows_scroll() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.press("end")
        lines = host.lines()
        assert lines[0].split() == ["key", "name", "rest"]
        assert "name 99" in lines[11]
        assert "name 89" in lines[1]


async def test_columns_are_aligned_and_the_last_one_fills_the_line() -> None:
    host = Host(3)
    async with host.run_test(size=(30, 6)) as pilot:
        await pilot.pause()
        assert host.lines()[1] == ">   7 name 0      tail        "
        assert host.lines()[5] == " " * 30


async def test_a_narrow_window_cuts_and_never_wraps() -> None:
    host = Host(3)
    async with host.run_test(size=(13, 6)) as pilot:
        await pilot.pause()
        assert [cell_len(line) for line in host.lines()] == [13] * 6
        assert host.lines()[1].startswith(">   7 name 0")


async def test_an_empty_list_says_so_in_the_middle() -> None:
    host = Host(0)
    async with host.run_test(size=(41, 7)) as pilot:
        await pilot.press("down", "end", "enter")
        assert host.lines()[3].strip() == "Nobody is here."
        assert host.names.cursor_key is None
        assert host.opened == []


async def test_the_cursor_stays_on_its_row_when_rows_come_above_it() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        names = host.names
        names.show_keys(range(50, 100))
        await pilot.press(*["down"] * 20)
        line = next(y for y, text in enumerate(host.lines()) if text[0] == ">")
        names.show_keys(range(100))
        await pilot.pause()
        assert names.cursor_key == 70
        assert "name 70" in host.lines()[line]


async def test_the_cursor_stays_on_its_row_when_the_order_changes() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.press(*["down"] * 5)
        host.names.show_keys(range(99, -1, -1))
        await pilot.pause()
        assert (host.names.cursor_key, host.names.cursor_index) == (5, 94)
        assert any(line.startswith(">") for line in host.lines())


async def test_a_cursor_whose_row_is_gone_moves_to_a_neighbor() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.press("end")
        host.names.show_keys(range(10))
        await pilot.pause()
        assert host.names.cursor_key == 9
        assert "name 0" in host.lines()[1]


async def test_what_is_read_stays_in_place_when_the_cursor_is_out_of_sight() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        names = host.names
        names.show_keys(range(20, 100))
        await pilot.pause()
        names.scroll_to(y=30, animate=False)
        await pilot.pause()
        top = host.lines()[1]
        names.show_keys(range(100))
        await pilot.pause()
        assert host.lines()[1] == top
        assert names.cursor_key == 20


async def test_one_changed_row_repaints_its_own_line_alone() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        names = host.names
        names.rows = dict.fromkeys(range(100), "changed")
        names.refresh_rows({4, 60})
        await pilot.pause()
        changed = [y for y, line in enumerate(host.lines()) if "changed" in line]
        assert changed == [5]


async def test_a_click_moves_the_cursor_and_the_wheel_scrolls() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.click(Names, offset=(5, 4))
        assert host.names.cursor_key == 3
        await pilot.click(Names, offset=(5, 0))
        assert host.names.cursor_key == 3
        await pilot._post_mouse_events([events.MouseScrollDown], Names)
        await pilot.pause()
        assert host.names.scroll_offset.y > 0
        assert host.names.cursor_key == 3


async def test_a_click_below_the_last_row_does_nothing() -> None:
    host = Host(2)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.click(Names, offset=(5, 9))
        assert host.names.cursor_key == 0


async def test_enter_opens_the_row_and_slash_asks_for_a_filter() -> None:
    host = Host(5)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.press("down", "enter", "slash")
        assert host.opened == [1]
        assert host.filters_asked_for == 1


async def test_escape_clears_a_filter_and_is_free_without_one() -> None:
    host = Host(5)
    async with host.run_test(size=(40, 12)) as pilot:
        assert host.names.check_action("clear_filter", ()) is False
        host.names.filter_text = "something"
        await pilot.press("escape")
        assert host.names.filter_text == ""


async def test_the_cursor_is_seen_without_focus_and_without_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    host = Host(5)
    async with host.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        region = host.names.region.reset_offset
        focused = host.names.render_lines(region)[1]
        assert all(segment.style and segment.style.reverse for segment in focused)
        host.screen.set_focus(None)
        await pilot.pause()
        blurred = host.names.render_lines(region)
        assert all(segment.style and segment.style.bold for segment in blurred[1])
        assert not any(segment.style and segment.style.bold for segment in blurred[2])


async def test_a_smaller_window_keeps_the_cursor_in_sight() -> None:
    host = Host(100)
    async with host.run_test(size=(40, 20)) as pilot:
        await pilot.press(*["down"] * 18)
        await pilot.resize_terminal(40, 8)
        await pilot.pause()
        assert any(line.startswith(">") for line in host.lines())


@given(st.text(), st.integers(0, 30), st.booleans())
def test_any_text_fits_its_columns_exactly(text: str, width: int, right: bool) -> None:
    assert cell_len(fitted(plain_text(text), width, right=right)) == width


@given(
    st.lists(st.text(alphabet="ab\u65e5\u672c\u8a9e ", max_size=12), max_size=5),
    st.integers(0, 40),
)
def test_any_cells_fill_the_line_together(texts: list[str], width: int) -> None:
    cells = [Cell(text) for text in texts]
    line = "".join(cell.text for cell in laid_out(cells, COLUMNS, width))
    assert cell_len(line) == (width if cells else 0)


def test_wide_characters_keep_the_next_column_in_its_place() -> None:
    for name in ("short", "\u65e5\u672c\u8a9e", "\u65e5\u672c\u8a9e" * 4):
        cells = (Cell("1"), Cell(name), Cell("tail"))
        line = "".join(cell.text for cell in laid_out(cells, COLUMNS, 25))
        assert cell_len(line[: line.index("tail")]) == 17


def test_a_line_with_fewer_cells_lets_the_last_one_stretch() -> None:
    cells = (Cell("1"), Cell("not on this account"))
    pieces = list(laid_out(cells, COLUMNS, 25))
    assert pieces[1].text == "not on this account "
