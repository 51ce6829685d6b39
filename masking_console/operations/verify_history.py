"""The proof of the record: its chain, reports that were kept elsewhere, findings."""

import asyncio
import csv
import io
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from masking_console.audit.sender import AuditOut, read_states, rules_of
from masking_console.errors import InputError, Remedy
from masking_console.journal.journal import Journal
from masking_console.journal.reading import see_sound_entries, verify_file
from masking_console.journal.seals import SealedRow
from masking_console.journal.searching import read_matching
from masking_console.models.cause import CHANGED, Cause
from masking_console.models.history_query import HistoryQuery, SearchProgress
from masking_console.models.journal_entry import JournalEntry
from masking_console.models.plain_text import plain_text
from masking_console.operations.read_ids import read_text_file
from masking_console.operations.team import Team
from masking_console.presentation.history import audit_line, verified_words
from masking_console.settings import Settings

_SEAL = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
_NO_SEAL = "0" * 64
_WORDS_OF_A_NOTHING = frozenset({"not sent", "unknown"})
_MOST_NAMED = 5
_AUDIT_SECONDS = 3.0
"""Time limit for an entry to leave; after it, it leaves at the next start."""


def print_verification(
    settings: Settings, against: Sequence[Path] = ()
) -> tuple[str, bool]:
    """Return what a look at the whole chain found, and whether all is well.

    Args:
        settings: which journal, and where its entries are sent: how far they got is
            said.
        against: reports and exports that left this computer, to hold the journal to.

    Raises:
        JournalError: the journal cannot be read.
        UnusableFileError: a report cannot be read.
    """
    texts = [(path, read_text_file(path)) for path in against]
    journal_path = settings.journal_path
    found = verify_file(journal_path)
    lines = [plain_text(str(journal_path), limit=4096), verified_words(found)]
    is_well = found.is_whole
    lines += [
        audit_line(each) for each in read_states(journal_path, rules_of(settings))
    ]
    for path, text in texts:
        compared = compare(text, journal_path)
        name = plain_text(path.name, limit=100)
        lines += [f"{name}: {line}" for line in compared.lines]
        is_well = is_well and compared.is_proved
    return "\n".join(lines), is_well


def rebuild_search(journal_path: Path, tell: Callable[[SearchProgress], None]) -> None:
    """Forget the values to search by, and take them from the entries once more.

    Args:
        journal_path: the journal's file.
        tell: is told how far it is.

    Raises:
        JournalError: the journal cannot be read or written.
        InputError: there is no journal.
    """
    if not journal_path.exists():
        raise InputError("There is no journal yet.")
    journal = Journal(journal_path)

    async def rebuild() -> None:
        progress = await journal.take_for_search(anew=True)
        while True:
            tell(progress)
            if progress.is_done:
                return
            progress = await journal.take_for_search()

    try:
        asyncio.run(rebuild())
    finally:
        journal.close()


def acknowledge(settings: Settings, name: str, reason: str) -> str:
    """Write down that a person knows of a finding, and why it can stay so.

    Returns:
        What was done, in a sentence.

    Raises:
        InputError: there is no such finding, or no reason.
        JournalError: the journal cannot be read or written.
    """
    cause = Cause.of("", reason)
    if not cause.reason:
        raise InputError("Say why.", Remedy.GIVE_REASON)
    if not settings.journal_path.exists():
        raise InputError("There is no journal yet.")

    async def write(journal: Journal) -> None:
        # What the note says is written down first, or it would have no name.
        await journal.open()
        names = {each.name for each in verify_file(settings.journal_path).findings}
        if not name or name not in names:
            shown = plain_text(name, limit=60)
            raise InputError(f"No finding {shown}. history verify lists their names.")
        await journal.acknowledge(name, cause.reason)

    _write(settings, write)
    words = f"Written down: {name} is known. history verify goes on listing it."
    return f"{CHANGED}\n{words}" if cause.was_changed else words


def add_ticket(settings: Settings, batch: str, cause: Cause) -> str:
    """Add a ticket to a batch that is over; nothing else of it changes.

    Returns:
        What was done, in a sentence.

    Raises:
        InputError: there is no such batch, or the ticket cannot be kept.
        JournalError: the journal cannot be read or written.
    """
    rules = replace(settings.cause_rules, ticket_required=True)
    problem = rules.problem(cause)
    if problem:
        raise InputError(problem)
    if not any(
        each.batch_id == batch
        for each in read_matching(settings.journal_path, HistoryQuery(batch=batch))
    ):
        shown = plain_text(batch, limit=60)
        raise InputError(f"No batch {shown}. history lists them.")
    _write(settings, lambda journal: journal.add_ticket(batch, cause))
    words = f"{cause.ticket} is added to {batch}."
    return f"{CHANGED}\n{words}" if cause.was_changed else words


def _write(
    settings: Settings, write: Callable[[Journal], Coroutine[Any, Any, None]]
) -> None:
    """Write something down as a console does, and send it where entries are sent."""
    journal = Journal(settings.journal_path, operator_name=settings.operator_name)
    try:
        asyncio.run(write(journal))
    finally:
        journal.close()
    audit, team = AuditOut(settings.journal_path, rules_of(settings)), Team(settings)
    audit.start()
    team.start()
    team.begin_to_close()
    audit.close(_AUDIT_SECONDS)
    team.wait_closed(_AUDIT_SECONDS)


@dataclass(frozen=True, slots=True)
class Compared:
    """Comparison of the journal with a report from elsewhere."""

    lines: tuple[str, ...]
    """The result, in sentences."""
    is_proved: bool
    """Whether the journal has all that the report says."""


def compare(text: str, journal_path: Path) -> Compared:
    """Hold the journal to a report, by its seals, or else by the rows of a table.

    Raises:
        JournalError: the journal cannot be read.
    """
    seals = [each.lower() for each in dict.fromkeys(_SEAL.findall(text))]
    seals = [each for each in seals if each != _NO_SEAL]
    if seals:
        return _compare_seals(seals, journal_path)
    rows = tuple(_rows_of(text))
    if rows:
        return _compare_rows(rows, journal_path)
    return Compared(("it has no seal and no results, so it proves nothing.",), False)


def _compare_seals(seals: Sequence[str], journal_path: Path) -> Compared:
    wanted, known = set(seals), dict[str, int]()

    def see(row: SealedRow, _entry: JournalEntry) -> None:
        if row.seal in wanted:
            known[row.seal] = row.sequence

    see_sound_entries(journal_path, see)
    missing = [each for each in seals if each not in known]
    if missing:
        named = " ".join(f"{each[:12]}..." for each in missing[:_MOST_NAMED])
        count = f"{len(missing)} of {len(seals)}"
        words = f"{count} seals are NOT in this journal: {named}"
        return Compared((words,), False)
    last = max(known[each] for each in seals)
    seal = "its seal is" if len(seals) == 1 else f"its {len(seals)} seals are"
    words = f"{seal} in the journal; up to entry {last} it says what it said then."
    return Compared((words,), True)


_Row = tuple[str, str, str, str]
"""Batch, session, outcome and time, as an export has them."""


def _rows_of(text: str) -> Iterator[_Row]:
    """Yield the results of an export as CSV, which had no seal in older versions."""
    reader = csv.DictReader(io.StringIO(text))
    names = ("batch", "session_uuid", "outcome", "at")
    try:
        if set(names) <= set(reader.fieldnames or ()):
            for row in reader:
                batch, session, outcome, at = (row[name] or "" for name in names)
                yield batch, session, outcome, at
    except csv.Error:
        return


def _compare_rows(rows: Sequence[_Row], journal_path: Path) -> Compared:
    """Hold the journal to every result; a later one does not contradict it."""
    planned: set[tuple[str, str]] = set()
    told: set[_Row] = set()
    wanted = {row[0] for row in rows}

    def see(_row: SealedRow, entry: JournalEntry) -> None:
        if entry.batch_id in wanted:
            planned.update((entry.batch_id, uuid) for uuid in entry.sessions)
            key = (entry.batch_id, entry.session_uuid, entry.outcome)
            told.add((*key, entry.at.isoformat()))

    see_sound_entries(journal_path, see)
    missing = [
        row
        for row in rows
        if row[:2] not in planned
        or (row not in told and row[2] not in _WORDS_OF_A_NOTHING)
    ]
    if missing:
        named = ", ".join(
            plain_text(f"{batch} {session[:8]} {outcome}", limit=60)
            for batch, session, outcome, _at in missing[:_MOST_NAMED]
        )
        words = f"{len(missing)} of {len(rows)} results are NOT in this journal: "
        return Compared((f"{words}{named}",), False)
    words = f"it has no seal, but all of its {len(rows)} results are in the journal."
    return Compared((words,), True)
