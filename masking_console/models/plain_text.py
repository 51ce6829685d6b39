"""Text from outside, made harmless once, where it enters.

Every widget passes control characters on to the terminal, so a session's callback URL
could otherwise set the clipboard or hide an id behind a bidirectional override.
"""

import re
from typing import NewType

PlainText = NewType("PlainText", str)
"""One line without control, format, bidirectional or surrogate characters."""

PlainLines = NewType("PlainLines", str)
"""The same over several lines, which ``\\n`` alone separates."""

MARK = "\ufffd"
"""Mark in place of a character that was taken out: nothing vanishes silently."""

_PLANES = range(0x10000, 0x110000, 0x10000)
# Categories Cc, Cf, Cs, Zl and Zp, Unicode's default-ignorable code points and
# noncharacters. The unit test compares this with `unicodedata`, point by point.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(chr(plane | last) for plane in _PLANES for last in (0xFFFE, 0xFFFF))
    + "]"
)
_LINE_ENDS = re.compile(r"\r\n?|\n|\x0b|\x0c|\x1c|\x1d|\x1e|\x85|\u2028|\u2029")
_WHITE = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")


def plain_text(text: str, *, limit: int = 500) -> PlainText:
    """Return the text as one harmless line of at most ``limit`` characters."""
    line = _HARMFUL.sub(MARK, _WHITE.sub(" ", text[: limit + 1]))
    return PlainText(line if len(line) <= limit else line[: limit - 1] + "…")


def plain_lines(text: str) -> PlainLines:
    """Return the text with its lines kept and everything harmful marked."""
    lines = _LINE_ENDS.sub("\n", text).expandtabs(4).split("\n")
    return PlainLines("\n".join(_HARMFUL.sub(MARK, line) for line in lines))
