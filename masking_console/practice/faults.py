"""Faults of one request, on purpose: status, delay, lost connection.

A test sets `SimulatedAccount.fault` to a function of its own. The sessions that
misbehave by themselves use the same means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import (
    PRACTICE_HEADER,
    ReceivedRequest,
    Replies,
    Reply,
)

SLOW_SECONDS = 4.0
"""Delay of the slow session's answer."""


class Mark(Enum):
    """A session with something special to it; every simulated account has each once."""

    ERROR_TWICE = auto()
    """Its first two DELETEs get a 500 and do nothing; the third works."""
    LOST_ANSWER = auto()
    """Its DELETE works, but the answer never comes."""
    SLOW = auto()
    """Its DELETE works at once, but the answer takes `SLOW_SECONDS`."""
    RATE_LIMITED_ONCE = auto()
    """Its first DELETE gets a 429 with ``Retry-After: 2``; the second works."""
    COMES_BACK = auto()
    """A minute after it is expired there is a new one for the same two numbers."""
    IN_CALL = auto()
    """Its status is ``in-progress``."""
    HOSTILE_TEXT = auto()
    """Its callback URL and its first party hold markup and control characters."""
    UNKNOWN_STATUS = auto()
    """Its status is a word that the documentation does not know, with markup in it."""
    WITH_PINS = auto()
    """Its JSON holds PINs."""
    EXPIRED = auto()
    """An expired session."""
    PAST_LISTING = auto()
    """An open session that is too old to be listed."""
    SINGLE_PARTY = auto()
    """An expired session with one party."""
    ONE_LEG = auto()
    """Its first call was not answered and has one leg; it is expired."""
    MISSING_TO_DELETE = auto()
    """Its DELETE gets 404 in Plivo's form."""
    MISSING_PAGE = auto()
    """Its DELETE gets the 404 page of a web server."""
    COULD_NOT = auto()
    """Its DELETE gets 200 and "Session could not be expired"."""
    NOT_ALREADY = auto()
    """Its DELETE gets 200 and "was not already expired, could not process"."""
    ERROR_BESIDE = auto()
    """Its DELETE gets 200 and "ok", with an error beside it."""
    QUEUED = auto()
    """Its DELETE gets 202 and "queued"."""
    PARTIAL = auto()
    """Its DELETE gets 206 and "Session expired"."""
    NO_WORDS = auto()
    """Its DELETE works, and gets 204."""
    PORTAL = auto()
    """Its DELETE gets the JSON of a network that wants a login."""
    MOVED = auto()
    """Its DELETE gets 301 to the path with a slash."""
    LATE = auto()
    """Its DELETE gets 500, and works six seconds later."""
    COPY = auto()
    """Its DELETE gets the answer of the latest one that worked, once more."""
    TWICE = auto()
    """Its DELETE works, and over a network its answer comes twice."""
    ECHO = auto()
    """Its DELETE gets 400 with the credentials of the request in it."""
    NOT_ENABLED = auto()
    """Its DELETE gets 400 and "masking is not enabled"."""
    NO_CREDIT = auto()
    """Its DELETE gets 402 and "insufficient credit"."""
    REGION = auto()
    """Its DELETE gets 401 because of the account's region."""
    ADDRESS = auto()
    """Its DELETE gets 403 because of the network's address."""
    BLOCKED = auto()
    """Its DELETE gets 403 from something that is not Plivo."""


class Ending(Enum):
    """Fate of the answer."""

    ANSWERED = auto()
    """The answer arrives."""
    DROPPED = auto()
    """The connection is cut without a byte of it."""
    SILENT = auto()
    """Nothing comes, for as long as the client waits."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Difference of one request from an ordinary one.

    The order is: ``delay_before_seconds``, the effect, ``delay_after_seconds``, the
    ending.

    Raises:
        ValueError: nothing would be answered: no effect, no reply, but `ANSWERED`.
    """

    has_effect: bool = True
    """Whether the request is carried out."""
    reply: Reply | None = None
    """Reply in place of the ordinary one."""
    ending: Ending = Ending.ANSWERED
    """Fate of the answer."""
    delay_before_seconds: float = 0.0
    """Delay until the request has its effect."""
    delay_after_seconds: float = 0.0
    """Delay from the effect to the ending."""
    effect_after_seconds: float | None = None
    """Delay after the answer until it is carried out all the same."""
    comes_twice: bool = False
    """Whether the answer comes once more right behind itself, over a network."""

    def __post_init__(self) -> None:
        is_empty = not self.has_effect and self.reply is None
        if is_empty and self.ending is Ending.ANSWERED:
            raise ValueError("A request without effect needs a reply.")


FaultHook = Callable[[ReceivedRequest], Fault | None]
"""Decides for each request that is signed in and within the limit; None: no fault."""

NO_FAULT = Fault()
"""No fault, as for an ordinary request."""

_TIMES = {
    Mark.ERROR_TWICE: 2,
    Mark.LOST_ANSWER: 1,
    Mark.SLOW: 1,
    Mark.RATE_LIMITED_ONCE: 1,
}
"""Number of times that a marked session misbehaves."""


class MarkedFaults:
    """The faults of the marked sessions, each as often as its mark says."""

    def __init__(self, marked: Mapping[Mark, SessionUuid], replies: Replies) -> None:
        self._mark_of: dict[str, Mark] = {marked[mark]: mark for mark in _TIMES}
        self._left = dict(_TIMES)
        self._replies = replies

    def __call__(self, request: ReceivedRequest) -> Fault | None:
        """Return what goes wrong with a DELETE of a marked session."""
        last = request.path.rstrip("/").rpartition("/")[2]
        mark = self._mark_of.get(last) if request.method == "DELETE" else None
        if mark is None or not self._left[mark]:
            return None
        self._left[mark] -= 1
        return self._fault(mark)

    def _fault(self, mark: Mark) -> Fault:
        if mark is Mark.LOST_ANSWER:
            return Fault(ending=Ending.SILENT)
        if mark is Mark.SLOW:
            return Fault(delay_after_seconds=SLOW_SECONDS)
        if mark is Mark.ERROR_TWICE:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            reply = self._replies.refusal(status, "internal server error")
        else:
            status = HTTPStatus.TOO_MANY_REQUESTS
            again = ("retry-after", "2")
            reply = self._replies.refusal(status, "too many requests", again)
        return Fault(has_effect=False, reply=reply)


LATE_SECONDS = 6.0
"""Delay between the answer to a late DELETE and its effect."""

_HTML = ("content-type", "text/html; charset=utf-8")
_NGINX = b"<html><h1>404 Not Found</h1><hr>nginx</html>"
_BLOCKED = b"<html><h1>Access denied</h1>The request was blocked.</html>"
_PORTAL = b'{"message": "Welcome! Log in to this network."}'

Answerer = Callable[[Replies, ReceivedRequest], Fault]


def _nothing(reply: Reply) -> Fault:
    return Fault(has_effect=False, reply=reply)


def _refusing(status: HTTPStatus, words: str) -> Answerer:
    """Return what says no in Plivo's form, and does nothing."""
    return lambda replies, _request: _nothing(replies.refusal(status, words))


def _saying(status: HTTPStatus, **content: object) -> Answerer:
    """Return what answers in Plivo's form, and does nothing."""
    return lambda replies, _request: _nothing(replies.answer(status, **content))


def _page(status: HTTPStatus, body: bytes, *headers: tuple[str, str]) -> Answerer:
    """Return what somebody between here and Plivo answers."""
    return lambda _replies, _request: _nothing(Reply(status, body, headers))


def _moved(_replies: Replies, request: ReceivedRequest) -> Fault:
    place = request.path.rstrip("/") + "/"
    return _nothing(Reply(HTTPStatus.MOVED_PERMANENTLY, b"", (("location", place),)))


def _echo(replies: Replies, _request: ReceivedRequest) -> Fault:
    words = f"bad header Authorization: {PRACTICE_HEADER}"
    return _nothing(replies.refusal(HTTPStatus.BAD_REQUEST, words))


def _late(replies: Replies, _request: ReceivedRequest) -> Fault:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    reply = replies.refusal(status, "internal server error")
    return Fault(has_effect=False, reply=reply, effect_after_seconds=LATE_SECONDS)


def _copied(replies: Replies, _request: ReceivedRequest) -> Fault:
    # Before the first one there is nothing to copy.
    gone = Reply(HTTPStatus.BAD_GATEWAY, _NGINX, (_HTML,))
    return _nothing(replies.latest_yes or gone)


def _without_words(_replies: Replies, _request: ReceivedRequest) -> Fault:
    return Fault(reply=Reply(HTTPStatus.NO_CONTENT))


def _twice(_replies: Replies, _request: ReceivedRequest) -> Fault:
    return Fault(comes_twice=True)


ODD_ANSWERS: Mapping[Mark, Answerer] = {
    Mark.MISSING_TO_DELETE: _refusing(HTTPStatus.NOT_FOUND, "not found"),
    Mark.MISSING_PAGE: _page(HTTPStatus.NOT_FOUND, _NGINX, _HTML),
    Mark.COULD_NOT: _saying(HTTPStatus.OK, message="Session could not be expired"),
    Mark.NOT_ALREADY: _saying(
        HTTPStatus.OK, message="was not already expired, could not process"
    ),
    Mark.ERROR_BESIDE: _saying(HTTPStatus.OK, message="ok", global_error="not expired"),
    Mark.QUEUED: _saying(HTTPStatus.ACCEPTED, message="queued"),
    Mark.PARTIAL: _saying(HTTPStatus.PARTIAL_CONTENT, message="Session expired"),
    Mark.NO_WORDS: _without_words,
    Mark.PORTAL: _page(HTTPStatus.OK, _PORTAL, ("content-type", "application/json")),
    Mark.MOVED: _moved,
    Mark.LATE: _late,
    Mark.COPY: _copied,
    Mark.TWICE: _twice,
    Mark.ECHO: _echo,
    Mark.NOT_ENABLED: _refusing(HTTPStatus.BAD_REQUEST, "masking is not enabled"),
    Mark.NO_CREDIT: _refusing(HTTPStatus.PAYMENT_REQUIRED, "insufficient credit"),
    Mark.REGION: _refusing(
        HTTPStatus.UNAUTHORIZED, "the region of this account could not be resolved"
    ),
    Mark.ADDRESS: _refusing(
        HTTPStatus.FORBIDDEN, "IP address 203.0.113.7 is not whitelisted"
    ),
    Mark.BLOCKED: _page(HTTPStatus.FORBIDDEN, _BLOCKED, _HTML),
}
"""Answer of each of them."""


class OddAnswers:
    """The answers to the DELETEs of these sessions."""

    def __init__(self, marked: Mapping[Mark, SessionUuid], replies: Replies) -> None:
        self._answerers: dict[str, Answerer] = {
            marked[mark]: answerer for mark, answerer in ODD_ANSWERS.items()
        }
        self._replies = replies

    def __call__(self, request: ReceivedRequest) -> Fault | None:
        """Return what is odd about a request, or None."""
        last = request.path.rstrip("/").rpartition("/")[2]
        answerer = self._answerers.get(last) if request.method == "DELETE" else None
        return answerer(self._replies, request) if answerer is not None else None
