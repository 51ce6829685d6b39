"""The hash chain: each entry seals the one before, so that none is changed unseen."""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from masking_console.models.journal_entry import (
    NOTE_SINCE,
    SCHEMA_VERSION,
    ChainReport,
    DamagedEntry,
    Finding,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.session_uuid import is_canonical
from masking_console.paths import UnsafePathError, identity, open_private

FIRST_SEAL = "0" * 64
"""Seal before the first entry."""

_FOUND_AT_A_START = {
    JournalEvent.JOURNAL_CUT.value,
    JournalEvent.JOURNAL_NOTE.value,
    JournalEvent.JOURNAL_SET_ASIDE.value,
}
_SEAL = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Letters in place of digits: the name of a finding is never taken for a number."""
_BATCH_ID = re.compile(r'"batch_id":"([^"\\]+)"')
_SESSION_UUID = re.compile(r'"session_uuid":"([^"\\]+)"')


def seal(previous_seal: str, content: str) -> str:
    """Return the hash that binds an entry to the one before it."""
    return hashlib.sha256(f"{previous_seal}\n{content}".encode()).hexdigest()


def is_seal(text: object) -> bool:
    """Return whether this is a seal, and no damaged one."""
    return isinstance(text, str) and _SEAL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One row of the file, unchanged."""

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


def head_of(sequence: int, own_seal: object) -> Head:
    """Return an entry as the one behind it seals it.

    A damaged one is followed all the same: that it is damaged is found by itself.
    """
    text = str(own_seal)
    return Head(sequence, text if is_seal(own_seal) else seal("", text))


def row_of(values: Sequence[object]) -> SealedRow:
    """Return a row of the file; what is no text in it is damaged, and fits no seal."""
    sequence, *texts = values
    assert isinstance(sequence, int)  # noqa: S101 - the key of the table
    return SealedRow(sequence, *("" if text is None else str(text) for text in texts))


def entry_of(row: SealedRow) -> JournalEntry | None:
    """Return the entry of a row; None where it is damaged or was changed."""
    if seal(row.previous_seal, row.content) != row.seal:
        return None
    try:
        entry = _decoded(row.content)
    except msgspec.MsgspecError:
        return None
    # The columns to search by say what the entry says, and it can be worked with.
    own = (entry.event.value, entry.batch_id, entry.session_uuid)
    is_sound = (
        own == (row.event, row.batch_id, row.session_uuid)
        and entry.at.tzinfo is not None
        and all(map(is_canonical, entry.sessions))
    )
    return entry if is_sound else None


def _decoded(content: str) -> JournalEntry:
    """Return an entry; of a newer version, which a team may have, what is known of it.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    try:
        return msgspec.json.decode(content, type=JournalEntry)
    except msgspec.ValidationError:
        told = msgspec.json.decode(content, type=dict[str, object])
        version = told.get("version")
        if not isinstance(version, int) or version <= SCHEMA_VERSION:
            raise
        known = JournalEntry.__struct_fields__
        kept = {name: value for name, value in told.items() if name in known}
        return msgspec.convert(kept, JournalEntry)


def damaged_entry(row: SealedRow) -> DamagedEntry:
    """Return what can be told of a damaged row: either copy of an id may be right."""
    named = {row.session_uuid, *_SESSION_UUID.findall(row.content)}
    return DamagedEntry(row.sequence, row.event, frozenset(named - {""}))


def batch_ids_of(row: SealedRow) -> frozenset[str]:
    """Return the batches that a row, sound or not, may belong to."""
    return frozenset({row.batch_id, *_BATCH_ID.findall(row.content)} - {""})


def note_problem(
    last: SealedRow | None,
    noted: Head | None,
    noted_row: SealedRow | None,
    may_lag: int,
    *,
    is_there: bool,
) -> tuple[JournalEvent | None, str]:
    """Return what does not fit between the journal and the note of its last entry.

    Args:
        last: the last row of the journal, if there is one.
        noted: what the note says; None where it cannot be read.
        noted_row: the row that the note names, where there is such a row.
        may_lag: how many entries the note may be behind: each console that was
            killed can have written one without its note.
        is_there: whether there is a note at all.
    """
    end = last.sequence if last is not None else 0
    if noted is None:
        words = _lost_note(last, is_there=is_there)
    elif noted.sequence > end:
        gone = _span("entry {} had", "entries {} to {} had", end + 1, noted.sequence)
        verb = "was" if noted.sequence == end + 1 else "were"
        return JournalEvent.JOURNAL_CUT, f"{gone} been written and {verb} gone"
    elif end - noted.sequence > may_lag:
        words = f"the note of the last entry named {noted.sequence}, and it was {end}"
    elif noted_row is not None and noted_row.seal != noted.seal:
        words = f"entry {noted.sequence} was not the one that had been written"
    else:
        words = ""
    return (JournalEvent.JOURNAL_NOTE if words else None), words


def _lost_note(last: SealedRow | None, *, is_there: bool) -> str:
    if is_there:
        return "the note of the last entry could not be read"
    if last is None:
        return ""
    entry = entry_of(last)
    if entry is not None and entry.version < NOTE_SINCE:
        return ""
    return f"the note of the last entry was missing; the last was {last.sequence}"


def verify_chain(
    rows: Iterable[SealedRow],
    noted: Head | None,
    may_lag: Callable[[], int] = lambda: 1,
    *,
    is_there: bool | None = None,
) -> ChainReport:
    """Check every row against the one before, and the last against the note.

    Args:
        rows: all of them, by sequence.
        noted: what stood beside the journal before they were read; None where that
            cannot be read.
        may_lag: tells, when they have been read, how many entries the note may be
            behind.
        is_there: whether there is a note; unless given, where it can be read.
    """
    chain = _Chain()
    noted_row: SealedRow | None = None
    for row in rows:
        chain.add(row)
        if noted is not None and noted.sequence == row.sequence:
            noted_row = row
    there = noted is not None if is_there is None else is_there
    event, words = note_problem(chain.last, noted, noted_row, may_lag(), is_there=there)
    if event is JournalEvent.JOURNAL_CUT and noted is not None:
        end = chain.last.sequence if chain.last is not None else 0
        words = _missing(end + 1, noted.sequence)
    if event is not None:
        # It gets a name, by which it can be acknowledged, at the next start.
        chain.findings.append(Finding("", f"{words[0].upper()}{words[1:]}."))
    return chain.report()


def verify_rows(rows: Iterable[SealedRow]) -> ChainReport:
    """Check every row against the one before, where no note is beside them."""
    chain = _Chain()
    for row in rows:
        chain.add(row)
    return chain.report()


class _Chain:
    """The rows that have been looked at, one after the other."""

    def __init__(self) -> None:
        self.last: SealedRow | None = None
        self.findings: list[Finding] = []
        self._count = 0
        self._is_sound = True
        self._reasons: dict[str, str] = {}

    def add(self, row: SealedRow) -> None:
        """Look at the next row."""
        last = self.last
        entry = entry_of(row)
        end, before = (last.sequence, last.seal) if last else (0, FIRST_SEAL)
        if row.sequence != end + 1:
            words = f"{_missing(end + 1, row.sequence - 1)}."
            self._find(end + 1, words, before, row.previous_seal)
        elif row.previous_seal != before and self._is_sound and entry is not None:
            words = f"Entry {row.sequence} does not follow the one before it."
            self._find(row.sequence, words, before, row.previous_seal)
        if entry is None:
            self._find(row.sequence, f"Entry {row.sequence} was changed.", *_texts(row))
        elif row.event in _FOUND_AT_A_START:
            words = f"Entry {row.sequence}: {entry.detail}."
            self._find(row.sequence, words, row.seal)
        elif row.event == JournalEvent.FINDING_ACKNOWLEDGED.value:
            self._reasons[entry.detail] = entry.reason
        self._count += 1
        self._is_sound = entry is not None
        self.last = row

    def report(self) -> ChainReport:
        """Return what was found, with what a person has said to it."""
        return ChainReport(
            entries=self._count,
            last_seal=self.last.seal if self.last is not None else FIRST_SEAL,
            findings=tuple(
                Finding(each.name, each.words, self._reasons.get(each.name, ""))
                for each in self.findings
            ),
        )

    def _find(self, sequence: int, words: str, *facts: str) -> None:
        # The name holds what was found, so that a reason covers no later change.
        digest = hashlib.sha256("\n".join([words, *facts]).encode()).hexdigest()
        letters = digest[:8].translate(_LETTERS)
        self.findings.append(Finding(f"{sequence}-{letters}", words))


def _texts(row: SealedRow) -> tuple[str, ...]:
    return row.event, row.batch_id, row.session_uuid, row.content, row.seal


def _missing(first: int, last: int) -> str:
    return _span("Entry {} is missing", "Entries {} to {} are missing", first, last)


def _span(one: str, many: str, first: int, last: int) -> str:
    return one.format(first) if first == last else many.format(first, last)


_LINE = "{sequence:020d} {seal}\n"
_LENGTH = len(_LINE.format(sequence=0, seal="0" * 64))

if sys.platform == "win32":  # pragma: no cover - tested on Linux

    def _lock(descriptor: int) -> None:
        """Do without: the note can then fall behind by one entry for each console."""

    _unlock = _lock

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def note_path(journal_path: Path) -> Path:
    """Return the path of the note of a journal."""
    return journal_path.with_name(f"{journal_path.name}-head")


class HeadNote:
    """Written after each entry, by every console; it names the newest of them.

    It can be behind by the entry that a console had written when it was killed, one for
    each console, and it is never ahead.
    """

    def __init__(self, journal_path: Path) -> None:
        self._path = note_path(journal_path)
        self._descriptor = -1
        self._least = 0

    def begin(self, head: Head) -> None:
        """Replace the note; the caller has compared it with the journal.

        Raises:
            OSError: it cannot be written.
        """
        if self._descriptor < 0:
            self._descriptor = open_private(self._path, os.O_CREAT | os.O_RDWR)
        with self._locked():
            self._replace(head)
        self.sync()

    def write(self, head: Head) -> None:
        """Name a newer entry; where another console has named a still newer one, not.

        Raises:
            UnsafePathError: somebody removed, replaced or changed the note.
            OSError: it cannot be written.
        """
        with self._locked():
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            noted = _parsed(os.read(self._descriptor, _LENGTH + 1))
            if noted is None or noted.sequence < self._least:
                raise UnsafePathError(f"{self._path.name} was changed by somebody else")
            if noted.sequence < head.sequence:
                self._replace(head)
        status = os.fstat(self._descriptor)
        if identity(self._path) != (status.st_dev, status.st_ino):
            raise UnsafePathError(
                f"{self._path.name} was removed, moved or replaced while in use"
            )

    def sync(self) -> None:
        """Put it on the disk, so that a power failure does not set it back."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self._least = -1, 0

    @contextmanager
    def _locked(self) -> Iterator[None]:
        _lock(self._descriptor)
        try:
            yield
        finally:
            _unlock(self._descriptor)

    def _replace(self, head: Head) -> None:
        line = _LINE.format(sequence=head.sequence, seal=head.seal).encode()
        os.ftruncate(self._descriptor, _LENGTH)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, line)
        self._least = head.sequence


def read_head(journal_path: Path) -> Head | None:
    """Return the note; None where there is none, or none that can be read."""
    try:
        return _parsed(note_path(journal_path).read_bytes())
    except OSError:
        return None


def _parsed(line: bytes) -> Head | None:
    try:
        sequence, own_seal = line.decode("ascii").split()
        return Head(int(sequence), own_seal) if len(line) == _LENGTH else None
    except ValueError:
        return None
