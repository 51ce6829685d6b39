import pytest
from textual import events, on
from textual.app import App, ComposeResult

from masking_console.models.plain_text import plain_text
from masking_console.ui.widgets.result_log import KEPT_LINES, ResultLog
from tests.support.queued_sessions import log_line, session_uuid


class Host(App[None]):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.log_pane = ResultLog()
        self.count = count
        self.copied: list[ResultLog.CopyRequested] = []
        self.changes: list[ResultLog.Changed] = []

    def compose(self) -> ComposeResult:
        yield self.log_pane

    def on_mount(self) -> None:
        self.log_pane.append([log_line(number) for number in range(self.count)])
        self.log_pane.focus()

    @on(ResultLog.CopyRequested)
    def keep_copy(self, event: ResultLog.CopyRequested) -> None:
        self.copied.append(event)

    @on(ResultLog.Changed)
    def keep_change(self, event: ResultLog.Changed) -> None:
        self.changes.append(event)

    def lines(self) -> list[str]:
        region = self.log_pane.region.reset_offset
        return [strip.text.rstrip() for strip in self.log_pane.render_lines(region)]


async def test_a_wide_log_shows_every_column() -> None:
    host = Host(1)
    async with host.run_test(size=(100, 5)) as pilot:
        await pilot.pause()
        assert host.lines()[0] == (
            ">12:04:31 + expired   00000000  200  118 ms  api 69f64f62  verified"
        )


async def test_a_narrow_log_leaves_the_room_to_the_words() -> None:
    host = Host(1)
    async with host.run_test(size=(80, 5)) as pilot:
        host.log_pane.append([log_line(1, word="failed", text="Plivo error " * 9)])
        await pilot.pause()
        first, second = host.lines()[:2]
        assert first.strip() == "12:04:31 + expired   00000000  200  verified"
        assert second.startswith(">12:04:31 ! failed    00000001  200  Plivo error")
        assert second.endswith("…")


async def test_new_lines_are_followed_until_the_cursor_goes_up() -> None:
    host = Host(50)
    async with host.run_test(size=(100, 10)) as pilot:
        host.log_pane.append([log_line(50), log_line(51)])
        await pilot.pause()
        assert "00000033" in host.lines()[9]
        await pilot.press("up")
        before = host.lines()
        host.log_pane.append([log_line(52)])
        await pilot.pause()
        assert host.lines() == before
        await pilot.press("end")
        host.log_pane.append([log_line(53)])
        await pilot.pause()
        assert "00000035" in host.lines()[9]
        assert host.lines()[9].startswith(">")


async def test_the_wheel_stops_following_and_goes_back_to_it() -> None:
    host = Host(50)
    async with host.run_test(size=(100, 10)) as pilot:
        await pilot.pause()
        await pilot._post_mouse_events([events.MouseScrollUp], ResultLog)
        await pilot.pause()
        before = host.lines()
        assert "00000031" not in before[9]
        host.log_pane.append([log_line(50)])
        await pilot.pause()
        assert host.lines() == before
        await pilot.press("end")
        await pilot._post_mouse_events([events.MouseScrollUp], ResultLog)
        await pilot._post_mouse_events([events.MouseScrollDown], ResultLog)
        host.log_pane.append([log_line(51)])
        await pilot.pause()
        assert "00000033" in host.lines()[9]


async def test_a_smaller_pane_keeps_following() -> None:
    host = Host(50)
    async with host.run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(100, 6)
        await pilot.pause()
        assert "00000031" in host.lines()[5]
        await pilot.press("home")
        await pilot.resize_terminal(100, 8)
        await pilot.pause()
        assert host.lines()[0].startswith(">")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", 20),
        ("failed", 4),
        ("FAILED error", 4),
        ("failed verified", 0),
        ("00000007", 1),
        (session_uuid(7), 1),
        ("69f64f62-94a1-11ef", 20),
    ],
)
async def test_a_filter_counts_lines_with_every_word(text: str, found: int) -> None:
    host = Host(16)
    async with host.run_test(size=(100, 30)) as pilot:
        failures = [
            log_line(n, word="failed", text="Plivo error") for n in range(16, 20)
        ]
        host.log_pane.append(failures)
        host.log_pane.filter_text = text
        await pilot.pause()
        assert host.log_pane.counts == (found, 20)
        assert (host.changes[-1].shown, host.changes[-1].total) == (found, 20)


async def test_lines_that_come_later_are_filtered_as_well() -> None:
    host = Host(5)
    async with host.run_test(size=(100, 30)) as pilot:
        host.log_pane.filter_text = "failed"
        host.log_pane.append([log_line(5, word="failed"), log_line(6)])
        await pilot.pause()
        assert host.log_pane.counts == (1, 7)
        assert "00000005" in host.lines()[0]
        host.log_pane.filter_text = ""
        assert host.log_pane.counts == (7, 7)


async def test_an_empty_batch_changes_nothing() -> None:
    host = Host(5)
    async with host.run_test() as pilot:
        await pilot.pause()
        changes = len(host.changes)
        host.log_pane.append([])
        await pilot.pause()
        assert len(host.changes) == changes


async def test_many_lines_at_once_are_one_change() -> None:
    host = Host(0)
    async with host.run_test() as pilot:
        await pilot.pause()
        host.log_pane.append([log_line(number) for number in range(500)])
        await pilot.pause()
        assert [(each.shown, each.total) for each in host.changes] == [(500, 500)]


async def test_copy_takes_the_line_at_hand_or_what_the_filter_shows() -> None:
    host = Host(0)
    async with host.run_test() as pilot:
        await pilot.press("y")
        assert host.copied == []
        lines = [log_line(0), log_line(1, word="failed"), log_line(2)]
        host.log_pane.append(lines)
        await pilot.press("up", "y")
        host.log_pane.filter_text = "expired"
        await pilot.press("y")
        line, filtered = host.copied
        assert (line.text, line.lines) == (lines[1].line, 1)
        assert filtered.text == f"{lines[0].line}\n{lines[2].line}"
        assert filtered.lines == 2


async def test_hostile_text_is_drawn_as_plain_text() -> None:
    host = Host(0)
    async with host.run_test(size=(100, 5)) as pilot:
        text = plain_text("[/x][@click=app.quit]\x1b]52;c;eA==\x07\u202e")
        host.log_pane.append([log_line(0, text=text)])
        await pilot.pause()
        line = host.lines()[0]
        assert "[/x][@click=app.quit]\ufffd]52;c;eA==\ufffd\ufffd" in line
        assert "\x1b" not in line


async def test_only_so_many_lines_are_kept_and_the_view_stays_in_place() -> None:
    host = Host(0)
    async with host.run_test(size=(100, 10)) as pilot:
        log = host.log_pane
        line = log_line(0)
        log.append([line] * KEPT_LINES)
        log.append([log_line(number) for number in range(100)])
        await pilot.press("pageup")
        before = host.lines()
        log.append([line] * 30)
        await pilot.pause()
        assert log.counts == (KEPT_LINES, KEPT_LINES)
        assert host.lines() == before
        log.append([line] * (KEPT_LINES - 130))
        await pilot.press("home")
        assert "00000000" in host.lines()[0]
        assert "00000001" in host.lines()[1]
        log.filter_text = "00000063"
        assert log.counts == (1, KEPT_LINES)
        log.append([line] * (KEPT_LINES + 5))
        assert log.counts == (0, KEPT_LINES)


async def test_a_cleared_log_follows_again() -> None:
    host = Host(50)
    async with host.run_test(size=(100, 10)) as pilot:
        await pilot.press("home")
        host.log_pane.clear()
        await pilot.pause()
        assert host.log_pane.counts == (0, 0)
        assert "Nothing has happened yet." in "".join(host.lines())
        host.log_pane.append([log_line(number) for number in range(50)])
        await pilot.pause()
        assert "00000031" in host.lines()[9]
