"""Time to the first paint, against a bare Textual app (P1, P1b).

Each is started in a pseudo terminal, in turn, so that a busy machine hurts all alike.
``python tests/benchmarks/start.py [runs]`` prints medians and ratios.
"""

import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

RUNS = 15
_PATIENCE_SECONDS = 20.0
_BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted")
Bare().run()
"""
_PYTHON = sys.executable
_CONSOLE = (_PYTHON, "-m", "masking_console")
PAINTS = {
    "bare Textual app": ((_PYTHON, "-c", _BARE), b"painted"),
    "console, practice": ((*_CONSOLE, "--practice"), b"1 Source"),
    "console, no account": (_CONSOLE, b"1 Source"),
    "practice, keys heard": ((*_CONSOLE, "--practice"), b"journal ok"),
}
ENDS = {
    "python -c pass": (_PYTHON, "-c", "pass"),
    "--version": (*_CONSOLE, "--version"),
    "--help": (*_CONSOLE, "--help"),
}


def seconds_to_paint(command: Sequence[str], sign: bytes) -> float:
    """Return the seconds from the start until the terminal gets the sign."""
    folder = tempfile.mkdtemp()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": "100",
        "LINES": "30",
        "MASKING_CONSOLE_STATE_DIR": folder,
        "MASKING_CONSOLE_CONFIG_DIR": folder,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    started = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], list(command), environment)  # noqa: S606 - this is it
    output = b""
    try:
        while sign not in output:
            ready, _, _ = select.select([terminal], [], [], _PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"{command} painted nothing")
            output += os.read(terminal, 65536)
        return time.perf_counter() - started
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def seconds_to_end(command: Sequence[str]) -> float:
    """Return how long a command takes that ends by itself."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def show(title: str, taken: dict[str, list[float]]) -> None:
    """Print medians, and the median of the ratios within each turn."""
    floor = next(iter(taken.values()))
    print(title)  # noqa: T201 - a benchmark prints
    for name, times in taken.items():
        ratio = statistics.median(a / b for a, b in zip(times, floor, strict=True))
        taken_ms = statistics.median(times) * 1000
        print(f"  {name:<22}{taken_ms:7.0f} ms{ratio:7.2f} x")  # noqa: T201 - likewise


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    paints: dict[str, list[float]] = {name: [] for name in PAINTS}
    ends: dict[str, list[float]] = {name: [] for name in ENDS}
    for _ in range(runs):
        for name, (command, sign) in PAINTS.items():
            paints[name].append(seconds_to_paint(command, sign))
        for name, command in ENDS.items():
            ends[name].append(seconds_to_end(command))
    show(f"first paint, medians of {runs} (target 1.25 x)", paints)
    show(f"commands that end, medians of {runs} (target 2.5 x)", ends)


if __name__ == "__main__":
    main()
