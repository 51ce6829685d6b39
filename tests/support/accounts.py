"""The screen of the accounts, driven as an operator would."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, RadioSet

from masking_console.credentials.credentials import Credentials
from masking_console.models.account import (
    Account,
    AccountName,
    AuthId,
    AuthToken,
)
from masking_console.operations.manage_accounts import ManageAccounts
from masking_console.ui.keys.asking import Asks, ListeningApp
from masking_console.ui.screens.account_forms import NewAccountScreen
from masking_console.ui.screens.accounts import AccountsScreen
from tests.support.plivo_double import PlivoDouble

T = TypeVar("T")

LOOK_SECONDS = 0.7
"""Time that a person looks before answering."""

AUTH_ID = "MAACME00000000007Q2X"
SECRET = "a-secret-that-nobody-may-see"
NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


def account(name: str = "acme-prod", *, protected: bool = False) -> Account:
    return Account(
        AccountName(name), AuthId(AUTH_ID), AuthToken(SECRET), protected=protected
    )


class Host(ListeningApp[None]):
    """Shows the accounts and keeps what they return."""

    def __init__(self, screen: AccountsScreen) -> None:
        super().__init__()
        self.accounts = screen
        self.returned: list[Account | None] = []
        self.renewed: list[Account] = []

    def on_mount(self) -> None:
        self.push_screen(self.accounts, self.returned.append)

    def on_accounts_screen_renewed(self, event: AccountsScreen.Renewed) -> None:
        self.renewed.append(event.account)


@dataclass
class Opened:
    """The screen under test."""

    host: Host
    pilot: Pilot[None]
    plivo: PlivoDouble
    accounts: ManageAccounts

    def text(self) -> str:
        strips = self.host.screen._compositor.render_strips(self.host.size)
        return "\n".join(strip.text for strip in strips)

    async def until(self, is_true: Callable[[], object], what: str) -> None:
        for _ in range(500):
            if is_true():
                return
            await self.pilot.pause(0.01)
        pytest.fail(f"waited for {what}, saw:\n{self.text()}")

    async def until_shown(self, words: str) -> None:
        await self.until(lambda: words in self.text(), words)

    async def open_form(self) -> NewAccountScreen:
        await self.pilot.press("n")
        await self.until(lambda: isinstance(self.host.screen, NewAccountScreen), "form")
        await self.pilot.pause()
        screen = self.host.screen
        assert isinstance(screen, NewAccountScreen)
        return screen

    async def open_dialog(self, key: str, kind: type[Screen[T]]) -> Screen[T]:
        """Press a key that opens a dialog, and wait for that."""
        await self.pilot.press(key)
        await self.until(lambda: isinstance(self.host.screen, kind), kind.__name__)
        await self.pilot.pause()
        screen = self.host.screen
        assert isinstance(screen, kind)
        return screen

    async def press_button(self, selector: str) -> None:
        """Reach a button and press it."""
        button = self.host.screen.query_one(selector).focus()
        # A button takes no second press while it shows the first.
        await self.until(lambda: not button.has_class("-active"), "the button")
        if isinstance(self.host.screen, Asks):
            await asyncio.sleep(LOOK_SECONDS)
        await self.pilot.press("enter")

    async def type_name(self, name: str) -> None:
        """Look for a moment, then type a name as a person does."""
        await asyncio.sleep(LOOK_SECONDS)
        for character in name:
            await self.pilot.press(character)
            await asyncio.sleep(0.05)

    async def fill_form(self, auth_id: str = AUTH_ID) -> None:
        form = self.host.screen
        for field, text in zip(
            form.query(Input), ("acme-eu", auth_id, SECRET), strict=True
        ):
            field.value = text
        form.query_one(RadioSet).focus()
        await self.pilot.pause()

    async def save(self) -> None:
        await self.press_button("#save")


@asynccontextmanager
async def opened(
    environment: Mapping[str, str] | None = None,
    current: Account | None = None,
    *,
    new: bool = False,
    size: tuple[int, int] = (80, 24),
    protected: frozenset[str] = frozenset(),
    credentials: Credentials | None = None,
) -> AsyncIterator[Opened]:
    """Open the screen; the config file protects these names."""
    plivo = PlivoDouble("Acme [/x] Logistics")
    accounts = ManageAccounts(
        plivo,
        environment or {},
        credentials,
        now=lambda: NOW,
        protected_by_config=protected,
    )
    host = Host(AccountsScreen(accounts, current, new=new))
    async with host.run_test(size=size) as pilot:
        screen = Opened(host, pilot, plivo, accounts)
        await screen.until(lambda: host.screen_stack[1:], "the screen")
        if not new:
            await screen.until(lambda: "eyring" in screen.text(), "the keyring")
            await screen.until(
                lambda: "Asking the keyring" not in screen.text(), "its answer"
            )
        yield screen
