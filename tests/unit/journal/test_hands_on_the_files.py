"""Hands on the journal's files while a console has them open."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.errors import JournalError
from masking_console.journal import entry_file, entry_reader
from masking_console.journal.entry_file import EntryFile
from masking_console.journal.failures import FilesInUse
from masking_console.journal.journal import Journal
from masking_console.journal.reading import verify_file
from masking_console.journal.seals import Head, HeadNote, note_path, read_head
from masking_console.models.journal_entry import (
    SCHEMA_VERSION,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.paths import UnsafePathError
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
CONFIRMED = plan_of(practice_account(), [UUID]).confirm("y")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    opened = Journal(path, lambda: NOW)
    await opened.open()
    yield opened
    await asyncio.to_thread(opened.close)


def part(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}{ending}")


def replace_with_a_copy(each: Path) -> None:
    copy = each.with_name("copy")
    shutil.copy(each, copy)
    copy.rename(each)


def remove_all(path: Path) -> None:
    for each in path.parent.glob("journal.db*"):
        each.unlink()


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


DEEDS: list[Callable[[Path], object]] = [
    lambda path: path.unlink(),
    lambda path: path.rename(path.with_name("other.db")),
    lambda path: part(path, "-wal").unlink(),
    lambda path: part(path, "-shm").unlink(),
    lambda path: part(path, "-wal").rename(path.with_name("other-wal")),
    lambda path: note_path(path).unlink(),
    lambda path: note_path(path).rename(path.with_name("other-head")),
    lambda path: note_path(path).write_bytes(b"nonsense"),
    lambda path: note_path(path).write_bytes(b""),
    lambda path: note_path(path).write_text(f"{0:020d} {'0' * 64}\n", encoding="utf-8"),
    replace_with_a_copy,
    lambda path: replace_with_a_copy(part(path, "-wal")),
    lambda path: replace_with_a_copy(note_path(path)),
    remove_all,
    move_the_folder,
]


@pytest.mark.parametrize("deed", DEEDS)
async def test_no_leave_to_send_once_a_file_is_not_at_its_path(
    journal: Journal, path: Path, deed: Callable[[Path], object]
) -> None:
    batch = await journal.begin_batch(CONFIRMED)
    await journal.record_intent(batch, UUID, 1)

    deed(path)

    words = r"cannot be written \(.*(while in use|changed by somebody else)\)"
    for _ in range(2):
        with pytest.raises(JournalError, match=words):
            await journal.record_intent(batch, UUID, 2)


async def test_more_links_are_the_right_of_a_backup(
    journal: Journal, path: Path
) -> None:
    batch = await journal.begin_batch(CONFIRMED)
    for ending in ("", "-wal", "-head"):
        os.link(part(path, ending), part(path, f"{ending}.backup"))

    assert (await journal.record_intent(batch, UUID, 1)).sequence == 2


async def test_a_link_to_the_folder_leads_to_the_same_files(
    journal: Journal, path: Path
) -> None:
    batch = await journal.begin_batch(CONFIRMED)
    move_the_folder(path)
    path.parent.symlink_to(path.parent.with_name("elsewhere"))

    assert (await journal.record_intent(batch, UUID, 1)).sequence == 2


async def test_a_file_that_is_put_there_while_it_is_opened_is_not_taken(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(_connection: object) -> None:
        replace_with_a_copy(path)

    monkeypatch.setattr(entry_file, "_prepare", swap)
    journal = Journal(path, lambda: NOW)
    with pytest.raises(
        JournalError, match=r"journal\.db was removed, moved or replaced"
    ):
        await journal.open()
    await asyncio.to_thread(journal.close)


async def test_a_note_that_another_console_has_written_is_not_set_back(
    journal: Journal, path: Path
) -> None:
    batch = await journal.begin_batch(CONFIRMED)
    note = note_path(path).read_text(encoding="utf-8")
    ahead = f"{7:020d} {'a' * 64}\n"
    note_path(path).write_text(ahead, encoding="utf-8")

    await journal.record_intent(batch, UUID, 1)

    assert note_path(path).read_text(encoding="utf-8") == ahead
    assert note != ahead
    assert verify_file(path).problems == ("Entries 3 to 7 are missing.",)


def test_files_that_were_never_there_are_missed_by_nobody(tmp_path: Path) -> None:
    files = FilesInUse(tmp_path / "journal.db")
    files.about_to_open()
    files.opened()
    files.check()
    (tmp_path / "journal.db").touch()
    with pytest.raises(UnsafePathError):
        files.check()


def test_what_is_found_stays_to_be_found_until_it_is_written_down(path: Path) -> None:
    file = EntryFile(path)

    def fail(*_: object) -> JournalEntry:
        raise RuntimeError

    def make(event: JournalEvent, words: str) -> JournalEntry:
        return JournalEntry(event, NOW, detail=words, version=SCHEMA_VERSION)

    note_path(path).parent.mkdir()
    note_path(path).write_bytes(b"nonsense")
    with pytest.raises(RuntimeError):
        file.compare_with_note(fail, 1)
    assert note_path(path).read_bytes() == b"nonsense"
    unreadable = "the note of the last entry could not be read"
    assert file.compare_with_note(make, 1) == unreadable
    assert file.is_compared
    file.close()
    assert verify_file(path).problems == (f"Entry 1: {unreadable}.",)


def test_a_note_may_be_begun_again(path: Path) -> None:
    path.parent.mkdir()
    note = HeadNote(path)
    for sequence in (1, 2, 1):
        head = Head(sequence, f"{sequence:064d}")
        note.begin(head)
        assert read_head(path) == head
    note.close()


def test_a_journal_whose_end_cannot_be_reached_is_damaged() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE entries (sequence INTEGER PRIMARY KEY)")
        with pytest.raises(sqlite3.DatabaseError, match="cannot be read"):
            entry_reader._row_behind(connection, 0)
