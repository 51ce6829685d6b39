"""One damaged entry is one bad row: everything else is read, nothing is made up."""

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.errors import JournalError
from masking_console.journal.entry_file import EntryFile
from masking_console.journal.entry_reader import read_rows
from masking_console.journal.journal import Journal
from masking_console.journal.reading import (
    batch_of,
    read_contents,
    see_sound_entries,
    verify_file,
)
from masking_console.journal.seals import row_of
from masking_console.models.expiry import (
    Batch,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    RunEnd,
)
from masking_console.models.history import batch_record
from masking_console.models.journal_entry import DamagedEntry
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of
from tests.unit.journal.test_seals import tamper

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
IDS = [
    SessionUuid(f"c28b77d4-21e7-43bd-9447-04bfee92e65{number}") for number in range(3)
]
CONFIRMED = plan_of(practice_account(), IDS).confirm("3")
OUT = ExpiryOutcome
# Entries 1 to 6 are a batch that has ended, 7 to 10 one that was cut off: of its
# sessions one is done, one is on its way, one was not begun.
COUNT = 10


async def settle(journal: Journal, batch: Batch, uuid: SessionUuid) -> None:
    await journal.record_intent(batch, uuid, 1)
    result = ExpiryResult(uuid, OUT.EXPIRED, NOW, Evidence.ANSWER, 200, attempts=1)
    await journal.record_settled(batch, result)


async def write(path: Path) -> None:
    journal = Journal(path, lambda: NOW)
    await journal.open()
    batch = await journal.begin_batch(CONFIRMED)
    for uuid in IDS[:2]:
        await settle(journal, batch, uuid)
    await journal.end_batch(batch, RunEnd.STOPPED)
    batch = await journal.begin_batch(CONFIRMED)
    await settle(journal, batch, IDS[0])
    await journal.record_intent(batch, IDS[1], 1)
    await asyncio.to_thread(journal.close)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await write(tmp_path / "journal.db")
    return tmp_path / "journal.db"


def outcomes(path: Path) -> list[list[ExpiryOutcome]]:
    return [
        [each.outcome for each in record.sessions]
        for record in read_contents(path).batches
    ]


async def start(path: Path) -> tuple[str, ...]:
    """Start the program, look for what was cut off, write an entry, and end it."""
    journal = Journal(path, lambda: NOW)
    try:
        await journal.open()
        found = await journal.interrupted()
        await journal.record_numbers_shown(practice_account(), None)
        return tuple(record.batch_id for record in found)
    finally:
        await asyncio.to_thread(journal.close)


async def test_without_damage_all_is_read(path: Path) -> None:
    assert outcomes(path) == [
        [OUT.EXPIRED, OUT.EXPIRED, OUT.NOT_SENT],
        [OUT.EXPIRED, OUT.UNKNOWN, OUT.NOT_SENT],
    ]
    assert await start(path) == ("B-20260304-120502-2",)


@pytest.mark.parametrize("sequence", range(1, COUNT + 1))
@pytest.mark.parametrize(
    "change",
    [
        "content = replace(content, 'version', 'persion')",
        "content = substr(content, 1, 20)",
        "content = ''",
        "event = event || 'x'",
        "batch_id = 'B-20260304-120503'",
        "session_uuid = 'c28b77d4-21e7-43bd-9447-04bfee92e65f'",
        "previous_seal = 'x'",
        "seal = 'x'",
        "content = CAST(X'7B22FF' AS TEXT)",
    ],
)
async def test_whatever_is_damaged_the_rest_is_read_and_nothing_made_up(
    path: Path, sequence: int, change: str
) -> None:
    whole = outcomes(path)

    tamper(path, f"UPDATE entries SET {change} WHERE sequence = {sequence}")  # noqa: S608

    contents = read_contents(path)
    assert contents.damaged == (sequence,)
    first, second = outcomes(path)
    damaged, other, before = (
        (first, second, whole[0]) if sequence <= 6 else (second, first, whole[1])
    )
    assert other == whole[1 if sequence <= 6 else 0]
    # The sessions of a plan that cannot be read are those that others name.
    for now, then in zip(damaged, before, strict=False):
        assert now in {then, OUT.UNKNOWN}
    found = verify_file(path)
    assert f"Entry {sequence} was changed." in found.problems

    batches = await start(path)
    assert "B-20260304-120502-2" in batches
    assert ("B-20260304-120502" in batches) == (sequence == 6)
    # Where the last seal is damaged, its note says so in an entry of its own.
    is_last_seal = change.startswith("seal") and sequence == COUNT
    assert verify_file(path).entries == COUNT + 1 + is_last_seal


@pytest.mark.parametrize("seed", range(60))
async def test_one_flipped_bit_stops_neither_the_history_nor_the_console(
    path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - places, no secrets
    texts = [each.content for each in read_rows(path)]
    content = bytearray(path.read_bytes())
    text = chance.choice(texts).encode()
    # In its row: the head of it, the columns before the content, or the content.
    place = content.index(text) + chance.randrange(-120, len(text))
    content[place] ^= 1 << chance.randrange(8)
    path.write_bytes(content)

    contents = read_contents(path)
    assert len(contents.damaged) <= 1
    for record in contents.batches:
        sent = [each for each in record.sessions if each.session_uuid == IDS[0]]
        assert all(each.outcome is not OUT.NOT_SENT for each in sent)
    try:
        await start(path)
    except JournalError as error:
        assert "damaged" in str(error)  # noqa: PT017 - either is right


async def test_a_row_that_sqlite_cannot_read_is_one_bad_row(path: Path) -> None:
    content = bytearray(path.read_bytes())
    text = next(each.content for each in read_rows(path) if each.sequence == 3)
    # The head of a row says how long each column is; it stands before the columns.
    head = content.index(text.encode()) - 100
    ok = bytes(content)
    for place in range(head, head + 60):
        content[:] = ok
        content[place] = 0xFF
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as other:
            try:
                other.execute("SELECT * FROM entries").fetchall()
            except sqlite3.DatabaseError:
                break
    else:
        pytest.fail("no head was hit")

    contents = read_contents(path)

    assert len(contents.damaged) >= 1
    assert outcomes(path)[-1] == [OUT.EXPIRED, OUT.UNKNOWN, OUT.NOT_SENT]


@pytest.mark.parametrize(
    "values",
    [
        (None, "B", "", "{}", "x", "y"),
        (b"event", "B", "", b"{}", "x", "y"),
        ("session.settled", 5, "", "{}", "x", 7.5),
    ],
)
def test_what_is_no_text_fits_no_seal(values: Sequence[object]) -> None:
    record = batch_of([row_of((1, *values))])
    assert record is None


async def test_a_row_whose_column_is_no_text_is_not_taken_for_a_damaged_file(
    path: Path,
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '') "
            "WHERE name = 'entries'"
        )
    tamper(path, "UPDATE entries SET content = X'7B7D' WHERE sequence = 3")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute(
            "UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE name = 'entries'"
        )
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        (found,) = other.execute("PRAGMA quick_check").fetchone()
        assert found.startswith("non-TEXT value")

    assert read_contents(path).damaged == (3,)
    assert "B-20260304-120502-2" in await start(path)
    assert not list(path.parent.glob("*damaged*")), "it was not set aside"


async def test_an_end_that_cannot_be_read_at_all_is_a_damaged_file(
    path: Path,
) -> None:
    content = bytearray(path.read_bytes())
    last = [each.content for each in read_rows(path)][-1].encode()
    page = content.index(last) // 4096
    content[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(content)

    with pytest.raises(JournalError, match="its file is damaged"):
        read_contents(path)


async def test_a_batch_with_a_damaged_beginning_is_any_consoles_that_runs(
    path: Path,
) -> None:
    tamper(path, "UPDATE entries SET content = '' WHERE sequence = 7")
    other = Journal(path, lambda: NOW)
    await other.open()
    journal = Journal(path, lambda: NOW)
    assert await journal.interrupted() == ()
    await asyncio.to_thread(other.close)

    (record,) = await journal.interrupted()
    assert (record.account_name, record.damaged) == ("", (7,))
    assert [each.outcome for each in record.sessions] == [OUT.EXPIRED, OUT.UNKNOWN]
    taken = await journal.resume(record.batch_id)
    assert taken is not None
    assert await journal.interrupted() == ()
    await asyncio.to_thread(journal.close)


async def test_a_second_damaged_entry_of_a_session_leaves_it_unknown(
    path: Path,
) -> None:
    tamper(path, "UPDATE entries SET content = '' WHERE sequence IN (3, 5)")
    assert outcomes(path)[0] == [OUT.UNKNOWN, OUT.UNKNOWN, OUT.NOT_SENT]


def test_entries_of_no_batch_are_no_batch() -> None:
    assert batch_record([DamagedEntry(1), DamagedEntry(2)]) is None


async def test_only_sound_entries_are_compared(path: Path) -> None:
    tamper(path, "UPDATE entries SET content = '' WHERE sequence = 3")
    seen: list[int] = []
    see_sound_entries(path, lambda row, _entry: seen.append(row.sequence))
    see_sound_entries(path.with_name("none.db"), lambda _row, _entry: seen.append(0))
    assert seen == [1, 2, 4, 5, 6, 7, 8, 9, 10]


async def test_a_read_that_fails_for_another_reason_is_no_damage(
    tmp_path: Path,
) -> None:
    with closing(EntryFile(tmp_path / "j.db")) as file:
        file.open()
    tamper(tmp_path / "j.db", "DROP TABLE entries")
    with pytest.raises(JournalError, match="SQLite refused"):
        read_contents(tmp_path / "j.db")
