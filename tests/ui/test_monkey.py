"""Random keys, pastes, clicks and sizes, on an account on which all goes wrong.

``MASKING_CONSOLE_SEED=1234 pytest tests/ui/test_monkey.py`` runs one seed alone.
"""

import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from textual.pilot import OutOfBounds

from masking_console.models.history_query import HistoryQuery
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.review import ReviewScreen
from tests.support.campaigns import campaign, examples
from tests.support.console import Console, console
from tests.support.runs import quick_account, reply

pytestmark = pytest.mark.no_cover

NAMED = os.environ.get("MASKING_CONSOLE_SEED")
SEEDS = [1] if NAMED is None else [int(NAMED)]
STEPS = examples("steps of a monkey", 500, 120)
KEYS = [
    *"abcdef0123456789-XSPHLTWpstrovymiuz*/?nN.:<\\",
    *("space", "enter", "escape", "tab", "shift+tab", "up", "down", "left", "right"),
    *("home", "end", "pageup", "pagedown", "shift+up", "shift+down", "delete"),
    *("backspace", "f1", "f2", "ctrl+p", "ctrl+e", "ctrl+c", "ctrl+r", "ctrl+o"),
]
SIZES = [(200, 60), (160, 50), (100, 30), (80, 24), (72, 20)]


class Monkey:
    """Sits at the console and does what comes to its mind."""

    def __init__(self, seed: int, opened: Console) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a monkey needs no better
        self._opened = opened
        self._acts: list[Callable[[], Awaitable[None]]] = [
            *[self._key] * 40,
            *[self._burst] * 3,
            *[self._paste] * 4,
            *[self._click] * 6,
            *[self._resize] * 2,
            *[self._list_all] * 2,
            *[self._confirm] * 6,
        ]

    async def act(self) -> None:
        """Do one thing."""
        await self._dice.choice(self._acts)()
        # So that whatever it began has begun when the console is left.
        await self._opened.pilot.pause()

    def fault(self, _request: ReceivedRequest) -> Fault | None:
        """Let one of ten requests meet with something."""
        return self._dice.choice(
            [
                *[None] * 50,
                Fault(ending=Ending.DROPPED),
                Fault(has_effect=False, ending=Ending.DROPPED),
                reply(500),
                reply(429, b"", ("Retry-After", "0")),
                reply(200, b"not what it should be"),
                reply(401),
            ]
        )

    async def _key(self) -> None:
        await self._opened.pilot.press(self._dice.choice(KEYS))

    async def _burst(self) -> None:
        for character in self._dice.choices("yX*1 \n\tabc0", k=12):
            self._opened.send(character)

    async def _paste(self) -> None:
        sessions = self._opened.account.sessions
        ids = [each.session_uuid for each in self._dice.sample(sessions, 5)]
        await self._opened.paste("\n".join([*ids, "y\x1b[200~ 5\n"]))

    async def _click(self) -> None:
        width, height = self._opened.app.size
        offset = (self._dice.randrange(width), self._dice.randrange(height))
        with suppress(OutOfBounds):
            times = self._dice.choice([1, 2])
            await self._opened.pilot.click(offset=offset, times=times)

    async def _resize(self) -> None:
        await self._opened.pilot.resize_terminal(*self._dice.choice(SIZES))

    async def _list_all(self) -> None:
        self._opened.main.finding.find("")

    async def _confirm(self) -> None:
        """Say yes to a review that happens to be open, as a person would."""
        screen = self._opened.app.screen
        if isinstance(screen, ReviewScreen):
            await self._opened.answer(screen.plan.phrase)


def deleted(simulated: SimulatedAccount) -> set[str]:
    return {
        request.path.rpartition("/")[2]
        for request in simulated.requests
        if request.method == "DELETE"
    }


@campaign
@pytest.mark.parametrize("seed", SEEDS)
async def test_no_monkey_breaks_the_console_or_a_promise(
    seed: int, tmp_path: Path
) -> None:
    simulated = quick_account(count=60)
    async with console(simulated, tmp_path, size=(100, 30)) as opened:
        monkey = Monkey(seed, opened)
        simulated.fault = monkey.fault
        for step in range(STEPS):
            await monkey.act()
            assert opened.app.crash_message is None, f"seed {seed}, step {step}"
            if not opened.app.is_running or opened.app._exit:
                break
        await opened.main.job.until_over()
        lines = opened.log_lines()
        records = await opened.operations.history.batches(HistoryQuery())
    confirmed = {each.session_uuid for record in records for each in record.sessions}
    assert deleted(simulated) <= confirmed, f"seed {seed}"
    numbers = {session.first_party for session in simulated.sessions}
    content = b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))
    told = content + "\n".join(lines).encode()
    assert not [each for each in numbers if each.encode() in told], f"seed {seed}"
