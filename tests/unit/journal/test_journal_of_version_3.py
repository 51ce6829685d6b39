"""The kept journal of version 3, made by that version's own code.

Five batches of one account on 2026-03-04: stopped, with every kind of outcome, and one
unknown session that a second look settled; completed, with one session that was open
again and one that came back; a refused sign-in; cut off and resumed, with one session
unknown after a 404; cut off and never looked at. Numbers were shown once and a finding
acknowledged.
"""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_contents, verify_file
from masking_console.journal.seals import note_path
from masking_console.models.journal_entry import SCHEMA_VERSION

FIXTURE = Path(__file__).parents[2] / "fixtures" / "journal-of-version-3.db"
NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
ENTRIES = 40


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    shutil.copy(FIXTURE, path)
    shutil.copy(note_path(FIXTURE), note_path(path))
    return path


async def start(path: Path) -> tuple[str, ...]:
    """Start a console on the journal, and end it."""
    journal = Journal(path, lambda: NOW)
    try:
        return await journal.open()
    finally:
        await asyncio.to_thread(journal.close)


async def test_it_is_whole_before_and_after_it_is_brought_up_to_date(
    kept: Path,
) -> None:
    before = verify_file(kept)
    assert (before.entries, before.findings) == (ENTRIES, ())

    assert await start(kept) == ()

    after = verify_file(kept)
    assert (after.entries, after.findings) == (ENTRIES, ())
    assert after.last_seal == before.last_seal
    with closing(sqlite3.connect(kept)) as other:
        found = other.execute("PRAGMA user_version").fetchone()
    assert found == (SCHEMA_VERSION,)


async def test_its_batches_are_read_as_they_were(kept: Path) -> None:
    before = read_contents(kept).batches
    await start(kept)

    assert read_contents(kept).batches == before
    assert [
        (each.ticket, each.end, each.off, len(each.unsettled), len(each.sessions))
        for each in before
    ] == [
        ("OPS-4812", "stopped", 3, 1, 6),
        ("OPS-4813", "completed", 1, 1, 2),
        ("", "token refused", 0, 0, 3),
        ("OPS-4820", "interrupted", 1, 1, 3),
        ("OPS-4830", "", 1, 1, 3),
    ]


async def test_the_batch_that_was_cut_off_is_found(kept: Path) -> None:
    journal = Journal(kept, lambda: NOW)
    try:
        (record,) = await journal.interrupted()
    finally:
        await asyncio.to_thread(journal.close)
    assert (record.ticket, len(record.unknown)) == ("OPS-4830", 1)
