"""A journal that cannot be written can be read: on read-only and on full disks."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.errors import JournalError, UnwritableFileError
from masking_console.journal import entry_reader
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_contents, verify_file
from masking_console.journal.searching import read_page
from masking_console.models.history_query import HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.read_history import ReadHistory
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
EVERYTHING = HistoryQuery()


async def write(path: Path) -> None:
    journal = Journal(path, lambda: NOW)
    await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
    await asyncio.to_thread(journal.close)


async def killed(path: Path) -> None:
    """Leave a journal whose entries are in its write-ahead log alone."""
    original = path.with_name("original.db")
    await write(original)
    with closing(sqlite3.connect(original, isolation_level=None)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        journal = Journal(original, lambda: NOW)
        await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
        for ending in ("", "-wal"):
            shutil.copy(f"{original}{ending}", f"{path}{ending}")
        await asyncio.to_thread(journal.close)
    for each in path.parent.glob("original*"):
        if each.is_file():
            each.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 2 MB; where that is not allowed, there is nothing to try."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs"]
    if os.geteuid() or not done("mount", *options, str(disk)):
        pytest.skip("no disk can be mounted here")
    yield disk
    assert done("umount", "-l", str(disk))


def done(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def fill(disk: Path) -> None:
    with (disk / "rest").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


async def test_a_journal_on_a_full_disk_is_read_and_says_why_it_is_not_written(
    small_disk: Path,
) -> None:
    path = small_disk / "journal.db"
    await write(path)
    fill(small_disk)

    (record,) = read_page(path, EVERYTHING).batches
    assert verify_file(path).is_whole
    journal = Journal(path)
    with pytest.raises(JournalError, match=r"written \(the disk is full\)"):
        await journal.open()
    await asyncio.to_thread(journal.close)
    history = ReadHistory(path)
    with pytest.raises(UnwritableFileError, match=r"report .* \(the disk is full\)"):
        await history.save_report(record)
    assert not [*(small_disk / "exports").glob(".*")]


async def test_a_run_on_a_disk_that_fills_up_says_so(small_disk: Path) -> None:
    path = small_disk / "journal.db"
    journal = Journal(path, lambda: NOW)
    batch = await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
    fill(small_disk)

    with pytest.raises(JournalError, match=r"written \(the disk is full\)"):
        for attempt in range(1, 500):
            await journal.record_intent(batch, UUID, attempt)
    assert len(read_contents(path).batches) == 1
    await asyncio.to_thread(journal.close)


async def test_a_journal_of_a_killed_console_on_a_full_disk_is_read_to_its_end(
    small_disk: Path,
) -> None:
    path = small_disk / "journal.db"
    await killed(path)
    fill(small_disk)

    assert len(read_contents(path).batches) == 2


@pytest.mark.parametrize("leaves", ["closed", "killed"])
async def test_a_journal_on_a_read_only_disk_is_read(
    small_disk: Path, leaves: str
) -> None:
    path = small_disk / "journal.db"
    await (write(path) if leaves == "closed" else killed(path))
    before = {each.name for each in small_disk.iterdir()}
    assert done("mount", "-o", "remount,ro", str(small_disk))

    assert len(read_contents(path).batches) == (1 if leaves == "closed" else 2)
    assert {each.name for each in small_disk.iterdir()} == before


@pytest.mark.parametrize("leaves", ["closed", "killed"])
@pytest.mark.parametrize(
    "code",
    [
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR_SHMSIZE,
        sqlite3.SQLITE_FULL,
    ],
)
async def test_a_reader_that_may_not_write_beside_the_journal_reads_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: str, code: int
) -> None:
    path = tmp_path / "journal.db"
    await (write(path) if leaves == "closed" else killed(path))
    connect = sqlite3.connect

    class Refused(sqlite3.Connection):
        def execute(self, *_words: object) -> sqlite3.Cursor:
            error = sqlite3.OperationalError("no")
            error.sqlite_errorcode = code
            raise error

    def refuse_shared(name: str, *, uri: bool, timeout: float) -> sqlite3.Connection:
        factory = Refused if name.endswith("?mode=ro") else sqlite3.Connection
        return connect(name, uri=uri, timeout=timeout, factory=factory)

    monkeypatch.setattr(sqlite3, "connect", refuse_shared)
    assert len(read_contents(path).batches) == (1 if leaves == "closed" else 2)
    assert not path.with_name("journal.db-shm").exists()


async def test_a_journal_that_is_none_is_not_read_in_another_way(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(JournalError, match="damaged"):
        read_contents(path)


async def test_reading_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write(path)
    before = path.read_bytes()

    assert read_page(path, EVERYTHING).total == 1
    assert path.read_bytes() == before


async def test_a_failure_that_more_files_would_not_mend_stays_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    await write(path)
    failure = sqlite3.OperationalError("database is locked")
    failure.sqlite_errorcode = sqlite3.SQLITE_BUSY
    closed: list[bool] = []

    class Locked:
        def execute(self, _query: str) -> None:
            raise failure

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(entry_reader, "_connect", lambda *_: Locked())

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        list(entry_reader.read_rows(path))
    assert closed == [True]


async def test_a_damaged_row_that_is_gone_by_now_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write(path)
    (batch,) = read_contents(path).batches
    with entry_reader.opened_to_read(path) as connection:
        rows = entry_reader.rows_of_batch(connection, batch.batch_id, damaged=[999])
    assert [row.sequence for row in rows] == [1]
