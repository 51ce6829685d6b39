"""Time that takes none: an event loop whose clock jumps, and a disk that goes by it."""

import asyncio
import heapq
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor, Future
from itertools import count
from typing import Any, ParamSpec, TypeVar

from masking_console.errors import MaskingConsoleError

P = ParamSpec("P")
T = TypeVar("T")

NEVER_FULL = 2**30
"""A number of pages that no journal reaches."""


LONGEST_SECONDS = 10_000.0
"""No run takes a tenth of it: one that has not ended by then never does."""


class EndlessError(Exception):
    """A run would never end: all of it waits for nothing, or it goes in circles."""


class _NumberedTask(asyncio.Task[Any]):
    """A task that has the same place in a set whenever a run is repeated."""

    _numbers = count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - asyncio's
        self._number = next(self._numbers)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time: the clock jumps instead.

    An ordinary loop would hang where everybody waits for somebody else; this one says
    so.
    """

    _scheduled: list[asyncio.TimerHandle]
    _ready: deque[asyncio.Handle]
    _timer_cancelled_count: int

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._is_endless = False
        _NumberedTask._numbers = count()
        self.set_task_factory(_new_task)

    def time(self) -> float:
        return self._now

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Executor | None,
        func: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - asyncio's
    ) -> asyncio.Future[Any]:
        """Do at once what belongs into a thread: a thread takes real time."""
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except MaskingConsoleError as error:
            done.set_exception(error)
        return done

    def _run_once(self) -> None:
        # What was cancelled goes first: the clock must not jump to it.
        while self._scheduled and self._scheduled[0].cancelled():
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            self._timer_cancelled_count -= 1
        if not self._ready:
            if not self._scheduled:
                raise EndlessError
            self._now = max(self._now, self._scheduled[0].when())
        if self._now > LONGEST_SECONDS and not self._is_endless:
            # Once only: what is left is cancelled afterwards, in this very loop.
            self._is_endless = True
            raise EndlessError
        super()._run_once()  # type: ignore[misc]


def _new_task(
    loop: asyncio.AbstractEventLoop,
    coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
    **kwargs: Any,  # noqa: ANN401 - asyncio's
) -> asyncio.Task[T]:
    return _NumberedTask(coro, loop=loop, **kwargs)


class Disk(Executor):
    """Stands where the journal's thread is, which virtual time could not see.

    The work is the journal's own, on a real file, in the order in which it came. Some
    of it takes a while, so that a stop or an end meets it in the middle. From some job
    on the disk may be full, for a while or for good.
    """

    def __init__(
        self,
        delay: Callable[[], float] = lambda: 0.0,
        is_held: Callable[[], bool] = lambda: False,
        page_limit: Callable[[int], bool | None] = lambda _job: None,
        connection: Callable[[], sqlite3.Connection | None] = lambda: None,
    ) -> None:
        """Make a disk.

        Args:
            delay: how long the next job takes.
            is_held: whether the operator or the run holds back what is to be sent.
            page_limit: whether the file may not grow from this job on; None: as before.
            connection: the journal's own, whose file is meant.
        """
        self.asked_while_held: dict[int, bool] = {}
        """By sequence: whether the entry was asked for while sending was held."""
        self._delay = delay
        self._is_held = is_held
        self._page_limit = page_limit
        self._connection = connection
        self._queue: deque[Callable[[], None]] = deque()
        self._jobs = 0

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Do the work now, or after what was submitted before and a while."""
        future: Future[T] = Future()
        is_held = self._is_held()

        def work() -> None:
            self._set_limit()
            try:
                result = fn(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - as an executor does
                future.set_exception(error)
            else:
                if isinstance(result, int):
                    self.asked_while_held[result] = is_held
                future.set_result(result)

        delay = self._delay()
        if delay or self._queue:
            self._queue.append(work)
            if len(self._queue) == 1:
                asyncio.get_running_loop().call_later(delay, self._do_all)
        else:
            work()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Do what is left."""
        del wait, cancel_futures
        self._do_all()

    def _do_all(self) -> None:
        while self._queue:
            self._queue[0]()
            self._queue.popleft()

    def _set_limit(self) -> None:
        is_full, connection = self._page_limit(self._jobs), self._connection()
        self._jobs += 1
        if is_full is None or connection is None:
            return
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        limit = pages if is_full else NEVER_FULL
        connection.execute(f"PRAGMA max_page_count = {limit}")


def virtually(work: Callable[[], Any]) -> None:
    """Run the coroutine that this makes, in a time of its own.

    Raises:
        EndlessError: it would never end.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work())
