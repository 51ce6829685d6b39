"""Any pasted text → found, repeated, incomplete and ignored ids, with the reason.

Nothing is guessed and nothing is silent: an id that is whole, or becomes so when a
known encoding is undone, is found; what only resembles one is reported with its line
and what is wrong with it, never repaired; one under another's name is named.
"""

import heapq
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

from masking_console.errors import InputError
from masking_console.models.cause import Cause, CauseRules
from masking_console.models.id_context import IdContext
from masking_console.models.id_encodings import WORDS, Window, decoded_windows
from masking_console.models.id_names import SESSION
from masking_console.models.id_shapes import (
    SEGMENT,
    IncompleteReason,
    Span,
    spans,
    wrapped,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid

TITLE = "Plivo masking sessions expired with masking-console, batch"
"""The beginning of each report."""
_LONGEST_HEAD = 800
"""More than the first two lines of a report."""
_OVERLAP = 400
"""More than what is looked at of a line."""
_MOST = 50
"""Most reports of one text that are looked at."""

_LEAD = r"[ \t>|*]{0,20}"
_BLANK = r"[\s>|]{1,40}"
# Mail and ticket systems wrap lines, quote them and make one space of many.
_HEAD = re.compile(
    TITLE.replace(" ", _BLANK) + rf"{_BLANK}(?P<batch>B-[\w-]{{1,40}})"
    rf"(?:{_BLANK}Account{_BLANK}(?P<account>[A-Za-z][\w.-]{{1,19}})"
    rf"{_BLANK}\((?P<tail>[A-Z]{{2}}\.\.\w{{4}})\)"
    r"(?:[ \t]{1,9}Ticket[ \t](?P<ticket>[^\n]{1,120}))?)?"
)
# A line may have been wrapped before the name of the computer.
_BY = re.compile(r"\s+by\s+(?:(?!\sby\s).){1,80}\son(?:\s+\S+)?\s*\Z")
_RESULT = re.compile(
    rf"^{_LEAD}(?P<sign>[+=]) "
    r"(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[ \t]+"
    r"(?:expired|already)\b(?!.{0,200}\blater:)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class OwnReport:
    """The claims of a report about itself."""

    batch_id: PlainText
    """The batch."""
    account: PlainText = PlainText("")
    """The account's name; empty where it is not legible."""
    auth_id_tail: PlainText = PlainText("")
    """The account's Auth ID, shortened."""
    ticket: PlainText = PlainText("")
    """The ticket, where it can be one."""
    called_off: frozenset[SessionUuid] = frozenset()
    """The sessions that it calls expired."""


def read_reports(text: str) -> tuple[OwnReport, ...]:
    """Return the reports in a text, in their order."""
    heads = list(islice(_heads(text), _MOST))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return tuple(_report(text, *each) for each in zip(heads, ends, strict=False))


def _heads(text: str) -> Iterator[re.Match[str]]:
    """Yield the first lines of the reports."""
    for low in range(0, len(text), SEGMENT):
        for match in _HEAD.finditer(text, low, low + SEGMENT + _LONGEST_HEAD):
            if match.start() < low + SEGMENT:
                yield match


def _report(text: str, head: re.Match[str], end: int) -> OwnReport:
    return OwnReport(
        batch_id=plain_text(head["batch"]),
        account=plain_text(head["account"] or ""),
        auth_id_tail=plain_text(head["tail"] or ""),
        ticket=_ticket(head["ticket"] or ""),
        called_off=frozenset(_called_off(text, head.end(), end)),
    )


def _called_off(text: str, start: int, end: int) -> Iterator[SessionUuid]:
    """Yield the sessions that the lines between two places call off."""
    for low in range(start, end, SEGMENT):
        high = min(low + SEGMENT, end)
        for match in _RESULT.finditer(text, low, min(high + _OVERLAP, end)):
            if match.start() < high:
                yield SessionUuid(match["uuid"])


def _ticket(words: str) -> PlainText:
    """Return a ticket that could be typed as well, or nothing."""
    try:
        cause = Cause.of(_BY.sub("", words), "")
    except InputError:
        return PlainText("")
    return PlainText("") if CauseRules().problem(cause) else cause.ticket


KEPT = 1_000
"""Most incomplete and ignored ids that are kept to be shown; all are counted."""


@dataclass(frozen=True, slots=True)
class IncompleteId:
    """Something that resembles an id, but is none."""

    line: int
    """Line of the text on which it begins, from 1."""
    text: PlainText
    """Text of that place."""
    reason: IncompleteReason
    """Reason that it is incomplete."""


@dataclass(frozen=True, slots=True)
class IgnoredId:
    """An id under a name that no session has."""

    line: int
    """Line of the text, from 1."""
    text: PlainText
    """Text of that place; whole or not."""
    name: PlainText
    """The kind of id, such as ``api_id``: one of our own words, or a column's."""


@dataclass(frozen=True, slots=True)
class PastedIds:
    """Ids of a text; every id in it is counted exactly once."""

    found: tuple[SessionUuid, ...] = ()
    """Each session id once, in the order of its first appearance."""
    repeated: int = 0
    """Number of repetitions."""
    decoded: tuple[tuple[str, int], ...] = ()
    """The encodings in which some were written, and how many; the most first."""
    named_otherwise: frozenset[SessionUuid] = frozenset()
    """Sessions that the text also names as something else, and nowhere as a session."""
    incomplete: tuple[IncompleteId, ...] = ()
    """The first `KEPT` of those that cannot be read."""
    incomplete_reasons: tuple[tuple[IncompleteReason, int], ...] = ()
    """Reasons, each with the number of ids; the most frequent first."""
    ignored: tuple[IgnoredId, ...] = ()
    """The first `KEPT` of those that are no session's."""
    ignored_names: tuple[tuple[str, int], ...] = ()
    """The names of those that are no session's, and how many; the most first."""
    broken_tables: tuple[int, ...] = ()
    """The first lines from which on a table was read as plain text."""
    reports: tuple[OwnReport, ...] = ()
    """The reports of this program in it."""

    @property
    def incomplete_count(self) -> int:
        """Number of ids that cannot be read."""
        return sum(count for _reason, count in self.incomplete_reasons)

    @property
    def ignored_count(self) -> int:
        """Number of ids that are no session's."""
        return sum(count for _name, count in self.ignored_names)


class _Candidate(NamedTuple):
    """Something that resembles an id, in the whole text."""

    span: Span
    """Its place there."""
    written: str
    """The id, or what resembles one, after decoding."""
    encoding: str = ""
    """The encoding, a key of `WORDS`; empty: none."""
    left: str | None = None
    """The text before it, where that had to be decoded."""


class _Reading:
    """The ids found so far."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self.sure: set[str] = set()
        self.encodings: Counter[str] = Counter()
        self.appearances = 0
        self.broken: list[tuple[Span, str, IncompleteReason]] = []
        self.foreign: list[tuple[Span, str, str]] = []

    def take(self, candidate: _Candidate, span: Span, name: str | None) -> None:
        """Count an id as what it is."""
        written = candidate.written
        if name is not None and name != SESSION:
            self.foreign.append((span, written, name))
        elif span.reason is not None:
            self.broken.append((span, written, span.reason))
        else:
            self.appearances += 1
            uuid = written.lower()
            if candidate.encoding and uuid not in self.found:
                self.encodings[WORDS[candidate.encoding]] += 1
            self.found[uuid] = None
            if name == SESSION:
                self.sure.add(uuid)


def read_session_ids(text: str) -> PastedIds:
    """Return the session ids in any text: log, CSV, JSON, chat, URLs or a mixture.

    An id under a known other name, such as ``api_id``, is left out and named; one
    under any other name counts, since each is checked with Plivo and reviewed before
    anything happens. It takes no locks and may run in a thread.
    """
    if "\r" in text:
        # Of the same length, so that nothing moves.
        text = text.replace("\r\n", " \n").replace("\r", "\n")
    reports = read_reports(text)
    context = IdContext(text, is_report=bool(reports))
    reading = _Reading()
    done = 0
    for candidate in _candidates(text):
        span = candidate.span
        if span.start < done:
            continue
        name = context.name_of(span.start, span.end, candidate.left) or span.name
        if span.is_loose and name != SESSION:
            continue
        if span.reason is IncompleteReason.CUT:
            span = wrapped(text, span)
        done = span.end
        reading.take(candidate, span, name)
    return _result(text, reading, context.broken_tables, reports)


def _result(
    text: str, reading: _Reading, broken: list[int], reports: tuple[OwnReport, ...]
) -> PastedIds:
    found, others = reading.found, reading.foreign
    # An id that is a session's in one place is the same session everywhere.
    ignored = [each for each in others if each[1].lower() not in found]
    also = {written.lower() for _span, written, _name in others} - reading.sure
    appearances = reading.appearances + len(others) - len(ignored)
    reasons = Counter(reason for _span, _written, reason in reading.broken)
    return PastedIds(
        found=tuple(map(SessionUuid, found)),
        repeated=appearances - len(found),
        decoded=tuple(reading.encodings.most_common()),
        named_otherwise=frozenset(SessionUuid(each) for each in also if each in found),
        incomplete=tuple(IncompleteId(*at) for at in _located(text, reading.broken)),
        incomplete_reasons=tuple(reasons.most_common()),
        ignored=tuple(
            IgnoredId(line, shown, plain_text(name))
            for line, shown, name in _located(text, ignored)
        ),
        ignored_names=tuple(Counter(str(each[2]) for each in ignored).most_common()),
        broken_tables=tuple(1 + text.count("\n", 0, at) for at in broken[:3]),
        reports=reports,
    )


def _candidates(text: str) -> Iterator[_Candidate]:
    """Yield everything that resembles an id, from left to right."""
    decoded = [each for window in decoded_windows(text) for each in _in_window(window)]
    if not decoded:
        for span in spans(text):
            yield _Candidate(span, text[span.start : span.end])
        return
    yield from _merged(text, list(spans(text)), decoded)


def _in_window(window: Window) -> Iterator[_Candidate]:
    """Yield what is an id, or resembles one, only when it is decoded."""
    text, origins, kinds = window
    last = 0
    for span in spans(text):
        start, end = span.start, span.end
        inside, before = kinds[start:end], kinds[max(0, start - 1) : start]
        around = (*inside, *before, kinds[end])
        encoding = next(filter(None, around), "")
        if encoding:
            moved = span._replace(start=origins[start], end=origins[end - 1] + 1)
            left = text[max(last, start - 160) : start]
            yield _Candidate(moved, text[start:end], encoding, left)
        last = end


def _rank(span: Span) -> int:
    """Return how much can be said for a reading, the least for the best."""
    if span.reason is None:
        return 0
    if span.is_loose:
        return 3
    return 2 if span.reason is IncompleteReason.ENCODED else 1


def _merged(
    text: str, plain: Sequence[Span], decoded: Sequence[_Candidate]
) -> Iterator[_Candidate]:
    """Yield the best reading of each place; where two are as good, the plain one."""
    starts = [each.start for each in plain]
    gone: set[int] = set()
    kept: list[_Candidate] = []
    for each in sorted(decoded, key=lambda each: (each.span.start, _rank(each.span))):
        start, end, rank = each.span.start, each.span.end, _rank(each.span)
        if kept and start < kept[-1].span.end:
            if rank >= _rank(kept[-1].span):
                continue
            kept.pop()
        low = bisect_left(starts, start)
        low -= low > 0 and plain[low - 1].end > start
        high = bisect_left(starts, end)
        if any(_rank(plain[index]) <= rank for index in range(low, high)):
            continue
        gone.update(range(low, high))
        kept.append(each)
    left = (
        _Candidate(span, text[span.start : span.end])
        for index, span in enumerate(plain)
        if index not in gone
    )
    yield from heapq.merge(left, kept, key=lambda each: each.span.start)


_Mark = TypeVar("_Mark", IncompleteReason, str)


def _located(
    text: str, marked: list[tuple[Span, str, _Mark]]
) -> Iterator[tuple[int, PlainText, _Mark]]:
    """Yield line, text and mark of the first `KEPT`, which are in order."""
    line, position = 1, 0
    for span, written, mark in marked[:KEPT]:
        line += text.count("\n", position, span.start)
        position = span.start
        yield line, plain_text(written, limit=120), mark
