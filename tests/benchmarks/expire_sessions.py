"""Expires 1,000 sessions of a practice server with the real engine and its journal.

``uv run python tests/benchmarks/expire_sessions.py [SESSIONS]`` prints how much faster
that is than Plivo's own SDK, one after the other (P3), how near to the optimum it comes
within 300 requests in 5 s (P2), and its CPU against one bare httpx worker that sends
the same requests (P10). Twelve sessions, of which one's answer hangs, are measured
against that one alone. No screen is on. The wait after the first session, the
operator's last chance, is left out. The SDK's figure is that of a part, scaled up.
"""

import asyncio
import contextlib
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402 - after the path, as all that follows
import plivo.rest.client as sdk  # noqa: E402

from masking_console.models.expiry import ExpirySummary  # noqa: E402
from masking_console.models.run_events import RunFinished, RunPaused  # noqa: E402
from masking_console.models.session_uuid import SessionUuid  # noqa: E402
from masking_console.operations.connections import Connections  # noqa: E402
from masking_console.operations.run_control import RunControl  # noqa: E402
from masking_console.operations.wiring import build_operations  # noqa: E402
from masking_console.practice.exchange import (  # noqa: E402
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    practice_account,
)
from masking_console.practice.faults import Fault  # noqa: E402
from masking_console.practice.listing import Conduct  # noqa: E402
from masking_console.practice.server import serve  # noqa: E402
from masking_console.practice.simulated_account import (  # noqa: E402
    RateLimit,
    SimulatedAccount,
    Window,
)
from masking_console.settings import Settings, Timeouts, checked_api_url  # noqa: E402
from tests.support.expiry_probe import WAITS, carried_out  # noqa: E402
from tests.support.runs import bench, open_ids, plan_of, quick_account  # noqa: E402

SDK_PART = 100
FEW = 12
USUAL_SECONDS, HANGING_SECONDS = 0.4, 8.0
WARM_UP = 20
WINDOW_SECONDS = 5.0
PERMITS = 300


class CountedLimit(RateLimit):
    """A limit that remembers how many requests it refused."""

    refusals = 0

    def takes(self) -> bool:
        is_taken = super().takes()
        self.refusals += not is_taken
        return is_taken


@dataclass(frozen=True)
class Server:
    """A practice server in a process of its own, so that its CPU is not counted."""

    url: str
    ids: list[SessionUuid]
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """End it, and return how many requests it answered with 429."""
        self.process.terminate()
        rest, _ = self.process.communicate(timeout=20)
        return int(rest)


def _account(limit: RateLimit, latency: float, count: int) -> SimulatedAccount:
    # A third of the sessions is active; the same ones in both processes.
    conduct = Conduct(latency_seconds=(latency, latency))
    return SimulatedAccount(count=4 * count, conduct=conduct, rate_limit=limit)


def _serve(latency: float, window: str, count: int) -> None:
    permits = PERMITS if window else None
    limit = CountedLimit(limit=permits, window=Window(window or "sliding"))
    serve(0, lambda line: print(line, flush=True), _account(limit, latency, count))  # noqa: T201
    print(limit.refusals)  # noqa: T201


@contextlib.contextmanager
def serving(latency: float, count: int, window: str = "") -> Iterator[Server]:
    """Start a server with so many active sessions, and end it."""
    command = [sys.executable, __file__, "--serve", str(latency), window, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, *_ = (process.stdout.readline().strip() for _ in range(3))
        ids = open_ids(_account(RateLimit(limit=None), latency, count), count)
        try:
            yield Server(url, ids, process)
        finally:
            process.kill()


@dataclass(frozen=True)
class Run:
    """Result of a run."""

    seconds: float
    cpu_seconds: float
    summary: ExpirySummary


async def _engine(server: Server, ids: list[SessionUuid], *, is_paced: bool) -> Run:
    """Expire with the operations of the console, from a confirmed plan on."""
    account = practice_account()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            journal_path=Path(folder) / "journal.db",
            api_url=checked_api_url(server.url),
            share=1.0,
        )
        operations = build_operations(settings, {})
        try:
            await operations.open_journal()
            if not is_paced:
                await operations._engine.call(_without_pace(operations._connections))
            plan, control = plan_of(account, ids), RunControl()
            summary: ExpirySummary | None = None
            started, cpu = time.perf_counter(), time.process_time()
            confirmed, waits = plan.confirm(plan.phrase), WAITS["hurry"]
            async for events in carried_out(operations, confirmed, control, waits):
                for event in events:
                    assert not isinstance(event, RunPaused), event
                    if isinstance(event, RunFinished):
                        summary = event.summary
            took, cpu = time.perf_counter() - started, time.process_time() - cpu
        finally:
            await asyncio.to_thread(operations.close)
    assert summary is not None
    assert summary.off == len(ids), "not all were expired"
    return Run(took, cpu, summary)


async def _without_pace(connections: Connections) -> None:
    pace = connections.client(practice_account()).pace
    pace._permits, pace._spacing = 10**6, 0.0


def _sdk_seconds(server: Server, ids: list[SessionUuid]) -> float:
    """Expire one after the other with Plivo's own SDK; return a session's seconds."""
    for name in ("", "_FALLBACK_1", "_FALLBACK_2"):
        setattr(sdk, f"API_VOICE_BASE_URI{name}", f"{server.url}/v1/Account")
    with sdk.Client(str(PRACTICE_AUTH_ID), PRACTICE_TOKEN) as client:
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            for uuid in ids:
                client.masking_sessions.delete_masking_session(str(uuid))
        return (time.perf_counter() - started) / len(ids)


async def _bare_cpu(server: Server, ids: list[SessionUuid]) -> float:
    """Expire one after the other with httpx alone; return the CPU seconds."""
    async with httpx.AsyncClient(
        base_url=f"{server.url}/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session/",
        auth=(str(PRACTICE_AUTH_ID), PRACTICE_TOKEN),
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        trust_env=False,
    ) as client:
        for uuid in ids[:WARM_UP]:
            (await client.delete(uuid)).raise_for_status()
        cpu = time.process_time()
        for uuid in ids[WARM_UP:]:
            (await client.delete(uuid)).raise_for_status()
        return time.process_time() - cpu


def _faster_than_the_sdk(count: int, latency: float) -> str:
    part = min(SDK_PART, count)
    with serving(latency, count + part) as server:
        run = asyncio.run(_engine(server, server.ids[part:], is_paced=False))
        one = _sdk_seconds(server, server.ids[:part])
    return (
        f"P3  {count} expiries at {latency * 1000:.0f} ms: engine and journal "
        f"{run.seconds:.2f} s; SDK in sequence {one * count:.1f} s ({part} measured, "
        f"scaled): {one * count / run.seconds:.1f} x faster"
    )


def _near_the_optimum(count: int, latency: float, window: str) -> str:
    with serving(latency, count, window) as server:
        run = asyncio.run(_engine(server, server.ids, is_paced=True))
        refusals = server.stop()
    optimum = (-(-count // PERMITS) - 1) * WINDOW_SECONDS + latency
    return (
        f"P2  {count} expiries at {latency * 1000:.0f} ms, {PERMITS} in 5 s, {window} "
        f"window: {run.seconds:.2f} s; optimum {optimum:.2f} s: "
        f"{run.seconds / optimum:.2f} x, {refusals} answers 429"
    )


def _behind_one_that_hangs(place: int) -> str:
    """Expire twelve, of which the answer to one takes as long as none other."""

    async def expire(ids: list[SessionUuid], slow: SessionUuid) -> float:
        account = quick_account(count=200)
        account.fault = lambda request: Fault(
            delay_before_seconds=HANGING_SECONDS
            if request.path.endswith(slow)
            else USUAL_SECONDS
        )
        with tempfile.TemporaryDirectory() as folder:
            patient = Timeouts(read=60.0, total=60.0)
            async with bench(account, Path(folder), timeouts=patient) as opened:
                started = time.perf_counter()
                assert (await opened.run(ids)).is_clean
                return time.perf_counter() - started

    ids = open_ids(quick_account(count=200), FEW)
    slow = ids[place - 1]
    alone = asyncio.run(expire([slow], slow))
    together = asyncio.run(expire(ids, slow))
    return (
        f"    {FEW} sessions at {USUAL_SECONDS * 1000:.0f} ms, the answer to number "
        f"{place} takes {HANGING_SECONDS:.0f} s: {together:.2f} s; that one alone "
        f"{alone:.2f} s: {together / alone:.2f} x"
    )


def _cpu(count: int) -> str:
    with serving(0.0, 2 * count + 2 * WARM_UP) as server:
        ids = server.ids
        bare = asyncio.run(_bare_cpu(server, ids[: count + WARM_UP]))
        # Imports and the first use of everything count for neither.
        asyncio.run(_engine(server, ids[-WARM_UP:], is_paced=False))
        ours = ids[count + WARM_UP : -WARM_UP]
        run = asyncio.run(_engine(server, ours, is_paced=False))
    return (
        f"P10 CPU per expiry: engine and journal {run.cpu_seconds / count * 1000:.2f} "
        f"ms; one bare httpx worker {bare / count * 1000:.2f} ms: "
        f"{run.cpu_seconds / bare:.2f} x"
    )


def main() -> None:
    """Print a row for each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for latency in (0.15, 0.05):
        print(_faster_than_the_sdk(count, latency), flush=True)  # noqa: T201
    for window in Window:
        print(_near_the_optimum(count, 0.15, window.value), flush=True)  # noqa: T201
    for place in (1, 2, FEW):
        print(_behind_one_that_hangs(place), flush=True)  # noqa: T201
    print(_cpu(count))  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        _serve(float(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        main()
