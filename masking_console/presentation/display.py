"""How times and signs are shown: one choice for the whole program, like a locale.

Only what is read on a screen or a terminal looks at it. The journal, exports and the
report for a ticket are in UTC, because others read them elsewhere.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from masking_console.settings import Settings, SignStyle, TimeZone, foreign_place


class Sign(Enum):
    """One character that says what a color also says."""

    DONE = "+"
    """Expired, with evidence."""
    ALREADY = "="
    """Nothing was left to do."""
    UNKNOWN = "?"
    """Nobody knows yet."""
    FAILED = "!"
    """It did not work, or needs attention."""
    ABSENT = "-"
    """Not there."""
    NOTE = "."
    """For information."""
    RETRY = "~"
    """Waiting, and trying again."""


_SYMBOLS = {Sign.DONE: "✓", Sign.FAILED: "✗", Sign.NOTE: "·"}
"""Those that say more than their ASCII form, each one column wide."""


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
