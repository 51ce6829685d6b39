"""A report of this program in a pasted text.

Anybody can write one, so that nothing is decided by what it says: every id in it is
looked at like any other. It only lets the operator be told and asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from masking_console.errors import InputError
from masking_console.models.cause import Cause, CauseRules
from masking_console.models.id_shapes import SEGMENT
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid

TITLE = "Plivo masking sessions expired with masking-console, batch"
"""The beginning of each report."""
_LONGEST_HEAD = 800
"""More than the first two lines of a report."""
_OVERLAP = 400
"""More than what is looked at of a line."""
_MOST = 50
"""So many reports of one text are looked at."""

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
    """Return the reports that stand in a text, in their order."""
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
