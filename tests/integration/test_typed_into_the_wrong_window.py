"""Texts at the speeds of remote desktops and serial lines, into a real terminal.

The far side counts DELETEs: there must be none, whatever is typed or pasted where.
"""

import random
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.campaigns import campaign, share
from tests.support.practice_service import (
    DEAF_SECONDS,
    PATIENCE_SECONDS,
    console_terminal,
    serving,
    type_as_a_person,
)
from tests.support.runs import open_ids
from tests.support.terminal import Terminal

TEXTS = (Path(__file__).parents[1] / "support" / "typed_texts.txt").read_text(
    encoding="utf-8"
)
SPEEDS = (0.045, 0.1, 0.16)
SECONDS = 5.0
"""Time of typing into each place."""
CLICK = "\x1b[<0;60;24M\x1b[<0;60;24m"
PASTES = [
    "a header \x1b[201~y",
    "a header \x1b[201~2\r",
    f"a header \x1b[201~{CLICK}",
    "a header \x1b[201~Xy\r",
    "y",
    "2\r",
]
"""Bracketed pastes, some with their own end mark inside."""


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@pytest.fixture
def ids(account: SimulatedAccount) -> list[SessionUuid]:
    return open_ids(account, 2)


@pytest.fixture
def terminal(
    account: SimulatedAccount, ids: list[SessionUuid], tmp_path: Path
) -> Iterator[Terminal]:
    with serving(account) as url, console_terminal(url, tmp_path, *ids) as opened:
        opened.wait_for("2 ticked", timeout=PATIENCE_SECONDS)
        yield opened


def deletes(account: SimulatedAccount) -> int:
    return sum(request.method == "DELETE" for request in account.requests)


PLACES = {
    "queue": ([], "2 ticked"),
    "text": (["1"], "2 ticked"),
    "log": (["3"], "2 ticked"),
    "one": (["u", " ", "X"], "Press y to go ahead"),
    "count": (["X"], "Type 2 to go ahead"),
    "accounts": (["P"], "Accounts"),
    "ticket": (["T"], "Ticket and reason"),
    "history": (["H"], "History"),
}


@campaign
@pytest.mark.parametrize("place", share("wrong windows", list(PLACES), 2))
def test_texts_and_pastes_expire_nothing(
    account: SimulatedAccount, terminal: Terminal, place: str
) -> None:
    keys, words = PLACES[place]
    type_as_a_person(terminal, *keys)
    terminal.wait_for(words, timeout=PATIENCE_SECONDS)
    time.sleep(DEAF_SECONDS)
    dice = random.Random(place)  # noqa: S311 - repeatable
    lines = TEXTS.splitlines()
    dice.shuffle(lines)
    end = time.monotonic() + SECONDS
    for number, line in enumerate(cycle(lines)):
        if time.monotonic() > end:
            break
        if number % 3 == 2:
            terminal.paste(PASTES[number % len(PASTES)])
        # A "q" would end the console, and with it the test.
        text = line if number % 4 else f"{line}\r"
        for character in text.replace("q", "k").replace("Q", "K"):
            terminal.send(character)
            time.sleep(SPEEDS[number % len(SPEEDS)] * dice.uniform(0.7, 1.3))
            if time.monotonic() > end:
                break
        # Not long enough for a look, but for what the console once took for silence.
        time.sleep(0.3)
    time.sleep(DEAF_SECONDS)

    assert deletes(account) == 0
