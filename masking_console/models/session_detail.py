"""Everything worth seeing of one session; as ever, there is no field for a PIN."""

from dataclasses import dataclass
from datetime import datetime

from masking_console.models.history import BatchRecord
from masking_console.models.masking_session import MaskingSession
from masking_console.models.plain_text import PlainText


@dataclass(frozen=True, slots=True)
class Interaction:
    """One call in a session; at most one runs at a time."""

    start_time: datetime | None
    """Time of its beginning."""
    end_time: datetime | None
    """Time of its end; None while it runs."""
    legs: int | None
    """Number of its call legs, 1 or 2."""
    has_recording: bool
    """Whether there is a recording of it."""

    @property
    def seconds(self) -> int | None:
        """Duration by the clock; Plivo's own duration adds up the legs."""
        if self.start_time is None or self.end_time is None:
            return None
        return max(0, round((self.end_time - self.start_time).total_seconds()))


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """One session as a GET describes it."""

    session: MaskingSession
    """The session as lists show it."""
    is_recorded: bool | None
    """Whether calls are recorded; None where Plivo does not say."""
    has_pins: bool | None
    """Whether callers type a PIN; the PINs themselves are not even decoded."""
    callback_host: PlainText
    """The host of the callback URL; empty where there is none."""
    interactions: tuple[Interaction, ...]
    """Its calls, the latest first."""


@dataclass(frozen=True, slots=True)
class SessionInspection:
    """Facts about one session from Plivo and from our own journal."""

    detail: SessionDetail
    """Plivo's description."""
    seen_at: datetime
    """Time of Plivo's answer."""
    sharing: int | None
    """The number of other open sessions of a week on its virtual number."""
    before: tuple[BatchRecord, ...]
    """Batches of this console that hold it, newest first."""


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """An answer without anything of a person in it."""

    status: int | None
    """The HTTP status; None where no answer came."""
    elapsed_ms: int
    """Duration of the request."""
    retry_after: str = ""
    """The header ``Retry-After``, where there is one."""
    lines: tuple[str, ...] = ()
    """Fields of the body, one a line, indented by their depth."""

    def has(self, field: str) -> bool:
        """Whether the body has a field of this name, at any depth."""
        return any(line.strip().startswith(f"{field}:") for line in self.lines)
