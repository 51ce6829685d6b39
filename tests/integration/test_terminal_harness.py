import os
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo terminal", allow_module_level=True)

from tests.support.terminal import Terminal

SCRIPT = r"""
import os, signal, sys, tty
tty.setraw(0)
def size(*_):
    os.write(1, b"\x1b[5;1Hsize %d %d" % tuple(os.get_terminal_size()))
signal.signal(signal.SIGWINCH, size)
os.write(1, b"\x1b[>25u\x1b[?2026$p\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\\x1b[<u")
os.write(1, b"\x1b[1;1H\x1b[")
os.write(1, b"7m\x1b[38;2;255;0;16mR\x1b[0mplain \xe2")
os.write(1, b"\x82\xac")
size()
while (key := os.read(0, 100)) != b"q":
    os.write(1, b"\x1b[3;1H" + key.hex().encode())
sys.exit(7)
"""


def program() -> Terminal:
    command = [sys.executable, "-c", SCRIPT]
    return Terminal(command, environment={"PATH": os.defpath}, size=(40, 10))


def test_the_screen_shows_what_a_person_would_see() -> None:
    with program() as terminal:
        terminal.wait_for("size 40 10")
        assert terminal.screen_text().splitlines()[0] == "Rplain €"
        first, second = terminal.cell(0, 0), terminal.cell(1, 0)
        assert (first.text, first.foreground, first.reverse) == ("R", "ff0010", True)
        assert (second.text, second.foreground, second.reverse) == (
            "p",
            "default",
            False,
        )
        assert terminal.raw_output.startswith(b"\x1b[>25u")


def test_keys_pastes_and_sizes_reach_the_program_and_its_exit_code_comes_back() -> None:
    with program() as terminal:
        terminal.wait_for("size")
        terminal.send("é")
        terminal.wait_for("c3a9")
        terminal.paste("x")
        terminal.wait_for(b"\x1b[200~x\x1b[201~".hex())
        terminal.resize(50, 12)
        terminal.wait_for(lambda text: "size 50 12" in text)
        terminal.send(b"q")
        assert terminal.wait_exit() == 7


def test_what_never_comes_is_told_with_the_screen() -> None:
    with program() as terminal:
        terminal.wait_for("plain")
        with pytest.raises(TimeoutError, match=r"(?s)not seen: 'nothing'.*Rplain"):
            terminal.wait_for("nothing", timeout=0.05)


def test_the_program_is_gone_when_the_block_is_left() -> None:
    with program() as terminal:
        terminal.wait_for("plain")
        pid = terminal.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
