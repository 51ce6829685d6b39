import asyncio
from collections.abc import Iterator

import pytest

from tests.support.shared_styles import shared_styles
from tests.support.skipped_time import skipped_time


@pytest.fixture(scope="session", autouse=True)
def _shared_styles() -> Iterator[None]:
    with shared_styles():
        yield


@pytest.fixture(autouse=True)
def _skipped_time() -> Iterator[None]:
    """Skip the time in which a picture only waits; the app makes its loop itself."""
    before = asyncio.get_event_loop_policy()
    with skipped_time() as policy:
        asyncio.set_event_loop_policy(policy)
        yield
        asyncio.set_event_loop_policy(before)
