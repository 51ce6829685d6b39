"""Sessions whose DELETE is answered oddly, every time, though a GET finds them open.

Each stands for an answer that proves nothing, or that says no for a reason of its own.
They are too old to be listed; the README has their ids.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest, Replies, Reply
from masking_console.practice.faults import Fault, Mark
from masking_console.practice.sign_in import PRACTICE_HEADER

LATE_SECONDS = 6.0
"""How long after its answer a late DELETE has its effect."""

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
"""What each of them answers."""


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
