from pathlib import Path

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.screens.session_detail import DetailScreen
from tests.support.console import Console, console
from tests.support.runs import open_ids, reply


async def open_detail(opened: Console, ids: list[SessionUuid]) -> DetailScreen:
    await opened.until_checked(len(ids))
    await opened.press("enter")
    await opened.until(lambda: isinstance(opened.app.screen, DetailScreen), "detail")
    await opened.until(lambda: "by itself" in opened.screen_text(), "Plivo's answer")
    screen = opened.app.screen
    assert isinstance(screen, DetailScreen)
    return screen


async def test_numbers_are_shown_on_request_and_that_is_recorded(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    stored = simulated.session(ids[0])
    assert stored is not None
    number = stored.first_party
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        screen = await open_detail(opened, ids)
        assert number not in opened.screen_text()
        await opened.press("m")
        await opened.until(lambda: number in opened.screen_text(), "the number")
        assert any("(recorded)" in line for line in opened.log_lines())
        await opened.press("m")
        await opened.until(lambda: number not in opened.screen_text(), "no number")
        await opened.press("m")
        await opened.until(lambda: screen.shows_numbers, "the number again")
        await opened.press("right")
        assert not screen.shows_numbers
        assert screen.session_uuid == ids[1]
        await opened.press("escape")
    journal = (tmp_path / "journal.db").read_bytes()
    wal = tmp_path / "journal.db-wal"
    content = journal + (wal.read_bytes() if wal.exists() else b"")
    assert b"numbers.shown" in content
    assert number.encode() not in content


async def test_numbers_stay_hidden_when_that_cannot_be_recorded(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        screen = await open_detail(opened, ids)
        journal = opened.operations._journal
        connection = journal._file._opened
        await journal._in_thread(lambda: connection().execute("DROP TABLE entries"))
        await opened.press("m")
        await opened.until(lambda: "cannot be written" in opened.screen_text(), "no")
        assert not screen.shows_numbers
        await opened.press("escape")


async def test_the_cursor_follows_and_stops_at_the_ends(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        screen = await open_detail(opened, ids)
        await opened.press("left")
        assert screen.session_uuid == ids[0]
        await opened.press("right", "right")
        assert screen.session_uuid == ids[1]
        assert opened.main.queue.cursor_key == ids[1]
        await opened.press("y")
        await opened.until(lambda: "1 id" in opened.log_lines()[-1], "the copy")
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")


async def test_a_session_that_plivo_does_not_answer_for_can_be_asked_again(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        simulated.fault = lambda _request: reply(500)
        await opened.press("enter")
        words = "No answer to use (answered 500, not in Plivo's form)."
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
        await opened.press("m")
        simulated.fault = None
        await opened.press("r")
        await opened.until(lambda: "by itself" in opened.screen_text(), "the answer")
        await opened.press("X")
        await opened.until(
            lambda: isinstance(opened.app.screen, ReviewScreen), "the review"
        )
        await opened.press("escape")


async def test_without_an_account_there_is_no_detail(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        opened.main.accounts.use(None)
        opened.main.details.open(ids[0])
        await opened.pilot.pause(0.2)
        assert isinstance(opened.app.screen, MainScreen)
