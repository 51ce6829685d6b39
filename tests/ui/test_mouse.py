from pathlib import Path

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.queue.filters import RowOrder
from masking_console.ui.screens.session_detail import DetailScreen
from tests.support.console import console
from tests.support.runs import open_ids

TICK, STATE = 3, 20
"""Columns inside the border of the queue."""


async def test_a_click_moves_the_cursor_and_on_the_tick_it_ticks(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(3)
        queue = opened.main.queue
        await opened.pilot.click("#queue", offset=(STATE, 3))
        await opened.until(lambda: queue.cursor_key == ids[1], "the second row")
        assert len(queue.ticked()) == 3
        await opened.pilot.click("#queue", offset=(TICK, 4))
        await opened.until(lambda: len(queue.ticked()) == 2, "a tick less")
        assert queue.cursor_key == ids[2]
        assert ids[2] not in {row.session_uuid for row in queue.ticked()}
        queue.freeze()
        await opened.pilot.click("#queue", offset=(TICK, 2))
        await opened.until(lambda: queue.cursor_key == ids[0], "the first row")
        assert len(queue.ticked()) == 2


async def test_a_double_click_opens_the_detail_and_the_header_sorts(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        queue = opened.main.queue
        await opened.pilot.click("#queue", offset=(STATE, 1))
        await opened.until(lambda: queue.order is RowOrder.ENDS, "another order")
        await opened.pilot.click("#queue", offset=(STATE, 3), times=2)
        await opened.until(
            lambda: isinstance(opened.app.screen, DetailScreen), "the detail"
        )


async def test_the_keys_in_the_footer_can_be_clicked(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        line = opened.screen_text().splitlines()[-1]
        where = (line.index("review"), 0)
        await opened.pilot.click("KeyFooter", offset=where, button=3)
        await opened.pilot.pause(0.2)
        assert opened.app.screen is opened.main
        await opened.pilot.click("KeyFooter", offset=where)
        await opened.until(lambda: "Expire 2 sessions" in opened.words(), "the review")
