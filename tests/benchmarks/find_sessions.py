"""Reads every open session of a large account, while some expire and some are created.

``uv run python tests/benchmarks/find_sessions.py [SESSIONS]`` prints how many requests
that took, how long it takes at the default pace, and whether anything was missed.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

# After the path, because the support belongs to the tests.
from masking_console.models.listing import (  # noqa: E402
    ListEnd,
    ListEvent,
    ListProgress,
    Wanted,
)
from masking_console.models.session_uuid import SessionUuid  # noqa: E402
from masking_console.operations.find_sessions import PAGE, FindSessions  # noqa: E402
from masking_console.plivo.pacing import Pace  # noqa: E402
from masking_console.practice.listing import Conduct  # noqa: E402
from masking_console.practice.rate_limit import RateLimit  # noqa: E402
from masking_console.practice.simulated_account import SimulatedAccount  # noqa: E402
from masking_console.settings import Timeouts  # noqa: E402
from tests.support.runs import bench  # noqa: E402

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


def _open(simulated: SimulatedAccount) -> set[str]:
    oldest = NOW - timedelta(days=90)
    return {
        session.session_uuid
        for session in simulated.sessions
        if simulated.status_of(session.session_uuid) != "expired"
        and oldest < session.created_time < NOW
    }


def _meanwhile(simulated: SimulatedAccount, gone: list[str]) -> None:
    """With every request somebody expires one session and creates another."""
    created = 0
    template = simulated.sessions[0]

    def hook(_request: object) -> None:
        nonlocal created
        created += 1
        session = simulated.session(gone[created % len(gone)])
        if session is not None:
            simulated.put(replace(session, was_expired=True))
        uuid = SessionUuid(f"00000000-0000-4000-8000-{created:012d}")
        later = NOW + timedelta(seconds=created)
        simulated.put(replace(template, session_uuid=uuid, created_time=later))

    simulated.fault = hook


async def main() -> None:
    """Read once in peace and once in the middle of changes, and print both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    for changes in (False, True):
        simulated = SimulatedAccount(
            count=count,
            clock=lambda: NOW,
            conduct=Conduct(latency_seconds=(0.0, 0.0)),
            rate_limit=RateLimit(limit=None),
        )
        expected = _open(simulated)
        gone = sorted(expected)[::7]
        if changes:
            _meanwhile(simulated, gone)
        events: list[ListEvent] = []
        with tempfile.TemporaryDirectory() as folder:
            async with bench(
                simulated, Path(folder), timeouts=Timeouts(read=60.0, total=120.0)
            ) as opened:
                pace = opened.connections.client(opened.account).pace
                pace._permits, pace._spacing = 10**6, 0.0
                started = time.perf_counter()
                operation = FindSessions(opened.connections, lambda: NOW)
                await operation.run(opened.account, Wanted(), events.append)
                took = time.perf_counter() - started
        found = {
            session.session_uuid
            for event in events
            if isinstance(event, ListProgress)
            for session in event.found
        }
        end = events[-1]
        assert isinstance(end, ListEnd)
        missed = len(expected - set(gone) - found if changes else expected - found)
        requests = len(simulated.requests)
        pages = -(-count // PAGE)
        print(  # noqa: T201
            f"{count} sessions{', changing' if changes else ''}: {len(found)} open, "
            f"{missed} missed, complete {end.is_complete}; {requests} requests "
            f"({requests / pages:.2f} x the pages), {took:.1f} s here, "
            f"{requests / Pace(0.5).per_second:.0f} s at the default pace"
        )


if __name__ == "__main__":
    asyncio.run(main())
