"""Times the two lists of the main screen: ``python tests/benchmarks/rows_view.py``.

Each figure is the time until the screen has drawn what came of it, in milliseconds:
the median, and for keys the 95th percentile. `DataTable` at 1,000 rows stands beside.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

# Textual reads this at import: a frame must not wait for its turn to be measured.
os.environ["TEXTUAL_FPS"] = "1000"

import click
from rich.console import RenderableType
from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import DataTable

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.masking_session import (
    CheckedSession,
    MaskingSession,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import LogLine, Sign
from masking_console.ui.widgets.queue_table import QueueTable
from masking_console.ui.widgets.result_log import ResultLog

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
SIZES = (1_000, 10_000, 100_000)
Act = Callable[[], object]
View = QueueTable | ResultLog | DataTable[str]


def session_uuid(number: int) -> SessionUuid:
    return SessionUuid(
        f"{number * 2654435761 % 2**32:08x}-21e7-43bd-9447-{number:012x}"
    )


def checked(number: int) -> CheckedSession:
    session = MaskingSession(
        session_uuid=session_uuid(number),
        status=SessionStatus.IN_PROGRESS if number % 50 == 7 else SessionStatus.ACTIVE,
        status_word=PlainText("active"),
        first_party=PlainText(f"9198{number:08d}"),
        second_party=PlainText(f"9177{number:08d}"),
        virtual_number=PlainText("918031274011"),
        created_time=NOW - timedelta(minutes=30),
        expiry_time=NOW + timedelta(minutes=number % 300),
        last_interaction_time=None,
        total_call_count=number % 9,
    )
    return CheckedSession.of(session, NOW)


def log_line(number: int) -> LogLine:
    return LogLine(
        at=NOW,
        sign=Sign.DONE if number % 5 else Sign.FAILED,
        word="expired" if number % 5 else "failed",
        text=PlainText("verified" if number % 5 else "Plivo error; tried 3 times"),
        session_uuid=session_uuid(number),
        status="200",
        elapsed_ms=118,
        api_id=PlainText("69f64f62-94a1-11ef"),
    )


class Host(App[None]):
    """A screen with one list on it, which tells when it has been drawn."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.drawn = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def _display(
        self, screen: Screen[object], renderable: RenderableType | None
    ) -> None:
        super()._display(screen, renderable)
        self.drawn.set()


async def timed(host: Host, act: Act, times: int = 1) -> list[float]:
    """Return, in ms, how long it took each time from the act to the drawn screen."""
    taken = []
    for _ in range(times):
        await asyncio.sleep(0.01)
        host.drawn.clear()
        start = time.perf_counter()
        act()
        await asyncio.wait_for(host.drawn.wait(), 60)
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)


def say(line: str) -> None:
    # Textual keeps `sys.stdout` for itself while an app runs.
    click.echo(line, file=sys.__stdout__)


def report(name: str, taken: list[float]) -> None:
    p95 = f"  p95 {taken[int(len(taken) * 0.95) - 1]:7.1f}" if len(taken) > 9 else ""
    say(f"  {name:<34} {statistics.median(taken):8.1f}{p95}")


def press(host: Host, name: str, character: str | None = None) -> Act:
    return lambda: host.post_message(events.Key(name, character))


async def queue_figures(size: int) -> None:
    rows = [checked(number) for number in range(size)]
    uuids = [row.session_uuid for row in rows]
    queue = QueueTable(clock=lambda: NOW)
    host = Host(queue)
    async with host.run_test(size=(100, 30)):
        say(f"QueueTable, {size:,} rows")
        report("fill", await timed(host, lambda: queue.add(uuids)))
        report("every row checked", await timed(host, lambda: queue.set_checked(rows)))
        report(
            "every row once more", await timed(host, lambda: queue.set_checked(rows))
        )
        report("key down", await timed(host, press(host, "down"), 40))
        report("key pagedown", await timed(host, press(host, "pagedown"), 20))
        report("key space", await timed(host, press(host, "space", " "), 40))
        report("key end", await timed(host, press(host, "end")))
        report("key home", await timed(host, press(host, "home")))
        report("key u", await timed(host, press(host, "u", "u")))
        report("key *", await timed(host, press(host, "asterisk", "*")))
        report("key i", await timed(host, press(host, "i", "i")))
        report("key z", await timed(host, press(host, "z", "z")))
        row = CheckedSession.of(rows[5].session, NOW) if rows[5].session else rows[5]
        report("update one", await timed(host, lambda: queue.set_checked([row]), 20))
        outcome = (rows[5].session_uuid, ExpiryOutcome.UNKNOWN, "")
        act = partial(queue.set_results, [outcome])
        report("result of one", await timed(host, act, 20))
        for text in ("9", "97", "status:call", ""):
            act = partial(setattr, queue, "filter_text", text)
            report(f"filter {text!r}", await timed(host, act))


async def log_figures(size: int) -> None:
    lines = [log_line(number) for number in range(size)]
    log = ResultLog()
    host = Host(log)
    async with host.run_test(size=(100, 30)):
        say(f"ResultLog, {size:,} lines")
        report("fill", await timed(host, lambda: log.append(lines)))
        report(
            "append 3 at the tail", await timed(host, lambda: log.append(lines[:3]), 40)
        )
        report("key up", await timed(host, press(host, "up"), 40))
        report(
            "append 3 while scrolled",
            await timed(host, lambda: log.append(lines[:3]), 40),
        )
        report("key pageup", await timed(host, press(host, "pageup"), 20))
        for text in ("f", "failed 2", ""):
            act = partial(setattr, log, "filter_text", text)
            report(f"filter {text!r}", await timed(host, act))


async def data_table_figures(size: int) -> None:
    table: DataTable[str] = DataTable(cursor_type="row")
    host = Host(table)
    async with host.run_test(size=(100, 30)):
        say(f"DataTable, {size:,} rows")
        for name in ("", "session", "flag", "state", "calls", "ends", "parties"):
            table.add_column(name, key=name)
        cells = ("[x]", "", "", "active", "2", "21 min", "+91..051 +91..073")
        rows = [(cells[0], session_uuid(n)[:8], *cells[2:]) for n in range(size)]
        report("fill", await timed(host, lambda: table.add_rows(rows)))
        report("key down", await timed(host, press(host, "down"), 40))
        report("key pagedown", await timed(host, press(host, "pagedown"), 20))
        keys = list(table.rows)
        act = partial(table.update_cell, keys[5], "state", "expired")
        report("update one", await timed(host, act, 5))


async def main() -> None:
    for size in SIZES:
        await queue_figures(size)
    for size in SIZES:
        await log_figures(size)
    await data_table_figures(SIZES[0])


if __name__ == "__main__":
    asyncio.run(main())
