import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from masking_console.errors import JournalError, RefusedError
from masking_console.journal import entry_file, entry_reader
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_attempts, read_contents, verify_file
from masking_console.journal.seals import FIRST_SEAL
from masking_console.models.expiry import Batch, ExpiryOutcome, ExpiryResult, RunEnd
from masking_console.models.journal_entry import SCHEMA_VERSION, JournalEvent
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
OTHER = SessionUuid("4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e")
OF_A_BATCH = list(JournalEvent)[:5]
CONFIRMED = plan_of(practice_account(), [UUID]).confirm("y")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    opened = Journal(path, lambda: NOW)
    yield opened
    await asyncio.to_thread(opened.close)


def rows(path: Path) -> list[tuple[int, str, str, str]]:
    with closing(sqlite3.connect(path)) as other:
        return other.execute(
            "SELECT sequence, content, previous_seal, seal FROM entries "
            "ORDER BY sequence"
        ).fetchall()


async def write_some(journal: Journal) -> Batch:
    batch = await journal.begin_batch(CONFIRMED)
    await journal.record_intent(batch, UUID, 1)
    result = ExpiryResult(UUID, ExpiryOutcome.UNKNOWN, NOW, attempts=1)
    await journal.record_unclear(batch, result)
    await journal.record_settled(batch, result)
    await journal.end_batch(batch, RunEnd.COMPLETED)
    return batch


async def test_entries_come_back_as_they_were_written(journal: Journal) -> None:
    batch = await write_some(journal)

    entries = await journal.entries(batch.batch_id)

    assert batch.batch_id == "B-20260304-120502"
    assert [entry.event for entry in entries] == OF_A_BATCH
    assert entries[0].sessions == (UUID,)
    assert all(e.at == NOW and e.version == SCHEMA_VERSION for e in entries)
    assert all(entry.operator and entry.host for entry in entries)


async def test_each_entry_seals_the_one_before(journal: Journal, path: Path) -> None:
    await write_some(journal)

    before = FIRST_SEAL
    for _sequence, content, previous, own in rows(path):
        assert previous == before
        assert own == sha256(f"{previous}\n{content}".encode()).hexdigest()
        before = own
    assert len(rows(path)) == len(OF_A_BATCH)


async def test_nothing_can_be_changed_or_removed(journal: Journal, path: Path) -> None:
    await write_some(journal)

    with closing(sqlite3.connect(path)) as other:
        for statement in (
            "UPDATE entries SET content = ''",
            "DELETE FROM entries",
            "INSERT OR REPLACE INTO entries SELECT * FROM entries",
        ):
            with pytest.raises(sqlite3.IntegrityError, match=r"append-only|UNIQUE"):
                other.execute(statement)


async def test_the_file_is_durable_and_the_operators_alone(
    journal: Journal, path: Path
) -> None:
    path.parent.mkdir(mode=0o777, parents=True)
    path.parent.chmod(0o777)
    path.touch(0o666)
    path.chmod(0o666)

    await write_some(journal)

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {
        (each.is_dir(), stat.S_IMODE(each.stat().st_mode))
        for each in path.parent.rglob("*")
    }
    assert modes == {(False, 0o600), (True, 0o700)}
    connection = journal._file._opened
    settings = await journal._in_thread(
        lambda: [
            connection().execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert settings == ["wal", 2]


async def test_batches_of_one_second_have_ids_of_their_own(journal: Journal) -> None:
    made = [(await journal.begin_batch(CONFIRMED)).batch_id for _ in range(3)]

    assert made == [
        "B-20260304-120502",
        "B-20260304-120502-2",
        "B-20260304-120502-3",
    ]


async def test_two_journals_on_one_file_keep_one_chain(path: Path) -> None:
    first, second = Journal(path, lambda: NOW), Journal(path, lambda: NOW)
    await asyncio.gather(*(write_some(each) for each in (first, second) * 5))
    for each in (first, second):
        await asyncio.to_thread(each.close)

    seals = [FIRST_SEAL, *(own for *_, own in rows(path))]
    assert [previous for _, _, previous, _ in rows(path)] == seals[:-1]
    assert len(seals) == 1 + 10 * len(OF_A_BATCH)


async def test_an_intent_gives_leave_for_reviewed_sessions_alone(
    journal: Journal,
) -> None:
    batch = await journal.begin_batch(CONFIRMED)

    intent = await journal.record_intent(batch, UUID, 2)
    assert (intent.session_uuid, intent.attempt, intent.sequence) == (UUID, 2, 2)
    with pytest.raises(RefusedError):
        await journal.record_intent(batch, OTHER, 1)


async def test_an_entry_is_written_to_its_end_even_when_cancelled(
    journal: Journal,
) -> None:
    batch = await journal.begin_batch(CONFIRMED)
    writing = asyncio.create_task(journal.record_intent(batch, UUID, 1))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert len(await journal.entries(batch.batch_id)) == 2


async def test_a_journal_of_a_newer_version_is_left_alone(
    journal: Journal, path: Path
) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    before = path.read_bytes()

    with pytest.raises(JournalError, match="newer"):
        await journal.open()

    assert path.read_bytes()[100:] == before[100:]


async def test_a_damaged_file_is_set_aside_and_kept(
    journal: Journal, path: Path
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 1000)

    (notice,) = await journal.open()

    assert notice == (
        "The journal was damaged. It is kept as journal-damaged-20260304-120502.db."
    )
    kept = path.with_name("journal-damaged-20260304-120502.db")
    assert kept.read_bytes() == b"this is no database" * 1000
    assert [row[1].count("journal.set_aside") for row in rows(path)] == [1]
    await write_some(journal)


async def test_a_second_damaged_file_of_one_second_does_not_replace_the_first(
    journal: Journal, path: Path
) -> None:
    for content in (b"one", b"two"):
        path.parent.mkdir(parents=True, exist_ok=True)
        await journal._in_thread(journal._file.close)
        for each in path.parent.glob("journal.db*"):
            each.unlink()
        path.write_bytes(content * 5000)
        await journal.open()

    kept = sorted(path.parent.glob("journal-damaged-*.db"))
    assert [each.read_bytes()[:3] for each in kept] == [b"two", b"one"]


async def test_a_damaged_page_is_found_at_the_start(
    journal: Journal, path: Path
) -> None:
    for _ in range(20):
        await write_some(journal)
    await journal._in_thread(journal._file.close)
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)

    (notice,) = await journal.open()

    assert "damaged" in notice


async def test_a_damaged_file_that_another_console_uses_stays_where_it_is(
    journal: Journal, path: Path
) -> None:
    other = Journal(path, lambda: NOW)
    await other.open()
    damaged = b"this is no database" * 1000
    for each in path.parent.glob("journal.db*"):
        each.unlink()
    path.write_bytes(damaged)

    with pytest.raises(JournalError, match="damaged"):
        await journal.open()

    assert path.read_bytes() == damaged
    await asyncio.to_thread(other.close)


async def test_a_place_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "journal.db")
    with pytest.raises(JournalError, match="cannot be written"):
        await journal.open()
    await asyncio.to_thread(journal.close)


async def test_a_full_disk_is_said_and_what_was_written_stays(
    journal: Journal, path: Path
) -> None:
    await write_some(journal)
    opened = journal._file._opened
    await journal._in_thread(lambda: opened().execute("PRAGMA max_page_count = 1"))

    with pytest.raises(JournalError, match="the disk is full"):
        for _ in range(100):
            await write_some(journal)

    seals = [FIRST_SEAL, *(own for *_, own in rows(path))]
    assert [previous for _, _, previous, _ in rows(path)] == seals[:-1]


@pytest.mark.parametrize(("held_seconds", "opens"), [(0.15, True), (1.5, False)])
async def test_a_new_file_that_somebody_holds_is_waited_for(
    journal: Journal,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    held_seconds: float,
    opens: bool,
) -> None:
    monkeypatch.setattr(entry_file, "_BUSY_SECONDS", 0.1)
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        opening = asyncio.create_task(journal.open())
        await asyncio.sleep(held_seconds)
        other.execute("ROLLBACK")
        if opens:
            await opening
        else:
            with pytest.raises(JournalError, match="another program holds it"):
                await opening


async def test_it_opens_again_after_it_was_closed(journal: Journal) -> None:
    batch = await write_some(journal)
    await journal._in_thread(journal._file.close)
    await journal._in_thread(journal._file.close)

    assert len(await journal.entries(batch.batch_id)) == len(OF_A_BATCH)


async def test_a_clock_that_is_set_back_mixes_nothing_up(path: Path) -> None:
    times = iter([NOW + timedelta(hours=hours) for hours in (5, 3, 0, 9, 0, 2, 0)])
    journal = Journal(path, lambda: next(times, NOW))
    made = [await write_some(journal) for _ in range(3)]
    await asyncio.to_thread(journal.close)

    assert len({batch.batch_id for batch in made}) == 3
    assert verify_file(path).is_whole
    assert [each.batch_id for each in read_contents(path).batches] == [
        batch.batch_id for batch in made
    ]


async def test_a_journal_that_somebody_holds_is_said_and_goes_on_afterwards(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_file, "_BUSY_SECONDS", 0.1)
    journal = Journal(path, lambda: NOW)
    batch = await journal.begin_batch(CONFIRMED)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program holds it"):
            await journal.record_intent(batch, UUID, 1)
        other.execute("ROLLBACK")

    assert (await journal.record_intent(batch, UUID, 1)).sequence == 2
    await asyncio.to_thread(journal.close)


async def test_what_was_done_to_some_sessions_is_found_without_reading_all(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_attempts(path, [UUID]) == {}
    first = await write_some(journal)
    second = await write_some(journal)
    await journal.record_numbers_shown(practice_account(), OTHER)
    monkeypatch.setattr(entry_reader, "_AT_ONCE", 2)

    found = read_attempts(path, [OTHER, *[UUID] * 3])

    assert list(found) == [UUID]
    assert [each.batch_id for each in found[UUID]] == [first.batch_id, second.batch_id]
    assert {each.outcome for each in found[UUID]} == {ExpiryOutcome.UNKNOWN}
    assert read_attempts(path, []) == {}


async def test_the_past_of_sessions_in_a_damaged_journal_is_not_known(
    path: Path,
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)

    with pytest.raises(JournalError, match="cannot be read"):
        read_attempts(path, [UUID])


async def test_a_batch_that_tells_only_that_a_session_came_back_did_nothing_to_it(
    journal: Journal, path: Path
) -> None:
    batch = await journal.begin_batch(CONFIRMED)
    await journal.end_batch(batch, RunEnd.STOPPED)
    await journal.record_came_back(batch.batch_id, UUID, PlainText("a new one"))

    assert read_attempts(path, [UUID]) == {}
