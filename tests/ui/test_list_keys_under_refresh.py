"""Every key of the queue does its job while Plivo's list is being read anew."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.queue.filters import RowOrder
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.screens.session_detail import DetailScreen
from masking_console.ui.widgets.queue_table import QueueTable
from tests.support.console import Console, console
from tests.support.queued_sessions import NOW, checked, session_uuid
from tests.ui.test_finding import find, until_listed
from tests.ui.test_queue_table import Host, numbers

pytestmark = pytest.mark.no_cover

ACTIVE, IN_CALL, EXPIRED = CheckState.ACTIVE, CheckState.IN_CALL, CheckState.EXPIRED
ROWS = 40
GONE, CALLED = (1, 21), (2, 22)
"""Rows that have expired, and rows that got a call, by the first refresh."""


def listed(number: int, state: CheckState, minutes: int) -> CheckedSession:
    """Return a row with facts that differ from refresh to refresh."""
    row = checked(number, state)
    assert row.session is not None
    ends = NOW + timedelta(minutes=number + minutes)
    session = replace(row.session, expiry_time=ends, total_call_count=minutes)
    return replace(row, session=session)


class Picked(Host):
    """Forty listed sessions; a refresh ends some, calls some and brings new ones."""

    def __init__(self) -> None:
        super().__init__()
        # Textual calls the base's `on_mount` as well; it must queue nothing.
        self.states = ()
        self.refreshes = 0

    def on_mount(self) -> None:
        self.queue.add_found([listed(number, ACTIVE, 1) for number in range(ROWS)])
        self.queue.focus()

    def deliver(self) -> None:
        """Do what a refresh does: all rows with new facts, and one more each time."""
        self.refreshes += 1
        states = dict.fromkeys(GONE, EXPIRED) | dict.fromkeys(CALLED, IN_CALL)
        self.queue.add_found(
            [
                listed(number, states.get(number, ACTIVE), self.refreshes + 1)
                for number in range(ROWS + self.refreshes)
            ]
        )

    async def press(self, pilot: Pilot[None], *keys: str) -> None:
        """Press each key between two refreshes."""
        self.deliver()
        for key in keys:
            await pilot.press(key)
            self.deliver()

    @property
    def on(self) -> int:
        """The number of the session under the cursor."""
        assert self.queue.cursor_key is not None
        return int(self.queue.cursor_key[:8], 16)


OPEN = [number for number in range(ROWS) if number not in GONE + CALLED]


@pytest.mark.parametrize(
    ("keys", "cursor", "ticked"),
    [
        (["space"], 10, [10]),
        (["space", "space"], 10, []),
        (["v", "down", "down", "v"], 12, [10, 11, 12]),
        (["v", "up", "up", "space"], 8, [8, 9, 10]),
        (["shift+down", "shift+down"], 12, [10, 11, 12]),
        (["shift+up"], 9, [9, 10]),
        (["v", "down", "escape", "space"], 11, [11]),
        (["space", "u"], 10, []),
        (["space", "u", "z"], 10, [10]),
        (["space", "z"], 10, []),
        (["space", "i", "u", "z", "i"], 10, [10, 42, 43, 44]),
        (["*", "u", "z", "z"], 10, []),
        (["space", "delete", "z"], 11, [10]),
        (["space", "v", "up", "delete", "z"], 11, [10]),
        (["down"], 11, []),
        (["up"], 9, []),
        (["home"], 0, []),
        (["pagedown", "pageup"], 10, []),
        (["o", "o", "o", "o", "o"], 10, []),
        (["enter", "y", "r", "X", "slash"], 10, []),
    ],
)
async def test_a_key_does_the_same_while_rows_change(
    keys: list[str], cursor: int, ticked: list[int]
) -> None:
    host = Picked()
    async with host.run_test(size=(60, 16)) as pilot:
        host.queue.move_to(10)
        assert host.ticked() == []
        await host.press(pilot, *keys)
        assert host.on == cursor
        assert host.ticked() == ticked


async def test_the_star_ticks_what_is_active_after_the_refresh_and_nothing_newer() -> (
    None
):
    host = Picked()
    async with host.run_test(size=(60, 16)) as pilot:
        host.deliver()
        await pilot.press("*")
        host.deliver()
        # The row of the first refresh was there; that of the second one came later.
        assert host.ticked() == [*OPEN, ROWS]
        assert len(host.queue.keys) == ROWS + 2
        await pilot.press("i")
        assert host.ticked() == [ROWS + 1]


async def test_ticks_go_only_where_the_state_has_changed_and_undo_leaves_them_off() -> (
    None
):
    host = Picked()
    async with host.run_test(size=(60, 16)) as pilot:
        await pilot.press("*")
        assert host.ticked() == [*range(ROWS)]
        host.deliver()
        assert host.ticked() == OPEN
        assert host.queue.take_lost_ticks() == 4
        await pilot.press("u")
        host.deliver()
        await pilot.press("z")
        assert host.ticked() == OPEN
        assert host.queue.take_lost_ticks() == 0


async def test_undo_takes_the_tick_back_and_not_what_plivo_has_listed_since() -> None:
    host = Picked()
    async with host.run_test() as pilot:
        await host.press(pilot, "space", "z", "z")
        assert host.ticked() == []
        assert len(host.queue.keys) == ROWS + 4
        assert [e.undone for e in host.posted][-1] is None  # type: ignore[attr-defined] # one kind here


async def test_a_burst_that_is_taken_back_keeps_what_plivo_has_listed_since() -> None:
    host = Picked()
    async with host.run_test() as pilot:
        snapshot = host.queue.snapshot()
        await host.press(pilot, "space", "down", "v", "down")
        host.queue.restore(snapshot)
        assert host.ticked() == []
        assert host.on == 0
        assert host.queue.range_start is None
        assert len(host.queue.keys) == ROWS + 5


async def test_a_row_that_was_taken_out_and_is_listed_again_comes_back_once() -> None:
    host = Picked()
    async with host.run_test() as pilot:
        host.queue.move_to(10)
        await pilot.press("space", "v", "up", "delete")
        assert host.on == 11
        assert len(host.queue.keys) == ROWS - 2
        host.deliver()
        assert len(host.queue.keys) == ROWS + 1
        assert host.ticked() == []
        await pilot.press("z")
        assert numbers(host.queue.keys) == [*range(ROWS + 1)]
        assert host.ticked() == [10]


async def test_filter_order_range_and_cursor_outlast_a_refresh() -> None:
    host = Picked()
    async with host.run_test(size=(60, 16)) as pilot:
        host.queue.filter_text = "status:active"
        host.queue.move_to(20)
        await pilot.press("o", "v", "down")
        assert host.on == 21
        host.deliver()
        # The row under the cursor has expired; the next one has got a call.
        assert host.on == 23
        assert host.queue.filter_text == "status:active"
        assert host.queue.order is RowOrder.ENDS
        assert host.queue.range_start == session_uuid(20)
        await pilot.press("v")
        assert host.ticked() == [20, 23]
        await pilot.press("escape")
        assert host.queue.filter_text == ""
        assert host.on == 23


async def test_a_listed_row_is_not_ticked_while_a_run_is_on() -> None:
    host = Picked()
    async with host.run_test():
        host.queue.add([session_uuid(ROWS)])
        host.queue.freeze()
        host.deliver()
        assert host.ticked() == []


async def test_what_came_later_says_all_that_was_said_before() -> None:
    message = QueueTable.Changed()
    assert message.can_replace(QueueTable.Changed())
    assert not message.can_replace(QueueTable.ReviewRequested())


# The whole console, refreshed by its own `FindJob`


@pytest.fixture
def simulated() -> SimulatedAccount:
    return SimulatedAccount(
        count=60,
        conduct=Conduct(latency_seconds=(0.0, 0.0)),
        rate_limit=RateLimit(limit=None),
    )


def expire(simulated: SimulatedAccount, uuids: Iterable[SessionUuid]) -> None:
    for uuid in uuids:
        stored = simulated.session(uuid)
        assert stored is not None
        simulated.put(replace(stored, was_expired=True))


def states(opened: Console, uuids: Iterable[SessionUuid]) -> set[CheckState]:
    return {row.state for row in opened.main.queue.rows_of(uuids)}


async def test_keys_go_on_while_the_console_asks_anew_and_a_lost_tick_is_said(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await find(opened, "")
        await until_listed(opened, "open sessions in the last 90 days.")
        queue = opened.main.queue
        await opened.until(lambda: not queue.has_just_moved, "a list that stands")
        seen = [row for row in queue.rows_of(queue.seen_open()) if row.state is ACTIVE]
        first, second, third = [row.session_uuid for row in seen[:3]]
        queue.move_to(queue.keys.index(first))
        await opened.press("space")
        queue.move_to(queue.keys.index(second))
        await opened.press("space", "v")
        expire(simulated, [first])
        opened.main.finding.refresh()
        await opened.press("home", "end")
        await opened.until(lambda: states(opened, [first]) == {EXPIRED}, "news")
        assert [row.session_uuid for row in queue.ticked()] == [second]
        assert queue.range_start == second
        words = "1 session changed and lost the tick."
        await opened.until(
            lambda: any(words in line for line in opened.log_lines()), words
        )
        queue.move_to(queue.keys.index(third))
        await opened.press("escape", "z")
        assert [row.session_uuid for row in queue.ticked()] == []

        expire(simulated, [third])
        opened.main.finding.refresh()
        await opened.press("1", "2", "3", "tab", "2")
        await opened.until(lambda: states(opened, [third]) == {EXPIRED}, "news")
        assert queue.has_focus
        assert queue.cursor_key == third


async def test_detail_filter_and_review_open_while_a_list_is_read_again(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await find(opened, "")
        await until_listed(opened, "open sessions in the last 90 days.")
        queue = opened.main.queue
        cursor = queue.cursor_key
        assert cursor is not None
        await opened.press("r", "enter")
        await opened.until(
            lambda: isinstance(opened.app.screen, DetailScreen), "the detail"
        )
        await opened.press("escape")
        assert queue.cursor_key == cursor
        opened.main.finding.again()
        await opened.press("slash", *cursor.short)
        await opened.until(lambda: list(queue.keys) == [cursor], "the filter")
        await opened.press("enter", "space", "r")
        assert list(queue.keys) == [cursor]
        screen = await opened.open_review()
        assert isinstance(screen, ReviewScreen)
        await opened.press("escape", "escape")
        await opened.until(lambda: queue.filter_text == "", "all rows")
        assert queue.cursor_key == cursor
