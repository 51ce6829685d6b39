"""The screens worth a picture: each brings the real app to a state and asserts it.

The snapshot tests compare these pictures; `screenshots/make.py` writes them for the
README. Clock, stopwatch and ids are fixed, so that the pictures are the same each time.
"""

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import count
from pathlib import Path
from weakref import WeakSet

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from masking_console.credentials.credentials import Credentials
from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations import expire_sessions
from masking_console.operations.wiring import Operations, build_operations
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import PLIVO_API_URL, PRACTICE_API_URL, ApiUrl, Settings
from masking_console.ui.app import ConsoleApp
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.accounts import AccountsScreen
from masking_console.ui.screens.finished import FinishedScreen
from masking_console.ui.screens.help import HelpScreen
from masking_console.ui.screens.history import HistoryScreen
from masking_console.ui.screens.session_detail import DetailScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.console import Console
from tests.support.runs import open_ids

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """One picture."""

    size: tuple[int, int]
    prepare: Callable[[SimulatedAccount], None]
    play: Callable[[Console], Awaitable[None]]
    practice: bool = True


class _Stopwatch:
    """Every request takes 61 ms, whatever else goes on."""

    def __init__(self) -> None:
        self._running: WeakSet[asyncio.Task[object]] = WeakSet()

    def __call__(self) -> float:
        task = asyncio.current_task()
        assert task is not None
        if task in self._running:
            self._running.discard(task)
            return 0.061
        self._running.add(task)
        return 0.0


def _nothing(_account: SimulatedAccount) -> None:
    pass


def _one_error_and_one_silence(account: SimulatedAccount) -> None:
    """Let one session fail for good, and one give no answer at all, ever again."""
    failing, silent = _active(account)[2:4]
    numbers = count(1)

    def error() -> Reply:
        # The same ids in each run, and one of its own for each answer.
        body = b'{"api_id": "%08d-0000-4000-8000-000000000000", "error": "internal"}'
        return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, body % next(numbers))

    def fault(request: ReceivedRequest) -> Fault | None:
        if request.path.endswith(failing) and request.method == "DELETE":
            return Fault(has_effect=False, reply=error())
        has_gone = any(
            each.method == "DELETE" and each.path.endswith(silent)
            for each in account.requests
        )
        if request.path.endswith(silent) and has_gone:
            return Fault(has_effect=False, ending=Ending.DROPPED)
        return None

    account.fault = fault


def _silence_at_the_fourth(account: SimulatedAccount) -> None:
    fourth = _active(account)[3]
    account.fault = lambda request: (
        Fault(ending=Ending.SILENT)
        if request.path.endswith(fourth) and request.method == "DELETE"
        else None
    )


def _active(account: SimulatedAccount) -> list[SessionUuid]:
    return open_ids(account, 8)


def _queue_text(account: SimulatedAccount, active: int = 8) -> str:
    expired = [each for each in account.sessions if each.status_at(NOW) == "expired"]
    ids = _active(account)[:active]
    return "\n".join(
        [
            "OPS-4812 calls still go through, see",
            *ids[:2],
            '{"api_id":"7d962130-8eb6-49f1-920b-ae4d1c52f608"}',
            account.marked[Mark.IN_CALL],
            *ids[2:],
            expired[0].session_uuid,
            "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917",
            ids[0],
            "609bf6df-28c1-4e7",
        ]
    )


async def _queue(console: Console) -> None:
    await console.paste(_queue_text(console.account))
    await console.until_checked(11)
    await console.until(lambda: len(console.log_lines()) == 1, "the log line")
    assert isinstance(console.app.screen, MainScreen)
    assert console.main.queue.summary().ticked == 8


async def _review(console: Console, phrase: str) -> None:
    screen = await console.open_review()
    assert screen.plan.phrase == phrase


async def _review_of_one(console: Console) -> None:
    await _queue(console)
    await console.press("u", "space")
    await _review(console, "y")


async def _review_of_some(console: Console) -> None:
    await _queue(console)
    await _review(console, "8")


async def _review_with_a_call(console: Console) -> None:
    await _queue(console)
    await console.press("down", "down", "space")
    await _review(console, "9 practice")


async def _too_many(console: Console) -> None:
    await console.paste(_queue_text(console.account))
    await console.until(lambda: "checked   5" in console.screen_text(), "the first 5")
    await console.press("r")
    await console.until(lambda: "checked   5" in console.screen_text(), "the next 5")
    await console.press("r")
    await console.until_checked(11)
    await console.press("X")
    await console.until(lambda: "the most for one" in console.screen_text(), "the no")


async def _confirm(console: Console) -> None:
    await _queue(console)
    await _review(console, "8")
    await console.press("8")
    await console.pilot.pause(0.2)
    await console.press("enter")


async def _running(console: Console) -> None:
    await _confirm(console)
    await console.until(lambda: "3 of 8" in console.screen_text(), "three of eight")


async def _finished(console: Console) -> None:
    await _confirm(console)
    await console.until(
        lambda: isinstance(console.app.screen, FinishedScreen), "the end"
    )
    screen = console.app.screen
    assert isinstance(screen, FinishedScreen)
    assert screen.summary.count(ExpiryOutcome.OPEN) == 1
    assert screen.summary.count(ExpiryOutcome.UNKNOWN) == 1


async def _first_run(console: Console) -> None:
    await console.until(lambda: "No account yet" in console.screen_text(), "the words")
    await console.until(lambda: "journal ok" in console.screen_text(), "the journal")
    await console.until(lambda: console.app.focused is None, "no focus")
    assert console.main.account is None


async def _find(console: Console) -> None:
    await console.until(lambda: console.main.account is not None, "an account")
    await console.press("S")
    await console.until(lambda: console.main.source.field.has_focus, "the field")
    await console.press("enter")
    await console.until(
        lambda: any(" listed " in line for line in console.log_lines()), "the end"
    )
    assert len(console.main.queue.keys) > 100


async def _filtered(console: Console) -> None:
    await _find(console)
    await console.press("space", "down", "space", "slash", *"status:call", "enter")
    await console.until(lambda: "of them hidden" in console.screen_text(), "it")
    assert console.main.queue.summary().hidden_ticked == 2


def _second_window_fails(account: SimulatedAccount) -> None:
    second = f"{NOW - timedelta(days=60):%Y-%m-%d}"

    def fault(request: ReceivedRequest) -> Fault | None:
        is_lost = f"created_time__gte={second}" in request.query
        reply = Reply(HTTPStatus.INTERNAL_SERVER_ERROR)
        return Fault(has_effect=False, reply=reply) if is_lost else None

    account.fault = fault


async def _incomplete(console: Console) -> None:
    await _find(console)
    assert any("Not complete" in line for line in console.log_lines())


async def _detail(console: Console) -> None:
    await _queue(console)
    await console.press("enter")
    await console.until(lambda: "by itself" in console.screen_text(), "the detail")
    assert isinstance(console.app.screen, DetailScreen)


async def _ask_ticket(console: Console) -> None:
    await console.until(lambda: console.main.account is not None, "an account")
    await console.press("T")
    await console.until(lambda: isinstance(console.app.screen, TicketScreen), "ticket")
    await console.press(*"OPS-4812")


async def _history(console: Console) -> None:
    await _ask_ticket(console)
    await console.press("enter", *"customer reports stale masking", "enter")
    await _finished(console)
    await console.press("escape", "H")
    await console.until(lambda: "1 of 1 batches" in console.screen_text(), "history")
    assert isinstance(console.app.screen, HistoryScreen)


async def _help(console: Console) -> None:
    await _queue(console)
    await console.press("?")
    await console.until(lambda: isinstance(console.app.screen, HelpScreen), "help")
    await console.until(lambda: "IN THE QUEUE" in console.screen_text(), "the keys")


async def _ticket(console: Console) -> None:
    await _queue(console)
    await _ask_ticket(console)
    assert isinstance(console.app.screen, TicketScreen)


async def _accounts(console: Console) -> None:
    await _first_run(console)
    for name, protected in (("acme-prod", True), ("acme-stage", False)):
        auth_id, token = AuthId("MAACME00000000007Q2X"), AuthToken("made-up")
        kept = Account(AccountName(name), auth_id, token, protected=protected)
        await Credentials().save(kept)
    await console.press("P")
    await console.until(lambda: "protected: yes" in console.screen_text(), "them")
    assert isinstance(console.app.screen, AccountsScreen)


async def _new_account(console: Console) -> None:
    await _first_run(console)
    await console.press("n")
    await console.until(lambda: "Check and save" in console.screen_text(), "the form")


WIDE, NARROW = (100, 30), (80, 24)
SCENES = {
    "main": Scene(WIDE, _nothing, _queue),
    "main_80x24": Scene(NARROW, _nothing, _queue),
    "main_160x50": Scene((160, 50), _nothing, _queue),
    "review_one": Scene(WIDE, _nothing, _review_of_one),
    "review_one_80x24": Scene(NARROW, _nothing, _review_of_one),
    "review_one_160x50": Scene((160, 50), _nothing, _review_of_one),
    "review_count_160x50": Scene((160, 50), _nothing, _review_of_some),
    "review_count": Scene(WIDE, _nothing, _review_of_some),
    "review_count_80x24": Scene(NARROW, _nothing, _review_of_some),
    "review_count_and_account": Scene(WIDE, _nothing, _review_with_a_call),
    "review_too_many": Scene(WIDE, _nothing, _too_many),
    "running": Scene(WIDE, _silence_at_the_fourth, _running),
    "running_200x60": Scene((200, 60), _silence_at_the_fourth, _running),
    "finished_with_problems": Scene(WIDE, _one_error_and_one_silence, _finished),
    "pick": Scene(WIDE, _nothing, _find),
    "pick_80x24": Scene(NARROW, _nothing, _find),
    "pick_filtered": Scene(WIDE, _nothing, _filtered),
    "pick_incomplete": Scene(WIDE, _second_window_fails, _incomplete),
    "detail": Scene(WIDE, _nothing, _detail),
    "detail_80x24": Scene(NARROW, _nothing, _detail),
    "help": Scene(WIDE, _nothing, _help),
    "help_80x24": Scene(NARROW, _nothing, _help),
    "ticket": Scene(NARROW, _nothing, _ticket),
    "history": Scene(WIDE, _one_error_and_one_silence, _history),
    "history_80x24": Scene(NARROW, _one_error_and_one_silence, _history),
    "accounts": Scene(NARROW, _nothing, _accounts, practice=False),
    "new_account": Scene(NARROW, _nothing, _new_account, practice=False),
    "first_run": Scene(WIDE, _nothing, _first_run, practice=False),
}


@dataclass
class Stage:
    """The app of one scene, before it runs."""

    scene: Scene
    account: SimulatedAccount
    operations: Operations
    app: ConsoleApp

    async def play(self, pilot: Pilot[int]) -> None:
        """Bring the app to the scene's state."""
        console = Console(self.app, pilot, self.account, self.operations)
        await console.until_ready()
        with pytest.MonkeyPatch.context() as patch:
            # One after the other, so that the ids of requests are the same each time.
            patch.setattr(expire_sessions, "FEW_WORKERS", 1)
            await self.scene.play(console)
        for field in self.app.screen.query(Input):
            field.cursor_blink = False
            field._cursor_visible = True
        await pilot.pause(0.5)


@contextmanager
def _operator(name: str) -> Iterator[None]:
    """Let the operating system call this person the user of the process."""
    before, entry = pwd.getpwuid, pwd.getpwuid(os.getuid())
    known = pwd.struct_passwd((name, *entry[1:]))
    pwd.getpwuid = lambda _uid: known
    behind = os.environ.pop("SUDO_USER", None)
    try:
        yield
    finally:
        pwd.getpwuid = before
        if behind is not None:
            os.environ["SUDO_USER"] = behind


def set_stage(name: str, folder: Path) -> Stage:
    """Return the app for a scene; the caller closes the operations."""
    scene = SCENES[name]
    account = SimulatedAccount(
        clock=lambda: NOW, conduct=Conduct(latency_seconds=(0.0, 0.0))
    )
    scene.prepare(account)
    settings = Settings(
        journal_path=folder / "journal.db",
        practice=scene.practice,
        # The scenes that are no practice ask nobody.
        api_url=ApiUrl(PRACTICE_API_URL if scene.practice else PLIVO_API_URL),
    )
    if name == "review_too_many":
        rules = replace(settings.confirmation, max_batch=5)
        settings = replace(settings, confirmation=rules)
    environment = (
        {"PLIVO_AUTH_ID": "MAEXAMPLE0000000044T", "PLIVO_AUTH_TOKEN": "example"}
        if name == "accounts"
        else {}
    )
    with _operator("marta"):
        operations = build_operations(
            settings, environment, account, lambda: NOW, _Stopwatch()
        )
    app = ConsoleApp(operations.settings, lambda: operations, clock=lambda: NOW)
    return Stage(scene, account, operations, app)
