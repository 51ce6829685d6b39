"""Encodings of ids in a text, undone where that leaves no doubt.

Mail, URLs, web pages, JSON, Markdown and terminals write some characters in another
way. Only the neighborhood of what could be a part of an id is decoded; the text itself,
and every id that can be read without this, stay as they are.
"""

import html
import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from masking_console.models.id_shapes import SEGMENT
from masking_console.models.plain_text import MARK

_B = "[0-9A-Fa-f]{2}"
_INVISIBLE = (
    "\x00\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff"
)
_WIDE = "\uff10-\uff19\uff21-\uff26\uff41-\uff46"
# The first character alone finds the place; what follows says which encoding it is.
_ESCAPE = re.compile(
    rf"[%=&<\\\x1b\u241b^#\[\ufffd_{_WIDE}{_INVISIBLE}]"
    rf"(?:(?<!\[)|(?=[0-9m]))(?:"
    rf"(?<=%)(?P<percent>(?:25){{0,20}}(?:u[0-9A-Fa-f]{{4}}"
    rf"|[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){{1,3}}|{_B}))"
    rf"|(?<==)(?P<quoted>(?![0-9A-Fa-f]{{8}}(?![0-9A-Fa-f]))"
    rf"(?:[C-F][0-9A-F](?:=[89AB][0-9A-F]){{1,3}}|{_B}|[ \t]{{0,9}}\n))"
    r"|(?<=&)(?P<entity>(?:amp;){0,20}(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}"
    r"|[A-Za-z]{2,31}[0-9]{0,2});)|(?<=<)(?P<tag>/?(?:wbr|b|i|u|s|em|strong|mark|span|font"
    r"|code|tt|kbd|samp|small|a)(?: [^<>\n]{0,80})?/?>)"
    r"|(?<=[\x1b\u241b\\^\#\[\ufffd])(?P<color>(?:(?<=[\x1b\u241b])"
    r"|(?<=\\)\\{0,63}+(?:x1[bB]|u001[bB]|033|e)|(?<=\^)\[|(?<=\#)033)\[[0-9;]{0,20}[A-Za-z]"
    r"|(?:(?<=\ufffd)\[|(?<=\[))[0-9;]{0,20}m)"
    rf"|(?<=\\)(?P<escape>\\{{0,63}}+(?:u\{{[0-9A-Fa-f]{{1,6}}\}}|u[0-9A-Fa-f]{{4}}"
    rf"|U[0-9A-Fa-f]{{8}}|x{_B}"
    r"|[0-7]{3}|[nrtbfv]|[-_.*~#+!|()\[\]{}`/:]))"
    r"|(?<=_)(?P<excel>x[0-9A-Fa-f]{4}_)"
    rf"|(?<=[{_WIDE}])(?P<width>)|(?<=[{_INVISIBLE}])(?P<invisible>[{_INVISIBLE}]{{0,63}}))"
)
_FIRST_SIGNS = "\x00%=&\\\x1b\u241b^#[\ufffd_<"
WORDS = {
    "percent": "percent-encoding",
    "quoted": "quoted-printable",
    "entity": "HTML entities",
    "tag": "HTML tags",
    "color": "terminal colors",
    "escape": "escapes",
    "excel": "Excel escapes",
    "width": "full-width characters",
    "invisible": "invisible characters",
}
"""The names of the encodings, as they are said."""
# An escape of an escape, and so on.
_AGAIN = re.compile(r"(?<=%)(?:25)+(?=u|[0-9A-Fa-f]{2})")
_AMPERSANDS = re.compile(r"&(?:amp;)+(?!\Z)")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
# What may stand inside an id, or be the beginning of another escape.
_INSIDE = re.compile("[0-9A-Fa-f%=&\\\\_#;\u00ad\u2010-\u2015\u2212\ufe63\uff0d-]?\\Z")
_ID_AHEAD = re.compile(r"[0-9A-Fa-f]{8}")
_HEX = frozenset("0123456789abcdefABCDEF")
_SIGNS = frozenset(_FIRST_SIGNS)
_WIDE_FROM = 0xFEE0
"""Distance of a full-width character from its ASCII one."""
_SURROGATES = range(0xD800, 0xE000)
_LEVELS = 3
"""Levels such as an entity in a percent-encoded string in JSON."""
_LEFT, _RIGHT = 128, 72
"""Characters around an escape: a name on the left, an id on both sides."""
_OVERLAP = 256
"""More than the longest escape."""
_LONGEST = 6_000
_LAP = 600
"""More than an id of which every character is written as an escape."""


class Window(NamedTuple):
    """A part of a text, decoded."""

    text: str
    origins: list[int]
    """The place of each character, and of the end, in the whole text."""
    kinds: list[str]
    """The encoding of each character, a key of `WORDS`; empty: none."""


def decoded_windows(text: str) -> Iterator[Window]:
    """Yield the parts of a text around escapes that may belong to an id."""
    if text.isascii() and not any(sign in text for sign in _FIRST_SIGNS):
        return
    low = high = last = 0
    for match in _escapes(text):
        if not _is_near_an_id(text, match, last):
            continue
        last = match.end()
        start, end = max(0, match.start() - _LEFT), last + _RIGHT
        if start > high:
            if high:
                yield from _readings(text, low, high)
            low = start
        elif end - low > _LONGEST:
            yield from _readings(text, low, high)
            low = max(low, match.start() - _LAP)
        high = end
    if high:
        yield from _readings(text, low, high)


def _escapes(text: str) -> Iterator[re.Match[str]]:
    """Yield every escape, from left to right."""
    done = 0
    for low in range(0, len(text), SEGMENT):
        high = low + SEGMENT
        for match in _ESCAPE.finditer(text, max(low, done), high + _OVERLAP):
            if match.start() >= high:
                break
            done = match.end()
            yield match


def _is_near_an_id(text: str, match: re.Match[str], last: int) -> bool:
    """Return whether an escape touches what may be a part of an id.

    Args:
        text: the whole text.
        match: the escape.
        last: where the escape before ends, if that touches one.
    """
    start, end = match.span()
    after = text[end : end + 1]
    is_touched = start == last or text[start - 1 : start] in _HEX
    is_touched |= match.lastgroup == "width"
    if not is_touched and after not in _HEX and after not in _SIGNS:
        return False
    if is_touched and after in _HEX:
        return True
    return bool(_INSIDE.match(_value(match)) or _ID_AHEAD.match(text, end))


def _readings(text: str, low: int, high: int) -> Iterator[Window]:
    """Yield a part decoded, and once more as what is no mail.

    The sign of an escape in mail is that of a value elsewhere: ``id=4b08…``.
    """
    kinds = {match.lastgroup for match in _ESCAPE.finditer(text, low, high)}
    yield _decoded(text, low, high, is_mail=True)
    if "quoted" in kinds and len(kinds) > 1:
        yield _decoded(text, low, high, is_mail=False)


def _decoded(text: str, low: int, high: int, *, is_mail: bool) -> Window:
    part = text[low:high]
    origins = list(range(low, low + len(part) + 1))
    kinds = [""] * (len(part) + 1)
    for level in range(_LEVELS):
        # Mail is the outermost: a decoded sign and a line's end are no soft break.
        is_mail = is_mail and not level
        found = [
            match
            for match in _ESCAPE.finditer(part)
            if is_mail or match.lastgroup != "quoted"
        ]
        if not found:
            break
        part, origins, kinds = _once(part, origins, kinds, found)
    return Window(part, origins, kinds)


def _once(
    part: str, origins: list[int], kinds: list[str], found: list[re.Match[str]]
) -> tuple[str, list[int], list[str]]:
    """Undo one level of escapes."""
    pieces: list[str] = []
    new_origins: list[int] = []
    new_kinds: list[str] = []
    position = 0
    for match in found:
        start, end = match.span()
        kind = kinds[start] or str(match.lastgroup)
        value = _value(match)
        pieces += (part[position:start], value)
        new_origins += origins[position:start]
        new_origins += [origins[start]] * len(value)
        new_kinds += kinds[position:start]
        new_kinds += [kind] * len(value)
        if not value:
            # Nothing is left of it, so the next character bears its mark.
            kinds[end] = kinds[end] or kind
        position = end
    pieces.append(part[position:])
    new_origins += origins[position:]
    new_kinds += kinds[position:]
    return "".join(pieces), new_origins, new_kinds


def _value(match: re.Match[str]) -> str:
    """Return the text of an escape."""
    return _undone(match.lastgroup, match[0])


@lru_cache(maxsize=1_024)
def _undone(kind: str | None, text: str) -> str:
    return _VALUES[kind](text) if kind in _VALUES else ""


def _escaped(text: str) -> str:
    """Return the character behind the backslashes of an escape."""
    sign = text[0]
    if sign in "uUx":
        return _point(text[1:].strip("{}"))
    if text.isdigit():
        return chr(int(text, 8))
    return _LETTERS.get(sign, sign)


def _percent(text: str) -> str:
    """Return the character behind a percent sign."""
    return _point(text[2:]) if text[1] == "u" else unquote(text)


def _point(digits: str) -> str:
    """Return the character with this number, or a mark where there is none."""
    number = int(digits, 16)
    is_character = number <= sys.maxunicode and number not in _SURROGATES
    return chr(number) if is_character else MARK


_VALUES: dict[str | None, Callable[[str], str]] = {
    "percent": lambda text: _percent(_AGAIN.sub("", text)),
    # A line's end behind the sign joins two lines.
    "quoted": lambda text: (
        "" if text.endswith("\n") else unquote(text.replace("=", "%"))
    ),
    "entity": lambda text: html.unescape(_AMPERSANDS.sub("&", text)),
    "escape": lambda text: _escaped(text.lstrip("\\")),
    "excel": lambda text: _point(text[2:-1]),
    "width": lambda text: chr(ord(text) - _WIDE_FROM),
}
"""Decoder of each encoding; the others write nothing."""
