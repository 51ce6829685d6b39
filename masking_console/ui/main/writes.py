"""The write switch: the key that turns writes on or off, and its question."""

from datetime import timedelta

from masking_console.models.account import Account
from masking_console.operations.policy import READ_ONLY, Writes, WriteState
from masking_console.presentation.display import Sign
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.question import TypedNameScreen


class WriteSwitch:
    """Turns writes on and off for the operator; the policy holds their state."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._policy = space.operations.policy

    @property
    def state(self) -> WriteState:
        """Whether anything may be expired."""
        return self._writes.state

    @property
    def refusal(self) -> str:
        """The reason against any expiry, with the key that helps; empty without one."""
        refused = self._policy.refusal()
        return "" if refused is None else self._space.words(refused)

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
            self._space.work_alone(self._ask(account), "writes")
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
        is_sure = await self._space.ask(dialog)
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
        self._space.note(Sign.NOTE, "writes", words)
        self._space.show_status()
