"""Pause, go on and stop, from the operator's keyboard to a run in the engine."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from masking_console.models.expiry import RunEnd


def end_of(signal_number: int) -> RunEnd:
    """Return what a signal says of whoever ends a run; 0 is a lost terminal."""
    name = signal.Signals(signal_number).name if signal_number else "SIGHUP"
    # A terminal that goes away sends one of these two.
    if name in {"SIGHUP", "SIGBREAK"}:
        return RunEnd.TERMINAL_CLOSED
    return RunEnd.STOPPED if name == "SIGINT" else RunEnd.SIGNAL


class RunControl:
    """The operator's hand on one run; its first three methods work from any thread."""

    def __init__(self) -> None:
        self._is_paused = False
        self._is_held = False
        self._is_stopped = False
        self.end = RunEnd.STOPPED
        """Who or what stopped it, where it is stopped."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._waiting: set[asyncio.Task[None]] = set()

    def pause(self) -> None:
        """Send nothing more until `resume`; what is in flight is finished."""
        self._is_paused = True
        self._tell()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._is_paused = False
        self._tell()

    def stop(self, end: RunEnd = RunEnd.STOPPED) -> None:
        """Send nothing more at all; what is in flight is finished."""
        if not self._is_stopped:
            self.end = end
        self._is_stopped = True
        self._tell()

    def hold(self) -> None:
        """Send nothing more until `release`, whatever the operator does."""
        self._is_held = True

    def release(self) -> None:
        """Go on after `hold`, unless the run is paused or stopped."""
        self._is_held = False
        self._changed.set()

    @property
    def is_open(self) -> bool:
        """Whether something may be sent right now."""
        return not (self._is_paused or self._is_held or self._is_stopped)

    @property
    def is_awake(self) -> bool:
        """Whether it is neither held nor stopped; it may be paused."""
        return not (self._is_held or self._is_stopped)

    @property
    def is_held(self) -> bool:
        """Whether the run itself holds back what is to be sent."""
        return self._is_held

    @property
    def is_paused(self) -> bool:
        """Whether the run waits for the operator."""
        return self._is_paused and not self._is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more will be sent."""
        return self._is_stopped

    def attach(self) -> None:
        """Belong to the running event loop from here on; the run calls this."""
        self._loop = asyncio.get_running_loop()

    async def may_go_on(self) -> bool:
        """Wait while paused or held; return whether the run was not stopped."""
        while self.is_paused or (self._is_held and not self._is_stopped):
            self._changed.clear()
            await self._changed.wait()
        return not self._is_stopped

    async def until_answered(self) -> bool:
        """Wait while paused, also when held; return whether it was not stopped."""
        while self.is_paused:
            self._changed.clear()
            await self._changed.wait()
        return not self._is_stopped

    async def sleep(self, seconds: float) -> bool:
        """Wait, but not beyond a stop; return whether the run was not stopped."""
        is_over = False

        def ring() -> None:
            nonlocal is_over
            is_over = True
            self._changed.set()

        timer = asyncio.get_running_loop().call_later(seconds, ring)
        try:
            while not (is_over or self._is_stopped):
                self._changed.clear()
                await self._changed.wait()
        finally:
            timer.cancel()
        return not self._is_stopped

    async def unless_stopped(self, waiting: Coroutine[Any, Any, None]) -> bool:
        """Wait for something, but not beyond a stop; return whether it came."""
        if self._is_stopped:
            waiting.close()
            return False
        task = asyncio.create_task(waiting)
        self._waiting.add(task)
        try:
            await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            # Only a stop cancels what is waited for.
            return False
        finally:
            self._waiting.discard(task)
        return True

    def _tell(self) -> None:
        if self._loop is not None:
            # A run whose event loop has closed needs no word any more.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._apply)

    def _apply(self) -> None:
        self._changed.set()
        if self._is_stopped:
            for task in self._waiting:
                task.cancel()
