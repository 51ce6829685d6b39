"""Pace of requests: one set of permits for every request on an account.

Plivo allows 300 requests in 5 s to a whole company. A permit is taken for each request
and comes back five seconds after its answer, so that no window of five seconds, however
the server counts it, sees more requests than there are permits. Everything runs in one
event loop.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from masking_console.plivo.shared_permits import AWAY_SHARE, SharedPermits

ACCOUNT_LIMIT = 300
"""Requests that Plivo allows an account in one window."""
WINDOW_SECONDS = 5.0
"""The length of that window."""

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_HALVED_FOR_SECONDS = 15.0
_PERMITS_BACK_PER_SECOND = 2.0


class Pace:
    """Hands out permits in order of arrival, and slows everything down on a 429."""

    def __init__(
        self,
        share: float,
        clock: Callable[[], float] | None = None,
        shared: SharedPermits | None = None,
    ) -> None:
        """Make it; in the event loop that it is used in.

        Args:
            share: the part of the account's limit to take.
            clock: tells seconds; None for the event loop's.
            shared: the permits of all consoles on this computer.
        """
        self._shared = shared
        self._clock = clock or asyncio.get_running_loop().time
        self._permits = max(1, int(ACCOUNT_LIMIT * min(share, 1.0)))
        # Faster than the mean, so that a pause is caught up without a burst: by a third
        # where others need the rest of the limit, twice where it is all ours.
        mean = WINDOW_SECONDS / self._permits
        self._spacing = mean * (0.75 if self._permits < ACCOUNT_LIMIT else 0.5)
        self._turn = asyncio.Lock()
        self._given_back = asyncio.Event()
        self._in_flight = 0
        self._coming_back: deque[float] = deque()
        self._next_start = 0.0
        self._closed_until = 0.0
        self._refusals = 0
        self._refused_at: float | None = None

    @property
    def per_second(self) -> float:
        """The requests a second that can be kept up."""
        return self._permits_now() / WINDOW_SECONDS

    @property
    def closed_for(self) -> float:
        """The seconds until the next request may leave after a 429; 0 when open."""
        return max(0.0, self._closed_until - self._clock())

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[None]:
        """Wait for a permit and hold it for one request."""
        await self.take()
        try:
            yield
        finally:
            self.give_back()

    async def take(self) -> None:
        """Wait until one more request may leave; pair it with `give_back`."""
        async with self._turn:
            while (wait := self._wait_seconds()) is not None:
                self._given_back.clear()
                try:
                    async with asyncio.timeout(wait):
                        await self._given_back.wait()
                except TimeoutError:
                    continue
            self._in_flight += 1
            # One that is a little late, as timers are, does not delay all behind it.
            latest = self._clock() - self._spacing
            self._next_start = max(self._next_start, latest) + self._spacing

    def give_back(self) -> None:
        """Note that a request has its answer; its permit returns a window later."""
        self._in_flight -= 1
        if self._shared is not None:
            self._shared.give_back(WINDOW_SECONDS)
        self._coming_back.append(self._clock() + WINDOW_SECONDS)
        self._given_back.set()

    def close(self) -> None:
        """Let go of what is shared with other consoles."""
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    def refused(self, retry_after_seconds: float | None) -> float:
        """Close the gate after a 429 and return for how many seconds."""
        now = self._clock()
        if self.closed_for > 0 and retry_after_seconds is None:
            # Answers to requests that left before the gate closed change nothing.
            return self.closed_for
        grown = min(_FIRST_WAIT_SECONDS * 2**self._refusals, _LONGEST_WAIT_SECONDS)
        jitter = random.uniform(1.0, 1.25)  # noqa: S311 - spreads load, hides nothing
        wait = grown * jitter if retry_after_seconds is None else retry_after_seconds
        self._refusals = min(self._refusals + 1, 10)
        self._refused_at = now
        self._closed_until = max(self._closed_until, now + wait)
        if self._shared is not None:
            self._shared.close_gate(self._closed_until)
        return self.closed_for

    def accepted(self) -> None:
        """Note an answer other than 429: the next refusal waits from the start."""
        if not self.closed_for:
            self._refusals = 0

    def _wait_seconds(self) -> float | None:
        """Return how long the first in line has to wait, or None for not at all."""
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until - now
        while self._coming_back and self._coming_back[0] <= now:
            self._coming_back.popleft()
        if self._refusals and self._in_flight:
            # After a refusal one probe goes alone; its answer opens the gate.
            return WINDOW_SECONDS
        if self._in_flight + len(self._coming_back) >= self._permits_now():
            returns = self._coming_back[0] if self._coming_back else now
            return returns - now if returns > now else WINDOW_SECONDS
        if self._next_start > now:
            return self._next_start - now
        # The last of all: it takes the permit.
        return self._shared.take(self._permits) if self._shared is not None else None

    def _permits_now(self) -> int:
        if self._shared is not None and self._shared.is_stuck:
            return max(1, self._permits // AWAY_SHARE)
        if self._refused_at is None:
            return self._permits
        back = self._clock() - self._refused_at - _HALVED_FOR_SECONDS
        halved = self._permits / 2 + max(0.0, back) * _PERMITS_BACK_PER_SECOND
        return max(1, min(self._permits, int(halved)))


LONGEST_WAIT_SECONDS = 60.0
"""A `Retry-After` beyond this is cut: the operator is waiting."""


def read_retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds of a ``Retry-After`` header (seconds or an HTTP date)."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
