"""Reads every open session of a large account, while some expire and some are created.

``uv run python tests/benchmarks/find_sessions.py [SESSIONS]`` prints how many requests
that took, how long it takes at the default pace, and whether anything was missed; and
how long a search by number takes at 150 ms a request.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

# After the path, because the support belongs to the tests.
from masking_console.models.listing import ListEvent, Wanted  # noqa: E402
from masking_console.operations.find_sessions import FindSessions  # noqa: E402
from masking_console.plivo.details import LARGEST_PAGE  # noqa: E402
from masking_console.plivo.pacing import Pace  # noqa: E402
from masking_console.practice.listing import Conduct  # noqa: E402
from masking_console.practice.simulated_account import SimulatedAccount  # noqa: E402
from masking_console.settings import Timeouts  # noqa: E402
from tests.support.large_account import COUNT, LargeAccount, find  # noqa: E402
from tests.support.runs import bench  # noqa: E402

LATENCY = 0.15
"""Seconds a request."""
SEARCHES = 7


async def main() -> None:
    """Read once in peace and once in the middle of changes, and print both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    for changes in (False, True):
        await _read(LargeAccount(count=count), count, changes)
    await _by_number()


async def _read(large: LargeAccount, count: int, changes: bool) -> None:
    wanted = Wanted()
    before = large.open_now(wanted)
    if changes:
        large.change_while_read(wanted)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found, end = await find(large.simulated, Path(folder), wanted)
    took = time.perf_counter() - started
    there = before & large.open_now(wanted)
    missed = there - {str(session.session_uuid) for session in found}
    requests = len(large.simulated.requests)
    rows = sum(
        end.since <= s.created_time < end.until for s in large.simulated.sessions
    )
    pages = -(-rows // LARGEST_PAGE)
    print(  # noqa: T201
        f"{count} sessions in 120 days, {len(before)} open in 90; meanwhile "
        f"{len(before - there)} ended and {len(large.created)} were created: "
        f"{len(missed)} of {len(there)} missed, complete {end.is_complete}; "
        f"{requests} requests ({requests / pages:.2f} x the pages), {took:.1f} s here, "
        f"{requests / Pace(0.5).per_second:.0f} s at the default pace"
    )


async def _by_number() -> None:
    """Print the median of some searches by number, at the default pace."""
    seconds, requests = list[float](), 0
    for _ in range(SEARCHES):
        simulated = SimulatedAccount(conduct=Conduct((LATENCY, LATENCY)))
        with tempfile.TemporaryDirectory() as folder:
            async with bench(
                simulated, Path(folder), share=0.5, timeouts=Timeouts()
            ) as opened:
                await opened.connections.warm_up(opened.account)
                path, events = opened.settings.journal_path, list[ListEvent]()
                operation = FindSessions(opened.connections, path)
                started = time.perf_counter()
                wanted = Wanted.of("+44 7700 900840")
                await operation.run(opened.account, wanted, events.append)
                seconds.append(time.perf_counter() - started)
        requests = len(simulated.requests)
    took = statistics.median(seconds)
    print(  # noqa: T201
        f"by number, {LATENCY * 1000:.0f} ms a request: {requests} requests, "
        f"{took:.2f} s, {took / LATENCY:.1f} round trips"
    )


if __name__ == "__main__":
    asyncio.run(main())
