"""Shapes in a text: whole ids, and everything else that resembles one.

Every search is for something that few texts have, looks at most a fixed number of
characters around it, and goes on behind what it has found: the time is linear on every
text.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from masking_console.models.id_names import SESSION, prefix_name


class IncompleteReason(Enum):
    """Reason for not taking something that resembles an id."""

    CUT = "cut off"
    """Its beginning or its end is missing."""
    WRAPPED = "broken over two lines"
    """A line ends in it."""
    NO_DASHES = "written without dashes"
    """32 hex digits in a row under the name of a session."""
    OTHER_DASHES = "written with other signs than -"
    """A chat, a word processor or a program has changed its dashes."""
    ENCODED = "written in an unknown code"
    """The same characters in place of each dash."""
    GLUED = "part of a longer word"
    """Letters, digits or another id touch it."""
    MISTYPED = "mistyped"
    """Almost an id."""


class Span(NamedTuple):
    """The place of something that resembles an id."""

    start: int
    end: int
    reason: IncompleteReason | None
    """The fault in it; None: it is whole."""
    name: str | None = None
    """The kind of id according to the word that is glued to it."""
    is_loose: bool = False
    """True where only a session's name makes it a candidate."""


HEX = "[0-9A-Fa-f]"
DASH = "[-\u00ad\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]"
_DASHES = re.compile(DASH)
_ODD = "[_.~:\u00ad\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d\ufffd]"
_WORD = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-\u00ad\u2010\u2011"
    "\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
)
# A whole id, or a place that nearly every damaged one has as well. No repetition can be
# split in two ways.
_SEED = re.compile(
    f"{DASH}(?:"
    rf"(?<={HEX}{{8}}-)(?<!\w.{{9}})(?<!\w-.{{9}})"
    rf"(?P<whole>{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}})(?!-?\w)"
    rf"|(?<={HEX}{{8}}{DASH})|{HEX}{{4}}{DASH}|{HEX}{{12}}(?![0-9A-Za-z]))",
    re.DOTALL,
)
_GAP = r"[^0-9A-Za-z]{1,8}"
_SAME = "(?:(?P=sep)|-)"
# The same with other signs than dashes, or none; it is searched between whole ids only.
_SPREAD = re.compile(
    rf"{HEX}(?<!{HEX}.){HEX}{{3}}(?:"
    rf"(?P<same>{HEX}{{4,8}}(?P<sep>[^\n0-9A-Fa-f](?:(?!{HEX}{{8}})[^\n]){{0,23}}?)"
    rf"{HEX}{{4}}{_SAME}{HEX}{{4}}{_SAME}{HEX}{{4}}{_SAME}{HEX}{{12}})"
    rf"|(?P<any>{HEX}{{4}}{_GAP}{HEX}{{4}}{_GAP}{HEX}{{4}}{_GAP}{HEX}{{4}}"
    rf"{_GAP}{HEX}{{12}})"
    rf"|(?P<head>{HEX}{{4}}(?P<odd>{_ODD}){HEX}{{4}}(?P=odd){HEX}{{1,4}}[0-9A-Za-z]*)"
    rf"|(?P<tail>(?P<of>{_ODD}){HEX}{{4}}(?P=of)(?:{HEX}{{4}}(?P=of))?{HEX}{{12}})"
    rf"|(?P<row>{HEX}{{4,124}}+)(?![0-9A-Za-z]))",
    re.DOTALL,
)
_CANONICAL = re.compile(rf"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}")
_APART = re.compile(rf"(?<![0-9A-Za-z]){_CANONICAL.pattern}(?![0-9A-Za-z])")
_BEGINNING = re.compile(
    rf"{HEX}{{8}}(?:-{HEX}{{4}}){{0,2}}-{HEX}{{0,4}}"
    rf"|{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{0,12}}"
)
_END = re.compile(rf"{HEX}{{0,7}}(?:-{HEX}{{4}}){{1,3}}-{HEX}{{12}}")
_PART = re.compile(
    rf"{HEX}{{8}}-{HEX}{{4}}-{HEX}|{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}(?![0-9A-Za-z])"
)
# Quotes, marks of a reply and of a comment may stand where an id was wrapped.
_NEXT_LINE = re.compile(
    r"[ \t\r|\\\"']{0,9}\n[ \t\r>|\\\"'#*]{0,40}([-0-9A-Fa-f]{1,35})"
    "(?![-0-9A-Za-z_])"
)
_WIDE = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]"
)
"""Scripts that put no space between words."""
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")

_ELLIPSES = ("…", "...")

SEGMENT = 1 << 16
"""A search holds the interpreter, and with it the screen, for one segment at most."""
_OVERLAP = 192
"""More than the longest match and what it looks at beyond its end."""
_SHORTEST = len("c28b77d4")
_LONGEST_WORD = 4_096
_REACH = 64
"""Characters around a dash that are looked at first."""


def spans(text: str) -> Iterator[Span]:
    """Yield everything that resembles an id, from left to right."""
    sweep = _Sweep(text)
    for low in range(0, len(text), SEGMENT):
        yield from sweep.segment(low)


class _Sweep:
    """A search from left to right, one segment after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._done = 0
        """End of what has been yielded."""
        self._seen = 0
        """End of the last word that was looked at."""
        self._swept = 0
        """End of the part that was searched for ids without dashes."""

    def segment(self, low: int) -> Iterator[Span]:
        """Yield what begins in the segment that begins at a place."""
        text, high = self._text, low + SEGMENT
        for match in _SEED.finditer(text, max(low, self._done), high + _OVERLAP):
            if match.start() >= high:
                break
            if match.start() < self._seen or not (found := self._at(match)):
                continue
            if found[0].start - max(self._done, self._swept) >= _SHORTEST:
                yield from self._before(found)
            for span in found:
                if span.start >= self._done:
                    yield span
            self._done = self._seen
        # What begins near the end may be the beginning of a whole id.
        high = len(text) if high >= len(text) else high - _OVERLAP
        for span in self._between(high, high + _OVERLAP):
            yield span
            self._done = max(self._done, span.end)
        self._swept = high

    def _before(self, found: list[Span]) -> Iterator[Span]:
        """Yield what begins before this; a part of an id may turn out to be its end."""
        is_whole = found[0].reason is None
        end = found[0].start if is_whole else found[-1].end
        for span in self._between(found[0].start, end):
            yield span
            self._done = span.end

    def _at(self, match: re.Match[str]) -> list[Span]:
        """Return the text around a dash."""
        if match.lastgroup == "whole":
            self._seen = match.end()
            return [Span(match.start() - 8, match.end(), None)]
        start, end = _word(self._text, match.start(), self._done)
        self._seen = end
        return _in_word(self._text, start, end)

    def _between(self, high: int, end: int) -> Iterator[Span]:
        """Yield what has no dashes and begins before a place, from the last one on."""
        low = max(self._done, self._swept)
        yield from _spread(self._text, low, high, end)


def wrapped(text: str, span: Span) -> Span:
    """Return the whole of a cut id that a line's end has broken, or the span itself."""
    rest = _NEXT_LINE.match(text, span.end)
    if rest is None:
        return span
    if _CANONICAL.fullmatch(text[span.start : span.end] + rest[1]) is None:
        return span
    return Span(span.start, rest.end(), IncompleteReason.WRAPPED)


def _word(text: str, position: int, low: int) -> tuple[int, int]:
    """Return where the word around a dash begins and ends, as far as that is near."""
    before = text[max(low, position - _REACH) : position]
    after = text[position : position + _REACH + 16]
    if not after.lstrip(_WORD):
        after = text[position : position + _LONGEST_WORD]
    start = position - (len(before) - len(before.rstrip(_WORD)))
    return start, position + len(after) - len(after.lstrip(_WORD))


def _in_word(text: str, start: int, end: int) -> list[Span]:
    """Return what a word of letters, digits, dashes and underscores holds."""
    word = text[start:end]
    whole = list(_APART.finditer(word))
    if whole:
        return _apart(text, start, word, whole)
    if len(word) > 2 * _REACH + 16:
        is_like = _PART.search(word) is not None
        return [Span(start, end, IncompleteReason.MISTYPED)] if is_like else []
    dashed = _DASHES.sub("-", word)
    if _APART.fullmatch(dashed.replace("_", "-").strip("-")):
        low = len(word) - len(word.lstrip("-_"))
        high = len(word.rstrip("-_"))
        return [Span(start + low, start + high, IncompleteReason.OTHER_DASHES)]
    found = []
    at = start
    for piece in dashed.split("_"):
        is_last = at + len(piece) == end
        reason = _reason(piece, is_cut=is_last and text.startswith(_ELLIPSES, end))
        if reason is not None:
            low = len(piece) - len(piece.lstrip("-"))
            # What begins with a dash has lost what stood before it.
            low = 0 if _END.fullmatch(piece) else low
            high = len(piece.rstrip("-"))
            found.append(Span(at + low, at + high, reason))
        at += len(piece) + 1
    return found


def _apart(text: str, start: int, word: str, whole: list[re.Match[str]]) -> list[Span]:
    """Return the ids that dashes or underscores set off from what is around them."""
    end = start + len(word)
    is_touched = _touches(text[start - 1 : start]) or _touches(text[end : end + 1])
    found = []
    for match in whole:
        left, right = word[: match.start()], word[match.end() :]
        before, after = left.rstrip("-_"), right.lstrip("-_")
        name = None
        reason: IncompleteReason | None = None
        if is_touched or (after and right.startswith("-")):
            reason = IncompleteReason.GLUED
        elif before and not _ends_with_id(before, left):
            name = prefix_name(before)
            reason = None if name else IncompleteReason.GLUED
        elif after and not _APART.match(after) and name != SESSION:
            reason = IncompleteReason.GLUED
        found.append(Span(start + match.start(), start + match.end(), reason, name))
    return found


def _ends_with_id(before: str, left: str) -> bool:
    """Return whether an underscore parts an id from the one before it."""
    is_id = _APART.search(before, max(0, len(before) - 36)) is not None
    return is_id and left.endswith("_")


def _touches(char: str) -> bool:
    """Return whether a character beside an id could belong to it or to its word."""
    return char.isalnum() and not _WIDE.match(char)


def _reason(word: str, *, is_cut: bool) -> IncompleteReason | None:
    """Return what is wrong with something that resembles an id; None: all of it."""
    if _BEGINNING.fullmatch(core := word.lstrip("-")):
        return IncompleteReason.CUT if is_cut or _is_telling(core) else None
    if _END.fullmatch(word):
        is_number = word.replace("-", "").isdigit()
        return None if is_number else IncompleteReason.CUT
    if _CANONICAL.search(word):
        return IncompleteReason.GLUED
    return IncompleteReason.MISTYPED if _resembles(word) else None


def _is_telling(word: str) -> bool:
    """Return whether a beginning is more than a date or another number.

    ``20240529-0447`` and ``20240529-a`` are dates, ``c28b77d4-2`` is not.
    """
    first, second, *more = word.split("-")
    if more:
        return True
    if len(second) == len("21e7"):
        return not (first + second).isdigit()
    return bool(second) and not (first.isdigit() or first.isalpha())


def _resembles(word: str) -> bool:
    """Return whether a word is an id but for a few characters."""
    digits = word.replace("-", "")
    if digits.isdigit():
        return False
    if _PART.search(word):
        return True
    groups = word.strip("-").split("-")
    wrong = len(_NOT_HEX.findall(digits))
    return (
        abs(len(digits) - 32) <= 4  # noqa: PLR2004 - an id has 32 digits
        and wrong <= 4  # noqa: PLR2004 - as many letters that are none of its
        and len(groups[-1]) >= 8  # noqa: PLR2004 - its last group is long
    )


def _spread(text: str, low: int, high: int, last: int) -> Iterator[Span]:
    """Yield what has other signs than dashes, or none, and begins between two places.

    Args:
        text: the whole text.
        low: where it may begin.
        high: before which it begins.
        last: before which it ends.
    """
    for match in _SPREAD.finditer(text, low, min(last, len(text))):
        start, end = match.span()
        if start >= high:
            return
        kind = match.lastgroup
        if kind == "row":
            yield from _row(match)
        elif match["same"] or match["any"]:
            sep = match["sep"] or "-"
            reason = IncompleteReason.OTHER_DASHES
            if "\n" in match[0]:
                reason = IncompleteReason.WRAPPED
            elif any(map(str.isalnum, sep)):
                reason = IncompleteReason.ENCODED
            yield Span(start, end, reason)
        elif not match[0].replace(match["odd"] or match["of"], "").isdigit():
            yield Span(start, end, IncompleteReason.CUT)


def _row(match: re.Match[str]) -> Iterator[Span]:
    """Yield hex digits in a row, which a session's name makes a candidate."""
    digits = match[0]
    if digits.isdigit():
        return
    length = len(digits)
    reason = IncompleteReason.MISTYPED
    if length <= 32:  # noqa: PLR2004 - as many as an id has
        is_all = length == 32  # noqa: PLR2004
        reason = IncompleteReason.NO_DASHES if is_all else IncompleteReason.CUT
    yield Span(match.start(), match.end(), reason, is_loose=True)
