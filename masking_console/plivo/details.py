"""Answers to GETs: details of a session, pages of lists, and shapes without people.

PINs are never decoded: where a shape is wanted, the value of a field is left as bytes,
unless its name is one of those that are shown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from masking_console.models.free_text import fit_to_keep
from masking_console.models.masking_session import (
    MaskingSession,
    SessionStatus,
    bare_number,
    parse_timestamp,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_detail import Interaction, SessionDetail
from masking_console.plivo.replies import UNREADABLE, read_session


class _Meta(msgspec.Struct):
    total_count: Any = None


class _Listed(msgspec.Struct):
    """Sessions are under ``objects`` now, and were under ``sessions`` in 2023."""

    meta: _Meta | None = None
    objects: list[msgspec.Raw] | None = None
    sessions: list[msgspec.Raw] | None = None


class _PageAround(_Listed):
    response: _Listed | None = None


_decode_page: Callable[[bytes], _PageAround] = msgspec.json.Decoder(_PageAround).decode


@dataclass(frozen=True, slots=True)
class SessionPage:
    """The sessions of one answer to a list request."""

    sessions: tuple[MaskingSession, ...]
    """Sessions that can be read, in the order in which they came."""
    total_count: int | None = None
    """Number of sessions that match, as Plivo says."""
    unreadable: int = 0
    """Number of objects that were no session."""


def read_page(body: bytes) -> SessionPage | None:
    """Return the page in a body, or None where there is none: never an empty one."""
    try:
        around = _decode_page(body)
    except UNREADABLE:
        return None
    inner = around.response or around
    for candidate in (inner.objects, inner.sessions):
        if candidate is not None:
            read = [read_session(each) for each in candidate]
            sessions = tuple(each for each in read if each is not None)
            total = inner.meta.total_count if inner.meta else None
            return SessionPage(
                sessions,
                total if type(total) is int else None,
                len(read) - len(sessions),
            )
    return None


MOST_INTERACTIONS = 500
"""A session with more calls is not shown call by call."""

_NOTHING = msgspec.Raw()
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class _Interaction(msgspec.Struct):
    start_time: Any = None
    end_time: Any = None
    total_call_count: Any = None
    recording_resource_url: Any = None


class _Detail(msgspec.Struct):
    """PINs have no field and are skipped; a callback URL may hold a secret."""

    record: Any = None
    is_pin_authentication_required: Any = None
    callback_url: Any = None
    interaction: msgspec.Raw = _NOTHING


class _Around(_Detail):
    response: _Detail | None = None


_decode: Callable[[bytes], _Around] = msgspec.json.Decoder(_Around).decode
_decode_many: Callable[[msgspec.Raw], list[_Interaction]] = msgspec.json.Decoder(
    list[_Interaction]
).decode
_decode_one: Callable[[msgspec.Raw], _Interaction] = msgspec.json.Decoder(
    _Interaction
).decode


def read_detail(body: bytes, session: MaskingSession) -> SessionDetail:
    """Return the detail of a session that was read from the same body."""
    try:
        around = _decode(body)
        raw: _Detail = around.response or around
    except UNREADABLE:
        raw = _Detail()
    return SessionDetail(
        session=session,
        is_recorded=_truth(raw.record),
        has_pins=_truth(raw.is_pin_authentication_required),
        callback_host=_host(raw.callback_url),
        interactions=_interactions(raw.interaction),
    )


def _interactions(raw: msgspec.Raw) -> tuple[Interaction, ...]:
    """Return them from an array, or from a lone object, as the documents have it."""
    found: list[_Interaction] = []
    try:
        if bytes(raw)[:1] == b"[":
            found = _decode_many(raw)
        elif bytes(raw)[:1] == b"{":
            found = [_decode_one(raw)]
    except UNREADABLE:
        return ()
    read = [_interaction(each) for each in found[:MOST_INTERACTIONS]]
    read.sort(key=lambda each: each.start_time or _LONG_AGO, reverse=True)
    return tuple(read)


def _interaction(raw: _Interaction) -> Interaction:
    legs = raw.total_call_count
    url = raw.recording_resource_url
    return Interaction(
        start_time=_time(raw.start_time),
        end_time=_time(raw.end_time),
        legs=legs if type(legs) is int else None,
        has_recording=isinstance(url, str) and url not in {"", "null"},
    )


def _time(value: object) -> datetime | None:
    return parse_timestamp(value) if isinstance(value, str) else None


def _truth(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _host(value: object) -> PlainText:
    """Return the host alone: the rest of such a URL may hold a secret."""
    try:
        host = urlsplit(value).hostname if isinstance(value, str) else None
    except ValueError:
        return plain_text("unreadable")
    return plain_text(host or "", limit=80)


LARGEST_PAGE = 20
"""The most sessions on a page."""
_TIME = "%Y-%m-%d %H:%M:%S.%f"
"""A time in UTC; Plivo takes fractions of a second."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A question for one page of sessions; a field that is empty is not asked for.

    Whether Plivo obeyed it is for the caller to check, on every row.
    """

    first_party: str = ""
    """Party 1's number, with or without its plus."""
    second_party: str = ""
    """Party 2's number, likewise."""
    virtual_number: str = ""
    """The virtual number, likewise."""
    status: SessionStatus | None = None
    """The state; `IN_PROGRESS` and `OTHER` were never seen to be taken."""
    created_from: datetime | None = None
    """The earliest time of creation, in UTC."""
    created_before: datetime | None = None
    """The time of creation, in UTC, from which sessions are left out."""
    limit: int = LARGEST_PAGE
    """The most sessions on the page."""
    offset: int = 0
    """The number of sessions to skip."""

    @classmethod
    def for_number(cls, number: str) -> tuple["ListQuery", "ListQuery", "ListQuery"]:
        """Return the questions for a number in each of its three places."""
        return (
            cls(first_party=number),
            cls(second_party=number),
            cls(virtual_number=number),
        )

    @property
    def number(self) -> str:
        """The first number that it asks for, as bare digits; empty without one."""
        given = self.first_party or self.second_party or self.virtual_number
        return bare_number(given)

    def parameters(self) -> Mapping[str, str]:
        """Return the parameters of the request, by Plivo's names."""
        texts = {
            "first_party": bare_number(self.first_party),
            "second_party": bare_number(self.second_party),
            "virtual_number": bare_number(self.virtual_number),
            "status": self.status.value if self.status is not None else "",
            "created_time__gte": _in_plivos_words(self.created_from),
            "created_time__lt": _in_plivos_words(self.created_before),
            "limit": str(self.limit),
            "offset": str(self.offset) if self.offset else "",
        }
        return {name: text for name, text in texts.items() if text}


def _in_plivos_words(moment: datetime | None) -> str:
    return moment.strftime(_TIME) if moment is not None else ""


SHOWN = frozenset(
    {
        "api_id",
        "created_time",
        "duration",
        "error",
        "expiry_time",
        "limit",
        "message",
        "modified_time",
        "offset",
        "session_expiry",
        "status",
        "total_call_count",
        "total_count",
    }
)
"""Fields whose values are shown; of all others only the name is."""
_DEEPEST = 4
_MOST_FIELDS = 60
_INDENT = "  "
_BAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""Errors of decoding."""


def shape_lines(body: bytes) -> tuple[str, ...]:
    """Return the fields of a JSON body, one a line."""
    try:
        lines = list(_fields(body, 0))
    except _BAD:
        return (f"no JSON, {len(body)} bytes",)
    return tuple(lines[:_MOST_FIELDS])


def _fields(raw: bytes, depth: int) -> Iterator[str]:
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    for name, value in fields.items():
        shown = fit_to_keep(name, limit=60)
        piece = bytes(value)
        head = f"{_INDENT * depth}{shown}:"
        if piece[:1] == b"{" and depth < _DEEPEST:
            yield head
            yield from _fields(piece, depth + 1)
        elif piece[:1] == b"[" and depth < _DEEPEST:
            items = msgspec.json.decode(piece, type=list[msgspec.Raw])
            yield f"{head} {len(items)} items"
            if items and bytes(items[0])[:1] == b"{":
                yield from _fields(bytes(items[0]), depth + 1)
        else:
            yield f"{head} {_value(name, piece)}"


def _value(name: str, piece: bytes) -> PlainText | str:
    if name not in SHOWN:
        return "(not shown)"
    decoded: object = msgspec.json.decode(piece)
    return fit_to_keep(str(decoded), limit=100)
