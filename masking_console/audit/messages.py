"""An entry of the journal as JSON, in one line or, for a syslog, in several messages.

Every line is ASCII: other characters are escaped, so that there is no control character
in it, and no mark of a byte order is needed. The fields are documented in the README.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from masking_console.journal.seals import SealedRow, entry_of, is_seal
from masking_console.models.free_text import fit_to_keep, without_tokens
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.session_uuid import is_canonical

SYSLOG_BYTES = 8192
"""A message of syslog has at most so many: RFC 5425 wants every receiver to take it."""
LONGEST_HEADER = 600
"""Bytes of a syslog header: none of its parts can be longer than RFC 5424 allows."""

_MOST_PARTS = 9_999_999

_NAMES = {
    "batch_id": "batch",
    "session_uuid": "session",
    "account_name": "account",
}
"""Fields that have a shorter name outside."""
_FREE_TEXTS = ("detail", "reason", "api_id", "operator_name", "sudo_user")
_EVENTS = {event.value for event in JournalEvent}
_BATCH_ID = re.compile(r"B-\d{8}-\d{6}(?:-\d{1,4})?", re.ASCII)
_ESCAPED = re.compile(
    r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\\]", re.DOTALL
)
"""One character of a JSON string, as it is escaped."""
_NOT_IN_A_HEADER = re.compile(r"[^!-~]+")


class Severity(IntEnum):
    """Severity of a message of syslog, by RFC 5424."""

    ERROR = 3
    """The entry is damaged."""
    WARNING = 4
    """The journal was not as it had been left."""
    INFO = 6
    """An act that was done."""


_WARNINGS = {
    JournalEvent.JOURNAL_CUT,
    JournalEvent.JOURNAL_NOTE,
    JournalEvent.JOURNAL_SET_ASIDE,
}


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry, ready to leave."""

    fields: Mapping[str, object]
    """Its fields by documented names; empty ones are left out."""
    sealed: str
    """The text that its seal proves; empty where it must stay on this computer."""
    severity: Severity
    """Its severity."""
    at: datetime | None
    """The time of the event, where that can be told."""

    def line(self) -> str:
        """Return it as one line of JSON."""
        return _json(
            {**self.fields, "sealed": self.sealed} if self.sealed else self.fields
        )

    def lines(self, most: int) -> tuple[str, ...]:
        """Return it in as few lines as it takes, each a whole JSON object.

        Args:
            most: the bytes of one; an entry that needs more leaves in parts, each with
                all of its fields and a piece of its sealed text.
        """
        line = self.line()
        if len(line) <= most:
            return (line,)
        # Their number stands in each of them, and takes room itself.
        most_parts = {"part": _MOST_PARTS, "parts": _MOST_PARTS, "sealed": ""}
        room = max(most - len(_json({**self.fields, **most_parts})), 64)
        pieces = tuple(_pieces(_json(self.sealed)[1:-1], room))
        return tuple(
            f"{_json({**self.fields, 'part': part, 'parts': len(pieces)})[:-1]}"
            f',"sealed":"{piece}"}}'
            for part, piece in enumerate(pieces, 1)
        )


def audit_entry(row: SealedRow, journal_id: str) -> AuditEntry:
    """Return a row of the journal as it leaves, sound or not.

    Args:
        row: as it stands in the file.
        journal_id: the seal of the journal's first entry.
    """
    place: dict[str, object] = {"sequence": row.sequence, "journal": journal_id[:16]}
    seals = {
        "previous_seal": row.previous_seal if is_seal(row.previous_seal) else "",
        "seal": row.seal if is_seal(row.seal) else "",
    }
    entry = entry_of(row)
    if entry is None:
        # Nobody vouches for its text: only what has a form of ours leaves.
        told = {
            "damaged": True,
            "event": row.event if row.event in _EVENTS else "",
            "batch": row.batch_id if _BATCH_ID.fullmatch(row.batch_id) else "",
            "session": row.session_uuid if is_canonical(row.session_uuid) else "",
        }
        fields = _filled({**place, **told, **seals})
        return AuditEntry(fields, "", Severity.ERROR, None)
    told, is_withheld = _told(entry)
    if is_withheld:
        told["withheld"] = True
    return AuditEntry(
        _filled({**place, **told, **seals}),
        "" if is_withheld else row.content,
        Severity.WARNING if entry.event in _WARNINGS else Severity.INFO,
        entry.at,
    )


def syslog_message(entry: AuditEntry, line: str, facility: int) -> bytes:
    """Return one line as a message of RFC 5424; without a byte order mark, as ASCII."""
    header = " ".join(
        (
            f"<{facility * 8 + entry.severity}>1",
            _time(entry.at) if entry.at is not None else "-",
            _header_word(entry.fields.get("host"), 255),
            "masking-console",
            "-",
            _header_word(entry.fields.get("event"), 32),
            "-",
        )
    )
    return f"{header} {line}".encode("ascii")


def _told(entry: JournalEntry) -> tuple[dict[str, object], bool]:
    """Return what an entry says, and whether its own text must not leave.

    An older version may have written what is not written any more.
    """
    told: dict[str, object] = {}
    for name in entry.__struct_fields__:
        value = getattr(entry, name)
        if isinstance(value, datetime):
            value = _time(value)
        elif isinstance(value, JournalEvent):
            value = value.value
        elif isinstance(value, tuple):
            # They stand in the sealed text, and would be there twice.
            value = len(value)
        told[_NAMES.get(name, name)] = value
    fit = {name: str(fit_to_keep(getattr(entry, name))) for name in _FREE_TEXTS}
    # A ticket may look like a number, as journal and report have it.
    fit["ticket"] = str(without_tokens(entry.ticket))
    is_withheld = any(told[name] != text for name, text in fit.items())
    return told | fit, is_withheld


def _filled(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: each for name, each in fields.items() if each not in {"", None, 0}}


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    # The one control character that JSON lets pass.
    return text.replace("\x7f", "\\u007f")


def _pieces(escaped: str, most: int) -> Iterator[str]:
    """Yield an escaped text in pieces, none cut within a character."""
    piece: list[str] = []
    size = 0
    for character in _ESCAPED.findall(escaped):
        if size + len(character) > most:
            yield "".join(piece)
            piece, size = [], 0
        piece.append(character)
        size += len(character)
    yield "".join(piece)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _header_word(value: object, most: int) -> str:
    return _NOT_IN_A_HEADER.sub("_", str(value or ""))[:most] or "-"
