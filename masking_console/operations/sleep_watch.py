"""Notices that the process did not run for a while: a laptop that slept, a stopped job.

The monotonic clock stands still while a computer sleeps, and goes on while a process is
stopped; the wall clock does neither. So both are compared with the last look, of which
there is one a second and one before each request.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from masking_console.models.expiry import Evidence, ExpiryOutcome, ExpiryResult
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.learning import patient_look
from masking_console.operations.run_control import RunControl
from masking_console.plivo.answers import Answer, Verdict

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

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
