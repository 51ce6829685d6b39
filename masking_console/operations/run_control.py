"""Control of a run: pause, stop, and the sleep of the computer."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from masking_console.models.expiry import Evidence, ExpiryOutcome, ExpiryResult, RunEnd
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.second_look import patient_look
from masking_console.plivo.answers import Answer, Verdict

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient


def end_of(signal_number: int) -> RunEnd:
    """Return the end of a run that a signal means; 0 is a lost terminal."""
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
        """Cause of the stop, where it is stopped."""
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


WORKERS = 16
"""Looks in flight at once; the pace, not this, limits the rate."""


class SleepWatch:
    """Two clocks, and when they were last looked at."""

    def __init__(
        self,
        limit: float,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to watch.

        Args:
            limit: a longer gap than this, in seconds, is a sleep.
            wall: tells the time of day, in seconds.
            monotonic: tells seconds that are never set.
        """
        self._limit = limit
        self._clocks = (wall, monotonic)
        self._last = self._times()

    def look(self) -> float:
        """Return for how many seconds the process did not run; 0 where it did."""
        last, self._last = self._last, self._times()
        gap = max(now - then for now, then in zip(self._last, last, strict=True))
        return gap if gap > self._limit else 0.0

    def _times(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)


@dataclass(slots=True)
class WakingLooks:
    """Looks at sessions that are left after a sleep; only GETs leave."""

    client: "PlivoClient"
    """Plivo, signed in as the batch's account."""
    session_uuids: Sequence[SessionUuid]
    """The sessions."""
    control: RunControl
    """The operator's hand on the run: a stop ends the looks."""
    _found: dict[SessionUuid, Answer] = field(default_factory=dict)

    async def run(self) -> Mapping[SessionUuid, Answer]:
        """Return the answers that tell something."""
        remaining = iter(self.session_uuids)
        await asyncio.gather(*(self._look_at_each(remaining) for _ in range(WORKERS)))
        return self._found

    async def _look_at_each(self, remaining: Iterator[SessionUuid]) -> None:
        while not self.control.is_stopped:
            session_uuid = next(remaining, None)
            if session_uuid is None:
                return
            answer = await patient_look(self.client, session_uuid)
            if answer.verdict in {Verdict.FOUND, Verdict.NOT_FOUND}:
                self._found[session_uuid] = answer


def is_expired(look: Answer) -> bool:
    """Return whether a look found an expired session."""
    return look.session is not None and look.session.status is SessionStatus.EXPIRED


def looked_after_sleep(result: ExpiryResult, look: Answer) -> ExpiryResult:
    """Return the outcome of a session that was expired before anything was sent."""
    return replace(
        result,
        outcome=ExpiryOutcome.ALREADY_EXPIRED,
        evidence=Evidence.LOOK,
        http_status=look.http_status,
        api_id=look.api_id,
        elapsed_ms=look.elapsed_ms,
        detail=PlainText("expired when looked at after a sleep"),
    )


def waking_words(seconds: float, looks: Iterable[Answer], unanswered: int) -> str:
    """Return what is known after a sleep, in sentences."""
    now = datetime.now(UTC)
    states = Counter(
        CheckedSession.of(look.session, now).state.value
        if look.session is not None
        else CheckState.NOT_FOUND.value
        for look in looks
    )
    parts = [f"{count} {state}" for state, count in states.items()]
    if unanswered:
        parts.append(f"{unanswered} without an answer, to be looked at again")
    return f"This computer slept for {seconds:.0f} s. Left: {', '.join(parts)}."
