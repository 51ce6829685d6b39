"""Times the picker on the whole main screen: ``python tests/benchmarks/picker.py``.

For 1,000, 10,000 and 100,000 sessions, as Plivo's list brings them, it prints how long
loading takes, every key of the list until its repaint, filter, sort and a refresh of
all rows, and what a session takes in memory. Each size runs in processes of its own.
``python tests/benchmarks/picker.py 100000`` does one size; ``keys 100000`` or
``memory 100000`` one part of it.
"""

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

# Textual reads this at import: a frame must not wait for its turn to be measured.
os.environ["TEXTUAL_FPS"] = "1000"
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

# After the path, because the support belongs to the tests.
import click  # noqa: E402
from rich.console import RenderableType  # noqa: E402
from textual import events  # noqa: E402
from textual.app import App  # noqa: E402
from textual.screen import Screen  # noqa: E402

from masking_console.models.masking_session import CheckedSession  # noqa: E402
from masking_console.plivo.details import read_page  # noqa: E402
from masking_console.practice.simulated_account import (  # noqa: E402
    SimulatedAccount,
)
from masking_console.ui.widgets.queue_table import QueueTable  # noqa: E402
from tests.support.console import Console, console  # noqa: E402

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
SIZES = (1_000, 10_000, 100_000)
PAGE = 20
BETWEEN_KEYS = 0.06
"""As a person presses them, in seconds; faster ones would be taken for a paste."""
KEY_MS, FILTER_MS, SORT_MS, REFRESH_MS, SESSION_BYTES = 16, 60, 80, 150, 1024
Act = Callable[[], object]


def listed(number: int, seconds: int = 0) -> dict[str, object]:
    """Return a session as Plivo lists it, with times and numbers of its own."""
    mixed = number * 2654435761 % 2**32
    created = NOW - timedelta(seconds=mixed % 80_000, microseconds=mixed % 999_983)
    ends = NOW + timedelta(seconds=mixed % 86_399 + seconds, microseconds=mixed % 7919)
    return {
        "session_uuid": f"{mixed:08x}-21e7-43bd-9447-{number:012x}",
        "status": "in-progress" if number % 50 == 7 else "active",
        "first_party": f"9198{mixed % 10**8:08d}",
        "second_party": f"9177{number:08d}",
        "virtual_number": f"9180312740{number % 40:02d}",
        "created_time": f"{created:%Y-%m-%d %H:%M:%S.%f} +0000 UTC",
        "expiry_time": f"{ends:%Y-%m-%d %H:%M:%S.%f} +0000 UTC",
        "last_interaction_time": None,
        "total_call_count": mixed % 9,
    }


def pages(size: int, seconds: int = 0) -> Iterator[list[CheckedSession]]:
    """Yield pages of 20 as they are read off the wire."""
    for start in range(0, size, PAGE):
        numbers = range(start, min(size, start + PAGE))
        objects = [listed(number, seconds) for number in numbers]
        page = read_page(json.dumps({"objects": objects}).encode())
        assert page is not None
        yield [CheckedSession.of(session, NOW) for session in page.sessions]


def batches(size: int, seconds: int = 0) -> Iterator[list[CheckedSession]]:
    """Yield the same rows a hundred pages at a time."""
    read = pages(size, seconds)
    while rows := [row for page in islice(read, 100) for row in page]:
        yield rows


class Drawn:
    """Tells when the screen has been drawn."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        display = App._display

        def displayed(
            app: App[int], screen: Screen[object], renderable: RenderableType | None
        ) -> None:
            display(app, screen, renderable)
            self.event.set()

        App._display = displayed  # type: ignore[method-assign, assignment]

    async def timed(self, act: Act, times: int = 1) -> list[float]:
        """Return, in ms, how long it took each time from the act to the screen."""
        taken = []
        for _ in range(times):
            await asyncio.sleep(BETWEEN_KEYS)
            self.event.clear()
            start = time.perf_counter()
            act()
            await asyncio.wait_for(self.event.wait(), 60)
            taken.append((time.perf_counter() - start) * 1000)
        return taken


def say(line: str) -> None:
    # Textual keeps `sys.stdout` for itself while an app runs.
    click.echo(line, file=sys.__stdout__)


def report(name: str, taken: Sequence[float], target: float) -> None:
    """Print median, 95th percentile and target; a single figure is its own p95."""
    ranked = sorted(taken)
    p95 = ranked[max(0, round(len(ranked) * 0.95) - 1)]
    verdict = "" if p95 <= target else "  MISSED"
    say(
        f"  {name:<38} p50 {statistics.median(ranked):7.1f}  p95 {p95:7.1f}"
        f"  of {target:g} ms{verdict}"
    )


def presses(opened: Console, keys: str) -> Iterator[Act]:
    """Yield what presses each of the keys, which blanks separate."""
    for key in keys.split():
        name = {"*": "asterisk"}.get(key, key)
        character = " " if key == "space" else key if len(key) == 1 else None
        event = partial(events.Key, name, character)

        def press(event: Callable[[], events.Key] = event) -> None:
            made = event()
            made.set_sender(opened.app)
            opened.app.post_message(made)

        yield press


KEY_LINES = (
    ("down", "down", 20),
    ("up", "up", 10),
    ("pagedown", "pagedown", 10),
    ("end, home", "end home", 10),
    ("space", "space down", 10),
    ("shift+down", "shift+down", 10),
    ("*, u", "* u", 10),
    ("i, i", "i i", 10),
    ("*, space, i, u", "* space i u", 5),
    ("u, z after *", "u z", 10),
    ("z (tick all undone), *", "z *", 5),
    ("v, end, v, home, z", "v end v home z", 3),
    ("delete, z", "delete z", 10),
    ("tab, 2", "tab 2", 3),
)


async def load(opened: Console, drawn: Drawn, size: int) -> None:
    """Deliver most pages at once and the last ones each for itself."""
    queue, last = opened.main.queue, min(size // PAGE // 2, 100)
    made = list(pages(size))
    rows = [row for page in made[:-last] for row in page]
    taken = await drawn.timed(partial(queue.add_found, rows))
    report(f"{len(rows):,} taken over at once", taken, REFRESH_MS)
    await until_counted(opened)
    taken = []
    for page in made[-last:]:
        taken += await drawn.timed(partial(queue.add_found, page))
    report("a page of 20 more", taken, KEY_MS)


async def until_counted(opened: Console) -> None:
    """Wait until the main screen has heard of every row."""
    queue = opened.main.queue
    while not str(queue.border_title).startswith(f"2 Queue {len(queue.keys)}"):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)


async def key_figures(size: int) -> None:
    """Print what the keys, the filter, the sort and a refresh take."""
    drawn = Drawn()
    account = SimulatedAccount(count=0)
    with tempfile.TemporaryDirectory() as folder:
        async with console(account, Path(folder), clock=lambda: NOW) as opened:
            say(f"Picker with {size:,} sessions, in ms")
            queue = opened.main.queue
            queue.focus()
            await load(opened, drawn, size)
            for name, keys, times in KEY_LINES:
                taken = []
                for _ in range(times):
                    for press in presses(opened, keys):
                        taken += await drawn.timed(press)
                report(f"key {name}", taken, KEY_MS)
            await change_figures(drawn, queue, size)


async def change_figures(drawn: Drawn, queue: QueueTable, size: int) -> None:
    """Print filter, sort and refresh; the cursor must not leave its session."""
    queue.untick_all()
    queue.move_to(size // 2)
    cursor = queue.cursor_key
    for ticks in ("none", "all"):
        if ticks == "all":
            queue.tick_active(queue.keys)
        for text in ("9", "91", "918", "status:active", "number:11", "ends<30m", ""):
            taken = []
            for _ in range(3):
                queue.filter_text = text + " "
                act = partial(setattr, queue, "filter_text", text)
                taken += await drawn.timed(act)
            report(f"filter {text!r}, {ticks} ticked", taken, FILTER_MS)
    queue.filter_text = ""
    queue.move_to(queue.keys.index(cursor) if cursor else 0)
    for _ in range(5):
        order = queue.order.next
        report(f"sort {order.name}", await drawn.timed(queue.action_sort), SORT_MS)
    for name, text in (("", ""), (", filtered", "9")):
        queue.filter_text = text
        taken = []
        for later in range(5):
            rows = [row for page in pages(size, later) for row in page]
            gc.collect()
            taken += await drawn.timed(partial(queue.add_found, rows))
        report(f"refresh of all rows{name}", taken, REFRESH_MS)
    queue.filter_text = ""
    say(f"  the cursor {'stayed' if queue.cursor_key == cursor else 'MOVED'}")


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    gc.collect()
    pages_held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages_held * os.sysconf("SC_PAGE_SIZE")


async def memory_figures(size: int) -> None:
    """Print what a session takes beside the empty app."""
    account = SimulatedAccount(count=0)
    with tempfile.TemporaryDirectory() as folder:
        async with console(account, Path(folder), clock=lambda: NOW) as opened:
            queue = opened.main.queue
            for page in pages(PAGE):
                queue.add_found(page)
            await until_counted(opened)
            before = resident()

            def say_what_is_held(name: str) -> None:
                each = (resident() - before) / size
                verdict = "" if each <= SESSION_BYTES else "  MISSED"
                say(
                    f"  memory, {name:<30} {each:7.0f}  of {SESSION_BYTES} bytes"
                    f" a session{verdict}"
                )

            for rows in batches(size):
                queue.add_found(rows)
                await asyncio.sleep(0)
            await until_counted(opened)
            say_what_is_held("listed")
            for rows in batches(size, 1):
                queue.add_found(rows)
                await asyncio.sleep(0)
            await until_counted(opened)
            say_what_is_held("all refreshed")
            queue.tick_active(queue.keys)
            say_what_is_held("all ticked")
            queue.action_sort()
            await until_counted(opened)
            say_what_is_held("and sorted")
            for _ in range(50):
                queue.untick_all()
                queue.tick_active(queue.keys)
            say_what_is_held("u and * pressed 50 times")


def main() -> None:
    """Run every part of every size that was asked for, one after the other."""
    parts = {"keys": key_figures, "memory": memory_figures}
    match sys.argv[1:]:
        case [part, size]:
            asyncio.run(parts[part](int(size)))
        case sizes:
            for size in sizes or map(str, SIZES):
                for part in parts:
                    command = [sys.executable, __file__, part, size]
                    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
