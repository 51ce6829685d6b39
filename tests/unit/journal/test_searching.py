import asyncio
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from masking_console.errors import InputError, JournalError
from masking_console.journal import search_table, searching
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_attempts, read_contents, verify_file
from masking_console.journal.seals import FIRST_SEAL, SealedRow, note_path, seal
from masking_console.journal.searching import (
    count_unprepared,
    read_matching,
    read_page,
    read_session_events,
)
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history_query import HistoryQuery, SearchProgress
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.verify_history import rebuild_search
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

FIXTURE = Path(__file__).parents[2] / "fixtures" / "journal-of-version-3.db"
NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
EVERYTHING = HistoryQuery()
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Copy the journal of version 3, which has no values to search by."""
    path = tmp_path / "journal.db"
    shutil.copy(FIXTURE, path)
    shutil.copy(note_path(FIXTURE), note_path(path))
    return path


def rebuild(path: Path) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    rebuild_search(path, lambda progress: told.append((progress.done, progress.total)))
    return told


def tamper(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER IF EXISTS entries_are_never_changed")
        other.execute("DROP TRIGGER IF EXISTS entries_are_never_removed")
        for statement in statements:
            other.execute(statement)


def is_searched(path: Path) -> bool:
    return count_unprepared(path) == 0


def questions(path: Path) -> list[HistoryQuery]:
    """Return many questions, from what the journal of version 3 says."""
    found = [EVERYTHING, HistoryQuery(batch="b-2026"), HistoryQuery(batch="B-1999")]
    for record in read_contents(path).batches:
        first = record.sessions[0].session_uuid
        found += [
            HistoryQuery(session=first),
            HistoryQuery(session=first[:3].upper(), outcome="unknown"),
            HistoryQuery(ticket=record.ticket[-3:].lower()),
            HistoryQuery(since=record.began_at),
            HistoryQuery(words=(first[:9],)),
            HistoryQuery(words=(record.batch_id.lower(), record.operator[:2])),
            HistoryQuery(words=(record.ticket.lower() or "nothing",)),
        ]
        found += [HistoryQuery(operator=record.operator, account=record.account_name)]
    found += [HistoryQuery(outcome=each.value[:3]) for each in ExpiryOutcome]
    return [*found, HistoryQuery(operator="mart"), HistoryQuery(account="other")]


def test_a_search_finds_what_reading_everything_finds(kept: Path) -> None:
    slow = [read_matching(kept, query) for query in questions(kept)]
    assert not is_searched(kept)

    assert rebuild(kept) == [(40, 40)]

    assert is_searched(kept)
    assert [read_matching(kept, query) for query in questions(kept)] == slow
    pages = [read_page(kept, query) for query in questions(kept)]
    assert [page.batches for page in pages] == slow
    assert {page.all for page in pages} == {5}
    assert len({len(found) for found in slow}) > 3, "the questions differ"
    assert verify_file(kept).is_whole


def test_the_story_of_a_session_is_the_same_however_it_is_found(kept: Path) -> None:
    asked = [
        HistoryQuery(session=each.session_uuid)
        for record in read_contents(kept).batches
        for each in record.sessions
    ]
    slow = [read_session_events(kept, query) for query in asked]
    rebuild(kept)

    assert [read_session_events(kept, query) for query in asked] == slow
    for query, events in zip(asked, slow, strict=True):
        assert {event.session_uuid for event in events} == {query.session}
        sequences = [event.sealed.sequence for event in events]
        assert sequences == sorted(sequences)
        entry = events[0].sealed.entry
        assert isinstance(entry, JournalEntry)
        assert entry.event is JournalEvent.BATCH_CONFIRMED


def test_pages_hold_every_batch_once(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild(kept)
    monkeypatch.setattr(searching, "_MOST_BATCHES", 2)
    first = read_page(kept, EVERYTHING)
    assert (len(first.batches), first.total) == (2, 5)
    found, page = [*first.batches], first
    while page.next is not None:
        page = read_page(kept, EVERYTHING, page.next)
        found += page.batches
    assert found == list(reversed(read_contents(kept).batches))


async def test_an_old_large_journal_is_prepared_bit_by_bit(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_table, "AT_ONCE", 7)
    journal = Journal(kept, lambda: NOW)
    await journal.open()
    told: list[SearchProgress] = []
    # An entry between two steps waits for its turn.
    batch = await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
    while not told or not told[-1].is_done:
        assert not is_searched(kept)
        told.append(await journal.take_for_search())
    assert [each.done for each in told] == [14, 21, 28, 35, 41]
    assert is_searched(kept)
    await journal.record_intent(batch, UUID, 1)

    assert is_searched(kept)
    (newest,) = read_page(kept, HistoryQuery(session=UUID)).batches
    assert newest.count(ExpiryOutcome.UNKNOWN) == 1
    found = read_page(kept, HistoryQuery(outcome="unknown")).batches
    assert newest.batch_id == found[0].batch_id
    assert (await journal.take_for_search()).is_done
    await asyncio.to_thread(journal.close)


async def test_a_ticket_that_is_added_is_found_and_told_everywhere(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, lambda: NOW)
    plan = replace(plan_of(practice_account(), [UUID]), ticket="OPS-1")  # type: ignore[arg-type]
    batch = await journal.begin_batch(plan.confirm("y"))
    await journal.record_intent(batch, UUID, 1)
    more = {"ticket": "OPS-2", "reason": "second caller"}
    await journal._append(JournalEvent.TICKET_ADDED, batch.batch_id, **more)
    await asyncio.to_thread(journal.close)

    with closing(sqlite3.connect(path)) as other:
        for words in ("ops-1", "ops-2"):
            query = HistoryQuery(ticket=words)
            assert search_table.count_named(other, query) == 1
        query = HistoryQuery(words=("second",))
        assert search_table.count_named(other, query) == 1
    (attempt,) = read_attempts(path, [UUID])[UUID]
    assert attempt.ticket == "OPS-1, OPS-2"
    events = read_session_events(path, HistoryQuery(session=UUID))
    assert {event.tickets for event in events} == {("OPS-1", "OPS-2")}


def test_rows_that_were_altered_are_found_as_unknown_after_a_rebuild(
    kept: Path,
) -> None:
    rebuild(kept)
    record = read_contents(kept).batches[1]
    assert record.ticket == "OPS-4813"
    unknown = HistoryQuery(outcome="unknown")
    assert record.batch_id not in {e.batch_id for e in read_matching(kept, unknown)}

    change = "content = replace(content, 'expired', 'refused')"
    where = f"batch_id = '{record.batch_id}' AND event = 'session.settled'"
    tamper(kept, f"UPDATE entries SET {change} WHERE {where}")  # noqa: S608
    shown = read_page(kept, HistoryQuery(batch=record.batch_id))
    assert shown.damaged, "what is shown is read from the entries"
    rebuild(kept)

    assert record.batch_id in {e.batch_id for e in read_matching(kept, unknown)}
    assert read_page(kept, EVERYTHING).damaged == shown.damaged


@pytest.mark.parametrize(
    "change",
    [
        "content = '{'",
        "content = NULL",
        "batch_id = 'B-99990101-000000'",
        "session_uuid = 'nonsense', content = ''",
        "event = 'batch.ended'",
        "content = x'ff00', seal = ''",
    ],
)
def test_a_damaged_entry_hides_no_batch(kept: Path, change: str) -> None:
    queries = questions(kept)
    with closing(sqlite3.connect(kept, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_changed")
        other.execute("PRAGMA writable_schema = ON")
        other.execute(
            "UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), "
            "'content TEXT NOT NULL', 'content') WHERE name = 'entries'"
        )
    tamper(kept, f"UPDATE entries SET {change} WHERE sequence = 1")  # noqa: S608
    slow = [read_matching(kept, query) for query in queries]

    rebuild(kept)

    assert is_searched(kept)
    assert [read_matching(kept, query) for query in queries] == slow
    assert read_page(kept, EVERYTHING).damaged == (1,)


@pytest.mark.parametrize(
    "change",
    [
        ["DELETE FROM search_state"],
        ["DROP TABLE search_state"],
        ["DROP TABLE search_sessions"],
        ["UPDATE search_state SET sequence = sequence + 100"],
        ["UPDATE search_state SET seal = 'other'"],
        ["UPDATE search_state SET rules = 0"],
        ["DELETE FROM entries WHERE sequence > 35"],
    ],
)
async def test_values_that_do_not_fit_the_entries_are_taken_anew(
    kept: Path, change: list[str]
) -> None:
    await asyncio.to_thread(rebuild, kept)
    tamper(kept, *change)
    slow = read_contents(kept).batches
    page = read_page(kept, EVERYTHING)
    assert page.batches == tuple(reversed(slow))

    journal = Journal(kept, lambda: NOW)
    await journal.open()
    while not (await journal.take_for_search()).is_done:
        pass
    await asyncio.to_thread(journal.close)

    assert is_searched(kept)
    first = slow[0].sessions[0].session_uuid
    assert slow[0] in read_matching(kept, HistoryQuery(session=first))
    assert read_page(kept, EVERYTHING).batches == tuple(reversed(slow))


async def test_an_entry_is_written_though_its_values_cannot_be(kept: Path) -> None:
    await asyncio.to_thread(rebuild, kept)
    journal = Journal(kept, lambda: NOW)
    await journal.open()
    tamper(kept, "DROP TABLE search_sessions")

    batch = await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))

    assert not is_searched(kept)
    assert read_page(kept, EVERYTHING).batches[0].batch_id == batch.batch_id
    await asyncio.to_thread(journal.close)
    await asyncio.to_thread(rebuild, kept)
    assert is_searched(kept)
    assert verify_file(kept).is_whole


async def test_a_disk_error_in_the_values_stops_the_entry(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(rebuild, kept)
    journal = Journal(kept, lambda: NOW)
    await journal.open()
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(*_row: object) -> None:
        raise error

    monkeypatch.setattr(search_table, "_write_state", fail)
    with pytest.raises(JournalError, match="the disk is full"):
        await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
    await asyncio.to_thread(journal.close)
    assert len(read_contents(kept).batches) == 5


def test_a_file_that_is_damaged_in_its_values_is_read_from_its_entries(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild(kept)

    def fail(*_words: object) -> None:
        raise sqlite3.DatabaseError("malformed")

    monkeypatch.setattr(search_table, "named", fail)
    assert len(read_page(kept, EVERYTHING).batches) == 5
    error = sqlite3.OperationalError("locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def refuse(*_words: object) -> None:
        raise error

    monkeypatch.setattr(search_table, "named", refuse)
    with pytest.raises(JournalError, match="another program holds it"):
        read_page(kept, EVERYTHING)
    monkeypatch.setattr(search_table, "reached", refuse)
    with pytest.raises(JournalError, match="another program holds it"):
        read_page(kept, EVERYTHING)


def test_where_no_journal_is_nothing_is_found_and_nothing_prepared(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    assert read_page(path, EVERYTHING).batches == ()
    assert read_session_events(path, HistoryQuery(session="a")) == ()
    assert count_unprepared(path) == 0
    with pytest.raises(InputError, match="no journal yet"):
        rebuild(path)
    assert list(tmp_path.iterdir()) == []


async def test_the_values_hold_no_more_than_the_entries(kept: Path) -> None:
    """Tampered values lead nowhere: each batch is matched from its sealed entries."""
    await asyncio.to_thread(rebuild, kept)
    tamper(
        kept,
        "UPDATE search_batches SET tickets = 'ops-9999'",
        "UPDATE search_sessions SET standing = 'unknown'",
    )
    assert read_page(kept, HistoryQuery(ticket="OPS-9999")).batches == ()
    found = read_matching(kept, HistoryQuery(outcome="unknown"))
    assert all(each.unknown for each in found)
    journal = Journal(kept, lambda: NOW)
    assert await journal.open() == ()
    await asyncio.to_thread(journal.close)


def row(sequence: int, entry: JournalEntry) -> SealedRow:
    content = msgspec.json.encode(entry).decode()
    texts = (entry.event.value, entry.batch_id, entry.session_uuid, content)
    return SealedRow(sequence, *texts, FIRST_SEAL, seal(FIRST_SEAL, content))


def test_a_beginning_that_comes_behind_an_entry_of_its_batch_is_taken(
    tmp_path: Path,
) -> None:
    sent = JournalEntry(
        JournalEvent.EXPIRE_INTENDED, NOW, batch_id="B-1", session_uuid=str(UUID)
    )
    begun = JournalEntry(
        JournalEvent.BATCH_CONFIRMED,
        NOW,
        batch_id="B-1",
        ticket="OPS-7",
        sessions=(str(UUID),),
    )
    with closing(sqlite3.connect(tmp_path / "j.db", isolation_level=None)) as to:
        search_table.create_tables(to)
        taking = search_table._Taking(to)
        for sequence, entry in enumerate((sent, begun), start=1):
            taking.take(row(sequence, entry))
        taking.write()
        found = list(search_table.named(to, HistoryQuery(ticket="ops-7"), None))

    assert [each.batch_id for each in found] == ["B-1"]


async def test_the_story_of_a_session_tells_that_its_numbers_were_shown(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "journal.db")
    try:
        await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
        await journal.record_numbers_shown(practice_account(), UUID)
        await journal.record_numbers_shown(practice_account(), None)
    finally:
        await asyncio.to_thread(journal.close)

    told = read_session_events(tmp_path / "journal.db", HistoryQuery(session=UUID))

    assert [each.sealed.entry.event for each in told] == [
        JournalEvent.BATCH_CONFIRMED,
        JournalEvent.NUMBERS_SHOWN,
    ]


async def test_numbers_that_were_shown_belong_to_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, lambda: NOW)
    await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
    await journal.record_numbers_shown(practice_account(), UUID)
    await asyncio.to_thread(journal.close)

    whole = read_session_events(path, HistoryQuery(session=UUID))
    of_batches = read_session_events(path, HistoryQuery(session=UUID, batch="B-"))

    assert [each.sealed.sequence for each in whole] == [1, 2]
    assert [each.sealed.sequence for each in of_batches] == [1]


async def test_a_damaged_entry_outside_of_batches_tells_nothing_of_a_session(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, lambda: NOW)
    await journal.record_numbers_shown(practice_account(), UUID)
    await journal.record_numbers_shown(practice_account(), UUID)
    await asyncio.to_thread(journal.close)
    assert len(read_session_events(path, HistoryQuery(session=UUID))) == 2
    tamper(path, "UPDATE entries SET content = '{' WHERE sequence = 1")

    (shown,) = read_session_events(path, HistoryQuery(session=UUID))

    assert shown.sealed.sequence == 2


def test_only_a_missing_table_means_that_nothing_was_prepared() -> None:
    failure = sqlite3.OperationalError("disk I/O error")
    failure.sqlite_errorcode = sqlite3.SQLITE_IOERR

    class Failing:
        def execute(self, *_: object) -> None:
            raise failure

    with pytest.raises(sqlite3.OperationalError, match="disk"):
        search_table.reached(Failing())  # type: ignore[arg-type]
    with closing(sqlite3.connect(":memory:")) as empty:
        assert search_table.reached(empty) is None
