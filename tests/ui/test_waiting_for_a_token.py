"""A keyring that takes its time at the start of the console."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from masking_console.operations.wiring import build_operations
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import ApiUrl, Settings
from masking_console.ui.app import ConsoleApp
from tests.support.console import Console
from tests.support.keyrings import SilentKeyring, using

WAITING = "Waiting for the keyring. It may want to be unlocked: look for its window."


@asynccontextmanager
async def waiting(
    simulated: SimulatedAccount, folder: Path
) -> AsyncIterator[tuple[Console, SilentKeyring]]:
    """Open the console up to the words on a keyring that does not answer."""
    silent = SilentKeyring(reads=False)
    url = ApiUrl("http://127.0.0.1:9")
    settings = Settings(folder / "journal.db", api_url=url)
    operations = build_operations(settings, {})
    operations.accounts._credentials._word_seconds = 0.0
    app = ConsoleApp(settings, lambda: operations)
    with using(silent):
        try:
            async with app.run_test(size=(100, 30)) as pilot:
                opened = Console(app, pilot, simulated, operations)
                await opened.until_ready()
                await opened.until(lambda: WAITING in opened.words(), "the word")
                yield opened, silent
        finally:
            silent.wake_up.set()
            app.close()


async def test_a_wait_for_the_keyring_is_said_and_esc_ends_it(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with waiting(simulated, tmp_path) as (opened, _silent):
        assert "esc stops waiting." in opened.words()
        await opened.until(lambda: "esc stop waiting" in opened.words(), "the key")
        opened.send_key("escape")
        await opened.until(lambda: "Stopped waiting." in opened.words(), "its end")
        assert WAITING not in opened.words()
        assert opened.main.account is None
        assert opened.main.space.waiting is None


async def test_a_keyring_that_is_unlocked_late_is_used(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with waiting(simulated, tmp_path) as (opened, silent):
        silent.wake_up.set()
        await opened.until(lambda: "No account yet" in opened.words(), "its answer")
        assert WAITING not in opened.words()
