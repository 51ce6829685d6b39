"""Event loops that skip the time in which everybody waits.

A test of a screen waits as a person does: it looks, and it types. In these loops such a
wait ends as soon as nothing is left to do before it ends; the clock, which the loops,
the events of Textual and the practice account's limits share, is put forward instead.
What takes time still takes it, so that a slow computer is seen as one. No time is
skipped while a thread works that is not known to wait, or while something outside this
process may answer.
"""

import asyncio
import concurrent.futures.thread
import math
import selectors
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from masking_console.practice.simulated_account import RateLimit
from masking_console.ui.terminal.paste_parser import WholePasteParser

QUIET_SECONDS = 0.0002
"""Time of rest of all: a thread may be about to say that it has ended."""
GLANCE_SECONDS = 0.005
"""Interval between two looks at whether others have come to rest."""

_WORKERS = concurrent.futures.thread._threads_queues


class SkippingClock:
    """Tells monotonic seconds, put forward by what was skipped."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self._lock = threading.Lock()
        self._resting: dict[SkippingLoop, float] = {}
        """End of the wait of each loop that waits."""
        self._running: dict[SkippingLoop, threading.Thread] = {}
        self._jobs = 0
        self._before = frozenset(threading.enumerate())

    def __call__(self) -> float:
        return monotonic() + self.skipped

    def begun(self, loop: "SkippingLoop") -> None:
        """Note that a loop runs in this thread."""
        with self._lock:
            self._running[loop] = threading.current_thread()

    def ended(self, loop: "SkippingLoop") -> None:
        """Note that a loop does not run any more."""
        with self._lock:
            self._running.pop(loop, None)

    def rests(self, loop: "SkippingLoop", until: float) -> None:
        """Note that a loop has nothing to do, and skip time if no one has."""
        with self._lock:
            self._resting[loop] = until
            if not self._is_all_at_rest():
                return
            first = min(self._resting.values())
            if first == math.inf:
                return
            self.skipped += max(0.0, first - self())
            for each, due in self._resting.items():
                if each is not loop and due <= first:
                    each.call_soon_threadsafe(lambda: None)

    def works(self, loop: "SkippingLoop") -> None:
        """Note that a loop has something to do."""
        with self._lock:
            self._resting.pop(loop, None)

    def _is_all_at_rest(self) -> bool:
        loops = self._running
        return (
            not self._jobs
            and all(each in self._resting and not each._ready for each in loops)
            and all(each.hears_nobody_else for each in loops)
            and all(
                each in self._before or each in _WORKERS or each in loops.values()
                for each in threading.enumerate()
            )
        )

    def submit(
        self,
        pool: ThreadPoolExecutor,
        /,
        *args: Any,  # noqa: ANN401 - the pool's own
        **kwargs: Any,  # noqa: ANN401 - the pool's own
    ) -> "Future[Any]":
        """Give a job to a pool of threads, and know of it until it is done."""
        with self._lock:
            self._jobs += 1
        try:
            future = _submit(pool, *args, **kwargs)
        except BaseException:
            self._done(None)
            raise
        future.add_done_callback(self._done)
        return future

    def _done(self, _job: object) -> None:
        with self._lock:
            self._jobs -= 1


_submit = ThreadPoolExecutor.submit


class _Selector(selectors.DefaultSelector):
    """Waits for its loop, or skips the wait."""

    loop: "SkippingLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        now: list[Any] = super().select(0)
        if now or (timeout is not None and timeout <= 0):
            return now
        clock = self.loop.clock
        until = math.inf if timeout is None else clock() + timeout
        heard: list[Any] = super().select(QUIET_SECONDS)
        try:
            while not heard:
                clock.rests(self.loop, until)
                left = until - clock()
                if left <= 0:
                    break
                heard = super().select(min(left, GLANCE_SECONDS))
        finally:
            clock.works(self.loop)
        return heard


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose waits are skipped."""

    _ready: Any
    _selector: selectors.BaseSelector

    def __init__(self, clock: SkippingClock) -> None:
        self.clock = clock
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    @property
    def hears_nobody_else(self) -> bool:
        """Whether it listens to nothing but the pipe by which threads wake it."""
        return len(self._selector.get_map()) == 1

    def time(self) -> float:
        return self.clock()

    def run_forever(self) -> None:
        self.clock.begun(self)
        try:
            super().run_forever()
        finally:
            self.clock.ended(self)


class SkippingPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes such loops, which share a clock."""

    def __init__(self, clock: SkippingClock) -> None:
        super().__init__()
        self._clock = clock

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return SkippingLoop(self._clock)


@contextmanager
def skipped_time() -> Iterator[SkippingPolicy]:
    """Make a policy for event loops whose clock everything in this process goes by."""
    clock = SkippingClock()
    with pytest.MonkeyPatch.context() as patch:
        for path in (
            "textual._time.get_time",
            "textual._parser.get_time",
            "textual._wait.monotonic",
            "masking_console.ui.keys.asking.get_time",
            "masking_console.ui.widgets.queue_view.get_time",
        ):
            patch.setattr(path, clock)
        *others, _ = RateLimit.__init__.__defaults__ or ()
        patch.setattr(RateLimit.__init__, "__defaults__", (*others, clock))
        parser = WholePasteParser.__init__
        patch.setattr(parser, "__kwdefaults__", {"clock": clock})
        patch.setattr(
            ThreadPoolExecutor,
            "submit",
            lambda pool, /, *args, **kwargs: clock.submit(pool, *args, **kwargs),
        )
        yield SkippingPolicy(clock)
