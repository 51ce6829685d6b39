"""Status code and body → `Answer`; the only place that knows Plivo's shapes.

Every shape that the API reference lists under "Errors" and "Expire" becomes one of our
verdicts. Success, and a no, count only in Plivo's own form, with an ``api_id`` that has
not come before; what is not known is `UNCLEAR`, and a GET then tells.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from masking_console.plivo.answers import (
    LONGEST_WORDS,
    Answer,
    CutSecrets,
    Verdict,
    safe_place,
    safe_words,
)
from masking_console.plivo.pacing import read_retry_after

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_API_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_SUCCESS = range(200, 300)
_REDIRECT = range(300, 400)
_CLIENT_ERROR = range(400, 500)
_ERRORS = 400
_IN_ANY_FORM: dict[int, Verdict] = {
    HTTPStatus.UNAUTHORIZED: Verdict.TOKEN_REFUSED,
    HTTPStatus.FORBIDDEN: Verdict.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: Verdict.RATE_LIMITED,
}
"""Statuses that stop or slow a run, whoever sends them."""
# The documentation and the SDKs' recorded answers have these sentences, and no other.
_EXPIRED = frozenset({"session expired", "session deleted"})
_ALREADY_EXPIRED = "session already expired"
_SAYS_ALREADY = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST})
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
"""Errors of decoding; msgspec recurses into what it skips, however deep it nests."""


@dataclass(frozen=True, slots=True)
class RawReply:
    """One HTTP answer as it came off the wire."""

    status: int
    """The status code."""
    body: bytes
    """The whole body, not decompressed."""
    elapsed_ms: int = 0
    """Time from the first byte sent to the last byte read."""
    retry_after: str | None = None
    """The header of that name."""
    reason: str = ""
    """The reason phrase, as a last resort for words."""
    location: str = ""
    """Target of a redirect."""
    is_repeat: bool = False
    """Whether its ``api_id`` has come before: then it answers another request."""
    cut_secrets: CutSecrets = str
    """Takes the account's secrets out of a text."""


def read_expire_reply(reply: RawReply, now: datetime) -> Answer:
    """Return what the answer to a DELETE is evidence for."""
    envelope = _envelope(reply.body)
    verdict = _expire_verdict(reply, envelope)
    return _answer(reply, envelope, verdict, now, is_delete=True)


def read_session_reply(
    reply: RawReply, session_uuid: SessionUuid, now: datetime
) -> Answer:
    """Return what the answer to a GET of this session is evidence for."""
    envelope = _envelope(reply.body)
    verdict, session = _negative_verdict(reply, envelope), None
    if (positive := _positive(reply, envelope)) is not None:
        session = _read_session(reply.body, positive)
        if session is not None and session.session_uuid == session_uuid:
            verdict = Verdict.FOUND
            words = safe_words(session.status_word, reply.cut_secrets)
            session = replace(session, status_word=words)
        else:
            session = None
    return _answer(reply, envelope, verdict, now, session)


def read_list_reply(reply: RawReply, now: datetime, *, is_page: bool) -> Answer:
    """Return `FOUND` where the answer holds a page of sessions."""
    envelope = _envelope(reply.body)
    verdict = _negative_verdict(reply, envelope)
    if reply.status == HTTPStatus.OK and is_page and not reply.is_repeat:
        verdict = Verdict.FOUND
    return _answer(reply, envelope, verdict, now)


def read_account_reply(reply: RawReply, auth_id: AuthId, now: datetime) -> Answer:
    """Return `FOUND` where the answer describes this very account."""
    envelope = _envelope(reply.body)
    verdict = _negative_verdict(reply, envelope)
    positive = _positive(reply, envelope)
    if positive is not None and positive.auth_id in (None, str(auth_id)):
        verdict = Verdict.FOUND
    return _answer(reply, envelope, verdict, now)


def read_account_details(reply: RawReply) -> AccountDetails:
    """Return what an answer that was `FOUND` says of the account."""
    envelope = _envelope(reply.body) or _Envelope()
    name = safe_words(_text(envelope.name), reply.cut_secrets)
    return AccountDetails(name=name, api_id=_api_id(envelope))


def _envelope(body: bytes) -> _Envelope | None:
    try:
        return _decode_envelope(body)
    except UNREADABLE:
        return None


def read_api_id(body: bytes) -> PlainText:
    """Return Plivo's id of the request; empty where an answer has none of its kind."""
    envelope = _envelope(body)
    return _api_id(envelope) if envelope is not None else PlainText("")


def _expire_verdict(reply: RawReply, envelope: _Envelope | None) -> Verdict:
    """Return the verdict on a DELETE: success only in the documented words.

    Everything else that is not a clear no is looked at with a GET.
    """
    words = _whole_words(reply)
    if words.message in _EXPIRED and reply.status == HTTPStatus.OK:
        return Verdict.EXPIRED
    is_already = _ALREADY_EXPIRED in (words.message, words.error)
    if is_already and reply.status in _SAYS_ALREADY:
        return Verdict.ALREADY_EXPIRED
    return _negative_verdict(reply, envelope)


def _negative_verdict(reply: RawReply, envelope: _Envelope | None) -> Verdict:
    """Return the verdict on an answer that is no success."""
    if reply.is_repeat:
        return Verdict.UNCLEAR
    if reply.status in _REDIRECT:
        return Verdict.REDIRECTED
    if reply.status in _IN_ANY_FORM:
        return _IN_ANY_FORM[reply.status]
    if reply.status not in _CLIENT_ERROR or reply.status in _TIMEOUT_STATUSES:
        return Verdict.UNCLEAR
    if not _is_plivos_no(envelope):
        return Verdict.UNCLEAR
    is_missing = reply.status == HTTPStatus.NOT_FOUND
    return Verdict.NOT_FOUND if is_missing else Verdict.REFUSED


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    """The whole of an answer that is evidence by itself: one sentence and its id."""

    api_id: str = ""
    message: str | None = None
    error: str | None = None


_NO_WORDS = _Words()
_decode_words: Callable[[bytes], _Words] = msgspec.json.Decoder(_Words).decode


def _whole_words(reply: RawReply) -> _Words:
    """Return the one sentence of an answer, in lower case; empty without an id."""
    try:
        words = _decode_words(reply.body)
    except UNREADABLE:
        return _NO_WORDS
    is_one = (words.message is None) != (words.error is None)
    if reply.is_repeat or not is_one or not _is_api_id(words.api_id):
        return _NO_WORDS
    return _Words(message=_bare(words.message), error=_bare(words.error))


def _bare(words: str | None) -> str:
    return " ".join((words or "").split()).casefold().removesuffix(".")


def _positive(reply: RawReply, envelope: _Envelope | None) -> _Envelope | None:
    """Return the envelope of a 200 of Plivo's, new, and without an error in it."""
    if envelope is None or reply.status != HTTPStatus.OK or reply.is_repeat:
        return None
    is_error = envelope.error is not None or envelope.global_error is not None
    return envelope if _api_id(envelope) and not is_error else None


def _is_plivos_no(envelope: _Envelope | None) -> bool:
    """Return whether an answer is a refusal in Plivo's form: its id, and a text."""
    if envelope is None or not _api_id(envelope):
        return False
    texts = (envelope.error, envelope.message)
    return any(isinstance(each, str) and each.strip() for each in texts)


def _api_id(envelope: _Envelope) -> PlainText:
    text = _text(envelope.api_id)
    return text if _is_api_id(text) else PlainText("")


def _is_api_id(text: str) -> bool:
    # A number alone could be a phone number; Plivo's are UUIDs.
    return _API_ID.fullmatch(text) is not None and not text.isdecimal()


def _answer(
    reply: RawReply,
    envelope: _Envelope | None,
    verdict: Verdict,
    now: datetime,
    session: MaskingSession | None = None,
    *,
    is_delete: bool = False,
) -> Answer:
    api_id = _api_id(envelope) if envelope is not None else PlainText("")
    # A UUID, as Plivo's are, has no room for a secret, and looking costs time.
    if not _UUID.fullmatch(api_id) and safe_words(api_id, reply.cut_secrets) != api_id:
        api_id = PlainText("")
    is_told = bool(api_id) and (reply.status < _ERRORS or _is_plivos_no(envelope))
    is_plivos = is_told and not reply.is_repeat
    if verdict is Verdict.UNCLEAR:
        said = _message(reply, envelope) if is_delete else None
        detail = _unclear_words(reply, said, is_plivos=is_plivos)
    else:
        detail = _clear_words(reply, envelope, verdict)
    return Answer(
        verdict=verdict,
        # The status of an answer to something else is no fact of this request.
        http_status=None if reply.is_repeat else reply.status,
        api_id=api_id,
        elapsed_ms=reply.elapsed_ms,
        detail=detail,
        is_plivos=is_plivos,
        retry_after_seconds=read_retry_after(reply.retry_after, now),
        session=session,
    )


def _clear_words(
    reply: RawReply, envelope: _Envelope | None, verdict: Verdict
) -> PlainText:
    if verdict is Verdict.REDIRECTED:
        place = safe_place(reply.location, reply.cut_secrets)
        return PlainText(f"redirected{f' to {place}' if place else ''}, not followed")
    words = _message(reply, envelope) or reply.reason
    return safe_words(words, reply.cut_secrets)


def _unclear_words(reply: RawReply, said: str | None, *, is_plivos: bool) -> PlainText:
    """Return what an answer is that proves nothing.

    Args:
        reply: the answer.
        said: its words, where it was to confirm something.
        is_plivos: whether it is in Plivo's form.
    """
    if reply.is_repeat:
        return PlainText("the answer to an earlier request came once more")
    if reply.status in _SUCCESS and said is not None:
        words = f"answered {reply.status}, but did not confirm: "
        words += safe_words(said, reply.cut_secrets)
        return plain_text(words.removesuffix(": "), limit=LONGEST_WORDS)
    if not is_plivos:
        return PlainText(f"answered {reply.status}, not in Plivo's form")
    if reply.status in _SUCCESS:
        return PlainText(f"answered {reply.status}, but about something else")
    return PlainText(f"Plivo error {reply.status}")


def _message(reply: RawReply, envelope: _Envelope | None) -> str:
    """Return the words of an answer's body, wherever its author put them."""
    if envelope is not None:
        return _message_of(envelope)
    body = reply.body[:2000].decode("utf-8", "replace").strip()
    return "" if body.startswith("<") else body


def _message_of(envelope: _Envelope) -> str:
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
