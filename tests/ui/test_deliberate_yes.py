"""Only a person's yes: texts, pastes, held keys and the mouse against the real app."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

import pytest
from textual import events

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.finished import FinishedScreen
from masking_console.ui.screens.question import QuestionScreen
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.terminal import PasteDropped
from tests.support.campaigns import campaign, share
from tests.support.console import PERSON_SECONDS, Console, console

pytestmark = pytest.mark.no_cover

IdsOf = Callable[[str, int], list[SessionUuid]]
LEFT, RIGHT = 1, 3
SPEEDS = (0.045, 0.1, 0.16)
"""Seconds between two keys."""
TEXTS = ("X-Country", "Xylophone, any day", "X y y")


@asynccontextmanager
async def reviewing(
    simulated: SimulatedAccount, ids_of: IdsOf, folder: Path, count: int
) -> AsyncIterator[Console]:
    """Open the review of so many sessions."""
    text = " ".join(ids_of("active", count))
    async with console(simulated, folder, first_text=text) as opened:
        await opened.until_checked(count)
        await opened.open_review()
        yield opened


def deleted(simulated: SimulatedAccount) -> int:
    return sum(each.method == "DELETE" for each in simulated.requests)


def mouse(
    opened: Console, kind: type[events.MouseEvent], at: tuple[int, int], button: int
) -> None:
    """Report the mouse as a terminal does."""
    x, y = at
    event = kind(None, x, y, 0, 0, button, False, False, False, x, y)
    event.set_sender(opened.app)
    opened.app.post_message(event)


def place_of(opened: Console, selector: str) -> tuple[int, int]:
    region = opened.app.screen.query_one(selector).region
    return region.x + 2, region.y


async def click(opened: Console, selector: str, button: int = LEFT) -> None:
    """Move the mouse there, press and release."""
    at = place_of(opened, selector)
    for x in range(at[0] - 3, at[0] + 1):
        mouse(opened, events.MouseMove, (x, at[1]), 0)
    mouse(opened, events.MouseDown, at, button)
    await asyncio.sleep(0.05)
    mouse(opened, events.MouseUp, at, button)
    await opened.pilot.pause()


async def is_still_asked(opened: Console) -> None:
    await opened.look()
    assert isinstance(opened.app.screen, ReviewScreen)


async def test_a_click_on_the_button_is_a_yes_after_a_look(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        await click(opened, "#expire")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )
        assert deleted(simulated) == 1


async def test_a_click_behind_other_input_is_none(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        await opened.press("down")
        await click(opened, "#expire")
        assert "Too soon after other input." in opened.words()
        await is_still_asked(opened)
        await click(opened, "#expire", RIGHT)
        await is_still_asked(opened)
        mouse(opened, events.MouseUp, place_of(opened, "#expire"), LEFT)
        await is_still_asked(opened)
        assert deleted(simulated) == 0


async def test_the_wheel_restarts_the_silence(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        at = place_of(opened, "#review-list")
        mouse(opened, events.MouseScrollDown, at, 0)
        await opened.press("y")
        await is_still_asked(opened)
        await opened.press("y")
        mouse(opened, events.MouseScrollUp, at, 0)
        await opened.until(lambda: "right behind" in opened.words(), "a refusal")
        await is_still_asked(opened)
        assert deleted(simulated) == 0


@campaign
@pytest.mark.parametrize(
    ("seconds", "text"), share("wrong texts", list(product(SPEEDS, TEXTS)), 4)
)
async def test_a_text_that_is_typed_into_the_wrong_window_expires_nothing(
    simulated: SimulatedAccount,
    ids_of: IdsOf,
    tmp_path: Path,
    text: str,
    seconds: float,
) -> None:
    loop = asyncio.get_running_loop()
    for number, only in enumerate(ids_of("active", 5)):
        before = deleted(simulated)
        longest = 0.0
        folder = tmp_path / str(number)
        async with console(simulated, folder, first_text=only) as opened:
            await opened.until_checked(1)
            for character in text:
                sent_at = loop.time()
                opened.send(character)
                await asyncio.sleep(seconds)
                longest = max(longest, loop.time() - sent_at)
            await opened.look()
        # Where the computer held up the typing, it was not typed at this speed.
        if longest < 2 * seconds + 0.05:
            assert deleted(simulated) == before
            return
    pytest.fail("Every typing was held up.")


async def test_a_key_that_is_held_down_from_before_is_no_yes_on_release(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        opened.send("v")
        for _ in range(30):
            opened.send("y")
            await asyncio.sleep(0.03)
        await is_still_asked(opened)
        assert deleted(simulated) == 0


@pytest.mark.parametrize("tail", ["y", "y\r", "2\r", "\r"])
@pytest.mark.parametrize("count", [1, 2])
async def test_what_comes_behind_a_paste_belongs_to_it(
    simulated: SimulatedAccount,
    ids_of: IdsOf,
    tmp_path: Path,
    tail: str,
    count: int,
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, count) as opened:
        opened.app.post_message(events.Paste("a header "))
        for character in tail.replace("\r", "\n"):
            opened.send(character)
        mouse(opened, events.MouseDown, place_of(opened, "#expire"), LEFT)
        mouse(opened, events.MouseUp, place_of(opened, "#expire"), LEFT)
        await is_still_asked(opened)
        words = "A paste is not taken here." if count > 1 else "Not taken in a dialog."
        assert words in opened.words()
        await opened.press("enter" if count > 1 else "down")
        await is_still_asked(opened)
        assert deleted(simulated) == 0


async def test_a_paste_takes_back_what_was_typed_and_a_yes_that_is_not_through(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 2) as opened:
        await opened.press("2")
        await asyncio.sleep(0.15)
        opened.send("\n")
        opened.app.post_message(events.Paste("a header"))
        await is_still_asked(opened)
        await opened.press("enter")
        assert "Type 2 to go ahead." in opened.words()
        assert deleted(simulated) == 0


async def test_on_the_main_screen_the_rest_of_a_paste_is_read_and_presses_nothing(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    first, second = ids_of("active", 2)
    async with console(simulated, tmp_path) as opened:
        opened.app.post_message(events.Paste(f"{first} "))
        for character in f"X u {second}\n":
            opened.send(character)
        mouse(opened, events.MouseDown, (50, 27), LEFT)
        await opened.until_checked(2)
        assert len(opened.main.queue.ticked()) == 2
        assert opened.app.screen is opened.main


async def test_a_rest_of_a_paste_without_ids_leaves_its_words_alone(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path) as opened:
        opened.app.post_message(events.Paste(f"{only} "))
        opened.send("X")
        await opened.until_checked(1)
        await opened.look()
        assert "1 id 1 new" in opened.words()
        assert opened.main.source.text_area.text.endswith("X")


async def test_a_paste_that_is_left_out_is_one_input(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        before = opened.app.listener.silence.count
        opened.app.post_message(PasteDropped("It is too large."))
        await opened.until(lambda: "It is too large." in opened.words(), "a word")
        assert opened.app.listener.silence.count == before + 1


async def test_after_a_paste_that_was_left_out_its_rest_presses_nothing(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        opened.app.listener.paste_ended(events.Idle().time)
        opened.send("X")
        await opened.look()
        assert opened.app.screen is opened.main
        await opened.press("X")
        await opened.until(lambda: isinstance(opened.app.screen, ReviewScreen), "X")


async def test_the_help_over_a_review_does_not_answer_it(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        opened.send("y")
        opened.send_key("f1")
        await opened.look()
        opened.send_key("escape")
        await asyncio.sleep(PERSON_SECONDS)
        opened.send("y")
        await is_still_asked(opened)
        assert deleted(simulated) == 0
        await opened.press("y")
        await opened.until(lambda: deleted(simulated), "a yes")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )


async def test_keys_for_looking_lead_to_no_lock_in_the_typed_tier(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 2) as opened:
        await opened.press("v", "down", "v")
        assert "Wait" not in opened.words()
        await opened.answer("2")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )


async def test_typing_goes_on_from_a_button_and_backspace_takes_back(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 2) as opened:
        await opened.press("tab")
        await opened.look()
        await opened.press("2", "backspace", "2", "tab", "tab")
        await opened.look()
        assert opened.app.focused is opened.app.screen.query_one("#expire")
        await opened.press("enter")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )


async def test_the_act_of_a_question_needs_a_person_too(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        answers: list[bool | None] = []
        question = QuestionScreen("Remove?", "A sentence.", act="Remove")
        opened.app.push_screen(question, answers.append)
        await opened.until(lambda: question.is_mounted, "it")
        await opened.burst("\t\n")
        await opened.press("shift+tab", "tab", "enter")
        assert answers == []
        assert "Too soon after other input." in opened.words()
        await opened.look()
        await click(opened, "#act")
        await opened.until(lambda: answers == [True], "a yes")
