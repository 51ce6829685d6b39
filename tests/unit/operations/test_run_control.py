import asyncio
import signal

import pytest

from masking_console.models.expiry import RunEnd
from masking_console.operations.run_control import RunControl, end_of


async def test_a_control_that_nobody_touches_lets_the_run_go_on() -> None:
    control = RunControl()
    control.attach()

    assert await control.may_go_on()
    assert await control.sleep(0)
    assert await control.unless_stopped(asyncio.sleep(0))


async def test_pause_holds_until_resume() -> None:
    control = RunControl()
    control.attach()
    control.pause()
    waiting = asyncio.create_task(control.may_go_on())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert control.is_paused
    control.resume()
    assert await waiting


async def test_stop_ends_a_pause_a_sleep_and_a_wait() -> None:
    control = RunControl()
    control.attach()
    control.pause()
    held = asyncio.create_task(control.may_go_on())
    asleep = asyncio.create_task(control.sleep(60))
    waiting = asyncio.create_task(control.unless_stopped(asyncio.sleep(60)))
    await asyncio.sleep(0.01)
    control.stop()

    assert not await held
    assert not await asleep
    assert not await waiting
    assert control.is_stopped
    assert not control.is_paused
    assert not await control.unless_stopped(asyncio.sleep(60))
    assert not await control.sleep(60)


async def test_a_pause_does_not_end_a_sleep() -> None:
    control = RunControl()
    control.attach()
    asleep = asyncio.create_task(control.sleep(0.05))
    await asyncio.sleep(0.01)
    control.pause()
    assert await asleep


async def test_a_cancelled_waiter_is_cancelled_not_stopped() -> None:
    control = RunControl()
    control.attach()
    waiting = asyncio.create_task(control.unless_stopped(asyncio.sleep(60)))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_a_control_without_a_run_only_remembers() -> None:
    control = RunControl()
    control.stop()
    assert control.is_stopped


def test_a_word_after_the_end_of_the_run_is_harmless() -> None:
    control = RunControl()

    async def attach() -> None:
        control.attach()

    asyncio.run(attach())
    control.stop()
    assert control.is_stopped


@pytest.mark.parametrize(
    ("number", "end"),
    [
        (0, RunEnd.TERMINAL_CLOSED),
        (signal.SIGHUP, RunEnd.TERMINAL_CLOSED),
        (signal.SIGINT, RunEnd.STOPPED),
        (signal.SIGTERM, RunEnd.SIGNAL),
    ],
)
def test_a_signal_says_who_ended_a_run(number: int, end: RunEnd) -> None:
    assert end_of(number) is end
