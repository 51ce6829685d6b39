"""Shapes of raw answers: names of fields, and the few values that hold no person.

PINs are never decoded: the value of a field is left as bytes, unless its name is one of
those that are shown.
"""

from collections.abc import Iterator

import msgspec

from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import PlainText

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
