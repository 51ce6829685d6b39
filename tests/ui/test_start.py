"""The time between the first paint and the moment at which keys can act."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events

from masking_console.operations.wiring import Operations, build_operations
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import PRACTICE_API_URL, ApiUrl, Settings
from masking_console.ui.app import ConsoleApp
from masking_console.ui.terminal import PasteDropped
from tests.support.console import Console, console


@asynccontextmanager
async def opening(
    simulated: SimulatedAccount, folder: Path
) -> AsyncIterator[tuple[Console, threading.Event]]:
    """Open the console up to the first paint; the event lets it open the rest."""
    settings = Settings(
        folder / "journal.db", practice=True, api_url=ApiUrl(PRACTICE_API_URL)
    )
    operations = build_operations(settings, {}, simulated)
    may_open = threading.Event()

    def open_operations() -> Operations:
        assert may_open.wait(20)
        return operations

    app = ConsoleApp(settings, open_operations)
    async with app.run_test(size=(100, 30)) as pilot:
        opened = Console(app, pilot, simulated, operations)
        await opened.until(app.frame.painted.is_set, "the first paint")
        yield opened, may_open
    app.close()


async def test_keys_that_come_after_the_first_paint_are_heard_when_they_can_act(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with opening(simulated, tmp_path) as (opened, may_open):
        app = opened.app
        assert "2 Queue" in opened.screen_text()
        opened.send("W")
        # A click cannot act yet either, and is not kept.
        await opened.pilot.click("#queue", offset=(3, 3))
        await opened.paste("c28b77d4-21e7-43bd-9447-04bfee92e651")
        app.post_message(PasteDropped("It was too long."))
        assert not app.is_ready
        may_open.set()
        await opened.until_ready()
        await opened.until_checked(1)
        assert any("writes" in line for line in opened.log_lines())
        assert any("It was too long." in line for line in opened.log_lines())
    app.close()


async def test_what_is_typed_before_the_first_paint_is_not_for_the_console(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    settings = Settings(tmp_path / "journal.db", practice=True)
    operations = build_operations(settings, {}, simulated)
    app = ConsoleApp(settings, lambda: operations)
    await app.on_event(events.Key("q", "q"))
    assert not app._early_keys
    app.close()
    operations.close()


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50), (70, 20)])
async def test_what_is_painted_first_stands_where_the_panes_will_be(
    simulated: SimulatedAccount, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with console(simulated, tmp_path, size=size) as opened:
        frame, main = opened.app.frame, opened.main
        frame._refresh_layout(opened.app.size)
        for pane in ("#source", "#queue", "#log", ".status", ".keys", "#too-small"):
            first, then = frame.query_one(pane), main.query_one(pane)
            assert first.region == then.region, pane
            assert first.display == then.display, pane


async def test_more_keys_than_a_person_types_before_the_start_do_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with opening(simulated, tmp_path) as (opened, may_open):
        app = opened.app
        for _ in range(101):
            opened.send("W")
        await opened.until(lambda: len(app._early_keys) > 100, "the keys")
        may_open.set()
        await opened.until_ready()
        words = "Too many keys came before the console was ready."
        await opened.until(lambda: words in opened.words(), words)
        assert not any("writes" in line for line in opened.log_lines())
