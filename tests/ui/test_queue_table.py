import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.message import Message

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import plain_text
from masking_console.models.session_uuid import EXAMPLE, SessionUuid
from masking_console.queue.filters import QueueSummary
from masking_console.queue.undo import Undone
from masking_console.ui.widgets.queue_table import QueueTable
from tests.support.queued_sessions import NOW, checked, session_uuid, session_uuids

ACTIVE, IN_CALL, EXPIRED = CheckState.ACTIVE, CheckState.IN_CALL, CheckState.EXPIRED


class Host(App[None]):
    """A queue of six, the third one in call and the fifth one expired."""

    def __init__(self, *states: CheckState) -> None:
        super().__init__()
        self.queue = QueueTable(clock=lambda: NOW)
        self.states = states or (ACTIVE, ACTIVE, IN_CALL, ACTIVE, EXPIRED, ACTIVE)
        self.posted: list[Message] = []
        self.summaries: list[QueueSummary] = []

    def compose(self) -> ComposeResult:
        yield self.queue

    def on_mount(self) -> None:
        self.queue.add(session_uuids(len(self.states)))
        self.queue.set_checked(
            checked(number, state) for number, state in enumerate(self.states)
        )
        self.queue.focus()

    @on(QueueTable.Changed)
    def keep_summary(self) -> None:
        self.summaries.append(self.queue.summary())

    @on(QueueTable.CheckRequested)
    @on(QueueTable.CopyRequested)
    @on(QueueTable.Removed)
    @on(QueueTable.ReviewRequested)
    @on(QueueTable.UndoAnswered)
    def keep_message(self, event: Message) -> None:
        self.posted.append(event)

    def lines(self) -> list[str]:
        region = self.queue.region.reset_offset
        return [strip.text.rstrip() for strip in self.queue.render_lines(region)]

    def ticked(self) -> list[int]:
        return [int(row.session_uuid[:8], 16) for row in self.queue.ticked()]


def numbers(uuids: Iterable[SessionUuid]) -> list[int]:
    return [int(uuid[:8], 16) for uuid in uuids]


async def test_each_state_says_itself_in_its_columns() -> None:
    host = Host(*CheckState)
    async with host.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        assert host.lines()[: len(CheckState) + 1] == [
            "     session   state       legs   ends parties",
            "> -  00000000  queued         2 21 min +91..000 +91..073",
            "  -  00000001  checking       2 21 min +91..001 +91..073",
            " [x] 00000002  active         2 21 min +91..002 +91..073",
            " [ ] 00000003 !IN CALL        2 21 min +91..003 +91..073",
            " [ ] 00000004  open           2 21 min +91..004 +91..073",
            "  -  00000005  expired        2  ended +91..005 +91..073",
            "  -  00000006  not on this account",
            "  -  00000007  not checked",
        ]


async def test_a_row_that_waits_shows_no_facts() -> None:
    host = Host()
    async with host.run_test(size=(60, 16)) as pilot:
        host.queue.add([session_uuid(77)])
        await pilot.pause()
        assert host.lines()[7] == "  -  0000004d  queued"


async def test_a_reason_takes_the_room_of_the_facts() -> None:
    host = Host(ACTIVE)
    async with host.run_test(size=(60, 16)) as pilot:
        reason = plain_text("Plivo error 500")
        host.queue.set_checked(
            [replace(checked(0, CheckState.NOT_CHECKED), reason=reason)]
        )
        await pilot.pause()
        assert host.lines()[1] == "> -  00000000  not checked (Plivo error 500)"


@pytest.mark.parametrize(
    ("width", "title", "start"),
    [
        (57, "parties", "> -  c28b77d4  expired"),
        (80, "virtual", "> -  c28b77d4  expired"),
        (110, "virtual", f"> -  {EXAMPLE}  expired"),
    ],
)
async def test_a_wide_window_shows_more(width: int, title: str, start: str) -> None:
    host = Host()
    async with host.run_test(size=(width, 16)) as pilot:
        host.queue.clear()
        uuid = SessionUuid(EXAMPLE)
        host.queue.add([uuid])
        host.queue.set_checked([replace(checked(0, EXPIRED), session_uuid=uuid)])
        await pilot.pause()
        assert host.lines()[0].endswith(title)
        assert host.lines()[1].startswith(start)


async def test_hostile_text_is_drawn_as_plain_text() -> None:
    host = Host(ACTIVE, ACTIVE)
    text = "[/x][@click=app.quit]\x1b[31m\u202e\u65e5\u672c"
    async with host.run_test(size=(90, 16)) as pilot:
        reason = plain_text(text)
        host.queue.set_checked(
            [
                replace(checked(0, CheckState.NOT_CHECKED), reason=reason),
                checked(1, first_party=reason),
            ]
        )
        await pilot.pause()
        line = host.lines()[1]
        assert "[/x][@click=app.quit]\ufffd[31m\ufffd\u65e5\u672c" in line
        assert "\x1b" not in "".join(host.lines())
        assert "sip.." in host.lines()[2]


async def test_an_empty_queue_says_how_to_fill_it() -> None:
    host = Host()
    async with host.run_test(size=(60, 9)) as pilot:
        host.queue.clear()
        await pilot.press("space", "v", "v", "shift+down", "*", "i", "delete", "y")
        assert host.lines()[4].strip().startswith("Paste session ids here")
        assert host.posted == []


async def test_space_ticks_and_unticks_the_row_under_the_cursor() -> None:
    host = Host()
    async with host.run_test() as pilot:
        assert host.ticked() == [0, 1, 3, 5]
        await pilot.press("space", "down", "down", "space", "down", "down", "space")
        assert host.ticked() == [1, 2, 3, 5]


async def test_a_range_ticks_its_active_rows_and_once_more_unticks_them() -> None:
    host = Host()
    async with host.run_test(size=(60, 16)) as pilot:
        await pilot.press("u", "down", "v", "down", "down")
        signs = "".join(line[0] for line in host.lines()[1:7])
        assert signs == " ||>  "
        await pilot.press("v")
        assert host.ticked() == [1, 3]
        assert "|" not in "".join(host.lines())
        await pilot.press("v", "up", "up", "space")
        assert host.ticked() == []


async def test_escape_leaves_a_range_and_then_the_filter() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.queue.filter_text = "active"
        await pilot.press("v", "down", "escape", "space")
        assert host.ticked() == [0, 3, 5]
        assert host.queue.filter_text == "active"
        await pilot.press("escape")
        assert host.queue.filter_text == ""


async def test_shift_and_arrows_tick_row_by_row_but_no_live_call() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("u", "shift+down", "shift+down", "shift+down")
        assert host.ticked() == [0, 1, 3]
        await pilot.press("u", "shift+up", "shift+up")
        assert host.ticked() == [1, 3]


async def test_the_star_ticks_active_rows_that_are_shown() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("u")
        host.queue.filter_text = "number:..003"
        await pilot.press("*")
        assert host.ticked() == [3]
        host.queue.filter_text = ""
        await pilot.press("*")
        assert host.ticked() == [0, 1, 3, 5]


async def test_ticks_are_swapped_but_no_live_call_is_ticked() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("space", "i")
        assert host.ticked() == [0]
        await pilot.press("i")
        assert host.ticked() == [1, 3, 5]


async def test_undo_answers_with_the_number_of_ticks() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("u", "z")
        assert host.ticked() == [0, 1, 3, 5]
        host.queue.restore(host.queue.snapshot())
        await pilot.press("z", "z")
        answers = [
            e.undone for e in host.posted if isinstance(e, QueueTable.UndoAnswered)
        ]
        assert answers == [Undone(4, 0), Undone(4, 6), None]


async def test_rows_can_be_taken_out_and_come_back() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("down", "delete")
        assert numbers(host.queue.keys) == [0, 2, 3, 4, 5]
        assert host.queue.cursor_key == session_uuid(2)
        await pilot.press("v", "down", "backspace")
        gone = [e.uuids for e in host.posted if isinstance(e, QueueTable.Removed)]
        assert [numbers(uuids) for uuids in gone] == [[1], [2, 3]]
        await pilot.press("z", "z")
        assert numbers(host.queue.keys) == [0, 1, 2, 3, 4, 5]
        assert host.ticked() == [0, 1, 3, 5]


async def test_a_row_that_is_pasted_again_starts_anew() -> None:
    host = Host(ACTIVE)
    async with host.run_test(size=(60, 9)) as pilot:
        host.queue.set_results([(session_uuid(0), ExpiryOutcome.UNKNOWN, "")])
        host.queue.take_out([session_uuid(0)])
        host.queue.add([session_uuid(0)])
        await pilot.pause()
        assert "queued" in host.lines()[1]


async def test_keys_that_ask_for_something_say_for_what() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("y", "u", "down", "y", "r", "X")
        copied, row, check, review = host.posted
        assert isinstance(copied, QueueTable.CopyRequested)
        assert numbers(copied.uuids) == [0, 1, 3, 5]
        assert isinstance(row, QueueTable.CopyRequested)
        assert numbers(row.uuids) == [1]
        assert isinstance(check, QueueTable.CheckRequested)
        assert numbers(check.uuids) == [0, 1, 2, 3, 4, 5]
        assert isinstance(review, QueueTable.ReviewRequested)


async def test_ticks_follow_what_the_next_check_finds() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("space")
        host.queue.set_checked(
            [checked(0), checked(1, IN_CALL), checked(3, EXPIRED), checked(2)]
        )
        assert host.ticked() == [5]
        assert numbers(row.session_uuid for row in host.queue.left_out()) == [*range(5)]


async def test_nothing_changes_while_a_run_is_on() -> None:
    host = Host()
    async with host.run_test() as pilot:
        host.queue.freeze()
        keys = ["space", "v", "shift+down", "*", "i", "u", "delete", "z", "down"]
        await pilot.press(*keys)
        host.queue.add([session_uuid(9)])
        host.queue.set_checked([checked(9)])
        assert host.ticked() == [0, 1, 3, 5]
        assert len(host.queue.keys) == 7
        assert host.queue.is_frozen
        host.queue.thaw()
        assert host.ticked() == [0, 1, 3, 5, 9]


async def test_results_stand_in_place_of_the_state() -> None:
    host = Host(*[ACTIVE] * 9)
    async with host.run_test(size=(60, 16)) as pilot:
        outcomes = [None, *ExpiryOutcome]
        host.queue.set_results(
            (session_uuid(number), outcome, "")
            for number, outcome in enumerate(outcomes)
        )
        host.queue.set_results([(session_uuid(99), ExpiryOutcome.EXPIRED, "")])
        await pilot.pause()
        shown = [line[15:26].strip() for line in host.lines()[1:10]]
        assert shown == [
            "sending ~",
            "expired +",
            "already =",
            "not found -",
            "refused !",
            "failed !",
            "open !",
            "unknown ?",
            "not sent .",
        ]
        assert host.ticked() == [0, 4, 5, 6, 7, 8]
        host.queue.set_checked([checked(6)])
        host.queue.set_results([(session_uuid(5), None, "checking")])
        await pilot.pause()
        assert "active" in host.lines()[7]
        assert "checking ~" in host.lines()[6]


async def test_the_summary_counts_what_the_borders_say() -> None:
    host = Host(*CheckState)
    async with host.run_test() as pilot:
        host.queue.filter_text = "status:call"
        await pilot.pause()
        assert host.summaries[-1] == QueueSummary(
            total=8,
            shown=1,
            ticked=1,
            hidden_ticked=1,
            in_call_left=1,
            expired=1,
            not_found=1,
            pending=2,
            not_checked=1,
        )
        assert host.summaries[-1].text == (
            "1 ticked  1 of them hidden  1 in call, not ticked  "
            "1 expired  1 not found  2 being checked  1 not checked"
        )
        assert QueueSummary().text == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("00000002", [2]),
        ("IN CALL", [2]),
        ("active 91987650000", [0, 1, 3, 5]),
        ("status:expired", [4]),
        ("status:nothing", []),
        ("number:..005", [5]),
        ("number:001 status:active", [1]),
        ("031274", [0, 1, 2, 3, 4, 5]),
        (session_uuid(3), [3]),
    ],
)
async def test_a_filter_shows_rows_with_every_word(text: str, found: list[int]) -> None:
    host = Host()
    async with host.run_test():
        host.queue.filter_text = text
        assert numbers(host.queue.keys) == found


async def test_a_row_that_no_longer_fits_the_filter_goes() -> None:
    host = Host()
    async with host.run_test():
        host.queue.filter_text = "status:active"
        host.queue.set_checked([checked(0, EXPIRED), CheckedSession(session_uuid(1))])
        assert numbers(host.queue.keys) == [3, 5]


async def test_the_cursor_keeps_its_row_under_filter_checks_and_pastes() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("down", "down", "down")
        host.queue.filter_text = "status:active"
        host.queue.set_checked([checked(0, EXPIRED)])
        host.queue.filter_text = ""
        host.queue.add([session_uuid(9)])
        assert host.queue.cursor_key == session_uuid(3)


async def test_a_burst_of_keys_is_taken_back_with_its_ticks_and_moves() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("down", "space")
        snapshot = host.queue.snapshot()
        await pilot.press("u", "*", "delete", "end", "v", "home", "i")
        assert host.queue.restore(snapshot).rows == 1
        assert host.ticked() == [0, 3, 5]
        assert host.queue.cursor_key == session_uuid(1)
        assert host.queue.range_start is None


async def test_no_key_of_the_queue_can_occur_in_a_session_id() -> None:
    for binding in QueueTable.BINDINGS:
        assert isinstance(binding, Binding)
        for key in binding.key.split(","):
            assert not re.fullmatch(r"[0-9a-fA-F-]|minus", key)


async def test_what_a_session_id_is_made_of_changes_nothing_as_keys() -> None:
    host = Host()
    async with host.run_test() as pilot:
        changes = len(host.summaries)
        await pilot.press(*"0123456789abcdefABCDEF-")
        assert host.posted == []
        assert len(host.summaries) == changes
        assert host.ticked() == [0, 1, 3, 5]


async def test_another_account_starts_with_unchecked_rows() -> None:
    host = Host()
    async with host.run_test(size=(60, 16)) as pilot:
        host.queue.set_results([(session_uuid(0), ExpiryOutcome.UNKNOWN, "")])
        host.queue.forget_checks()
        await pilot.pause()
        assert host.ticked() == []
        assert all("queued" in line for line in host.lines()[1:7])


async def test_a_hundred_thousand_rows_take_keys() -> None:
    host = Host()
    async with host.run_test(size=(80, 24)) as pilot:
        assert host.queue.add(session_uuids(100_000)) == 99_994
        host.queue.set_checked(checked(number) for number in range(0, 100_000, 2))
        await pilot.press("end", "pageup", "space", "*", "i", "z", "z", "home")
        summary = host.queue.summary()
        assert (summary.total, summary.pending) == (100_000, 49_997)
        host.queue.filter_text = "0000c3"
        await pilot.press("end")
        assert len(host.lines()) == 24
        assert host.queue.cursor_key == session_uuid(0xC3FF)
