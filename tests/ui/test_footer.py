from pathlib import Path

import pytest

from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.widgets.bottom_lines import KeyFooter
from tests.support.console import Console, console
from tests.support.runs import open_ids

MOST = 7


def shown(opened: Console) -> list[str]:
    """Return the keys of the footer, all of which are in sight."""
    keys = [key for each in opened.app.screen.query(KeyFooter) for key in each.keys]
    assert sum(key.width for key in keys) <= opened.app.size.width
    return [key.words for key in keys]


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_the_footer_never_has_more_than_seven_keys(
    simulated: SimulatedAccount, tmp_path: Path, size: tuple[int, int]
) -> None:
    ids = open_ids(simulated, 3)
    async with console(
        simulated, tmp_path, first_text=" ".join(ids), size=size
    ) as opened:
        await opened.until_checked(3)
        await opened.until(lambda: "review" in shown(opened), "the queue's keys")
        seen = [shown(opened)]
        await opened.press("/", *"active")
        await opened.until(lambda: "no filter" in shown(opened), "the filter's keys")
        seen.append(shown(opened))
        await opened.press("enter")
        await opened.until(lambda: "all" in shown(opened), "the queue's keys")
        seen.append(shown(opened))
        await opened.press("v")
        await opened.pilot.pause()
        seen.append(shown(opened))
        await opened.press("escape", "escape", "3")
        await opened.pilot.pause()
        seen.append(shown(opened))
        await opened.press("2")
        # A run that waits for an answer that does not come.
        simulated.fault = lambda request: (
            Fault(ending=Ending.SILENT) if request.method == "DELETE" else None
        )
        await opened.open_review()
        await opened.answer("3")
        await opened.until(lambda: "stop" in shown(opened), "the run's keys")
        seen.append(shown(opened))
        await opened.press("H")
        await opened.until(lambda: "verify" in shown(opened), "the history's keys")
        seen.append(shown(opened))
    assert all(0 < len(keys) <= MOST for keys in seen), seen
    # In the field of the filter a question mark is a question mark.
    assert all("help" in keys for keys in [*seen[:1], *seen[2:6]])
