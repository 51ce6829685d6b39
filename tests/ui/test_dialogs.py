import asyncio
from pathlib import Path

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.question import ChoiceScreen, QuestionScreen, answer_to
from tests.support.console import console
from tests.support.runs import open_ids


async def test_a_dialog_takes_over_no_work_of_the_app(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    """Or cancelling who waits for the answer would cancel that work as well."""
    tasks: dict[str, asyncio.Task[None] | None] = {}

    async def removal() -> None:
        tasks["removal"] = asyncio.current_task()

    async with console(simulated, tmp_path) as opened:
        app = opened.app

        async def ask() -> None:
            tasks["asking"] = asyncio.current_task()
            app.call_next(removal)
            await answer_to(app, QuestionScreen("Stay?", "A sentence."))

        worker = app.run_worker(ask())
        await opened.until(lambda: isinstance(app.screen, QuestionScreen), "a dialog")
        await opened.until(lambda: "removal" in tasks, "the app's own work")
        assert tasks["removal"] is not tasks["asking"]
        await opened.press("escape")
        await worker.wait()


async def test_every_dialog_over_the_main_screen_names_the_account(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (only,) = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)

        async def names_it(what: str) -> None:
            await opened.until(lambda: what in opened.words(), what)
            await opened.until(lambda: "on PRACTICE" in opened.words(), "the account")
            await opened.press("escape")
            await opened.until(lambda: opened.app.screen is opened.main, "the list")

        await opened.press("T")
        await names_it("Ticket and reason")
        await opened.press("enter")
        await names_it(f"Session {only.short}")
        opened.app.push_screen(QuestionScreen("Quit?", "A sentence."))
        await names_it("Quit?")
        opened.app.push_screen(ChoiceScreen("Which?", "A sentence.", ("This",)))
        await names_it("Which?")
        assert "on PRACTICE" not in opened.words()
