"""Memory at rest, and a log that goes on: ``tests/benchmarks/at_rest.py``.

Prints what the console takes in memory against a bare Textual app that has imported
httpx and keyring (P11), each in a pseudo terminal of its own; and for a log pane with
100,000 lines that gets 60 more a second: keys until their repaint, the share of a core,
and what the lines take in memory (P6).
"""

import asyncio
import os
import pty
import select
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# Textual reads this at import: a frame must not wait for its turn to be measured.
os.environ["TEXTUAL_FPS"] = "1000"
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from masking_console.models.plain_text import PlainText  # noqa: E402 - after the path
from masking_console.practice.simulated_account import (  # noqa: E402
    SimulatedAccount,
)
from masking_console.presentation.display import LogLine, Sign  # noqa: E402
from tests.benchmarks.picker import (  # noqa: E402
    KEY_MS,
    Drawn,
    presses,
    report,
    resident,
    say,
)
from tests.support.console import console  # noqa: E402

_BARE = """
import httpx, keyring
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted")
Bare().run()
"""
_CONSOLE = (sys.executable, "-m", "masking_console", "--practice")
RUNS = 3
_REST_SECONDS = 3.0
LINES = 100_000
PER_SECOND = 60
SECONDS = 15


def megabytes_at_rest(command: Sequence[str]) -> float:
    """Return the resident megabytes of a program that has been left alone."""
    folder = tempfile.mkdtemp()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": "100",
        "LINES": "30",
        "TEXTUAL_FPS": "60",
        "MASKING_CONSOLE_STATE_DIR": folder,
        "MASKING_CONSOLE_CONFIG_DIR": folder,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], list(command), environment)  # noqa: S606 - this is it
    try:
        until = time.monotonic() + _REST_SECONDS
        while (left := until - time.monotonic()) > 0:
            if select.select([terminal], [], [], left)[0]:
                os.read(terminal, 65536)
        pages = int(
            Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]
        )
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def at_rest() -> None:
    """Print the memory of both."""
    bare, ours = (
        statistics.median(megabytes_at_rest(command) for _ in range(RUNS))
        for command in ((sys.executable, "-c", _BARE), _CONSOLE)
    )
    say(
        f"P11 at rest: console {ours:.0f} MB; bare Textual app with httpx and keyring "
        f"{bare:.0f} MB: {ours / bare:.2f} x (target 1.3)"
    )


def line(number: int) -> LogLine:
    """Return what a run says of a session that is expired."""
    words = f"{number:08x}  200   61 ms  api 3e451699  confirmed by Plivo"
    return LogLine(datetime.now(UTC), Sign.DONE, "expired", PlainText(words))


async def long_log() -> None:
    """Print what keys take beside a log that goes on, and what that costs."""
    drawn = Drawn()
    with tempfile.TemporaryDirectory() as folder:
        async with console(SimulatedAccount(count=0), Path(folder)) as opened:
            log = opened.main.space.log
            before = resident()
            for start in range(0, LINES, 1000):
                log.append([line(number) for number in range(start, start + 1000)])
            held = (resident() - before) / 2**20
            opened.send("3")
            await asyncio.sleep(0.5)

            async def go_on() -> None:
                number = LINES
                while True:
                    # In lists of a twelfth of a second, as a run brings them.
                    log.append(
                        [line(number + each) for each in range(PER_SECOND // 12)]
                    )
                    number += PER_SECOND // 12
                    await asyncio.sleep(1 / 12)

            going = asyncio.create_task(go_on())
            cpu, started = time.process_time(), time.perf_counter()
            await asyncio.sleep(SECONDS)
            share = (time.process_time() - cpu) / (time.perf_counter() - started)
            taken = []
            for press in [*presses(opened, "up down pageup pagedown home end")] * 10:
                taken += await drawn.timed(press)
            going.cancel()
            say(f"P6  a log of {LINES:,} lines, {PER_SECOND} more a second")
            report("keys, whichever repaint is first", taken, KEY_MS)
            say(f"  {share:.1%} of a core (target 15 %), {held:.0f} MB (target 25)")


def main() -> None:
    """Print both."""
    at_rest()
    asyncio.run(long_log())


if __name__ == "__main__":
    main()
