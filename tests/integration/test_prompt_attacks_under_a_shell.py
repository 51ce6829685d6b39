"""The prompt of `expire` under a shell with job control: Ctrl+Z and `fg`."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

PATIENCE_SECONDS = 20.0
_ASK = """
from masking_console.errors import RefusedError
from masking_console.linear.prompt import controlling_terminal, typed_answer
with controlling_terminal() as terminal:
    try:
        print("YES " + typed_answer("Sure?", "2 env", terminal))
    except RefusedError as error:
        print("NO " + str(error))
"""


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Terminal]:
    program = tmp_path / "ask.py"
    program.write_text(_ASK, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = ["bash", "--norc", "--noprofile", "-i"]
    with Terminal(command, environment=environment) as terminal:
        terminal.send(f"{sys.executable} {program}\r")
        terminal.wait_for("\nSure?", timeout=PATIENCE_SECONDS)
        yield terminal


def type_the_phrase(terminal: Terminal) -> None:
    time.sleep(0.8)
    for key in "2 env":
        terminal.send(key)
        time.sleep(0.2)
    terminal.send("\r")


def test_a_stop_behind_the_enter_takes_it_back(asked: Terminal) -> None:
    type_the_phrase(asked)
    time.sleep(0.1)
    asked.send("\x1a")
    time.sleep(0.6)
    asked.send("fg\r")
    time.sleep(2.0)
    assert "YES 2 env" not in asked.screen_text()


def test_a_person_who_was_away_with_control_z_is_heard(asked: Terminal) -> None:
    asked.send("\x1a")
    time.sleep(0.6)
    asked.send("fg\r")
    type_the_phrase(asked)
    asked.wait_for("YES 2 env", timeout=3.0)
