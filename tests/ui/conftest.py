from collections.abc import Callable

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount


@pytest.fixture
def simulated() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0.0, 0.0)))


@pytest.fixture
def ids_of(simulated: SimulatedAccount) -> Callable[[str, int], list[SessionUuid]]:
    """Return some ordinary sessions in a state, by Plivo's word for it."""
    marked = set(simulated.marked.values())

    def find(status: str, count: int) -> list[SessionUuid]:
        found = [
            session.session_uuid
            for session in simulated.sessions
            if simulated.status_of(session.session_uuid) == status
            and session.session_uuid not in marked
        ]
        assert len(found) >= count
        return found[:count]

    return find
