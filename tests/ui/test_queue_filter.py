from dataclasses import replace
from datetime import timedelta

import pytest

from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText
from masking_console.queue.filters import (
    RowOrder,
    filtered,
    ordered,
    queue_title,
)
from masking_console.queue.session_queue import SessionQueue
from tests.support.queued_sessions import NOW, checked, session_uuid, session_uuids
from tests.ui.test_queue_table import Host, numbers


def row(number: int, state: CheckState, minutes: int, calls: int) -> CheckedSession:
    made = checked(number, state)
    assert made.session is not None
    session = replace(
        made.session,
        expiry_time=NOW + timedelta(minutes=minutes),
        created_time=NOW - timedelta(minutes=10 * number),
        total_call_count=calls,
        virtual_number=PlainText(f"9180312740{number:02}"),
    )
    return replace(made, session=session)


@pytest.fixture
def queue() -> SessionQueue:
    """Four checked rows, one of which nothing is known, one without times."""
    made = SessionQueue()
    made.add(session_uuids(6))
    bare = checked(5)
    assert bare.session is not None
    timeless = replace(
        bare.session, expiry_time=None, created_time=None, total_call_count=None
    )
    made.set_checked(
        [
            row(0, CheckState.ACTIVE, 45, 1),
            row(1, CheckState.IN_CALL, 5, 3),
            row(2, CheckState.EXPIRED, 1, 0),
            row(3, CheckState.ACTIVE, 20, 2),
            replace(bare, session=timeless),
        ]
    )
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ends<30m", [1, 3]),
        ("ends<1h", [0, 1, 3]),
        ("ends<300s", [1]),
        ("ends<1d status:active", [0, 3]),
        ("ends<30", []),
        ("virtual:..003", [3]),
        ("virtual:03", [3]),
        ("virtual:073", []),
        ("number:073", [0, 1, 2, 3, 5]),
    ],
)
def test_a_filter_knows_ends_and_virtual_numbers(
    queue: SessionQueue, text: str, found: list[int]
) -> None:
    assert numbers(filtered(queue, text, NOW)) == found


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (RowOrder.QUEUED, [0, 1, 2, 3, 4, 5]),
        (RowOrder.ENDS, [2, 1, 3, 0, 4, 5]),
        (RowOrder.CALLS, [1, 3, 0, 2, 5, 4]),
        (RowOrder.STATE, [1, 0, 3, 5, 4, 2]),
        (RowOrder.NEWEST, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_rows_stand_in_every_order(
    queue: SessionQueue, order: RowOrder, expected: list[int]
) -> None:
    assert numbers(ordered(queue, queue.order, order)) == expected


def test_the_orders_go_round() -> None:
    order = RowOrder.QUEUED
    for _ in RowOrder:
        order = order.next
    assert order is RowOrder.QUEUED


async def test_o_sorts_and_the_cursor_stays_on_its_session() -> None:
    host = Host()
    async with host.run_test() as pilot:
        await pilot.press("down", "space", "o")
        assert host.queue.order.value == "ends soonest"
        assert host.queue.cursor_key == session_uuid(1)
        before = host.ticked()
        await pilot.press("o", "o")
        assert host.queue.order.value == "state"
        assert numbers(host.queue.keys) == [2, 0, 1, 3, 5, 4]
        assert host.queue.cursor_key == session_uuid(1)
        assert host.ticked() == before
        assert queue_title(host.queue.summary(), host.queue.order) == "Queue 6   state"
        host.queue.filter_text = "status:active"
        assert numbers(host.queue.keys) == [0, 1, 3, 5]
        assert (
            queue_title(host.queue.summary(), host.queue.order)
            == "Queue 4 of 6   state"
        )
        host.queue.clear()
        assert queue_title(host.queue.summary(), host.queue.order) == "Queue"
