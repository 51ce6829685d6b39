"""What a run tells whoever watches it, as it happens."""

from dataclasses import dataclass
from datetime import datetime

from masking_console.models.expiry import Batch, ExpiryResult, ExpirySummary
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The batch stands in the journal, and the first request is about to leave."""

    batch: Batch
    """The run."""
    at: datetime
    """When."""


@dataclass(frozen=True, slots=True)
class SessionSending:
    """A DELETE for this session is on its way."""

    session_uuid: SessionUuid
    """The session."""


@dataclass(frozen=True, slots=True)
class AttemptUnclear:
    """A DELETE brought no final answer; the run looks, waits or tries again."""

    result: ExpiryResult
    """What is known so far."""
    next_step: str
    """What happens now, such as ``checking``."""


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
    """Why, as a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run has stopped sending until the operator says so."""

    reason: str
    """Why, as a sentence; empty when the operator did it."""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Nothing more will be sent."""

    summary: ExpirySummary
    """What became of the batch."""


RunEvent = (
    RunStarted
    | SessionSending
    | AttemptUnclear
    | SessionSettled
    | RunWaiting
    | RunPaused
    | RunFinished
)


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """A later look found a session otherwise than the run had left it."""

    session_uuid: SessionUuid
    """The session."""
    at: datetime
    """When."""
    result: ExpiryResult | None = None
    """The new word on a session of which nobody knew; None: it is open again."""


@dataclass(frozen=True, slots=True)
class SessionCameBack:
    """Plivo has a new open session for the numbers of one that was expired."""

    session_uuid: SessionUuid
    """The session that was expired."""
    new_uuid: SessionUuid
    """The new one."""
    at: datetime
    """When that was seen."""


@dataclass(frozen=True, slots=True)
class LookFinished:
    """A second look is over."""

    looked_at: int
    """How many sessions."""
    still_off: int
    """How many are expired as the run left them."""
    unanswered: int
    """For how many Plivo gave no answer that tells."""
    pairs_missed: int
    """For how many pairs of numbers its list told nothing."""
    came_back: int = 0
    """How many new sessions there are for the same numbers."""
    open_again: int = 0
    """How many that the run had left expired are open."""


LookFound = LookedAgain | SessionCameBack | LookFinished
"""What a second look tells."""
