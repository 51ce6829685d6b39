"""What an answer of Plivo comes to, in our own words; no HTTP beyond the status."""

from dataclasses import dataclass
from enum import Enum

from masking_console.models.masking_session import MaskingSession
from masking_console.models.plain_text import PlainText


class Verdict(Enum):
    """What one answer, or its absence, is evidence for."""

    EXPIRED = "expired"
    """A DELETE worked."""
    ALREADY_EXPIRED = "already expired"
    """A DELETE found nothing left to do."""
    FOUND = "found"
    """A GET brought the session."""
    NOT_FOUND = "not found"
    """404: the session is not known on this account."""
    TOKEN_REFUSED = "token refused"  # noqa: S105 - an answer in words
    """401: the credentials are not accepted."""
    FORBIDDEN = "forbidden"
    """403: this account may not do this."""
    RATE_LIMITED = "rate limited"
    """429: not processed; to be sent again later."""
    REFUSED = "refused"
    """Another clear no, as a JSON answer."""
    UNCLEAR = "unclear"
    """No answer, a server's error, or a shape nobody knows: it may have worked."""
    NOT_SENT = "not sent"
    """No connection came about, so Plivo never saw the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one request."""

    verdict: Verdict
    """What it is evidence for."""
    http_status: int | None = None
    """The status code; None where no answer came."""
    api_id: PlainText = PlainText("")
    """Plivo's id of the request; may be empty."""
    elapsed_ms: int = 0
    """From the first byte sent to the last byte read."""
    detail: PlainText = PlainText("")
    """Plivo's words, or ours where it had none."""
    retry_after_seconds: float | None = None
    """How long a 429 asks us to wait."""
    session: MaskingSession | None = None
    """The session that a GET brought."""
