import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.journal.entry_reader import read_rows
from masking_console.journal.journal import Journal
from masking_console.journal.reading import verify_file
from masking_console.journal.seals import (
    FIRST_SEAL,
    SealedRow,
    entry_of,
    note_path,
    read_head,
    seal,
    verify_chain,
)
from masking_console.models.expiry import RunEnd
from masking_console.models.journal_entry import SCHEMA_VERSION, ChainReport
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
CONFIRMED = plan_of(practice_account(), [UUID]).confirm("y")


async def write(path: Path, batches: int) -> None:
    journal = Journal(path, lambda: NOW)
    await journal.open()
    for _ in range(batches):
        batch = await journal.begin_batch(CONFIRMED)
        await journal.record_intent(batch, UUID, 1)
        await journal.end_batch(batch, RunEnd.COMPLETED)
    await asyncio.to_thread(journal.close)


def report(path: Path) -> ChainReport:
    head = read_head(path)
    return verify_chain(read_rows(path), head)


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody does who can write to it and knows SQL."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for name in ("changed", "replaced", "removed"):
            other.execute(f"DROP TRIGGER IF EXISTS entries_are_never_{name}")
        for statement in statements:
            other.execute(statement)


async def test_a_whole_chain_is_called_whole(tmp_path: Path) -> None:
    await write(tmp_path / "j.db", 2)

    found = report(tmp_path / "j.db")

    assert (found.entries, found.is_whole, found.problems) == (6, True, ())
    head = read_head(tmp_path / "j.db")
    assert head is not None
    assert (head.sequence, head.seal) == (6, found.last_seal)


@pytest.mark.parametrize(
    ("statements", "problems"),
    [
        (
            [("UPDATE entries SET content = replace(content, '03-04', '03-05') "
             "WHERE sequence = 3")],
            ("Entry 3 was changed.",),
        ),
        (
            ["UPDATE entries SET content = '{' WHERE sequence = 2"],
            ("Entry 2 was changed.",),
        ),
        (
            ["UPDATE entries SET batch_id = 'B-0' WHERE sequence = 2"],
            ("Entry 2 was changed.",),
        ),
        (["DELETE FROM entries WHERE sequence = 4"], ("Entry 4 is missing.",)),
        (
            ["DELETE FROM entries WHERE sequence BETWEEN 2 AND 4"],
            ("Entries 2 to 4 are missing.",),
        ),
        (["DELETE FROM entries WHERE sequence = 6"], ("Entry 6 is missing.",)),
        (
            ["DELETE FROM entries WHERE sequence >= 5"],
            ("Entries 5 to 6 are missing.",),
        ),
        (["DELETE FROM entries"], ("Entries 1 to 6 are missing.",)),
        (
            ["UPDATE entries SET sequence = 99 WHERE sequence = 2",
             "UPDATE entries SET sequence = 2 WHERE sequence = 3",
             "UPDATE entries SET sequence = 3 WHERE sequence = 99"],
            ("Entry 2 does not follow the one before it.",
             "Entry 3 does not follow the one before it.",
             "Entry 4 does not follow the one before it."),
        ),
        (
            ["UPDATE entries SET sequence = 99 WHERE sequence = 2"],
            (
                "Entry 2 is missing.",
                "Entries 7 to 98 are missing.",
                "The note of the last entry named 6, and it was 99.",
            ),
        ),
    ],
)  # fmt: skip
async def test_whatever_is_changed_removed_or_moved_is_named(
    tmp_path: Path, statements: list[str], problems: tuple[str, ...]
) -> None:
    path = tmp_path / "j.db"
    await write(path, 2)

    tamper(path, *statements)

    assert report(path).problems == problems


def rebuild_chain(path: Path, change: Callable[[str], str]) -> None:
    """Change entries and write every seal anew, as somebody does who knows how."""
    rows = list(read_rows(path))
    tamper(path)
    before = FIRST_SEAL
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for row in rows:
            content = change(row.content)
            own = seal(before, content)
            other.execute(
                "UPDATE entries SET content = ?, previous_seal = ?, seal = ? "
                "WHERE sequence = ?",
                (content, before, own, row.sequence),
            )
            before = own


def forge_last(path: Path, content: str = "") -> None:
    """Write another last entry, with a seal that fits."""
    *_, last = read_rows(path)
    content = content or last.content.replace("completed", "stopped")
    forged = seal(last.previous_seal, content)
    tamper(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(
            "UPDATE entries SET content = ?, seal = ? WHERE sequence = ?",
            (content, forged, last.sequence),
        )


@pytest.mark.parametrize(
    ("deed", "problem"),
    [
        (forge_last, "Entry 3 was not the one that had been written."),
        (lambda path: note_path(path).unlink(),
         "The note of the last entry was missing; the last was 3."),
    ],
)  # fmt: skip
async def test_a_last_entry_that_was_replaced_does_not_agree_with_its_note(
    tmp_path: Path, deed: Callable[[Path], object], problem: str
) -> None:
    path = tmp_path / "j.db"
    await write(path, 1)

    deed(path)

    assert report(path).problems == (problem,)


def test_a_note_that_cannot_be_read_is_found_as_such(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path / "j.db", 1))
    note_path(tmp_path / "j.db").write_text("nonsense", encoding="utf-8")

    assert verify_file(tmp_path / "j.db").problems == (
        "The note of the last entry could not be read.",
    )


async def test_a_cut_off_end_is_written_down_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await write(path, 2)
    tamper(path, "DELETE FROM entries WHERE sequence >= 5")

    journal = Journal(path, lambda: NOW)
    (notice,) = await journal.open()
    await asyncio.to_thread(journal.close)

    gone = "entries 5 to 6 had been written and were gone"
    assert notice == (
        f"The journal is not as it was left: {gone}. It goes on from there; "
        "history verify keeps saying so."
    )
    assert report(path).problems == (f"Entry 5: {gone}.",)


async def test_an_older_journal_gets_its_note_and_its_index(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await write(path, 1)
    note_path(path).unlink()
    tamper(path, "DROP INDEX entries_by_event", "DROP TABLE identity")
    tamper(path, "PRAGMA user_version = 1")
    now = f'"version":{SCHEMA_VERSION}'
    rebuild_chain(path, lambda content: content.replace(now, '"version":1'))

    await write(path, 1)

    assert report(path).is_whole
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        names = other.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        assert ("entries_by_event",) in names.fetchall()


def test_an_empty_journal_is_whole() -> None:
    assert verify_chain([], None).is_whole


@pytest.mark.parametrize(
    ("version", "more", "is_read"),
    [
        (SCHEMA_VERSION + 1, '"mood":"new"', True),
        (SCHEMA_VERSION + 1, '"detail":7', False),
        (SCHEMA_VERSION, '"mood":"new"', False),
    ],
)
def test_of_an_entry_of_a_newer_version_is_read_what_is_known(
    version: int, more: str, *, is_read: bool
) -> None:
    content = (
        f'{{"event":"batch.ended","at":"2026-03-04T12:00:00Z","version":{version},'
        f'"outcome":"completed",{more}}}'
    )
    own = seal(FIRST_SEAL, content)
    row = SealedRow(1, "batch.ended", "", "", content, FIRST_SEAL, own)

    entry = entry_of(row)

    assert (entry is not None) == is_read
    assert entry is None or entry.outcome == "completed"


async def test_an_entry_that_cannot_be_read_was_changed_whatever_its_seal_says(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j.db"
    await write(path, 1)

    forge_last(path, "{")

    assert report(path).problems[0] == "Entry 3 was changed."
