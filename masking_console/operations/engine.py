"""The thread in which everything that talks to Plivo runs.

It has an event loop of its own, because a terminal that stops reading (Ctrl+S, a
stalled ssh) stops the screen's event loop: a run must go on all the same. The faces
only listen.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")

BETWEEN_LISTS_SECONDS = 1 / 12
"""Interval between lists: one change of the screen costs more than one request."""

Emit = Callable[[T], None]
"""Takes one item; never waits, however slowly somebody listens."""


class Stream(Generic[T]):
    """Items from the engine, in lists of all that have come since the last look.

    A listener that is held up for a minute finds everything that happened meanwhile.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._rested = asyncio.Event()
        self._items: deque[T] = deque()
        self._lock = threading.Lock()
        self._awake = False
        self._work: Future[None] | None = None

    def put(self, item: T) -> None:
        """Add an item; called in the engine's thread."""
        self._items.append(item)
        self._wake()

    def cancel(self) -> None:
        """Stop the work behind the stream; the stream then ends."""
        if self._work is not None:
            self._work.cancel()

    async def __aiter__(self) -> AsyncIterator[list[T]]:
        """Yield lists of items until the work is done, then raise what it raised."""
        work = self._work
        if work is None:
            return
        while True:
            await self._arrived.wait()
            is_done = work.done()
            items = [self._items.popleft() for _ in range(len(self._items))]
            if items:
                yield items
            if is_done:
                if not work.cancelled():
                    work.result()
                return
            await self._rest(work)
            with self._lock:
                self._arrived.clear()
                self._awake = False
            if self._items or work.done():
                self._arrived.set()

    def follow(self, work: Future[None]) -> None:
        """End with this work."""
        self._work = work
        work.add_done_callback(self._end)

    async def _rest(self, work: Future[None]) -> None:
        """Let items gather that wake nobody, for a moment or until the last one."""
        timer = self._loop.call_later(BETWEEN_LISTS_SECONDS, self._rested.set)
        if not work.done():
            await self._rested.wait()
        timer.cancel()
        self._rested.clear()

    def _end(self, _work: Future[None]) -> None:
        self._wake()
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._rested.set)

    def _wake(self) -> None:
        # One wake-up for many items, or a listener that is held up would fill the
        # pipe by which threads wake an event loop.
        with self._lock:
            if self._awake:
                return
            self._awake = True
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:
            # The face has gone, and its event loop with it. The work goes on.
            return


class Engine:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # asyncio's own handler prints what an error says over the screen, and that can
        # be a header or a number. Whoever waits for the work gets the error itself.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._at_last: Callable[[], Coroutine[Any, Any, None]] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the work in the engine and return what it returns."""
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start the work in the engine, from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def stream(self, work: Callable[[Emit[T]], Awaitable[None]]) -> Stream[T]:
        """Start the work in the engine and return what it emits.

        It does not end with the listener, only by itself or by `Stream.cancel`.
        """
        stream: Stream[T] = Stream()

        async def emitting() -> None:
            await work(stream.put)

        stream.follow(self.submit(emitting()))
        return stream

    def close(
        self,
        at_last: Callable[[], Coroutine[Any, Any, None]] | None = None,
        timeout_seconds: float = 5.0,
    ) -> None:
        """Cancel what still runs, wait for its end, and stop the thread.

        Args:
            at_last: runs when everything else has ended.
            timeout_seconds: how long to wait for it all.
        """
        if not self._thread.is_alive():
            return
        self._at_last = at_last
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._finish()
            self._loop.close()

    def _finish(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        if self._at_last is not None:
            self._loop.run_until_complete(self._at_last())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
