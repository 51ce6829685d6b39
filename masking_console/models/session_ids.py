"""Any pasted text → found, repeated, incomplete and ignored ids, with the reason.

Nothing is guessed: an id that is cut, wrapped, glued or typed with other dashes is
reported with its line, never repaired.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar

from masking_console.models.id_context import IdContext
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid

KEPT = 1_000
"""How many incomplete and ignored ids are kept to be shown; all are counted."""


class IncompleteReason(Enum):
    """Why something that resembles an id cannot be one."""

    CUT = "cut off"
    """Its beginning or its end is missing, or it runs over two lines."""
    NO_DASHES = "without dashes"
    """32 hex digits in a row; may as well be a checksum."""
    OTHER_DASHES = "with other dashes than -"
    """A chat or a word processor has changed its dashes."""
    MIXED = "mixed with other characters"
    """Other letters or digits stand in it or touch it."""


@dataclass(frozen=True, slots=True)
class IncompleteId:
    """Something that resembles an id, but is none."""

    line: int
    """On which line of the text it begins, from 1."""
    text: PlainText
    """What stands there."""
    reason: IncompleteReason
    """What is wrong with it."""


@dataclass(frozen=True, slots=True)
class IgnoredId:
    """An id under a name that no session has."""

    line: int
    """On which line of the text it stands, from 1."""
    text: PlainText
    """What stands there; whole or not."""
    name: str
    """Whose id it is, such as ``api_id``; one of our own words."""


@dataclass(frozen=True, slots=True)
class PastedIds:
    """What a text holds; every id in it is counted exactly once."""

    found: tuple[SessionUuid, ...] = ()
    """Each session id once, in the order of its first appearance."""
    repeated: int = 0
    """How often one of them appears again."""
    incomplete: tuple[IncompleteId, ...] = ()
    """The first `KEPT` of those that cannot be read."""
    incomplete_count: int = 0
    """How many cannot be read."""
    ignored: tuple[IgnoredId, ...] = ()
    """The first `KEPT` of those that are no session's."""
    ignored_names: tuple[tuple[str, int], ...] = ()
    """The names of those that are no session's, and how many; the most first."""

    @property
    def ignored_count(self) -> int:
        """How many are no session's."""
        return sum(count for _name, count in self.ignored_names)


_HEX = "[0-9A-Fa-f]"
_DASH = "[-\u00ad\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]"
_DASHES = re.compile(_DASH)
# The search is for dashes, of which most texts have few. No repetition in it can be
# split in two ways, so that its time is linear on every text.
_DASHED = re.compile(
    f"{_DASH}(?:"
    rf"(?<={_HEX}{{8}}-)(?<!\w.{{9}})(?<!\w-.{{9}})"
    rf"(?P<whole>{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}})(?!-?\w)"
    rf"|(?<={_HEX}{{8}}{_DASH})(?P<head>(?:\w|{_DASH}){{0,64}})"
    rf"|(?P<tail>{_HEX}{{4}}(?:{_DASH}{_HEX}{{4}}){{0,2}}{_DASH}{_HEX}{{12}})(?!-?\w))",
    re.DOTALL,
)
_UNDASHED = re.compile(rf"{_HEX}(?<!\w.)(?<!\w-.){_HEX}{{31}}(?!-?\w)", re.DOTALL)
_CANONICAL = re.compile(rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}")
_BEGINNING = re.compile(
    rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{0,2}}-{_HEX}{{0,4}}"
    rf"|{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{0,12}}"
)
_THREE_GROUPS = re.compile(rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{2}}-")
_END = re.compile(rf"{_HEX}{{0,7}}(?:-{_HEX}{{4}}){{1,3}}-{_HEX}{{12}}")
_WORD_END = re.compile(r"\w+\Z")
_HEAD = re.compile(f"{_HEX}{{8}}{_DASH}")
_TOUCHED = re.compile(r"\w-?\Z")
# A line break or a quote as JSON and URLs write it, or a color: none of it is text.
_ESCAPE = re.compile(r"(?:\\[nrt]|%[0-9A-Fa-f]{2}|\x1b\[[0-9;]*m)\Z")

_SEGMENT = 1 << 16
"""A search holds the interpreter, and with it the screen, for one segment at most."""
_OVERLAP = 128
"""More than the longest match and what it looks at beyond its end."""
_BETWEEN_LINES = " \t\r\n>|\\\"'"
"""What may stand where an id was wrapped."""


_Mark = TypeVar("_Mark", IncompleteReason, str)


class _Span(NamedTuple):
    """Where something that resembles an id stands."""

    start: int
    end: int
    reason: IncompleteReason | None
    """What is wrong with it; None: it is whole."""


def read_session_ids(text: str) -> PastedIds:
    """Return the session ids in any text: log, CSV, JSON, chat, URLs or a mixture.

    An id under a known other name, such as ``api_id``, is left out and named; one
    under any other name counts, since each is checked with Plivo and reviewed before
    anything happens. It takes no locks and may run in a thread.
    """
    if "\n" not in text:
        text = text.replace("\r", "\n")
    context = IdContext(text)
    found: dict[str, None] = {}
    appearances = 0
    broken: list[tuple[_Span, IncompleteReason]] = []
    foreign: list[tuple[_Span, str]] = []
    for span in _spans(text):
        name = context.name_of(span.start, span.end)
        if name is not None:
            foreign.append((span, name))
        elif span.reason is not None:
            broken.append((span, span.reason))
        else:
            appearances += 1
            found[text[span.start : span.end].lower()] = None
    # An id that is a session's in one place is the same session everywhere.
    ignored = [
        (span, name)
        for span, name in foreign
        if text[span.start : span.end].lower() not in found
    ]
    appearances += len(foreign) - len(ignored)
    return PastedIds(
        found=tuple(map(SessionUuid, found)),
        repeated=appearances - len(found),
        incomplete=tuple(IncompleteId(*at) for at in _located(text, broken)),
        incomplete_count=len(broken),
        ignored=tuple(IgnoredId(*at) for at in _located(text, ignored)),
        ignored_names=tuple(Counter(name for _span, name in ignored).most_common()),
    )


def _spans(text: str) -> Iterator[_Span]:
    """Yield everything that resembles an id, from left to right."""
    last = _Span(0, 0, None)
    searched = 0
    for low in range(0, len(text), _SEGMENT):
        high = low + _SEGMENT
        for match in _DASHED.finditer(text, max(low, searched), high + _OVERLAP):
            if match.start() >= high:
                break
            searched = match.end()
            span = _span(text, match)
            if span is None or span.start < last.end:
                continue
            if span.start - last.end > 2 * 16:
                yield from _undashed(text, last.end, span.start)
            if not _is_rest_of(text, last, span):
                yield span
            last = span
        for span in _undashed(text, max(low, last.end), high):
            yield span
            last = span


def _undashed(text: str, low: int, high: int) -> Iterator[_Span]:
    """Yield 32 hex digits in a row that start between two places."""
    for match in _UNDASHED.finditer(text, low, high + _OVERLAP):
        # Digits alone are a number of some other kind.
        if match.start() < high and not match[0].isdigit():
            yield _Span(match.start(), match.end(), IncompleteReason.NO_DASHES)


def _span(text: str, match: re.Match[str]) -> _Span | None:
    """Return what was found around a dash, or None if it only resembles an id."""
    start, end = match.start() - 8, match.end()
    if match.lastgroup == "whole":
        return _Span(start, end, None)
    if match.lastgroup == "tail":
        return _tail(text, match)
    word = _DASHES.sub("-", text[start:end]).rstrip("-")
    end = start + len(word)
    if not _TOUCHED.search(text, max(0, start - 2), start):
        reason = _reason(word)
        return reason and _Span(start, end, reason)
    if not _CANONICAL.match(word):
        return None
    is_escaped = _ESCAPE.search(text, max(0, start - 16), start) is not None
    is_whole = is_escaped and _CANONICAL.fullmatch(text, start, end)
    return _Span(start, end, None if is_whole else IncompleteReason.MIXED)


def _tail(text: str, match: re.Match[str]) -> _Span | None:
    """Return the end of an id whose first group is cut or mistyped."""
    dash, end = match.span()
    word = _WORD_END.search(text, max(0, dash - 12), dash)
    start = word.start() if word else dash
    tail = _DASHES.sub("-", text[start:end])
    if _END.fullmatch(tail):
        is_number = tail.replace("-", "").isdigit()
        return None if is_number else _Span(start, end, IncompleteReason.CUT)
    # Shorter, it is as likely the made-up name of a machine.
    is_long = tail.count("-") > len(("43bd-", "9447-"))
    return _Span(start, end, IncompleteReason.MIXED) if is_long else None


def _reason(word: str) -> IncompleteReason | None:
    """Return what is wrong with a word of hex digits and dashes; None: all of it."""
    if _CANONICAL.fullmatch(word):
        return IncompleteReason.OTHER_DASHES
    if _BEGINNING.fullmatch(word) and _is_telling(word):
        return IncompleteReason.CUT
    return IncompleteReason.MIXED if _THREE_GROUPS.match(word) else None


def _is_telling(word: str) -> bool:
    """Return whether a beginning is more than a date or another number.

    ``20240529-0447`` and ``20240529-a`` are dates, ``c28b77d4-2`` is not.
    """
    first, second, *more = word.split("-")
    if more:
        return True
    if len(second) == len("21e7"):
        return not (first + second).isdigit()
    return not (first.isdigit() or first.isalpha())


def _is_rest_of(text: str, last: _Span, span: _Span) -> bool:
    """Return whether the end of a wrapped id follows its beginning.

    It is one id, and its beginning has been reported.
    """
    return (
        last.reason is span.reason is IncompleteReason.CUT
        and _HEAD.match(text, last.start) is not None
        and _HEAD.match(text, span.start) is None
        and not text[last.end : span.start].strip(_BETWEEN_LINES)
    )


def _located(
    text: str, marked: list[tuple[_Span, _Mark]]
) -> Iterator[tuple[int, PlainText, _Mark]]:
    """Yield line, text and mark of the first `KEPT`, which stand in order."""
    line, position = 1, 0
    for (start, end, _reason), mark in marked[:KEPT]:
        line += text.count("\n", position, start)
        position = start
        yield line, plain_text(text[start:end]), mark
