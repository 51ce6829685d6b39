"""An unexpected error in each job of the console: a short end, and nothing lost."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import pytest
from textual.worker import WorkerFailed

from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_contents, verify_file
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.read_history import ReadHistory
from masking_console.operations.wiring import Operations
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import Settings
from masking_console.ui.app import ConsoleApp
from masking_console.ui.crash import CRASH_RETURN_CODE
from masking_console.ui.main import expire
from masking_console.ui.main.conditions import WriteSwitch
from masking_console.ui.main.outer_screens import OuterScreens
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.accounts import AccountsScreen
from masking_console.ui.screens.history import HistoryScreen
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.campaigns import campaign, share
from tests.support.console import DEAF_SECONDS, Console, console
from tests.support.runs import open_ids

SECRET = "s3cr3tS3cr3tS3cr3tS3cr3t +14155550123"


def fail(*_: object, **__: object) -> NoReturn:
    raise RuntimeError(SECRET)


def keys(*names: str) -> Callable[[Console], Awaitable[None]]:
    async def press(opened: Console) -> None:
        for name in names:
            opened.send(name)

    return press


async def search(opened: Console) -> None:
    opened.main.finding.find("")


async def ask_for_help(opened: Console) -> None:
    opened.app.call_later(opened.app.action_help)


async def answer_the_review(opened: Console) -> None:
    await opened.open_review()
    opened.send("y")


async def nothing(_opened: Console) -> None:
    """Wait for what happens by the clock."""


PLACES = {
    "find": (Operations, "find", search),
    "check": (Operations, "check", keys("r")),
    "detail": (Operations, "inspect", keys("\n")),
    "numbers": (Operations, "record_numbers_shown", keys("m")),
    "history": (HistoryScreen, "compose", keys("H")),
    "ticket": (TicketScreen, "compose", keys("T")),
    "writes": (WriteSwitch, "toggle", keys("W")),
    "accounts": (AccountsScreen, "compose", keys("P")),
    "help": (OuterScreens, "show_help", ask_for_help),
    "accounts list": (AccountsScreen, "_show", keys("P")),
    "history list": (ReadHistory, "page", keys("H")),
    "review": (ReviewScreen, "compose", keys("X")),
    "review key": (ReviewScreen, "hears", answer_the_review),
    "review words": (ReviewScreen, "agreed", answer_the_review),
    "clipboard": (Workspace, "copy", keys("y")),
    "resume": (Operations, "not_settled", nothing),
    "header": (MainScreen, "tick", nothing),
}
AT_START = {"header", "resume"}


def assert_told_without_values(app: ConsoleApp, told: str) -> None:
    assert app.return_code == CRASH_RETURN_CODE
    assert app.crash_file is not None
    assert "stopped because of RuntimeError at " in told
    for part in SECRET.split():
        assert part not in told + app.crash_file.read_text(encoding="utf-8")


@campaign
@pytest.mark.parametrize("place", share("crashes", list(PLACES), 9))
async def test_an_unexpected_error_ends_the_console_without_its_values(
    place: str,
    simulated: SimulatedAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path / "state"))
    owner, name, act = PLACES[place]
    (uuid,) = open_ids(simulated, 1)
    if place in AT_START:
        monkeypatch.setattr(owner, name, fail)
    with pytest.raises((RuntimeError, WorkerFailed)):
        async with console(simulated, tmp_path, first_text=uuid) as opened:
            if place not in AT_START:
                await opened.until_checked(1)
                monkeypatch.setattr(owner, name, fail)
            await act(opened)
            await opened.until_ended()
    assert_told_without_values(opened.app, capsys.readouterr().err)


async def test_an_error_behind_the_first_paint_ends_the_console_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path / "state"))
    app = ConsoleApp(Settings(tmp_path / "journal.db", practice=True), fail)
    with pytest.raises((RuntimeError, WorkerFailed)):
        async with asyncio.timeout(10), app.run_test():
            while app.is_running:
                await asyncio.sleep(0.02)
    assert_told_without_values(app, capsys.readouterr().err)


async def test_a_crash_in_a_run_loses_no_outcome(
    simulated: SimulatedAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path / "state"))
    ids = open_ids(simulated, 3)
    with pytest.raises((RuntimeError, WorkerFailed)):
        async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
            await opened.until_checked(3)
            await opened.open_review()
            monkeypatch.setattr(f"{expire.__name__}._RunFollower.follow", fail)
            await opened.press("3")
            await asyncio.sleep(DEAF_SECONDS)
            opened.send("\n")
            await opened.until_ended()
    sent = [
        request.path.rpartition("/")[2]
        for request in simulated.requests
        if request.method == "DELETE"
    ]
    assert sent
    (record,) = read_contents(tmp_path / "journal.db").batches
    assert verify_file(tmp_path / "journal.db").is_whole
    told = {each.session_uuid: each.outcome for each in record.sessions}
    assert all(told[SessionUuid(uuid)] is ExpiryOutcome.EXPIRED for uuid in sent)
    # What was about to be sent has its intent; the next start looks at it.
    next_start = Journal(tmp_path / "journal.db")
    interrupted = await next_start.interrupted()
    await asyncio.to_thread(next_start.close)
    # The engine does not wait for the screen: it may have been through by then.
    is_through = set(told.values()) == {ExpiryOutcome.EXPIRED} and bool(record.end)
    assert is_through == (len(sent) == len(ids) and not interrupted)
    assert [each.batch_id for each in interrupted] == (
        [] if is_through else [record.batch_id]
    )
