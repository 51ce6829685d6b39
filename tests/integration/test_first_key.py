"""The first key is pressed the moment that something is to be seen."""

import sys
from pathlib import Path

from tests.support.practice_service import PATIENCE_SECONDS, program_environment
from tests.support.terminal import Terminal

COMMAND = [sys.executable, "-m", "masking_console", "--practice"]


def test_a_key_that_is_pressed_at_the_first_frame_acts(tmp_path: Path) -> None:
    with Terminal(COMMAND, environment=program_environment(tmp_path)) as terminal:
        # Told by the bytes as they come, some milliseconds before the app says so.
        terminal.wait_for("1 Source", timeout=PATIENCE_SECONDS)
        terminal.send("?")
        terminal.wait_for("? Help", timeout=PATIENCE_SECONDS)
