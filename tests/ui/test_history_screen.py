import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from pathlib import Path

import pytest

from masking_console.journal import search_table, searching
from masking_console.journal.searching import count_unprepared
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.history import BatchSessions, BatchTable, HistoryScreen
from tests.support.console import Console, console
from tests.support.runs import bench, plivos, script

IdsOf = Callable[[str, int], list[SessionUuid]]
REFUSED = plivos(HTTPStatus.BAD_REQUEST, error="not now")


@asynccontextmanager
async def with_history(
    simulated: SimulatedAccount,
    ids: list[SessionUuid],
    folder: Path,
    size: tuple[int, int] = (100, 30),
) -> AsyncIterator[Console]:
    """Open the history of two batches: one clean, and then one with a refusal."""
    path = folder / "journal.db"
    async with bench(simulated, folder, journal_path=path) as earlier:
        await earlier.run(ids[:2])
        simulated.fault = script("DELETE", REFUSED)
        await earlier.run(ids[2:3])
    async with console(simulated, folder, size=size) as opened:
        await opened.press("H")
        await opened.until(lambda: "2 of 2 batches" in opened.screen_text(), "history")
        yield opened


def table(opened: Console) -> BatchTable:
    return opened.app.screen.query_one(BatchTable)


def sessions(opened: Console) -> BatchSessions:
    return opened.app.screen.query_one(BatchSessions)


@pytest.mark.parametrize("size", [(100, 30), (80, 24)])
async def test_the_batch_under_the_cursor_is_shown_with_its_sessions(
    simulated: SimulatedAccount,
    ids_of: IdsOf,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path, size) as opened:
        assert list(sessions(opened).keys) == ids[2:]
        await opened.until(lambda: "! refused" in opened.screen_text(), "the refusal")
        await opened.press("down")
        assert list(sessions(opened).keys) == ids[:2]
        await opened.until(
            lambda: "Done. 2 sessions are" in opened.screen_text(), "words"
        )
        await opened.press("enter")
        assert sessions(opened).has_focus
        await opened.press("escape")
        assert table(opened).has_focus
        await opened.press("H")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")


async def test_the_filter_takes_words_and_fields(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path) as opened:
        await opened.press("slash", *f"session:{ids[0].short}", "enter")
        words = "1 of 2 batches"
        await opened.until(lambda: words in opened.screen_text(), "one batch")
        assert list(sessions(opened).keys) == ids[:2]
        await opened.press("slash", "escape", "slash", *"color:red", "enter")
        words = "No field color."
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
        assert len(table(opened).keys) == 2
        table(opened).filter_text = "nobody"
        words = "No batch matches."
        await opened.until(lambda: words in opened.screen_text(), "nothing")
        await opened.press("y", "t", "ctrl+e")
        assert isinstance(opened.app.screen, HistoryScreen)
        await opened.press("escape")
        assert len(table(opened).keys) == 2


async def test_what_may_still_connect_calls_goes_back_to_the_queue(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path) as opened:
        await opened.press("down", "t")
        assert isinstance(opened.app.screen, HistoryScreen), "nothing is left there"
        await opened.press("up", "t")
        await opened.until_checked(1)
        assert isinstance(opened.app.screen, MainScreen)
        assert [row.session_uuid for row in opened.main.queue.ticked()] == ids[2:]


async def test_the_report_is_copied_and_the_batches_exported(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path) as opened:
        await opened.press("y")
        await opened.until(lambda: "report" in opened.log_lines()[-1], "the copy")
        await opened.until(lambda: "Written:" in opened.words(), "the report's file")
        (written,) = (tmp_path / "exports").iterdir()
        assert written.name == f"{table(opened).cursor_key}.txt"
        assert all(uuid in written.read_text(encoding="utf-8") for uuid in ids[2:])
        await opened.press("ctrl+e")
        await opened.until(lambda: "Written: B-" in opened.screen_text(), "the export")
        files = sorted((tmp_path / "exports").iterdir())
        assert [path.suffix for path in files] == [".csv", ".jsonl", ".txt"]
        assert all(uuid in files[0].read_text(encoding="utf-8") for uuid in ids)

        (tmp_path / "exports").rename(tmp_path / "elsewhere")
        (tmp_path / "exports").touch()
        await opened.press("ctrl+e")
        words = "The export cannot be written"
        await opened.until(lambda: words in opened.screen_text(), "a sentence")


async def test_the_chain_is_verified_on_the_screen(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path) as opened:
        await opened.press("v")
        words = "The journal is whole: 10 entries"
        await opened.until(lambda: words in opened.screen_text(), "whole")
        path = tmp_path / "journal.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("DROP TRIGGER entries_are_never_changed")
            other.execute("UPDATE entries SET content = '{' WHERE sequence = 2")
        await opened.press("v")
        await opened.until(
            lambda: "Entry 2 was changed." in opened.screen_text(), "the problem"
        )
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        await opened.press("H")
        words = "see history verify"
        await opened.until(lambda: words in opened.screen_text(), "a sentence")


async def test_an_empty_history_says_so(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("H")
        is_there = lambda: isinstance(opened.app.screen, HistoryScreen)  # noqa: E731
        await opened.until(is_there, "history")
        await opened.press("y", "t", "ctrl+e")
        words = "Nothing was expired from this computer yet."
        await opened.until(lambda: words in opened.screen_text(), "words")
        assert isinstance(opened.app.screen, HistoryScreen)


async def test_a_damaged_entry_is_said_and_the_rest_is_shown(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    async with bench(simulated, tmp_path, journal_path=path) as earlier:
        await earlier.run(ids_of("active", 2))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_changed")
        other.execute("UPDATE entries SET content = '' WHERE sequence = 3")
    async with console(simulated, tmp_path) as opened:
        await opened.press("H")
        words = "Entry 3 is damaged; see history verify."
        await opened.until(lambda: words in opened.screen_text(), "damage")
        assert "1 of 1 batches" in opened.screen_text()


async def test_a_session_that_is_looked_for_is_found_marked_and_scrolled_to(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    ids = ids_of("active", 30)
    async with bench(simulated, tmp_path, journal_path=path) as earlier:
        await earlier.run(ids)
    async with console(simulated, tmp_path) as opened:
        await opened.press("H")
        await opened.until(lambda: "1 of 1 batches" in opened.screen_text(), "history")
        pane = sessions(opened)
        assert pane.cursor_key == ids[0]
        table(opened).filter_text = f"session:{ids[27]}"
        await opened.until(lambda: pane.cursor_key == ids[27], "the session")
        await opened.until(lambda: "1 of 30 found" in opened.screen_text(), "the words")
        assert [at for at in range(30) if pane.is_marked(at)] == [27]
        assert ids[27] in opened.screen_text(), "it is in sight"
        table(opened).filter_text = ids[12].short
        await opened.until(lambda: pane.cursor_key == ids[12], "another one")
        table(opened).filter_text = ""
        await opened.until(lambda: not pane.is_marked(12), "no mark")


async def test_the_sessions_of_a_batch_have_a_filter_of_their_own(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path) as opened:
        pane = sessions(opened)
        await opened.press("down", "enter", "slash", *ids[1].short, "enter")
        assert list(pane.keys) == ids[1:2]
        words = f"/{ids[1].short}: 1 of 2"
        await opened.until(lambda: words in opened.screen_text(), "the words")
        assert len(table(opened).keys) == 2, "the batches stay"
        pane.filter_text = "refused"
        words = "No session matches. Esc shows all."
        await opened.until(lambda: words in opened.screen_text(), "nothing")
        await opened.press("escape")
        assert list(pane.keys) == ids[:2]
        pane.filter_text = "refused"
        await opened.press("escape", "escape", "up")
        assert list(pane.keys) == ids[2:], "another batch is shown as a whole"


async def test_an_outcome_that_there_is_not_is_said_with_those_that_there_are(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with with_history(simulated, ids, tmp_path, (160, 40)) as opened:
        for text in ("outcome:", "outcome:nonsense"):
            table(opened).filter_text = text
            words = "Outcomes: expired, already expired, not found"
            await opened.until(lambda: words in opened.screen_text(), "a sentence")  # noqa: B023
        table(opened).filter_text = "outcome:refused"
        await opened.until(lambda: "1 of 2 batches" in opened.screen_text(), "one")
        assert sessions(opened).is_marked(0)


async def test_the_next_page_is_read_when_the_cursor_comes_near_its_end(
    simulated: SimulatedAccount,
    ids_of: IdsOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "_MOST_BATCHES", 12)
    path = tmp_path / "journal.db"
    ids = ids_of("active", 30)
    async with bench(simulated, tmp_path, journal_path=path) as earlier:
        for uuid in ids:
            await earlier.run([uuid])
    async with console(simulated, tmp_path) as opened:
        await opened.press("H")
        await opened.until(lambda: "30 of 30 batches" in opened.screen_text(), "words")
        assert len(table(opened).keys) == 12
        await opened.press("down", "down")
        await opened.until(lambda: len(table(opened).keys) == 24, "the second page")
        table(opened).move_to(23)
        await opened.until(lambda: len(table(opened).keys) == 30, "all")
        assert table(opened).found == 30
        await opened.press("ctrl+e")
        await opened.until(lambda: "Written: B-" in opened.screen_text(), "the export")
        (written,) = (tmp_path / "exports").glob("*.csv")
        assert written.read_text(encoding="utf-8").count("\n") == 31


async def test_a_large_journal_of_an_older_version_is_prepared_behind_the_screen(
    simulated: SimulatedAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture = Path(__file__).parents[1] / "fixtures" / "journal-of-version-3.db"
    for ending in ("", "-head"):
        shutil.copy(f"{fixture}{ending}", tmp_path / f"journal.db{ending}")
    monkeypatch.setattr(search_table, "AT_ONCE", 6)
    async with console(simulated, tmp_path) as opened:
        is_done = lambda: "is prepared for searching" in "".join(opened.log_lines())  # noqa: E731
        await opened.until(is_done, "the end")
        assert any("Preparing the journal" in line for line in opened.log_lines())
        await opened.until(lambda: "journal ok" in opened.screen_text(), "the header")
        assert count_unprepared(tmp_path / "journal.db") == 0


async def test_a_report_that_cannot_be_written_is_copied_all_the_same(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    (tmp_path / "exports").touch()
    async with with_history(simulated, ids, tmp_path) as opened:
        await opened.press("y")
        words = "The report cannot be written"
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
