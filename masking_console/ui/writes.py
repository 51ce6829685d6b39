"""Whether anything may be expired right now, and how that is turned on and off.

A protected account starts with writes off, and goes back there when nobody has touched
the console for a while: a console that was left open on it can do no harm.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.ui.dialogs import answer_to
from masking_console.ui.keys.acts import key_of
from masking_console.ui.screens.typed_name import TypedNameScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class WriteState(Enum):
    """What the header says."""

    ON = "WRITES ON"
    """A review can be opened and confirmed."""
    OFF = "WRITES OFF"
    """`W` turns them on."""
    READ_ONLY = "READ ONLY"
    """Nothing in this console is ever expired."""


_READ_ONLY = "This console is read-only."


class Writes:
    """The state belongs to the account in use, and starts anew with each."""

    def __init__(self, screen: "MainScreen", clock: Callable[[], datetime]) -> None:
        settings = screen.operations.settings
        self._screen = screen
        self._clock = clock
        self._is_read_only = settings.read_only
        self._idle = timedelta(minutes=settings.idle_writes_off_minutes)
        self._account: Account | None = None
        self._are_on = False
        self._touched_at = clock()

    @property
    def state(self) -> WriteState:
        """Whether anything may be expired."""
        if self._is_read_only:
            return WriteState.READ_ONLY
        return WriteState.ON if self._are_on else WriteState.OFF

    @property
    def refusal(self) -> str:
        """Why nothing may be expired, as a sentence; empty where it may."""
        if self._account is None:
            key = key_of("app.accounts", self._screen)
            return f"Choose an account first. Press {key}."
        if self.state is WriteState.OFF:
            key = key_of("main.writes", self._screen)
            return f"Writes are off. Press {key} to turn them on."
        return _READ_ONLY if self._is_read_only else ""

    def work_on(self, account: Account | None, *, is_other: bool) -> None:
        """Begin with an account, or go on with it: off where that protects it."""
        was_protected = self._account is not None and self._account.protected
        self._account = account
        if account is None or account.protected > was_protected:
            self._are_on = False
        elif is_other:
            self._are_on = not account.protected

    def touched(self) -> None:
        """Note that somebody is at the keyboard or the mouse."""
        self._touched_at = self._clock()

    def turn_off_when_idle(self) -> None:
        """Turn writes off on a protected account that nobody has touched for long."""
        account = self._account
        is_idle = self._clock() - self._touched_at >= self._idle
        if account is not None and account.protected and self._are_on and is_idle:
            self._are_on = False
            self._say(f"Writes are off again: nothing pressed for {self._minutes}.")

    def toggle(self) -> None:
        """Turn writes off at once, or on; for a protected account, ask for its name."""
        account = self._account
        if self._is_read_only:
            self._say(_READ_ONLY)
        elif account is None:
            self._say(self.refusal)
        elif self._are_on:
            self._are_on = False
            self._say(f"Writes are off on {account.name.upper()}.")
        elif account.protected:
            self._screen.run_worker(self._ask(account), group="writes", exclusive=True)
        else:
            self._turn_on(account)

    async def _ask(self, account: Account) -> None:
        name = account.name
        dialog = TypedNameScreen(
            name,
            heading=f"Turn writes on for {name.upper()}?",
            sentence=f"They go off again after {self._minutes} without a key.",
            act="Turn on",
        )
        if await answer_to(self._screen.app, dialog) and self._account is account:
            self._turn_on(account)

    def _turn_on(self, account: Account) -> None:
        self._are_on = True
        self.touched()
        self._say(f"Writes are on for {account.name.upper()}.")

    @property
    def _minutes(self) -> str:
        minutes = self._idle // timedelta(minutes=1)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"

    def _say(self, words: str) -> None:
        self._screen.note(Sign.NOTE, "writes", words)
        self._screen.show_status()
