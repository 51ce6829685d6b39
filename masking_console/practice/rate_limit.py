"""How many requests the simulated service takes before it answers 429."""

import time
from collections import deque
from collections.abc import Callable
from enum import Enum


class Window(Enum):
    """How the service counts; Plivo does not say."""

    SLIDING = "sliding"
    """Any stretch of that length holds no more than the limit."""
    FIXED = "fixed"
    """The count starts again at every multiple of that length."""


class RateLimit:
    """Counts the requests that are taken; a refused one does not count."""

    def __init__(
        self,
        limit: int | None = 300,
        seconds: float = 5.0,
        window: Window = Window.SLIDING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a limit; None as ``limit`` takes everything."""
        self._limit = limit
        self._seconds = seconds
        self._window = window
        self._clock = clock
        self._taken: deque[float] = deque()

    def takes(self) -> bool:
        """Return whether one more request is taken now, and count it if so."""
        if self._limit is None:
            return True
        now = self._clock()
        start = now - self._seconds
        if self._window is Window.FIXED:
            # What came before the window began does not count, what came at its very
            # beginning does.
            start = now - now % self._seconds
        while self._taken and self._is_past(self._taken[0], start):
            self._taken.popleft()
        if len(self._taken) >= self._limit:
            return False
        self._taken.append(now)
        return True

    def _is_past(self, taken: float, start: float) -> bool:
        fixed = self._window is Window.FIXED
        return taken < start if fixed else taken <= start
