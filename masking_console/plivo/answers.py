"""Answers of Plivo in our own words; no HTTP beyond the status."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from urllib.parse import urlsplit

from masking_console.models.free_text import fit_to_keep
from masking_console.models.masking_session import MaskingSession
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.reach import Unreached


class Verdict(Enum):
    """Verdict that one answer, or its absence, is evidence for."""

    EXPIRED = "expired"
    """A DELETE worked, in the documented words."""
    ALREADY_EXPIRED = "already expired"
    """A DELETE found nothing left to do, in the documented words."""
    FOUND = "found"
    """A GET brought the session."""
    NOT_FOUND = "not found"
    """404 in Plivo's form: the session is not known on this account."""
    TOKEN_REFUSED = "token refused"  # noqa: S105 - an answer in words
    """401, in whatever form: nothing more is sent."""
    FORBIDDEN = "forbidden"
    """403, in whatever form: nothing more is sent."""
    RATE_LIMITED = "rate limited"
    """429: not processed; to be sent again later."""
    REFUSED = "refused"
    """Another clear no, in Plivo's form."""
    REDIRECTED = "redirected"
    """3xx: somebody points elsewhere, and nobody follows."""
    UNCLEAR = "unclear"
    """No answer, a server's error, or an answer that proves nothing."""
    NOT_SENT = "not sent"
    """No connection came about, so Plivo never saw the request."""


_SAYS_ALL = frozenset({Verdict.UNCLEAR, Verdict.REDIRECTED})
"""Verdicts whose words are ours, and name the status."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one request."""

    verdict: Verdict
    """Its verdict."""
    http_status: int | None = None
    """The status code; None where no answer came."""
    api_id: PlainText = PlainText("")
    """Plivo's id of the request; may be empty."""
    elapsed_ms: int = 0
    """Time from the first byte sent to the last byte read."""
    detail: PlainText = PlainText("")
    """Plivo's words, or ours where it had none; without numbers and secrets."""
    is_plivos: bool = False
    """Whether it is in Plivo's form, and no answer that had come before."""
    retry_after_seconds: float | None = None
    """Wait that a 429 asks for."""
    session: MaskingSession | None = None
    """The session that a GET brought."""
    unreached: Unreached | None = None
    """Reason that Plivo never saw the request; None where it may have."""

    @property
    def is_missing(self) -> bool:
        """Whether it is a 404, in whatever form."""
        return self.http_status == HTTPStatus.NOT_FOUND

    @property
    def words(self) -> str:
        """The words for the operator, with the status where a refusal has one."""
        if self.http_status is None or self.verdict in _SAYS_ALL:
            return self.detail
        colon = f": {self.detail}" if self.detail else ""
        if self.is_plivos:
            return f"Plivo answered {self.http_status}{colon}"
        return f"answered {self.http_status}, not in Plivo's form{colon}"


REMEMBERED = 50_000
"""Number of the latest ids that are kept; a copy comes soon or never."""


class SeenAnswers:
    """The ids of the latest answers, of all accounts; used in one event loop."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._ids: dict[str, None] = {}

    def has_come_before(self, api_id: str) -> bool:
        """Return whether this id has come before, and remember it from here on."""
        if not api_id:
            return False
        if api_id in self._ids:
            return True
        self._ids[api_id] = None
        if len(self._ids) > self._remembered:
            del self._ids[next(iter(self._ids))]
        return False


CutSecrets = Callable[[str], str]
"""Returns a text without what only the account that asked would know to hide."""

LONGEST_WORDS = 200
"""Most characters of an answer's words that are kept."""

_LONGEST_READ = 2_000
_LONGEST_LOCATION = 100


def safe_words(text: str, cut_secrets: CutSecrets) -> PlainText:
    """Return what may be shown and kept of a text from outside."""
    return fit_to_keep(cut_secrets(text[:_LONGEST_READ]), limit=LONGEST_WORDS)


def safe_place(location: str, cut_secrets: CutSecrets) -> PlainText:
    """Return where a redirect points, without user name, query and fragment."""
    try:
        parts = urlsplit(location)
        host = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
        place = f"{host}{parts.path}"
    except ValueError:
        place = "an address that cannot be read"
    return plain_text(safe_words(place, cut_secrets), limit=_LONGEST_LOCATION)
