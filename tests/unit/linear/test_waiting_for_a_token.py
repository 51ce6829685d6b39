"""A keyring that takes its time, or never answers, in the face without a screen."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from masking_console.errors import StoppedError
from masking_console.linear.plan import chosen_account
from masking_console.linear.prompt import StopSignals
from masking_console.operations.wiring import Operations, build_operations
from masking_console.settings import Settings
from tests.support.keyrings import SilentKeyring, using

WORDS = (
    "Waiting for the keyring. It may want to be unlocked: look for its window. "
    "Ctrl+C stops waiting."
)


@pytest.fixture
async def operations(tmp_path: Path) -> AsyncIterator[Operations]:
    made = build_operations(Settings(tmp_path / "journal.db"), {})
    made.accounts._credentials._word_seconds = 0.0
    yield made
    await asyncio.to_thread(made.close)


async def until(is_true: object) -> None:
    assert callable(is_true)
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0.01)


async def test_a_wait_is_told_and_ctrl_c_ends_it(operations: Operations) -> None:
    silent, notes, signals = SilentKeyring(reads=False), list[str](), StopSignals()
    with using(silent), signals.caught():
        choosing = asyncio.create_task(
            chosen_account(operations, notes.append, signals)
        )
        await until(lambda: notes)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError, match=r"Stopped\. Nothing was sent\."):
            await choosing
        silent.wake_up.set()
    assert notes == [WORDS]


async def test_what_ends_the_task_itself_is_no_stop_of_the_operator(
    operations: Operations,
) -> None:
    silent, notes, signals = SilentKeyring(reads=False), list[str](), StopSignals()
    with using(silent):
        choosing = asyncio.create_task(
            chosen_account(operations, notes.append, signals)
        )
        await until(lambda: notes)
        choosing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await choosing
        silent.wake_up.set()
