"""Phone numbers in the list: shown when asked, for a minute, and recorded first."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.settings import ShowNumbers
from masking_console.ui.keys.acts import key_of
from masking_console.ui.keys.remedies import with_remedy
from masking_console.ui.screens.session_detail import NEVER_SHOWN, SHOWN_SECONDS

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class NumbersJob:
    """Shows the numbers of the queue's rows, and hides them again."""

    def __init__(self, screen: "MainScreen", clock: Callable[[], datetime]) -> None:
        self._screen = screen
        self._clock = clock
        self._policy = screen.operations.settings.show_numbers
        self._until: datetime | None = None

    @property
    def notice(self) -> str:
        """What the header says while numbers can be read; else empty."""
        if self._until is None:
            return ""
        if self._policy is ShowNumbers.ALWAYS:
            return "Numbers shown (recorded)."
        left = max(timedelta(0), self._until - self._clock())
        return f"Numbers shown for {left.total_seconds():.0f} s (recorded)."

    def toggle(self) -> None:
        """Show the numbers, or hide them at once."""
        account = self._screen.account
        if self._policy is ShowNumbers.NEVER:
            self._screen.note(Sign.NOTE, "numbers", NEVER_SHOWN)
        elif self._until is not None:
            self.hide()
        elif account is not None:
            work = self._show(account)
            self._screen.run_worker(work, group="numbers", exclusive=True)

    def hide(self) -> None:
        """Hide the numbers, if they are shown."""
        if self._until is not None:
            self._until = None
            self._screen.queue.show_numbers(are_shown=False)
            self._screen.show_status()

    def hide_when_over(self) -> None:
        """Hide the numbers when their minute is over."""
        is_over = self._until is not None and self._clock() >= self._until
        if is_over and self._policy is not ShowNumbers.ALWAYS:
            self.hide()

    async def _show(self, account: Account) -> None:
        screen = self._screen
        try:
            await screen.operations.record_numbers_shown(account)
        except MaskingConsoleError as error:
            screen.note(
                Sign.FAILED,
                "numbers",
                f"{with_remedy(error, screen)} They stay hidden.",
            )
            return
        if screen.account is account:
            self._until = self._clock() + timedelta(seconds=SHOWN_SECONDS)
            screen.queue.show_numbers(are_shown=True)
            key = key_of("queue.numbers", screen)
            screen.note(Sign.NOTE, "numbers", f"{self.notice} {key} hides them.")
            screen.show_status()
