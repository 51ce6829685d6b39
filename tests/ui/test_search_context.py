"""Searches, their results, and the reviews that belong to them."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.widgets.queue_view import SETTLED_SECONDS
from tests.support.console import Console, console
from tests.support.runs import open_ids, quick_account

pytestmark = pytest.mark.no_cover

FIRST_NUMBER, SECOND_NUMBER = "+91 98765 43210", "+91 98765 43211"


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account(count=60)


@pytest.fixture
def three(simulated: SimulatedAccount) -> list[SessionUuid]:
    """One session of the first number, one of the second, and one of neither."""
    ids = open_ids(simulated, 3)
    for uuid, number in zip(ids, (FIRST_NUMBER, SECOND_NUMBER), strict=False):
        session = simulated.session(uuid)
        assert session is not None
        digits = number.replace("+", "").replace(" ", "")
        simulated.put(replace(session, first_party=digits))
    return ids


@pytest.fixture
def may_answer(simulated: SimulatedAccount) -> Iterator[threading.Event]:
    """Hold every list that is asked for before this is set back for two seconds."""
    may_answer = threading.Event()

    def hold(request: ReceivedRequest) -> Fault | None:
        is_held = request.path.endswith("/Session/") and not may_answer.is_set()
        return Fault(delay_before_seconds=2.0) if is_held else None

    simulated.fault = hold
    yield may_answer
    may_answer.set()


async def find(opened: Console, text: str) -> None:
    """Find a number, and wait for the end."""
    ends = len([line for line in opened.log_lines() if " listed " in line])
    await opened.press("S", *text, "enter")
    await opened.until(
        lambda: len([x for x in opened.log_lines() if " listed " in x]) > ends, "hits"
    )
    await opened.until(lambda: opened.main.queue.has_focus, "the list")


async def settle() -> None:
    await asyncio.sleep(SETTLED_SECONDS)


async def test_after_two_searches_space_and_review_are_about_the_second(
    simulated: SimulatedAccount, three: list[SessionUuid], tmp_path: Path
) -> None:
    first, second, _ = three
    async with console(simulated, tmp_path) as opened:
        await find(opened, FIRST_NUMBER)
        await find(opened, SECOND_NUMBER)
        await settle()
        queue = opened.main.queue
        assert queue.keys[:2] == [second, first]
        assert queue.cursor_key == second
        title = str(queue.border_title)
        assert "found for +91..211 (India) at " in title
        assert "43211" not in title
        await opened.press("space")
        assert [row.session_uuid for row in queue.ticked()] == [second]
        review = await opened.open_review()
        assert [each.session_uuid for each in review.plan.sessions] == [second]
        assert "from       found for +91..211 (India) at " in opened.screen_text()
        assert "not from the last search" not in opened.words()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_review_says_what_led_to_each_and_warns_of_strays(
    simulated: SimulatedAccount,
    three: list[SessionUuid],
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    _, second, pasted = three
    async with console(simulated, tmp_path, first_text=pasted, size=size) as opened:
        await opened.until_checked(1)
        await find(opened, SECOND_NUMBER)
        await settle()
        queue = opened.main.queue
        assert queue.keys == [second, pasted]
        await opened.press("space")
        assert "pasted" in opened.screen_text()
        await opened.open_review()
        words = "1 session is not from the last search (+91..211 (India))."
        assert words in opened.words()
        shown = "found for +91..211 (India)" if size[0] > 100 else "+91..211"
        lines = opened.screen_text().splitlines()
        assert any(second.short in line and shown in line for line in lines)
        assert any(pasted.short in line and "pasted" in line for line in lines)


async def test_rows_that_stream_in_move_no_cursor_and_take_no_tick_meant_for_others(
    simulated: SimulatedAccount,
    three: list[SessionUuid],
    may_answer: threading.Event,
    tmp_path: Path,
) -> None:
    first, second, pasted = three
    async with console(simulated, tmp_path, first_text=pasted) as opened:
        await opened.until_checked(1)
        queue = opened.main.queue
        await opened.press("u", "S", *SECOND_NUMBER, "enter")
        await opened.until(lambda: queue.search is not None, "the search")
        assert queue.cursor_key is None
        await opened.press("space", "v", "space")
        assert queue.ticked() == ()
        await opened.until(
            lambda: "The cursor is on no row." in opened.words(), "a word"
        )
        may_answer.set()
        await opened.until(lambda: queue.cursor_key == second, "the first hit")
        queue.post_message(queue.TickRefused())
        opened.send(" ")
        await opened.pilot.pause()
        assert queue.ticked() == ()
        await opened.until(lambda: "has just moved" in opened.words(), "a word")
        await settle()
        await opened.press("space")
        assert [row.session_uuid for row in queue.ticked()] == [second]
        assert first not in queue.keys


async def test_who_moved_on_while_a_search_is_read_stays_there(
    simulated: SimulatedAccount,
    three: list[SessionUuid],
    may_answer: threading.Event,
    tmp_path: Path,
) -> None:
    _, second, pasted = three
    async with console(simulated, tmp_path, first_text=pasted) as opened:
        await opened.until_checked(1)
        queue = opened.main.queue
        await opened.press("S", *SECOND_NUMBER, "enter")
        await opened.until(lambda: queue.search is not None, "the search")
        await opened.press("down")
        assert queue.cursor_key == pasted
        may_answer.set()
        await opened.until(lambda: second in queue.keys, "the hit")
        assert queue.cursor_key == pasted
        assert not queue.has_just_moved
        await opened.press("space", "space")
        assert [row.session_uuid for row in queue.ticked()] == [pasted]


async def test_z_takes_the_search_back(
    simulated: SimulatedAccount, three: list[SessionUuid], tmp_path: Path
) -> None:
    first, second, pasted = three
    async with console(simulated, tmp_path, first_text=pasted) as opened:
        await opened.until_checked(1)
        await find(opened, FIRST_NUMBER)
        await find(opened, SECOND_NUMBER)
        queue = opened.main.queue
        assert queue.keys == [second, first, pasted]
        await opened.press("z")
        assert queue.keys == [first, pasted]
        assert "Took the search back: 1 row." in opened.words()
        assert "+91..210" in str(queue.border_title)
        await opened.press("z")
        assert queue.keys == [pasted]
        assert str(queue.border_title) == "2 Queue 1"


async def test_the_same_search_again_leaves_cursor_and_order_alone(
    simulated: SimulatedAccount, three: list[SessionUuid], tmp_path: Path
) -> None:
    _, second, pasted = three
    async with console(simulated, tmp_path, first_text=pasted) as opened:
        await opened.until_checked(1)
        await find(opened, SECOND_NUMBER)
        await opened.press("down")
        queue = opened.main.queue
        assert queue.cursor_key == pasted
        await opened.press("r")
        await opened.until(
            lambda: sum(" listed " in line for line in opened.log_lines()) == 2, "it"
        )
        assert (queue.cursor_key, queue.keys) == (pasted, [second, pasted])


async def test_a_click_on_a_tick_that_has_just_shifted_is_refused(
    simulated: SimulatedAccount, three: list[SessionUuid], tmp_path: Path
) -> None:
    _, _, pasted = three
    async with console(simulated, tmp_path, first_text=pasted) as opened:
        await opened.until_checked(1)
        queue = opened.main.queue
        queue._shifted_at = float("inf")
        await opened.pilot.click("#queue", offset=(3, 2))
        await opened.until(lambda: "has just moved" in opened.words(), "a word")
        assert len(queue.ticked()) == 1


@pytest.mark.parametrize("text", ["tel:+91-98765-43211", "\u2068+9198765 43211\u2069"])
async def test_a_pasted_number_goes_to_the_field_and_enter_finds_it(
    simulated: SimulatedAccount, three: list[SessionUuid], tmp_path: Path, text: str
) -> None:
    _, second, pasted = three
    async with console(simulated, tmp_path, first_text=pasted) as opened:
        await opened.until_checked(1)
        await opened.paste(text)
        source = opened.main.source
        await opened.until(lambda: source.field.has_focus, "the field")
        await opened.until(lambda: "enter finds it." in opened.words(), "it")
        assert "43211" not in source.text_area.text
        await opened.press("enter")
        await opened.until(lambda: second in opened.main.queue.keys, "the hit")


async def test_a_number_typed_into_the_text_is_offered_too(
    simulated: SimulatedAccount, three: list[SessionUuid], tmp_path: Path
) -> None:
    assert three
    async with console(simulated, tmp_path) as opened:
        await opened.press("1", *"+919876543211")
        source = opened.main.source
        await opened.until(lambda: source.field.value == "+919876543211", "the offer")
        assert source.text_area.has_focus
        assert not isinstance(opened.app.screen, ReviewScreen)


async def test_a_paste_into_the_field_takes_the_place_of_what_is_selected(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("S")
        await opened.paste("+919876543210")
        await opened.press("escape", "S")
        await opened.paste("+919876543211")
        assert opened.main.source.field.value == "+919876543211"
