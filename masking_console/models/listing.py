"""What is looked for in Plivo's lists, and what is proved to have been found."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from masking_console.errors import InputError, InvalidSessionUuidError
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.session_uuid import SessionUuid

FEWEST_DIGITS = 7
"""A number with fewer digits would find half of the account."""
FEWEST_OF_UUID = 4
"""So many characters of a session UUID are worth looking for."""

_NOT_DIGITS = re.compile(r"[\s().+/-]")
_PART_OF_UUID = re.compile(r"[0-9a-f][0-9a-f-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which open sessions are looked for; without anything set, all of them.

    A number lives here and in the field where it was typed, and nowhere else.
    """

    number: str = ""
    """A phone number, in digits with its country code."""
    uuid_part: str = ""
    """The beginning of a session UUID."""
    session_uuid: SessionUuid | None = None
    """One session."""

    def __repr__(self) -> str:
        # A number must not get into a crash report or a log.
        return "Wanted(...)"

    @classmethod
    def of(cls, text: str) -> "Wanted":
        """Return what a person typed: a number in any spelling, an id, or nothing.

        Raises:
            InputError: it is none of these.
        """
        typed = text.strip().lower()
        if not typed:
            return cls()
        with suppress(InvalidSessionUuidError):
            return cls(session_uuid=SessionUuid(typed))
        digits = _NOT_DIGITS.sub("", typed)
        if digits.isascii() and digits.isdecimal():
            return cls(number=_number(digits, typed))
        if _PART_OF_UUID.fullmatch(typed) and len(typed) >= FEWEST_OF_UUID:
            return cls(uuid_part=typed)
        raise InputError("Type a phone number with its country code, or a session id.")

    def matches(self, session: MaskingSession) -> bool:
        """Whether a session is open and one that is looked for, whoever listed it."""
        if session.status is SessionStatus.EXPIRED:
            return False
        if self.number:
            return self.number in session.numbers
        return session.session_uuid.startswith(self.uuid_part)


def _number(digits: str, typed: str) -> str:
    if digits.startswith("00") and "+" not in typed:
        digits = digits[2:]
    if len(digits) < FEWEST_DIGITS:
        raise InputError("Type the whole number, with its country code.")
    return digits


@dataclass(frozen=True, slots=True)
class ListProgress:
    """How far a list has been read."""

    window: int
    """The stretch of time that is being read, from 1."""
    windows: int
    """How many there are."""
    read: int
    """How many sessions have been read, of every state."""
    found: tuple[MaskingSession, ...] = ()
    """The open ones that are looked for and that have come since the last word."""


@dataclass(frozen=True, slots=True)
class ListEnd:
    """What reading a list has come to."""

    since: datetime
    """How far back it went."""
    until: datetime
    """The moment at which it began; what is newer is not in it."""
    windows: int
    """How many stretches of time were asked for."""
    proved: int
    """For how many of them it is proved that every session was read."""
    problems: tuple[str, ...] = ()
    """What is missing, one sentence each."""

    @property
    def is_complete(self) -> bool:
        """Whether it is proved that nothing is missing."""
        return self.proved == self.windows and not self.problems


ListEvent = ListProgress | ListEnd
"""What reading a list tells."""
