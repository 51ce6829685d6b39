"""One page of a list of sessions, in every shape that Plivo has given it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from masking_console.models.masking_session import MaskingSession
from masking_console.plivo.replies import UNREADABLE, read_session

_NOTHING = msgspec.Raw()


class _Meta(msgspec.Struct):
    total_count: Any = None


class _Listed(msgspec.Struct):
    """Sessions stand under ``objects`` now, and stood under ``sessions`` in 2023."""

    meta: _Meta | None = None
    objects: list[msgspec.Raw] | None = None
    sessions: list[msgspec.Raw] | None = None


class _Around(_Listed):
    response: _Listed | None = None


_decode: Callable[[bytes], _Around] = msgspec.json.Decoder(_Around).decode


@dataclass(frozen=True, slots=True)
class SessionPage:
    """The sessions of one answer to a list request."""

    sessions: tuple[MaskingSession, ...]
    """Those that can be read, in the order in which they came."""
    total_count: int | None = None
    """How many match in all, as Plivo says."""
    unreadable: int = 0
    """How many objects were no session."""


def read_page(body: bytes) -> SessionPage | None:
    """Return the page in a body, or None where there is none: never an empty one."""
    try:
        around = _decode(body)
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
