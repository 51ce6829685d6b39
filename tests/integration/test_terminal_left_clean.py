"""However the console ends, the terminal is as it was before."""

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.practice_service import (
    PATIENCE_SECONDS,
    program_environment,
    type_as_a_person,
)
from tests.support.terminal import Terminal

MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
SHOWN = b"25"
"""The cursor: the one mode that is set before and after."""
_RUN = (
    "import sys;"
    "from masking_console.cli import main;"
    "import masking_console.{module} as module;"
    "fail = lambda *_, **__: 1 / 0;"
    "module.{name} = fail;"
    "main(sys.argv[1:])"
)


def modes_left(output: bytes) -> dict[bytes, bytes]:
    """Return every private mode that is not as in a fresh terminal."""
    last = {
        mode: to
        for found in MODE.finditer(output)
        for mode, to in ((each, found[2]) for each in found[1].split(b";"))
    }
    return {
        mode: to
        for mode, to in last.items()
        if to != (b"h" if mode in {SHOWN, b"7"} else b"l")
    }


def quit_by(key: str) -> Callable[[Terminal], None]:
    def leave(terminal: Terminal) -> None:
        type_as_a_person(terminal, key)

    return leave


def told_by(number: signal.Signals) -> Callable[[Terminal], None]:
    def leave(terminal: Terminal) -> None:
        terminal.signal(number)

    return leave


def nothing(_terminal: Terminal) -> None:
    """An end by itself."""


def assert_clean(terminal: Terminal, before: list[object], code: int) -> None:
    assert terminal.wait_exit(PATIENCE_SECONDS) == code
    after = terminal.line_settings()
    terminal.wait_output_end()
    output = terminal.raw_output
    assert modes_left(output) == {}
    pushed, popped = output.count(b"\x1b[>1u"), output.count(b"\x1b[<u")
    assert popped >= pushed, "the keys are told as before"
    assert after == before


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        pytest.param(quit_by("q"), 0, id="q"),
        pytest.param(quit_by("\x11"), 0, id="ctrl+q"),
        pytest.param(told_by(signal.SIGTERM), 130, id="SIGTERM"),
        pytest.param(told_by(signal.SIGHUP), 130, id="SIGHUP"),
    ],
)
def test_after_leaving_the_terminal_is_as_before(
    tmp_path: Path, leave: Callable[[Terminal], None], code: int
) -> None:
    command = [sys.executable, "-m", "masking_console", "--practice"]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        before = terminal.line_settings()
        terminal.wait_for("journal ok", timeout=PATIENCE_SECONDS)
        assert b"\x1b[?1049h" in terminal.raw_output
        leave(terminal)
        assert_clean(terminal, before, code)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param(
            "ui.screens.splash", "OpeningScreen.compose", id="before the first paint"
        ),
        pytest.param("ui.lifetime", "Opening.open", id="behind the first paint"),
        pytest.param("ui.main.screen", "MainScreen.tick", id="later"),
        pytest.param("ui.app", "ConsoleApp.__init__", id="before there is a screen"),
        pytest.param("ui.app", "ConsoleApp.close", id="at the end"),
    ],
)
def test_after_a_crash_the_terminal_is_as_before(
    tmp_path: Path, module: str, name: str
) -> None:
    code = _RUN.format(module=module, name=name)
    command = [sys.executable, "-c", code, "--practice"]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        before = terminal.line_settings()
        if name == "ConsoleApp.close":
            terminal.wait_for("journal ok", timeout=PATIENCE_SECONDS)
            type_as_a_person(terminal, "q")
        assert_clean(terminal, before, 1)
        told = terminal.raw_output.decode("utf-8", "replace")
    assert "stopped because of ZeroDivisionError at " in told
    assert "Traceback" not in told
    assert "division by zero" not in told


def test_after_a_wrong_configuration_the_terminal_is_as_before(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("share = 7", encoding="utf-8")
    command = [sys.executable, "-m", "masking_console", "--practice"]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        before = terminal.line_settings()
        assert_clean(terminal, before, 1)
        assert b"share must be a number" in terminal.raw_output
        assert b"\x1b[?1049h" not in terminal.raw_output


def test_without_a_keyring_the_terminal_is_as_before(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "masking_console"]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        before = terminal.line_settings()
        terminal.wait_for("No account yet", timeout=PATIENCE_SECONDS)
        type_as_a_person(terminal, "\x11")
        assert_clean(terminal, before, 0)
