import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from masking_console.errors import JournalError, UnwritableFileError
from masking_console.models.history_query import HistoryQuery
from masking_console.operations.read_history import ReadHistory, latest_batches
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import bench, open_ids, quick_account

EVERYTHING = HistoryQuery()


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


async def test_batches_come_newest_first_while_the_journal_is_in_use(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with bench(simulated, tmp_path) as opened:
        history = ReadHistory(opened.settings.journal_path)
        assert await history.batches(EVERYTHING) == ()
        assert (await history.verify()).entries == 0
        for some in (ids[:2], ids[2:]):
            await opened.run(some)

        newest, oldest = await history.batches(EVERYTHING)
        assert (newest.off, oldest.off) == (1, 2)
        assert newest.batch_id == opened.summary.batch.batch_id
        (found,) = await history.batches(HistoryQuery(session=ids[0][:8]))
        assert found == oldest
        report = await history.verify()
        assert report.is_whole
        assert report.last_seal == newest.seal


async def test_reading_creates_no_file(tmp_path: Path) -> None:
    history = ReadHistory(tmp_path / "none" / "journal.db")

    assert await history.batches(EVERYTHING) == ()
    assert (await history.verify()).is_whole
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_journal_cannot_be_read_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database" * 1000)
    history = ReadHistory(path)

    for reading in (history.batches(EVERYTHING), history.verify()):
        with pytest.raises(JournalError, match=r"cannot be read \(its file is damaged"):
            await reading
    assert path.read_bytes() == b"no database" * 1000


async def test_a_damaged_entry_is_said(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        await opened.run(open_ids(simulated, 1))
        path = opened.settings.journal_path
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_changed")
        other.execute("UPDATE entries SET content = '{' WHERE sequence = 2")

    page = await ReadHistory(path).page(EVERYTHING)
    (record,) = page.batches
    assert (page.damaged, record.damaged) == ((2,), (2,))
    assert record.off == 1, "what is behind it is read"
    assert (await ReadHistory(path).verify()).problems == ("Entry 2 was changed.",)


async def test_what_concerns_the_whole_journal_is_no_batch(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        path = opened.settings.journal_path
        path.parent.mkdir()
        path.write_bytes(b"no database" * 1000)
        await opened.journal.open()
        await opened.run(open_ids(simulated, 1))

        assert len(await ReadHistory(path).batches(EVERYTHING)) == 1
        (problem,) = (await ReadHistory(path).verify()).problems
        assert problem.startswith("Entry 1: the damaged journal is kept as journal-")


async def test_an_export_replaces_nothing_and_is_the_operators_alone(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        for uuid in open_ids(simulated, 2):
            await opened.run([uuid])
        history = ReadHistory(opened.settings.journal_path)
        newest, oldest = await history.batches(EVERYTHING)
        paths = [*await history.export([newest]), *await history.export([newest])]
        both, _lines = await history.export([newest, oldest])

    name = newest.batch_id
    assert [path.name for path in paths] == [
        f"{name}.csv", f"{name}.jsonl", f"{name}-2.csv", f"{name}-2.jsonl",
    ]  # fmt: skip
    assert both.name == f"{name}-and-1-more.csv"
    assert paths[0].read_text(encoding="utf-8") == paths[2].read_text(encoding="utf-8")
    assert both.read_text(encoding="utf-8").count("\n") == 3
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert both.parent.stat().st_mode & 0o777 == 0o700


async def test_an_export_that_cannot_be_written_says_why(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        await opened.run(open_ids(simulated, 1))
        history = ReadHistory(opened.settings.journal_path)
        (opened.settings.journal_path.parent / "exports").touch()
        with pytest.raises(UnwritableFileError, match="file exists"):
            await history.export(await history.batches(EVERYTHING))


async def test_a_batch_that_has_just_ended_is_read_with_its_seal(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        await opened.run(open_ids(simulated, 1))
        history = ReadHistory(opened.settings.journal_path)
        record = await history.batch(opened.summary)
        assert record.seal == (await history.verify()).last_seal
        assert record.operator

        for nowhere in (tmp_path / "none.db", tmp_path):
            bare = await ReadHistory(nowhere).batch(opened.summary)
            assert (bare.seal, bare.operator) == ("", "")
            assert [each.result for each in bare.sessions] == list(
                opened.summary.results
            )


async def test_a_shell_completes_the_latest_batches_newest_first(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    assert latest_batches(tmp_path / "none.db") == ()
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        names = []
        for uuid in ids:
            await opened.run([uuid])
            names.append(opened.summary.batch.batch_id)
        found = latest_batches(opened.settings.journal_path)
        assert [batch_id for batch_id, _ in found] == names[::-1]
        assert {account for _, account in found} == {str(opened.account.name)}
