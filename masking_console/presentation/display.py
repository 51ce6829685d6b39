"""Display of times and signs: one choice for the whole program, like a locale.

Only what is read on a screen or a terminal looks at it. The journal, exports and the
report for a ticket are in UTC, because others read them elsewhere.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import ClassVar

from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.settings import Settings, SignStyle, TimeZone, foreign_place


class Sign(Enum):
    """One character that says what a color also says."""

    DONE = "+"
    """Expired, with evidence."""
    ALREADY = "="
    """Nothing was left to do."""
    UNKNOWN = "?"
    """Unknown."""
    FAILED = "!"
    """A failure, or something that needs attention."""
    ABSENT = "-"
    """Not there."""
    NOTE = "."
    """For information."""
    RETRY = "~"
    """Waiting, and trying again."""


_SYMBOLS = {Sign.DONE: "✓", Sign.FAILED: "✗", Sign.NOTE: "·"}
"""Signs that say more than their ASCII form, each one column wide."""


_NOT_PLIVO, _CUT = "NOT PLIVO: ", "..."
_LEAST_OF_PLACE = 8


@dataclass(frozen=True, slots=True)
class _Display:
    time_zone: TimeZone = TimeZone.UTC
    signs: SignStyle = SignStyle.PLAIN


_chosen = [_Display()]


def show_as(settings: Settings) -> None:
    """Show times and signs as the settings say, from here on."""
    _chosen[0] = _Display(settings.time_zone, settings.signs)


def place_words(settings: Settings, room: int = 80) -> str:
    """Return the words on a base URL that is not Plivo's; nothing where it is.

    Where there is no room for all of it, the end is kept: who owns a host stands there.
    """
    place = "" if settings.practice else foreign_place(settings.api_url)
    if not place:
        return ""
    room = max(room - len(_NOT_PLIVO), len(_CUT) + _LEAST_OF_PLACE)
    if len(place) > room:
        place = _CUT + place[len(_CUT) - room :]
    return f"{_NOT_PLIVO}{place}"


def glyph(sign: Sign) -> str:
    """Return the character of a sign."""
    if _chosen[0].signs is SignStyle.UNICODE:
        return _SYMBOLS.get(sign, sign.value)
    return sign.value


def shown_time(moment: datetime) -> datetime:
    """Return the moment in the zone in which it is shown."""
    if _chosen[0].time_zone is TimeZone.LOCAL:
        return moment.astimezone()
    return moment.astimezone(UTC)


def hour_to_second(moment: datetime) -> str:
    """Return a time such as ``12:04:31``."""
    return f"{shown_time(moment):%H:%M:%S}"


def hour_and_minute(moment: datetime) -> str:
    """Return a time with its zone, such as ``12:04 UTC``."""
    return f"{shown_time(moment):%H:%M} {zone_name(moment)}"


def day_and_minute(moment: datetime) -> str:
    """Return a day and a time such as ``2026-03-04 12:04``."""
    return f"{shown_time(moment):%Y-%m-%d %H:%M}"


def day_and_second(moment: datetime) -> str:
    """Return a moment with its zone, such as ``2026-03-04 12:04:31 UTC``."""
    return f"{shown_time(moment):%Y-%m-%d %H:%M:%S} {zone_name(moment)}"


def zone_name(moment: datetime | None = None) -> str:
    """Return the zone in which times are shown: ``UTC``, or such as ``+05:30``."""
    if _chosen[0].time_zone is TimeZone.UTC:
        return "UTC"
    offset = f"{shown_time(moment or datetime.now(UTC)):%z}"
    return f"{offset[:3]}:{offset[3:5]}"


_SECONDS_FROM_MS = 10_000
"""Milliseconds from which seconds say it better."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log pane."""

    at: datetime
    """Time of the event, in UTC."""
    sign: Sign
    """The sign of its kind."""
    word: str
    """The kind in one word, such as ``expired``."""
    text: PlainText
    """The rest, in words."""
    session_uuid: SessionUuid | None = None
    """The session it is about."""
    status: str = ""
    """``200``, ``GET``, ``---`` for no answer, or nothing."""
    elapsed_ms: int | None = None
    """Duration of the request."""
    api_id: PlainText = PlainText("")
    """Plivo's id of the request."""

    TIME: ClassVar = slice(0, 8)
    """The columns of the time in `line`."""
    WORD: ClassVar = slice(9, 20)
    """The columns of the sign and the word."""
    REST: ClassVar = slice(21, None)
    """The columns of all that follows."""
    REQUEST: ClassVar = slice(21, 34)
    """The columns of the session and the status; durations and Plivo's id follow."""

    @property
    def line(self) -> str:
        """The whole event in fixed columns, without the full ids."""
        return self.head + self.text

    @property
    def head(self) -> str:
        """The part before the text: time, sign, word and request."""
        columns = [f"{hour_to_second(self.at)} {glyph(self.sign)} {self.word:<9}"]
        if self.session_uuid:
            columns = [f"{columns[0]} {self.session_uuid.short}"]
        if self.status or self.elapsed_ms is not None:
            columns.append(f"{self.status:<3} {elapsed_column(self.elapsed_ms)}")
        if self.api_id:
            columns.append(f"api {self.api_id[:8]}")
        is_note = len(columns) == 1 and not self.session_uuid
        return "  ".join(columns) + (" " if is_note else "  ")


def elapsed(milliseconds: int) -> str:
    """Return a duration such as ``118 ms`` or ``15.0 s``."""
    if milliseconds < _SECONDS_FROM_MS:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s"


def elapsed_column(milliseconds: int | None) -> str:
    """Return a duration in seven columns, its number and its unit aligned."""
    if milliseconds is None:
        return " " * 7
    number, unit = elapsed(milliseconds).split(" ")
    return f"{number:>4} {unit:<2}"
