"""A large simulated account whose sessions end and begin while it is read."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from masking_console.models.listing import ListEnd, ListEvent, ListProgress, Wanted
from masking_console.models.masking_session import MaskingSession
from masking_console.operations.find_sessions import FindSessions
from masking_console.practice.exchange import PRACTICE_AUTH_ID, ReceivedRequest
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.practice.stored_session import (
    EXPIRED,
    StoredSession,
    generate_contents,
    new_session_uuid,
)
from masking_console.settings import Timeouts
from tests.support.runs import bench

COUNT = 20_000
SPREAD = timedelta(days=120)
LISTED = timedelta(days=90)
A_REQUEST = timedelta(seconds=2)
"""Time that passes for the account with each request, so that sessions end."""
START = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


@cache
def _spread_sessions(count: int) -> tuple[StoredSession, ...]:
    """Return ordinary sessions, created one after the other over 120 days.

    A third is open, more of the younger ones; some end within the next minutes.
    """
    marked = set(generate_contents(1, 0, START).marked.values())
    ordinary = [
        session
        for session in generate_contents(1, count, START).sessions
        if session.session_uuid not in marked
    ]
    return tuple(
        _created_at(session, START - SPREAD * ((at + 0.5) / count))
        for at, session in enumerate(ordinary)
    )


def _created_at(session: StoredSession, moment: datetime) -> StoredSession:
    is_open = session.status_at(START) != EXPIRED
    planned = session.expiry_time - session.created_time
    end = session.expiry_time if is_open else min(START, moment + planned)
    return replace(session, created_time=moment, expiry_time=end)


class LargeAccount:
    """An account that may change with every request, and what is true of it."""

    def __init__(self, conduct: Conduct | None = None, count: int = COUNT) -> None:
        self._now = START
        self.simulated = SimulatedAccount(
            count=0,
            clock=lambda: self._now,
            conduct=conduct or Conduct(latency_seconds=(0.0, 0.0)),
            rate_limit=RateLimit(limit=None),
        )
        for session in _spread_sessions(count):
            self.simulated.put(session)
        self.created: set[str] = set()
        """Sessions that were created meanwhile."""
        self.expired: set[str] = set()
        """Sessions that somebody expired meanwhile."""
        self._rng = random.Random(2)  # noqa: S311 - made-up data, no secret

    def open_now(self, wanted: Wanted) -> set[str]:
        """Return what is wanted, open, and at most 90 days old, by the clock's time."""
        oldest = self._now - LISTED
        return {
            str(session.session_uuid)
            for session in self.simulated.sessions
            if session.status_at(self._now) != EXPIRED
            and session.created_time >= oldest
            and (not wanted.readings or _digits(wanted) & _numbers(session))
        }

    def change_while_read(self, wanted: Wanted) -> None:
        """With every request from now on, expire one that is wanted and renew it.

        Half of them stay, to be found.
        """
        before = sorted(self.open_now(wanted))
        waiting = self._rng.sample(before, len(before) // 2)

        def hook(_request: ReceivedRequest) -> None:
            self._now += A_REQUEST
            if not waiting:
                return
            session = self.simulated.session(waiting.pop())
            assert session is not None
            if session.status_at(self._now) == EXPIRED:
                return
            path = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session/"
            path += session.session_uuid
            self.simulated.answer(ReceivedRequest("DELETE", path, self._now))
            self.expired.add(str(session.session_uuid))
            again = replace(
                session,
                session_uuid=new_session_uuid(self._rng),
                created_time=self._now,
                expiry_time=self._now + timedelta(hours=1),
            )
            self.simulated.put(again)
            self.created.add(str(again.session_uuid))

        self.simulated.fault = hook


def _digits(wanted: Wanted) -> set[str]:
    return {reading.digits for reading in wanted.readings}


def _numbers(session: StoredSession) -> set[str]:
    return {session.first_party, session.second_party, session.virtual_number}


async def find(
    simulated: SimulatedAccount, folder: Path, wanted: Wanted
) -> tuple[list[MaskingSession], ListEnd]:
    """Return what a search finds, and what it says of the whole."""
    events: list[ListEvent] = []
    async with bench(
        simulated, folder, timeouts=Timeouts(read=60.0, total=120.0)
    ) as opened:
        # Pacing has tests of its own; here it would only take time.
        opened.connections.client(opened.account).pace._permits = 10**6
        opened.connections.client(opened.account).pace._spacing = 0.0
        operation = FindSessions(
            opened.connections, opened.settings.journal_path, lambda: simulated.now
        )
        await operation.run(opened.account, wanted, events.append)
    end = events[-1]
    assert isinstance(end, ListEnd)
    found = [
        each.session
        for event in events
        if isinstance(event, ListProgress)
        for each in event.found
    ]
    assert len({session.session_uuid for session in found}) == len(found)
    return found, end
