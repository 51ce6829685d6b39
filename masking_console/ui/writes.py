"""The write switch on the screen: the key that flips it, and its question."""

from datetime import timedelta
from typing import TYPE_CHECKING

from masking_console.models.account import Account
from masking_console.operations.policy import READ_ONLY, Writes, WriteState
from masking_console.presentation.display import Sign
from masking_console.ui.dialogs import answer_to
from masking_console.ui.keys.remedies import with_remedy
from masking_console.ui.screens.typed_name import TypedNameScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class WriteSwitch:
    """Turns writes on and off for the operator; the policy holds their state."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._policy = screen.operations.policy

    @property
    def state(self) -> WriteState:
        """Whether anything may be expired."""
        return self._writes.state

    @property
    def refusal(self) -> str:
        """Why nothing may be expired, with the key that helps; empty where it may."""
        refused = self._policy.refusal()
        return "" if refused is None else with_remedy(refused, self._screen)

    def work_on(self, account: Account | None, *, is_other: bool) -> None:
        """Begin with an account, or go on with it."""
        self._writes.use(account, is_other=is_other)

    def touched(self) -> None:
        """Note that somebody is at the keyboard or the mouse."""
        self._writes.touched()

    def turn_off_when_idle(self) -> None:
        """Turn writes off on a protected account that nobody has touched for long."""
        if self._writes.turn_off_when_idle():
            self._say(f"Writes are off again: nothing pressed for {self._minutes}.")

    def toggle(self) -> None:
        """Turn writes off at once, or on; for a protected account, ask for its name."""
        account = self._writes.account
        if self.state is WriteState.READ_ONLY:
            self._say(READ_ONLY)
        elif account is None:
            self._say(self.refusal)
        elif self.state is WriteState.ON:
            self._writes.turn_off()
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
        is_sure = await answer_to(self._screen.app, dialog)
        if is_sure and self._writes.account is account:
            self._turn_on(account)

    def _turn_on(self, account: Account) -> None:
        self._writes.turn_on()
        self._say(f"Writes are on for {account.name.upper()}.")

    @property
    def _writes(self) -> Writes:
        return self._policy.writes

    @property
    def _minutes(self) -> str:
        minutes = self._writes.idle // timedelta(minutes=1)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"

    def _say(self, words: str) -> None:
        self._screen.note(Sign.NOTE, "writes", words)
        self._screen.show_status()
