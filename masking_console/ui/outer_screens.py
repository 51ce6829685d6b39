"""The screens that lie over the main one, and what comes back from them."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from masking_console.exit_codes import ExitCode
from masking_console.models.account import Account
from masking_console.operations.wiring import Operations
from masking_console.ui.account_choice import go_over, renew
from masking_console.ui.dialogs import answer_to
from masking_console.ui.keys.help_text import commands, help_groups
from masking_console.ui.screens.accounts import AccountsScreen
from masking_console.ui.screens.help import HelpScreen
from masking_console.ui.screens.history import HistoryScreen
from masking_console.ui.screens.question import QuestionScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class OuterScreens:
    """Opens them for the app; each method is a worker's work."""

    def __init__(
        self, app: App[int], main: "MainScreen", operations: Operations
    ) -> None:
        self._app = app
        self._main = main
        self._operations = operations

    async def manage_accounts(self, *, new: bool) -> None:
        """Let the operator choose an account, or make a new one, and use it."""
        main = self._main
        screen = AccountsScreen(self._operations.accounts, main.account, new=new)
        account = await answer_to(self._app, screen)
        if account is not None:
            await go_over(main, account)

    @property
    def may_show_help(self) -> bool:
        """Whether help does not stand there already."""
        return not isinstance(self._app.screen, HelpScreen)

    async def show_help(self) -> None:
        """Show the keys of the screen that is there, of its focus first."""
        if self.may_show_help:
            help_screen = HelpScreen(help_groups(self._app.screen))
            await answer_to(self._app, help_screen)

    def commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Yield what can be done right now, for the command palette."""
        for key in commands(screen):
            act = partial(self._app.run_action, key.binding.action, key.node)
            words = f"{key.words} ({key.keys})"
            yield SystemCommand(key.binding.description, words, act)

    def renew(self, account: Account) -> None:
        """Go on with the account in use, whatever is new about it."""
        renew(self._main, account)

    async def show_history(self) -> None:
        """Show what was done, and queue what may still connect if that is wanted."""
        main = self._main
        days = self._operations.settings.history_days
        screen = HistoryScreen(self._operations.history, main.copy, days)
        record = await answer_to(self._app, screen)
        if record is not None:
            main.queue_up(record.may_still_connect)

    async def quit_with_unknown(self, unknown: int) -> None:
        """Ask before leaving with outcomes that nobody knows."""
        what = "1 outcome is" if unknown == 1 else f"{unknown} outcomes are"
        question = QuestionScreen(
            "Quit?",
            f"{what} unknown, and may still connect calls. Quit all the same?",
            safe="Stay",
            act="Quit",
        )
        if await answer_to(self._app, question):
            self._app.exit(return_code=ExitCode.DONE)

    async def quit_while_running(self) -> None:
        """Ask before leaving in the middle of a run."""
        question = QuestionScreen(
            "Quit?",
            f"{self._main.run_panel.words} Stay, or stop and quit?",
            safe="Stay",
            act="Stop and quit",
        )
        if await answer_to(self._app, question):
            job = self._main.job
            job.stop()
            await job.until_over()
            self._app.exit(return_code=ExitCode.STOPPED)
