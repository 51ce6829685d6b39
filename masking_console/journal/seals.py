"""The hash chain: each entry seals the one before, so that none is changed unseen."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from masking_console.models.history import ChainReport
from masking_console.models.journal_entry import JournalEntry, JournalEvent

FIRST_SEAL = "0" * 64
"""What the first entry names as the seal of the one before."""


def seal(previous_seal: str, content: str) -> str:
    """Return the hash that binds an entry to the one before it."""
    return hashlib.sha256(f"{previous_seal}\n{content}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One row of the file, as it stands there."""

    sequence: int
    """Its number, from 1."""
    event: str
    """A copy of the entry's own, to search by."""
    batch_id: str
    """A copy of the entry's own, to search by."""
    session_uuid: str
    """A copy of the entry's own, to search by."""
    content: str
    """The entry as JSON."""
    previous_seal: str
    """The seal of the row before."""
    seal: str
    """The seal of this one."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry, as it was noted beside the journal when it was written."""

    sequence: int
    """Its number."""
    seal: str
    """Its seal."""


def verify_chain(rows: Iterable[SealedRow], head: Head | None) -> ChainReport:
    """Check every row against the one before, and the last against the head.

    Args:
        rows: all of them, by sequence.
        head: what stands beside the journal, or None where there is nothing.
    """
    problems: list[str] = []
    count, sequence, last_seal, head_seal = 0, 0, FIRST_SEAL, ""
    for row in rows:
        count += 1
        if row.sequence != sequence + 1:
            problems.append(_gap(sequence + 1, row.sequence - 1))
        elif row.previous_seal != last_seal:
            problems.append(f"Entry {row.sequence} does not follow the one before it.")
        if seal(row.previous_seal, row.content) != row.seal or not _agrees(row):
            problems.append(f"Entry {row.sequence} was changed.")
        elif row.event == JournalEvent.JOURNAL_CUT.value:
            problems.append(f"Entry {row.sequence}: {_decoded(row).detail}.")
        sequence, last_seal = row.sequence, row.seal
        if head is not None and head.sequence == sequence:
            head_seal = last_seal
    problems += _end_problems(sequence, head, head_seal)
    return ChainReport(count, last_seal, tuple(problems))


def _end_problems(last: int, head: Head | None, head_seal: str) -> list[str]:
    if head is None:
        # The chain alone cannot tell that its end was cut off.
        return ["The note of the last entry is missing."] if last else []
    if head.sequence > last:
        return [_gap(last + 1, head.sequence)]
    if head_seal and head_seal != head.seal:
        return [f"Entry {head.sequence} is not the one that was written."]
    return []


def _gap(first: int, last: int) -> str:
    if first == last:
        return f"Entry {first} is missing."
    return f"Entries {first} to {last} are missing."


def _agrees(row: SealedRow) -> bool:
    """Whether the columns to search by say what the entry says."""
    try:
        entry = _decoded(row)
    except msgspec.MsgspecError:
        return False
    own = (entry.event.value, entry.batch_id, entry.session_uuid)
    return own == (row.event, row.batch_id, row.session_uuid)


def _decoded(row: SealedRow) -> JournalEntry:
    return msgspec.json.decode(row.content, type=JournalEntry)
