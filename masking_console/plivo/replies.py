"""Status code and body → `Answer`; the only place that knows Plivo's shapes.

Every shape that the API reference lists under "Errors" and "Expire" becomes one of our
verdicts. What is not known is `UNCLEAR`, never success: a GET then tells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from masking_console.errors import InvalidSessionUuidError
from masking_console.models.account import AccountDetails, AuthId
from masking_console.models.free_text import fit_to_keep
from masking_console.models.masking_session import (
    MaskingSession,
    SessionStatus,
    parse_timestamp,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.retry_after import read_retry_after

_SUCCESS = range(200, 300)
_CLIENT_ERROR = range(400, 500)
_BY_STATUS: dict[int, Verdict] = {
    HTTPStatus.UNAUTHORIZED: Verdict.TOKEN_REFUSED,
    HTTPStatus.FORBIDDEN: Verdict.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Verdict.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: Verdict.RATE_LIMITED,
}
# These say that a server in between gave up waiting, not that Plivo said no.
_TIMEOUT_STATUSES = frozenset({408, 425, 499})


class _Envelope(msgspec.Struct):
    """The fields around every answer; all optional, of any type."""

    api_id: Any = None
    message: Any = None
    error: Any = None
    global_error: Any = None
    data: Any = None
    name: Any = None
    auth_id: Any = None
    session_uuid: Any = None
    # msgspec knows no optional `Raw`; what is missing is empty, null is b"null".
    response: msgspec.Raw = msgspec.Raw()


class _Session(msgspec.Struct):
    """The fields of a session that are shown; PINs have none, and are skipped."""

    session_uuid: Any = None
    status: Any = None
    first_party: Any = None
    second_party: Any = None
    virtual_number: Any = None
    created_time: Any = None
    expiry_time: Any = None
    last_interaction_time: Any = None
    total_call_count: Any = None


_decode_envelope: Callable[[bytes], _Envelope] = msgspec.json.Decoder(_Envelope).decode
_decode_session: Callable[[bytes | msgspec.Raw], _Session] = msgspec.json.Decoder(
    _Session
).decode
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises; msgspec recurses into what it skips, however deep it nests."""


@dataclass(frozen=True, slots=True)
class RawReply:
    """One HTTP answer as it came off the wire."""

    status: int
    """The status code."""
    body: bytes
    """The whole body, not decompressed."""
    elapsed_ms: int = 0
    """From the first byte sent to the last byte read."""
    retry_after: str | None = None
    """The header of that name."""
    reason: str = ""
    """The reason phrase, as a last resort for words."""


def read_expire_reply(reply: RawReply, now: datetime) -> Answer:
    """Return what the answer to a DELETE is evidence for."""
    envelope = _envelope(reply.body)
    return _answer(reply, envelope, _expire_verdict(reply, envelope), now)


def read_session_reply(
    reply: RawReply, session_uuid: SessionUuid, now: datetime
) -> Answer:
    """Return what the answer to a GET of this session is evidence for."""
    envelope = _envelope(reply.body)
    verdict = _BY_STATUS.get(reply.status, Verdict.UNCLEAR)
    session = None
    if reply.status == HTTPStatus.OK and envelope is not None:
        session = _read_session(reply.body, envelope)
        if session is not None and session.session_uuid == session_uuid:
            verdict = Verdict.FOUND
        else:
            session = None
    elif _is_plain_no(reply, envelope):
        verdict = Verdict.REFUSED
    return _answer(reply, envelope, verdict, now, session)


def read_list_reply(reply: RawReply, now: datetime, *, is_page: bool) -> Answer:
    """Return `FOUND` where the answer holds a page of sessions."""
    envelope = _envelope(reply.body)
    verdict = _BY_STATUS.get(reply.status, Verdict.UNCLEAR)
    if reply.status == HTTPStatus.OK and is_page:
        verdict = Verdict.FOUND
    elif _is_plain_no(reply, envelope):
        verdict = Verdict.REFUSED
    return _answer(reply, envelope, verdict, now)


def read_account_reply(reply: RawReply, auth_id: AuthId, now: datetime) -> Answer:
    """Return `FOUND` where the answer describes this very account."""
    envelope = _envelope(reply.body)
    verdict = _BY_STATUS.get(reply.status, Verdict.UNCLEAR)
    if (
        reply.status == HTTPStatus.OK
        and envelope is not None
        and envelope.auth_id in (None, str(auth_id))
        and envelope.error is None
    ):
        verdict = Verdict.FOUND
    return _answer(reply, envelope, verdict, now)


def read_account_details(reply: RawReply) -> AccountDetails:
    """Return what an answer that was `FOUND` says of the account."""
    envelope = _envelope(reply.body) or _Envelope()
    return AccountDetails(
        name=_words_in(envelope.name), api_id=_words_in(envelope.api_id)
    )


def _envelope(body: bytes) -> _Envelope | None:
    try:
        return _decode_envelope(body)
    except UNREADABLE:
        return None


def _expire_verdict(reply: RawReply, envelope: _Envelope | None) -> Verdict:
    if reply.status in _BY_STATUS:
        return _BY_STATUS[reply.status]
    if reply.status in _SUCCESS:
        return _positive_verdict(reply, envelope)
    if _is_plain_no(reply, envelope):
        bad_request = reply.status == HTTPStatus.BAD_REQUEST
        already = bad_request and _says_already_expired(reply, envelope)
        return Verdict.ALREADY_EXPIRED if already else Verdict.REFUSED
    return Verdict.UNCLEAR


def _positive_verdict(reply: RawReply, envelope: _Envelope | None) -> Verdict:
    """Return the verdict on a 2xx, which can carry an error all the same.

    Documented are 200 with ``message`` and, in the SDKs' tests, 204 without a body.
    The text of ``message`` differs between sources and is not compared, but for the
    asynchronous mode's, which promises nothing.
    """
    if reply.status == HTTPStatus.NO_CONTENT and not reply.body.strip():
        return Verdict.EXPIRED
    if envelope is None:
        return Verdict.UNCLEAR
    if _says_already_expired(reply, envelope):
        return Verdict.ALREADY_EXPIRED
    if envelope.error is not None:
        return Verdict.REFUSED if _words_of(envelope.error) else Verdict.UNCLEAR
    message = envelope.message
    if not isinstance(message, str) or not message or "async" in message.lower():
        return Verdict.UNCLEAR
    return Verdict.EXPIRED


def _is_plain_no(reply: RawReply, envelope: _Envelope | None) -> bool:
    return (
        reply.status in _CLIENT_ERROR
        and reply.status not in _BY_STATUS
        and reply.status not in _TIMEOUT_STATUSES
        and envelope is not None
        and bool(_message_of(envelope))
    )


def _says_already_expired(reply: RawReply, envelope: _Envelope | None) -> bool:
    return "already expired" in _detail(reply, envelope).lower()


def _answer(
    reply: RawReply,
    envelope: _Envelope | None,
    verdict: Verdict,
    now: datetime,
    session: MaskingSession | None = None,
) -> Answer:
    return Answer(
        verdict=verdict,
        http_status=reply.status,
        api_id=_words_in(envelope.api_id if envelope is not None else None),
        elapsed_ms=reply.elapsed_ms,
        detail=_detail(reply, envelope),
        retry_after_seconds=read_retry_after(reply.retry_after, now),
        session=session,
    )


def _detail(reply: RawReply, envelope: _Envelope | None) -> PlainText:
    if envelope is not None:
        words = _message_of(envelope) or reply.reason
    else:
        body = reply.body[:400].decode("utf-8", "replace").strip()
        words = reply.reason if body.startswith("<") else body or reply.reason
    return fit_to_keep(words, limit=200)


def _message_of(envelope: _Envelope) -> str:
    """Return the words of an answer, wherever its author put them."""
    nested = envelope.data.get("error") if isinstance(envelope.data, dict) else None
    candidates = (envelope.error, envelope.message, envelope.global_error, nested)
    return next((words for words in map(_words_of, candidates) if words), "")


def _words_of(value: object) -> str:
    if isinstance(value, dict):
        return _words_of(value.get("error")) or _words_of(value.get("message"))
    return value if isinstance(value, str) else ""


def _read_session(body: bytes, envelope: _Envelope) -> MaskingSession | None:
    """Return the session under ``response``, or at the top as in 2023, or None."""
    source: bytes | msgspec.Raw = body
    if bytes(envelope.response) not in {b"", b"null"}:
        source = envelope.response
    elif envelope.session_uuid is None:
        return None
    return read_session(source)


def read_session(source: bytes | msgspec.Raw) -> MaskingSession | None:
    """Return the session that a JSON object describes, or None."""
    try:
        return _session(_decode_session(source))
    except (*UNREADABLE, InvalidSessionUuidError):
        return None


def _session(raw: _Session) -> MaskingSession | None:
    if not isinstance(raw.session_uuid, str) or not isinstance(raw.status, str):
        return None
    word = raw.status.strip().lower()
    known = {status.value: status for status in SessionStatus}
    return MaskingSession(
        session_uuid=SessionUuid(raw.session_uuid),
        status=known.get(word, SessionStatus.OTHER),
        status_word=fit_to_keep(word, limit=20),
        first_party=_text(raw.first_party),
        second_party=_text(raw.second_party),
        virtual_number=_text(raw.virtual_number),
        created_time=_time(raw.created_time),
        expiry_time=_time(raw.expiry_time),
        last_interaction_time=_time(raw.last_interaction_time),
        total_call_count=_count(raw.total_call_count),
    )


def _words_in(value: object) -> PlainText:
    """Return a string or a number as text that is shown and kept."""
    return fit_to_keep(_text(value), limit=200)


def _text(value: object) -> PlainText:
    """Return a string or a number as text; everything else, and "null", as nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return PlainText("")
    text = str(value) if isinstance(value, str) or abs(value) < 10**30 else ""
    return plain_text("" if text == "null" else text, limit=200)


def _time(value: object) -> datetime | None:
    return parse_timestamp(value) if isinstance(value, str) else None


def _count(value: object) -> int | None:
    digits = _text(value).strip()
    return int(digits) if digits.isascii() and digits.isdecimal() else None
