"""Events of a run, as they happen."""

from dataclasses import dataclass
from datetime import datetime

from masking_console.models.expiry import (
    OFF,
    Batch,
    ExpiryOutcome,
    ExpiryResult,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The batch is in the journal, and the first request is about to leave."""

    batch: Batch
    """The run."""
    at: datetime
    """The time."""


@dataclass(frozen=True, slots=True)
class SessionSending:
    """A DELETE for this session is on its way."""

    session_uuid: SessionUuid
    """The session."""


@dataclass(frozen=True, slots=True)
class AttemptUnclear:
    """A DELETE brought no final answer; the run looks, waits or tries again."""

    result: ExpiryResult
    """Result so far."""
    next_step: str
    """Next step, such as ``checking``."""


@dataclass(frozen=True, slots=True)
class SessionSettled:
    """The final word on one session."""

    result: ExpiryResult
    """The word."""


@dataclass(frozen=True, slots=True)
class RunWaiting:
    """The whole run waits, and goes on by itself."""

    seconds: float
    """For about how long."""
    reason: str
    """Reason, as a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run has stopped sending until the operator says so."""

    reason: str
    """Reason, as a sentence; empty when the operator did it."""
    end: RunEnd = RunEnd.FAILURES
    """End of the run, where nobody is there to say whether to go on."""


@dataclass(frozen=True, slots=True)
class RunSlept:
    """The process did not run for a while; now it looks at what is left."""

    seconds: float
    """Duration of the sleep or the wait."""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Nothing more will be sent."""

    summary: ExpirySummary
    """Result of the batch."""


RunEvent = (
    RunStarted
    | SessionSending
    | AttemptUnclear
    | SessionSettled
    | RunWaiting
    | RunPaused
    | RunSlept
    | RunFinished
)


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """A look after the end has changed the word on a session; the journal has it."""

    batch_id: str
    """The batch."""
    result: ExpiryResult
    """The new word."""
    before: ExpiryOutcome
    """The outcome that it replaces."""

    @property
    def session_uuid(self) -> SessionUuid:
        """The session."""
        return self.result.session_uuid

    @property
    def is_open_again(self) -> bool:
        """Whether a session that was expired is open."""
        return self.before in OFF and self.result.outcome is ExpiryOutcome.OPEN


@dataclass(frozen=True, slots=True)
class NotLearnt:
    """The result of a look could not be written down, so the journal says the old."""

    why: str
    """Reason, as a sentence."""


@dataclass(frozen=True, slots=True)
class SessionCameBack:
    """Plivo has a new open session for the numbers of one that was expired."""

    session_uuid: SessionUuid
    """The session that was expired."""
    new_uuid: SessionUuid
    """The new one."""
    at: datetime
    """Time at which that was seen."""


@dataclass(frozen=True, slots=True)
class LookFinished:
    """A second look is over."""

    looked_at: int
    """Number of sessions."""
    still_off: int
    """Number of sessions that are expired as the run left them."""
    unanswered: int
    """Number of sessions without an answer of Plivo that tells."""
    pairs_missed: int
    """Number of pairs of numbers of which its list told nothing."""
    came_back: int = 0
    """Number of new sessions for the same numbers."""
    open_again: int = 0
    """Number of sessions that the run had left expired and that are open."""
    still_open: int = 0
    """Number of sessions that the run had left unsettled and that are open."""

    @property
    def settled(self) -> int:
        """Number of sessions that the run had left unsettled and that are settled."""
        known = self.still_off + self.open_again + self.still_open
        return self.looked_at - known - self.unanswered

    @property
    def is_clean(self) -> bool:
        """Whether all was answered, and nothing is otherwise than it was left."""
        odd = self.unanswered + self.pairs_missed + self.came_back
        return not (odd + self.open_again + self.still_open)


LookFound = LookedAgain | SessionCameBack | LookFinished
"""Events of a second look."""
Learnt = LookedAgain | NotLearnt
"""Events of any look at a batch that is over."""
