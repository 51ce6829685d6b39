"""Forgeries: what a verification finds, before and after one start of the program."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from masking_console.errors import JournalError
from masking_console.journal.consoles import Consoles
from masking_console.journal.entry_reader import read_rows
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_contents, verify_file
from masking_console.journal.seals import FIRST_SEAL, note_path, seal
from masking_console.models.journal_entry import SCHEMA_VERSION, ChainReport
from tests.unit.journal.test_seals import NOW, rebuild_chain, tamper, write

FIXTURE = Path(__file__).parents[2] / "fixtures" / "journal-of-version-2.db"
BATCHES = 9
LAST = 3 * BATCHES


def start_once(path: Path) -> tuple[str, ...]:
    """Start the program and end it, as somebody does who covers a trace."""

    async def start() -> tuple[str, ...]:
        journal = Journal(path, lambda: NOW)
        notices = await journal.open()
        await asyncio.to_thread(journal.close)
        return notices

    return asyncio.run(start())


def cut_the_end(path: Path) -> None:
    tamper(path, f"DELETE FROM entries WHERE sequence > {LAST - 3}")  # noqa: S608


def lose_the_note(path: Path) -> None:
    note_path(path).unlink()


def set_the_note_back(path: Path, sequence: int = 1) -> None:
    row = next(each for each in read_rows(path) if each.sequence == sequence)
    note_path(path).write_text(f"{row.sequence:020d} {row.seal}\n", encoding="utf-8")


def change_one(path: Path) -> None:
    rebuild_chain(path, lambda content: content.replace("completed", "stopped"))


@dataclass(frozen=True)
class Forgery:
    name: str
    deeds: tuple[Callable[[Path], object], ...]
    before: tuple[str, ...]
    """Findings at once."""
    after: tuple[str, ...]
    """Findings after one start of the program, and ever after."""


_LOST = "the note of the last entry was missing; the last was {}"
_BACK = f"the note of the last entry named 1, and it was {LAST}"
_OTHER = f"entry {LAST} was not the one that had been written"
_UNREADABLE = "the note of the last entry could not be read"
ASIDE = "journal-damaged-20260304-120502.db"
_GONE = f"entries {LAST - 2} to {LAST} had been written and were gone"
FORGERIES = [
    Forgery(
        "the end cut off, the note deleted",
        (cut_the_end, lose_the_note),
        (f"The {_LOST[4:].format(LAST - 3)}.",),
        (f"Entry {LAST - 2}: {_LOST.format(LAST - 3)}.",),
    ),
    Forgery(
        "the end cut off",
        (cut_the_end,),
        (f"Entries {LAST - 2} to {LAST} are missing.",),
        (f"Entry {LAST - 2}: {_GONE}.",),
    ),
    Forgery(
        "an entry changed, the chain rebuilt, the note deleted",
        (change_one, lose_the_note),
        (f"The {_LOST[4:].format(LAST)}.",),
        (f"Entry {LAST + 1}: {_LOST.format(LAST)}.",),
    ),
    Forgery(
        "an entry changed, the chain rebuilt, the note kept",
        (change_one,),
        (f"E{_OTHER[1:]}.",),
        (f"Entry {LAST + 1}: {_OTHER}.",),
    ),
    Forgery(
        "the note set back",
        (set_the_note_back,),
        (f"T{_BACK[1:]}.",),
        (f"Entry {LAST + 1}: {_BACK}.",),
    ),
    Forgery(
        "the note made unreadable",
        (lambda path: note_path(path).write_bytes(b"\xff" * 86),),
        (f"T{_UNREADABLE[1:]}.",),
        (f"Entry {LAST + 1}: {_UNREADABLE}.",),
    ),
    Forgery(
        "everything overwritten, and the note deleted",
        (lambda path: path.write_bytes(b"no database" * 1000), lose_the_note),
        (),
        (f"Entry 1: the damaged journal is kept as {ASIDE}.",),
    ),
    Forgery(
        "everything removed but the note",
        (lambda path: path.unlink(),),
        (f"Entries 1 to {LAST} are missing.",),
        (f"Entry 1: entries 1 to {LAST} had been written and were gone.",),
    ),
]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda each: each.name)
async def test_a_forgery_is_found_at_once_and_after_every_start(
    tmp_path: Path, forgery: Forgery
) -> None:
    path = tmp_path / "journal.db"
    await write(path, BATCHES)
    assert verify_file(path).is_whole

    for deed in forgery.deeds:
        deed(path)

    if forgery.before:
        assert verify_file(path).problems == forgery.before
    else:
        with pytest.raises(JournalError, match="its file is damaged"):
            verify_file(path)
    (notice,) = await asyncio.to_thread(start_once, path)
    assert "is not as it was left" in notice or "was damaged" in notice
    for _ in range(2):
        assert verify_file(path).problems == forgery.after
        assert await asyncio.to_thread(start_once, path) == ()
    await write(path, 1)
    assert verify_file(path).problems == forgery.after


async def test_a_full_rewrite_with_its_note_is_seen_from_outside_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    await write(path, BATCHES)
    seals = [row.seal for row in read_rows(path)]

    change_one(path)
    set_the_note_back(path, LAST)

    found = verify_file(path)
    assert found.is_whole
    assert not set(seals[3:]) & {row.seal for row in read_rows(path)}


async def test_entries_that_were_added_are_seen_from_outside_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    await write(path, 1)
    kept = verify_file(path)
    *_, last = read_rows(path)
    own = seal(last.seal, last.content)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        values = (4, last.event, last.batch_id, "", last.content, last.seal, own)
        other.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    set_the_note_back(path, 4)

    assert verify_file(path).is_whole
    assert verify_file(path).last_seal != kept.last_seal


@pytest.mark.parametrize("consoles", [1, 3])
async def test_the_note_may_be_behind_by_one_entry_for_each_killed_console(
    tmp_path: Path, consoles: int
) -> None:
    path = tmp_path / "journal.db"
    await write(path, BATCHES)
    killed = [Consoles(path) for _ in range(consoles)]
    for each in killed:
        each.enter(NOW)

    set_the_note_back(path, LAST - consoles)
    assert verify_file(path).is_whole
    set_the_note_back(path, LAST - consoles - 1)
    assert not verify_file(path).is_whole

    for each in killed:
        each.leave()


async def test_what_a_killed_console_left_explains_nothing_after_a_start(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    await write(path, BATCHES)
    for number in range(5):
        (tmp_path / "journal-consoles" / f"C-2026-{number}.lock").touch()
    set_the_note_back(path, LAST - 5)
    assert verify_file(path).is_whole

    assert await asyncio.to_thread(start_once, path) == ()

    assert not list((tmp_path / "journal-consoles").iterdir())
    set_the_note_back(path, LAST - 5)
    assert not verify_file(path).is_whole


async def test_what_is_written_while_it_is_verified_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    await write(path, 1)
    set_the_note_back(path, 3)
    old = note_path(path).read_bytes()
    await write(path, 5)
    new = note_path(path).read_bytes()
    # The note as it was before the rows were read, and as it is afterwards.
    answers = iter([old, new])
    note_path(path).write_bytes(old)
    read = Path.read_bytes

    def reading(self: Path) -> bytes:
        if self == note_path(path):
            return next(answers)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", reading)

    assert verify_file(path).is_whole


async def acknowledged(path: Path, name: str) -> ChainReport:
    journal = Journal(path, lambda: NOW)
    await journal.acknowledge(name, "restored from a backup")
    await asyncio.to_thread(journal.close)
    return verify_file(path)


async def test_what_is_acknowledged_stays_in_the_list_and_cries_no_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    await write(path, 2)
    tamper(
        path,
        "UPDATE entries SET content = replace(content, 'completed', 'stopped') "
        "WHERE sequence = 3",
    )
    (finding,) = verify_file(path).findings
    assert finding.words == "Entry 3 was changed."

    report = await acknowledged(path, finding.name)

    assert report.is_whole
    (known,) = report.findings
    assert (known.name, known.words) == (finding.name, finding.words)
    assert known.reason == "restored from a backup"

    # Another change of the same entry is another finding.
    tamper(
        path,
        "UPDATE entries SET content = replace(content, 'stopped', 'crashed') "
        "WHERE sequence = 3",
    )
    assert verify_file(path).problems == ("Entry 3 was changed.",)


@pytest.fixture
def of_version_2(tmp_path: Path) -> Path:
    """A journal as the version before this one left it: a batch, and one cut off."""
    path = tmp_path / "journal.db"
    shutil.copy(FIXTURE, path)
    shutil.copy(note_path(FIXTURE), note_path(path))
    return path


def test_a_journal_of_the_version_before_is_whole_before_and_after_a_start(
    of_version_2: Path,
) -> None:
    before = verify_file(of_version_2)
    assert (before.entries, before.findings) == (10, ())

    assert start_once(of_version_2) == ()

    after = verify_file(of_version_2)
    assert (after.entries, after.findings) == (10, ())
    assert after.last_seal == before.last_seal
    with closing(sqlite3.connect(of_version_2)) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_what_an_older_version_kept_is_not_shown_any_more(of_version_2: Path) -> None:
    assert "90034" in "".join(row.content for row in read_rows(of_version_2))

    first, second = read_contents(of_version_2).batches

    assert (first.ticket, first.reason, first.off) == ("OPS-4812", "stale", 2)
    assert first.sessions[2].result.detail == (
        "Authorization Basic (token) of (number)"
    )
    assert second.ended_at is None


async def test_a_batch_that_the_version_before_left_open_is_found(
    of_version_2: Path,
) -> None:
    journal = Journal(of_version_2, lambda: NOW)
    (record,) = await journal.interrupted()
    assert len(record.unknown) == 1
    assert await journal.resume(record.batch_id) is not None
    await asyncio.to_thread(journal.close)
    assert verify_file(of_version_2).is_whole


def test_the_first_seal_is_that_of_an_empty_journal(tmp_path: Path) -> None:
    found = verify_file(tmp_path / "journal.db")
    assert (found.entries, found.last_seal, found.is_whole) == (0, FIRST_SEAL, True)
