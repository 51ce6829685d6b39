import asyncio
from pathlib import Path

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.dialogs import answer_to
from masking_console.ui.screens.question import QuestionScreen
from tests.support.console import console


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
