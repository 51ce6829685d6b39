"""`masking-console rehearse` in a terminal: a person confirms what is expired."""

import sys
import time
from pathlib import Path

from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.practice_service import (
    DEAF_SECONDS,
    PATIENCE_SECONDS,
    program_environment,
    type_as_a_person,
)
from tests.support.runs import open_ids
from tests.support.terminal import Terminal

_START = "from masking_console.cli import main; main()"


def test_a_person_goes_through_the_steps_and_confirms_the_expiry(
    tmp_path: Path,
) -> None:
    (only,) = open_ids(SimulatedAccount(), 1)
    command = [sys.executable, "-c", _START, "rehearse", "--practice", only]
    with Terminal(
        command, environment=program_environment(tmp_path), size=(120, 60)
    ) as terminal:
        for number in range(1, 6):
            terminal.wait_for(
                lambda text, n=number: text.count("Enter: do it.") == n,  # type: ignore[misc]
                timeout=PATIENCE_SECONDS,
            )
            type_as_a_person(terminal, "s")
            type_as_a_person(terminal, "\r")
        terminal.wait_for("6. Does a GET", timeout=PATIENCE_SECONDS)
        type_as_a_person(terminal, "\r")
        terminal.wait_for("Type 1 practice to go ahead:", timeout=PATIENCE_SECONDS)
        time.sleep(DEAF_SECONDS)
        type_as_a_person(terminal, *"1 practice")
        time.sleep(DEAF_SECONDS)
        type_as_a_person(terminal, "\r")
        terminal.wait_for("The facts are in", timeout=PATIENCE_SECONDS)
        text = terminal.screen_text()
        assert terminal.wait_exit() == 0

    assert "a GET right after it:" in text
    assert "status: expired" in text
