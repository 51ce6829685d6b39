"""The header and the log, on a way to Plivo with an obstacle."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from masking_console.models.masking_session import CheckState
from masking_console.operations.wiring import build_operations
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import PLIVO_API_URL, ApiUrl, Settings
from masking_console.ui.app import ConsoleApp
from masking_console.ui.screens.accounts import AccountsScreen
from tests.support.certificates import Authority
from tests.support.console import Console
from tests.support.proxies import listening, saying

ID = "c28b77d4-21e7-43bd-9447-04bfee92e651"
ACCOUNT = {
    "PLIVO_AUTH_ID": "MAEXAMPLE0000000044T",
    "PLIVO_AUTH_TOKEN": "s3cret-t0ken",
}


def _shows(opened: Console, words: str) -> bool:
    is_other = opened.app.screen is not opened.app.main
    return is_other and words in opened.words()


@asynccontextmanager
async def console(
    folder: Path,
    url: str,
    environment: Mapping[str, str] = MappingProxyType({}),
    size: tuple[int, int] = (100, 30),
) -> AsyncIterator[Console]:
    """Open the console on a real network, with the account of the environment."""
    settings = Settings(
        folder / "journal.db", api_url=ApiUrl(url), account_name="env", share=1.0
    )
    operations = build_operations(settings, {**ACCOUNT, **environment})
    app = ConsoleApp(settings, lambda: operations, "", lambda: datetime.now(UTC))
    try:
        async with app.run_test(size=size) as pilot:
            opened = Console(app, pilot, SimulatedAccount(), operations)
            await opened.until(app.frame.painted.is_set, "the first paint")
            yield opened
    finally:
        await asyncio.to_thread(operations.close)


@pytest.mark.parametrize("size", [(100, 30), (80, 24)])
async def test_a_base_url_that_is_not_plivos_stands_in_the_header_at_all_times(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    place = "NOT PLIVO: [::1]:9"
    async with console(tmp_path, "http://[::1]:9", size=size) as opened:
        await opened.until(lambda: place in opened.screen_text(), place)
        await opened.until_ready()
        await opened.until(lambda: opened.app.main.account is not None, "an account")
        await opened.until(lambda: "WRITES" in opened.words(), "the state of writes")
        assert place in opened.screen_text()
        for key, title in (("P", " Accounts"), ("H", "History")):
            await opened.press(key)
            await opened.until(partial(_shows, opened, title), title)
            await opened.until(lambda: place in opened.screen_text(), place)
            await opened.press("escape")
            await opened.until(
                lambda: opened.app.screen is opened.app.main, "the main screen"
            )
        assert place in opened.screen_text()


async def test_plivos_own_base_url_is_not_spoken_of(tmp_path: Path) -> None:
    proxy = {"HTTPS_PROXY": "http://me:hunter2@proxy:port"}
    async with console(tmp_path, PLIVO_API_URL, proxy) as opened:
        await opened.until_ready()
        await opened.until(lambda: opened.app.main.account is not None, "an account")
        assert "NOT PLIVO" not in opened.screen_text()


async def test_the_cause_stands_in_the_line_at_the_top_and_in_the_row(
    tmp_path: Path,
) -> None:
    stranger = Authority.made(tmp_path / "stranger", "Stranger")
    async with listening(saying(b""), stranger.server("127.0.0.1")) as port:
        url = f"https://127.0.0.1:{port}"
        async with console(tmp_path, url) as opened:
            await opened.until_ready()
            await opened.until(lambda: opened.main.account is not None, "an account")
            await opened.paste(ID)
            await opened.until_checked(1)
            words = "offline: certificate unknown issuer"
            await opened.until(lambda: words in opened.words(), words)
            (row,) = opened.main.queue.rows_in({CheckState.NOT_CHECKED})
            cause = (
                "the certificate of 127.0.0.1 is refused: its issuer is not trusted; "
                "issued by Stranger (Example Corp)"
            )
            assert row.reason == cause

            def told() -> list[str]:
                said = f"No connection: {cause}."
                return [line for line in opened.log_lines() if said in line]

            await opened.until(told, cause)
            opened.main.tick()
            assert len(told()) == 1


async def test_a_setting_that_is_ignored_is_said_once(tmp_path: Path) -> None:
    environment = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "socks://me:hunter2@127.0.0.1:9",
    }
    async with console(tmp_path, PLIVO_API_URL, environment) as opened:
        await opened.until_ready()
        words = "ALL_PROXY (socks) is ignored: use http://"

        def said() -> list[str]:
            return [line for line in opened.log_lines() if words in line]

        await opened.until(said, words)
        await opened.paste(ID)
        await opened.until_checked(1)
        assert len(said()) == 1
        assert "hunter2" not in opened.screen_text()


async def test_the_check_of_an_account_says_the_cause(tmp_path: Path) -> None:
    proxy = {"HTTPS_PROXY": "http://me:hunter2@proxy.example:0"}
    async with console(tmp_path, PLIVO_API_URL, proxy) as opened:
        await opened.until_ready()
        await opened.until(lambda: opened.main.account is not None, "an account")
        await opened.press("P")
        await opened.until(
            lambda: isinstance(opened.app.screen, AccountsScreen), "the accounts"
        )
        await opened.until(lambda: "PLIVO_AUTH_TOKEN" in opened.words(), "the account")
        await opened.press("r")
        words = "Plivo could not be reached: HTTPS_PROXY cannot be used: its port is no"
        await opened.until(lambda: words in opened.words(), words)
