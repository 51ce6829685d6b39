"""Searches in Plivo's lists, and the proof that nothing is missing."""

import re
from dataclasses import dataclass
from datetime import datetime

from masking_console.errors import InputError
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.phone_number import (
    LONGEST_SPELLING,
    Reading,
    number_in,
    plain_spelling,
    readings_of,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import Learnt
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import (
    PastAttempt,
)


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A paste or a search that brought sessions; it holds no number.

    Each one is itself: two searches with the same words are two origins.
    """

    at: datetime
    """Time of its beginning, in UTC."""
    searched: PlainText = PlainText("")
    """Text of the search, masked, such as ``+91..051 (India)``; empty for a paste."""
    short: PlainText = PlainText("")
    """The same for a narrow column, such as ``+91..051``."""

    is_for_all: bool = False
    """Whether it was the search for all open sessions."""

    @property
    def is_search(self) -> bool:
        """Whether it was a search."""
        return bool(self.searched)


FEWEST_OF_UUID = 4
"""Fewest characters of a session UUID that are worth looking for."""

_UUID_DIGITS = 32
_DASHES = (8, 12, 16, 20)
"""Hexadecimal digits of a UUID that follow a dash."""
_PART_OF_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f-]+)", re.ASCII)
_OF_UUID_ALONE = re.compile(r"[a-f]|-$|^\d{8}-\d{4}-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sessions that are looked for; without anything set, all that are open.

    A number lives here and in the field where it was typed, and nowhere else.
    """

    readings: tuple[Reading, ...] = ()
    """Numbers that a spelling may mean, the surest first."""
    uuid_part: str = ""
    """The beginning of a session UUID."""
    session_uuid: SessionUuid | None = None
    """One session."""

    def __repr__(self) -> str:
        # A number must not get into a crash report or a log.
        return "Wanted(...)"

    @classmethod
    def of(cls, text: str, country: str = "") -> "Wanted":
        """Return what a person typed: a number in any spelling, an id, or nothing.

        The first number loads the numbering plans, which takes up to a tenth of a
        second: not for an event loop.

        Args:
            text: what was typed.
            country: two letters of the country whose national spellings are read.

        Raises:
            InputError: it is none of these.
        """
        if not text.strip():
            return cls()
        plain = plain_spelling(text)
        if len(text) <= LONGEST_SPELLING:
            if part := _part_of_uuid(plain.lower()):
                return part
            if number := number_in(plain):
                return cls(readings_of(number, country))
        raise InputError("Type a phone number with its country code, or a session id.")

    @property
    def finds_all_states(self) -> bool:
        """Whether expired sessions are looked for as well."""
        return bool(self.readings or self.uuid_part or self.session_uuid)

    @property
    def meant(self) -> tuple[Reading, ...]:
        """The readings of which it can be said that they were looked for."""
        return tuple(each for each in self.readings if each.is_meant)

    def reading_of(self, session: MaskingSession) -> Reading | None:
        """Return the surest reading that a session has among its numbers."""
        numbers = session.numbers
        return next((each for each in self.readings if each.digits in numbers), None)

    def matches(self, session: MaskingSession) -> bool:
        """Whether a session matches, wherever it was listed."""
        if self.readings:
            return self.reading_of(session) is not None
        is_open = session.status is not SessionStatus.EXPIRED
        is_it = self.session_uuid in {None, session.session_uuid}
        return (
            is_it
            and (is_open or self.finds_all_states)
            and session.session_uuid.startswith(self.uuid_part)
        )


def _part_of_uuid(typed: str) -> Wanted | None:
    """Return a session UUID or the beginning of one; digits alone are a number."""
    match = _PART_OF_UUID.fullmatch(typed.strip(" \"'`<>(){},;"))
    if match is None:
        return None
    digits = match[1].replace("-", "")
    dashed = "".join(f"-{d}" if at in _DASHES else d for at, d in enumerate(digits))
    if len(digits) == _UUID_DIGITS:
        return Wanted(session_uuid=SessionUuid(dashed))
    is_part = FEWEST_OF_UUID <= len(digits) < _UUID_DIGITS
    if is_part and _OF_UUID_ALONE.search(match[1]):
        return Wanted(uuid_part=dashed)
    return None


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was made, fit to be kept and shown: it holds no number."""

    words: PlainText
    """Its words, such as ``+91..051 (India)``."""
    at: datetime
    """The moment at which it began."""


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session that a search has found, and what led to it."""

    session: MaskingSession
    """The session, as it was listed."""
    search: Search
    """The search."""
    reading: PlainText = PlainText("")
    """The number by which it was found, masked; nothing where it was not by one."""
    past: PastAttempt | None = None
    """The past of an expired one, as far as our journal knows it."""
    is_past_read: bool = False
    """Whether the journal was asked, could be read, and has lost nothing of then."""

    @property
    def is_open(self) -> bool:
        """Whether it may still connect calls."""
        return self.session.status is not SessionStatus.EXPIRED


@dataclass(frozen=True, slots=True)
class ListProgress:
    """Progress of reading a list."""

    windows_read: int
    """The number of stretches of time that have been read to their end."""
    windows: int
    """Number of windows."""
    read: int
    """Number of sessions read, of every state."""
    found: tuple[FoundSession, ...] = ()
    """Sessions that match and that have come since the last event."""


@dataclass(frozen=True, slots=True)
class ListEnd:
    """End of reading a list."""

    since: datetime
    """Earliest time that it read."""
    until: datetime
    """The moment at which it began; what is newer is not in it."""
    windows: int
    """Number of windows that were asked for."""
    proved: int
    """Number of windows that were proved to be read as a whole."""
    problems: tuple[str, ...] = ()
    """Gaps, one sentence each."""
    readings: tuple[PlainText, ...] = ()
    """The numbers that were meant or met, masked, with their countries."""
    is_reading_sure: bool = True
    """Whether it can be said which number was looked for."""
    is_anything_read: bool = True
    """Whether Plivo gave a single answer that could be read."""
    is_rate_limited: bool = False
    """Whether Plivo's rate limit kept something from being read."""

    @property
    def is_complete(self) -> bool:
        """Whether it is proved that nothing is missing."""
        return (
            self.proved == self.windows and not self.problems and self.is_reading_sure
        )


ListEvent = ListProgress | ListEnd | Learnt
"""Events of reading a list."""
