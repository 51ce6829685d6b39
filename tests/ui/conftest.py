from asyncio import AbstractEventLoopPolicy
from collections.abc import Callable, Iterator

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import open_ids
from tests.support.shared_styles import shared_styles
from tests.support.skipped_time import skipped_time


@pytest.fixture(scope="session", autouse=True)
def _shared_styles() -> Iterator[None]:
    with shared_styles():
        yield


@pytest.fixture
def event_loop_policy() -> Iterator[AbstractEventLoopPolicy]:
    """Skip the time in which a test only waits; the plugin for async tests asks."""
    with skipped_time() as policy:
        yield policy


@pytest.fixture
def simulated() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0.0, 0.0)))


@pytest.fixture
def ids_of(simulated: SimulatedAccount) -> Callable[[str, int], list[SessionUuid]]:
    """Return some ordinary sessions in a state, by Plivo's word for it."""

    def find(status: str, count: int) -> list[SessionUuid]:
        return open_ids(simulated, count, status)

    return find
