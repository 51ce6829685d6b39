"""Expires 1,000 sessions at full pace with the whole screen on, in a pseudo terminal.

``uv run python tests/benchmarks/running_screen.py [SESSIONS]`` prints how late the
screen's event loop is meanwhile, from a heartbeat of 5 ms (P4), and in a second run
without it the CPU of an expiry with client, journal and screen against one bare httpx
worker (P10), and how near to the optimum it comes (P2).
"""

import asyncio
import contextlib
import gc
import io
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from masking_console.models.session_uuid import SessionUuid  # noqa: E402
from masking_console.operations import expire_sessions  # noqa: E402
from masking_console.operations.expire_one import Waits  # noqa: E402
from masking_console.operations.wiring import build_operations  # noqa: E402
from masking_console.practice.exchange import (  # noqa: E402
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
)
from masking_console.practice.simulated_account import SimulatedAccount  # noqa: E402
from masking_console.settings import Settings, checked_api_url  # noqa: E402
from masking_console.ui.app import ConsoleApp  # noqa: E402
from masking_console.ui.screens.finished import FinishedScreen  # noqa: E402
from tests.benchmarks.expire_sessions import (  # noqa: E402
    PERMITS,
    WARM_UP,
    WINDOW_SECONDS,
    Server,
    _bare_cpu,
    serving,
)
from tests.support.console import Console  # noqa: E402
from tests.support.runs import plan_of  # noqa: E402

LATENCY = 0.15
BEAT_SECONDS = 0.005


@dataclass
class Meter:
    """Result of one run."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextlib.asynccontextmanager
async def opened(server: Server, folder: str) -> AsyncIterator[Console]:
    """Open the console on the server's account, with nothing in its queue."""
    settings = Settings(
        journal_path=Path(folder) / "journal.db",
        api_url=checked_api_url(server.url),
        share=1.0,
        account_name="env",
    )
    environment = {
        "PLIVO_AUTH_ID": str(PRACTICE_AUTH_ID),
        "PLIVO_AUTH_TOKEN": PRACTICE_TOKEN,
    }
    operations = build_operations(settings, environment)
    app = ConsoleApp(settings, lambda: operations)
    try:
        async with app.run_test(size=(100, 30)) as pilot:
            console = Console(app, pilot, SimulatedAccount(count=0), operations)
            await console.until_ready()
            await console.until(lambda: app.main.account is not None, "an account")
            # As the command line does.
            gc.freeze()
            yield console
    finally:
        await asyncio.to_thread(operations.close)


async def run(
    console: Console, ids: list[SessionUuid], late: list[float] | None
) -> Meter:
    """Review and expire these ids with the keys, and time it from the last key on."""
    queue, account = console.main.queue, console.main.account
    assert account is not None
    queue.add_found(plan_of(account, ids).sessions)
    queue.tick_active(queue.keys)
    await console.open_review()
    await console.press(*f"{len(ids)}", "space", *account.name)
    await asyncio.sleep(0.3)
    console.send("\n")
    await console.until(lambda: console.main.job.is_running, "a run")
    started, cpu = time.perf_counter(), time.process_time()
    while console.main.job.is_running:
        due = time.perf_counter() + BEAT_SECONDS
        await asyncio.sleep(BEAT_SECONDS if late is not None else 0.2)
        if late is not None:
            late.append((time.perf_counter() - due) * 1000)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    is_over = lambda: isinstance(console.app.screen, FinishedScreen)  # noqa: E731
    await console.until(is_over, "the end")
    summary = console.app.screen
    assert isinstance(summary, FinishedScreen)
    assert summary.summary.off == len(ids), "not all were expired"
    return Meter(seconds, cpu)


async def _figures(
    server: Server, ids: list[SessionUuid], late: list[float] | None
) -> Meter:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(server, folder) as console:
            return await run(console, ids, late)


def _say(line: str) -> None:
    print(line, file=sys.__stdout__, flush=True)


def main() -> None:
    """Print a row for each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    # The operator's last chance after the first session is no work of this program.
    setattr(expire_sessions, "Waits", partial(Waits, first_one=0.0))  # noqa: B010
    late: list[float] = []
    with serving(LATENCY, count, "sliding") as server:
        asyncio.run(_figures(server, server.ids, late))
    ranked = sorted(late)
    p99 = ranked[round(len(ranked) * 0.99) - 1]
    _say(
        f"P4  event loop late, {len(late)} beats of 5 ms: p50 "
        f"{ranked[len(ranked) // 2]:.1f}  p99 {p99:.1f}  max {ranked[-1]:.1f} ms "
        "(targets: p99 5, max 30)"
    )
    with serving(LATENCY, count, "sliding") as server:
        meter = asyncio.run(_figures(server, server.ids, None))
        refusals = server.stop()
    with (
        serving(0.0, count + WARM_UP) as server,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        bare = asyncio.run(_bare_cpu(server, server.ids))
    optimum = (-(-count // PERMITS) - 1) * WINDOW_SECONDS + LATENCY
    _say(
        f"P2  {count} expiries with the screen on: {meter.seconds:.2f} s; optimum "
        f"{optimum:.2f} s: {meter.seconds / optimum:.2f} x, {refusals} answers 429"
    )
    each, floor = meter.cpu_seconds / count * 1000, bare / count * 1000
    _say(
        f"P10 CPU per expiry, engine, journal and screen: {each:.2f} ms; one bare "
        f"httpx worker {floor:.2f} ms: {each / floor:.2f} x"
    )


if __name__ == "__main__":
    main()
