"""Time of a paste of 100,000 ids from the terminal to the app.

Run as ``python -m tests.benchmarks.paste_terminal [ROUNDS]``; prints medians. The floor
is a program that does nothing but read its terminal to the end of the paste.
"""

import os
import statistics
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.widgets import Static

from masking_console.ui.terminal import WholePasteParser, console_driver_class
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
IDS = "".join(f"c28b77d4-21e7-43bd-9447-{number:012x}\r" for number in range(100_000))
DONE = "got all"


class PasteApp(App[None]):
    """Says so when the whole paste has come."""

    def __init__(self, driver_class: type[Driver] | None) -> None:
        super().__init__(driver_class=driver_class)
        self._left = len(IDS)

    def compose(self) -> ComposeResult:
        yield Static("ready")

    def on_paste(self, event: events.Paste) -> None:
        self._left -= len(event.text)
        if self._left == 0:
            self.query_one(Static).update(DONE)


def read_raw() -> None:
    """Read the terminal until the paste has ended, and look at nothing else."""
    tty.setraw(0)
    os.write(1, b"\x1b[?2004hready")
    tail = b""
    while not tail.endswith(b"\x1b[201~"):
        tail = (tail + os.read(0, 65536))[-6:]
    os.write(1, DONE.encode())


CHILDREN: dict[str, Callable[[], object]] = {
    "floor": read_raw,
    "textual": lambda: PasteApp(None).run(),
    "ours": lambda: PasteApp(console_driver_class()).run(),
}


def through_terminal(child: str) -> float:
    """Return the seconds from the first byte sent to the word on the screen."""
    command = [sys.executable, "-m", "tests.benchmarks.paste_terminal", "child", child]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    with Terminal(command, environment=environment, size=(80, 24)) as terminal:
        terminal.wait_for("ready", timeout=30)
        start = time.perf_counter()
        terminal.paste(IDS)
        terminal.wait_for(DONE, timeout=60)
        return time.perf_counter() - start


def through_parser(kind: type[XTermParser]) -> float:
    """Return the seconds that the parser alone takes, in reads of 4,096 characters."""
    stream = f"\x1b[200~{IDS}\x1b[201~"
    parser = kind()
    start = time.perf_counter()
    for place in range(0, len(stream), 4096):
        for _ in parser.feed(stream[place : place + 4096]):
            pass
    return time.perf_counter() - start


def main() -> None:
    if sys.argv[1:2] == ["child"]:
        CHILDREN[sys.argv[2]]()
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rows: dict[str, list[float]] = {}
    # Interleaved, so that a busy machine slows all of them down.
    for _ in range(rounds):
        for name, kind in (("textual", XTermParser), ("ours", WholePasteParser)):
            rows.setdefault(f"parser {name}", []).append(through_parser(kind))
        for child in CHILDREN:
            rows.setdefault(f"terminal {child}", []).append(through_terminal(child))
    for name, seconds in rows.items():
        sys.stdout.write(f"{name:18} {statistics.median(seconds) * 1000:8.1f} ms\n")


if __name__ == "__main__":
    main()
