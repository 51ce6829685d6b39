"""The identity of a masking session, which cannot exist in a malformed state."""

import re
from typing import Self

from masking_console.errors import InvalidSessionUuidError

EXAMPLE = "c28b77d4-21e7-43bd-9447-04bfee92e651"
"""A session UUID to show where one is asked for."""

_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class SessionUuid(str):
    """A session UUID in canonical, lower-case form.

    To hold one is proof of its form: an empty or malformed id, which elsewhere in
    Plivo's API turns a DELETE into one on a whole collection, cannot be built.

    Raises:
        InvalidSessionUuidError: the text is anything else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the text in lower case."""
        lowered = text.lower()
        if not text.isascii() or _CANONICAL.fullmatch(lowered) is None:
            raise InvalidSessionUuidError(
                f"This is not a session id. A session id looks like {EXAMPLE}."
            )
        return super().__new__(cls, lowered)

    @property
    def short(self) -> str:
        """The first eight characters, by which operators speak of a session."""
        return self[:8]


def is_canonical(text: str) -> bool:
    """Return whether a text is a session UUID in canonical form."""
    return _CANONICAL.fullmatch(text) is not None
