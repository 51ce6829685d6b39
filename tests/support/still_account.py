"""Small accounts that stand still, and searches in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from masking_console.models.listing import (
    FoundSession,
    ListEvent,
    ListProgress,
    Wanted,
)
from masking_console.models.masking_session import MaskingSession
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.find_sessions import FindSessions
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.practice.stored_session import StoredSession
from tests.support.runs import bench

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


def still_account(count: int = 300, **conduct: object) -> SimulatedAccount:
    # A clock that stands still: else a session may end between reading and comparing.
    return SimulatedAccount(
        count=count,
        clock=lambda: NOW,
        conduct=Conduct((0.0, 0.0), **conduct),  # type: ignore[arg-type]
        rate_limit=RateLimit(limit=None),
    )


def ids(found: list[MaskingSession]) -> set[str]:
    return {str(session.session_uuid) for session in found}


def stored(at: int, **numbers: str) -> StoredSession:
    session = StoredSession(
        session_uuid=SessionUuid(f"c28b77d4-21e7-43bd-9447-{at:012d}"),
        first_party="14155550101",
        second_party="14155550102",
        virtual_number="14155550103",
        created_time=NOW - timedelta(days=1, minutes=at),
        expiry_time=NOW + timedelta(days=1),
    )
    return replace(session, **numbers)  # type: ignore[arg-type] # by the fields' names


async def events_of(
    simulated: SimulatedAccount, folder: Path, wanted: Wanted
) -> list[ListEvent]:
    events: list[ListEvent] = []
    async with bench(simulated, folder) as opened:
        path = opened.settings.journal_path
        operation = FindSessions(opened.connections, path, lambda: NOW)
        await operation.run(opened.account, wanted, events.append)
    return events


def found_in(events: list[ListEvent]) -> dict[str, FoundSession]:
    return {
        str(each.session.session_uuid): each
        for event in events
        if isinstance(event, ListProgress)
        for each in event.found
    }
