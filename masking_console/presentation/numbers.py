"""A phone number as far as it may be seen: country code and last three digits."""

import re
from collections.abc import Iterable

from masking_console.models.countries import COUNTRIES
from masking_console.models.phone_number import Certainty, Reading
from masking_console.models.plain_text import PlainText

_SEPARATORS = re.compile(r"[ ().\-]")
_DIGITS = re.compile(r"\+?(?:00)?(\d+)", re.ASCII)
_SHORTEST = 7
"""Below this a number has too few digits to hide any of them."""

# ITU-T E.164: zones 1 and 7 have one digit, some codes have two, every other one has
# three; 28, 83 and 89 are spare, and no code starts with 0. A library knows that and
# much more, but takes too long to load for a list; the tests compare
# this table with one.
_COUNTRY_CODE = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?!28|83|89)[2-9]\d\d"
)

MASKED_WIDTH = 8
"""How many columns a masked phone number takes."""


def masked(number: PlainText) -> str:
    """Return a number such as ``+91..051``, in the width that columns rely on.

    A short number is ``...``, none at all is ``-``, and a SIP endpoint is ``sip..``.
    """
    if not number:
        return "-"
    match = _DIGITS.fullmatch(_SEPARATORS.sub("", number))
    if match is None:
        return "sip.." if _is_endpoint(number) else "..."
    digits = match[1]
    if len(digits) < _SHORTEST:
        return "..."
    return f"+{country_code(digits):.<4}{digits[-3:]}"


def masked_readings(readings: Iterable[Reading]) -> tuple[str, ...]:
    """Return the numbers that were meant, masked; or the end of the digits as typed."""
    every = tuple(readings)
    meant = [masked(PlainText(each.digits)) for each in every if each.is_meant]
    # Nobody knows whether the digits begin with a country code.
    return tuple(dict.fromkeys(meant)) or tuple(
        dict.fromkeys(f"...{each.digits[-3:]}" for each in every)
    )


def named_readings(readings: Iterable[Reading]) -> tuple[PlainText, ...]:
    """Return the numbers that were meant, or what was typed, with their countries."""
    every = tuple(readings)
    meant = [reading_words(each) for each in every if each.is_meant]
    return tuple(dict.fromkeys(meant)) or tuple(
        PlainText(f"{each} as typed") for each in masked_readings(every)
    )


def reading_words(reading: Reading) -> PlainText:
    """Return a number that was searched or met, such as ``+91..051 (India)``."""
    if reading.certainty is Certainty.AS_TYPED:
        return PlainText(f"...{reading.digits[-3:]} as typed")
    words = masked(PlainText(reading.digits))
    country = COUNTRIES.get(reading.region, "")
    return PlainText(f"{words} ({country})" if country else words)


def country_code(digits: str) -> str:
    """Return the country calling code that digits start with, or nothing."""
    match = _COUNTRY_CODE.match(digits)
    return match[0] if match else ""


def _is_endpoint(text: str) -> bool:
    return "@" in text or any(character.isalpha() for character in text)
