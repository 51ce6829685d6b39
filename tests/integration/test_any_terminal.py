"""The real program in terminals and locales that are not what it hopes for."""

import sys
from pathlib import Path

import pytest

from tests.support.practice_service import PATIENCE_SECONDS, program_environment
from tests.support.terminal import Terminal

COMMAND = [sys.executable, "-m", "masking_console", "--practice"]


@pytest.mark.parametrize(
    "locale",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "iso8859-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "TERM": "vt220"},
    ],
)
def test_without_utf_8_the_borders_are_plain_and_nothing_is_cut(
    tmp_path: Path, locale: dict[str, str]
) -> None:
    environment = program_environment(tmp_path, **locale)
    with Terminal(COMMAND, environment=environment) as terminal:
        terminal.wait_for("journal ok", timeout=PATIENCE_SECONDS)
        terminal.wait_for("PRACTICE", timeout=PATIENCE_SECONDS)
        terminal.send("?")
        terminal.wait_for("? Help", timeout=PATIENCE_SECONDS)
        text = terminal.screen_text()
        assert "\\u" not in text
        assert text.isascii()
        assert "+- ? Help" in text
        terminal.send("\x11")
        assert terminal.wait_exit() == 0


def test_a_terminal_without_a_screen_gets_one_sentence(tmp_path: Path) -> None:
    environment = program_environment(tmp_path, TERM="dumb")
    with Terminal(COMMAND, environment=environment) as terminal:
        terminal.wait_for("masking-console expire", timeout=PATIENCE_SECONDS)
        assert terminal.wait_exit() == 1
        assert b"\x1b" not in terminal.raw_output


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ({"LANG": "C.UTF-8"}, "characters     utf-8"),
        ({"PYTHONIOENCODING": "ascii"}, "characters     ascii by the locale"),
        ({"LC_ALL": "C", "TERM": "vt220"}, "the console asks the terminal"),
    ],
)
def test_the_doctor_describes_the_terminal(
    tmp_path: Path, locale: dict[str, str], words: str
) -> None:
    command = [*COMMAND[:3], "doctor", "--offline"]
    environment = program_environment(tmp_path, **locale)
    with Terminal(command, environment=environment, size=(110, 60)) as terminal:
        terminal.wait_for(words, timeout=PATIENCE_SECONDS)
        terminal.wait_for("110 x 60", timeout=PATIENCE_SECONDS)
        # There is no keyring here, and that needs a look.
        assert terminal.wait_exit() == 1
