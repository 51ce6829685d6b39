"""Questions of `X` where the ticks alone do not say what is meant."""

from pathlib import Path

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.question import ChoiceScreen
from tests.support.console import Console, console
from tests.support.runs import open_ids


async def asked(opened: Console) -> str:
    await opened.press("X")
    await opened.until(lambda: isinstance(opened.app.screen, ChoiceScreen), "question")
    return opened.words()


async def test_hidden_ticks_are_named_before_they_are_reviewed(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(3)
        await opened.press("/", *ids[0][:8], "enter")
        await opened.until(lambda: len(opened.main.queue.keys) == 1, "one row")
        words = await asked(opened)
        assert "3 ticked, 2 of them hidden by the filter." in words
        await opened.press("enter")
        await opened.until(lambda: opened.app.screen is opened.main, "no dialog")
        await asked(opened)
        await opened.press("tab", "enter")
        await opened.until(lambda: "Expire 3 sessions" in opened.screen_text(), "all")


async def test_ticks_elsewhere_can_be_moved_to_the_cursor_row(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(3)
        await opened.press("space", "down", "up")
        assert "Expire the 2 ticked sessions, or only this one?" in await asked(opened)
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "no dialog")
        assert len(opened.main.queue.ticked()) == 2
        await asked(opened)
        await opened.press("tab", "enter")
        await opened.until(lambda: "Expire 2 sessions" in opened.screen_text(), "both")
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "no dialog")
        await asked(opened)
        await opened.press("tab", "tab", "enter")
        await opened.until(lambda: "Expire 1 session" in opened.screen_text(), "one")
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "no dialog")
        assert [row.session_uuid for row in opened.main.queue.ticked()] == [ids[0]]
        await opened.press("z")
        assert {row.session_uuid for row in opened.main.queue.ticked()} == {*ids[1:]}


async def test_one_tick_elsewhere_is_asked_about_in_the_singular(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        await opened.press("space", "down", "up")
        assert "Expire the ticked session, or this one?" in await asked(opened)
        await opened.press("escape")


async def test_a_row_that_was_unticked_just_now_is_not_asked_about(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(3)
        await opened.press("space")
        review = await opened.open_review()
        assert review.plan.count == 2
