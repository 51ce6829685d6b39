"""A window that changes in the middle of a run loses nothing."""

import threading
from pathlib import Path

from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.finished import FinishedScreen
from tests.support.console import console
from tests.support.runs import open_ids

SIZES = [(80, 24), (72, 20), (100, 30), (200, 60)]


async def test_a_run_goes_on_through_every_size(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 4)
    may_answer = threading.Event()

    def slowly(request: ReceivedRequest) -> Fault | None:
        is_held = request.method == "DELETE" and not may_answer.is_set()
        return Fault(delay_before_seconds=0.2) if is_held else None

    async with console(
        simulated, tmp_path, first_text=" ".join(ids), size=(200, 60)
    ) as opened:
        await opened.until_checked(4)
        simulated.fault = slowly
        await opened.open_review()
        await opened.answer("4")
        await opened.until(lambda: opened.main.job.is_running, "a run")
        for width, height in SIZES:
            await opened.pilot.resize_terminal(width, height)
            await opened.pilot.pause()
        may_answer.set()
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )
        words = "Done. 4 sessions are expired."
        await opened.until(lambda: words in opened.words(), words)
        lines = [line for line in opened.log_lines() if "+ expired" in line]
        assert len(lines) == 4
        assert opened.main.queue.ticked() == ()
        assert len(opened.main.queue.keys) == 4
