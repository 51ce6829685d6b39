"""The screens that lie over the main one, and what comes back from them."""

import asyncio
from collections.abc import Collection, Iterator
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from masking_console.errors import ExitCode
from masking_console.models.account import Account
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord
from masking_console.presentation.display import Sign, place_words
from masking_console.presentation.finished import unsettled_outcomes_words
from masking_console.presentation.run_lines import looked_words
from masking_console.ui.keys.key_words import commands, help_groups
from masking_console.ui.main.accounts import AccountSwitch
from masking_console.ui.main.check import CheckJob
from masking_console.ui.main.conditions import Tickets
from masking_console.ui.main.expire import ExpiryJob
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.accounts import AccountsScreen
from masking_console.ui.screens.help import HelpScreen
from masking_console.ui.screens.history import HistoryScreen
from masking_console.ui.screens.not_settled import NotSettledScreen
from masking_console.ui.screens.question import (
    Leaving,
    QuestionScreen,
    SecondLookQuestion,
)


def _guide_module() -> ModuleType:
    return import_module("masking_console.ui.screens.guide")


class OuterScreens:
    """Opens them for the app; each method is a worker's work."""

    def __init__(
        self,
        space: Workspace,
        accounts: AccountSwitch,
        checks: CheckJob,
        job: ExpiryJob,
        follow_up: FollowUp,
        tickets: Tickets,
    ) -> None:
        self._space = space
        self._accounts = accounts
        self._checks = checks
        self._job = job
        self._follow_up = follow_up
        self._tickets = tickets
        self._operations = space.operations

    @property
    def _app(self) -> App[Any]:
        return self._space.screen.app

    async def manage_accounts(self, *, new: bool) -> None:
        """Let the operator choose an account, or make a new one, and use it."""
        space = self._space
        place = place_words(self._operations.settings)
        screen = AccountsScreen(
            self._operations.accounts, space.account, new=new, place=place
        )
        account = await self._space.ask(screen)
        if account is not None:
            await self._accounts.go_over(account)

    @property
    def may_show_help(self) -> bool:
        """Whether neither help nor the guide is shown yet."""
        return type(self._app.screen).__name__ not in {"HelpScreen", "GuideScreen"}

    async def show_help(self) -> None:
        """Show the keys of the screen that is there, of its focus first."""
        if self.may_show_help:
            help_screen = HelpScreen(help_groups(self._app.screen))
            await self._space.ask(help_screen)

    async def show_guide(self) -> None:
        """Show the page of the guide that fits the screen, and its keys if wanted."""
        if not self.may_show_help:
            return
        # Few ask for it, and Markdown takes a tenth of a second to import.
        guide = await asyncio.to_thread(_guide_module)
        topic = getattr(self._app.screen, "GUIDE_PAGE", "agent")
        if await self._space.ask(guide.GuideScreen(topic)):
            await self.show_help()

    def commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Yield what can be done right now, for the command palette."""
        for key in commands(screen):
            act = partial(self._app.run_action, key.binding.action, key.node)
            words = f"{key.words} ({key.keys})"
            yield SystemCommand(key.binding.description, words, act)

    def renew(self, account: Account) -> None:
        """Go on with the account in use, whatever is new about it."""
        self._accounts.renew(account)

    async def show_history(self) -> None:
        """Show what was done, and queue what may still connect if that is wanted."""
        space = self._space
        settings = self._operations.settings
        screen = HistoryScreen(
            self._operations.shown_history,
            space.copy,
            settings.history_days,
            self._tickets.add,
            place_words(settings),
        )
        record = await self._space.ask(screen)
        if record is not None:
            await self._look_at(record)

    async def show_not_settled(self) -> None:
        """Show what earlier batches left unsettled, and queue it if that is wanted."""
        space = self._space
        uuids = await self._space.ask(NotSettledScreen(self._follow_up))
        if uuids is not None and space.account is not None:
            # They are checked like any other row, and nothing goes without a review.
            space.queue.add(uuids)
            most = self._operations.settings.confirmation.max_batch
            await self._checks.check_all(space.account, uuids[:most])

    async def _look_at(self, record: BatchRecord) -> None:
        """Look at what may still connect of an earlier batch; say what came of it."""
        space = self._space
        account = space.account
        if account is None or (record.names_an_account and not record.is_on(account)):
            name = record.account_name.upper()
            words = f"{record.batch_id} is on {name}. Choose that account first."
            space.note(Sign.NOTE, "account?", words)
            return
        uuids = record.may_still_connect
        space.queue.add(uuids)
        most = self._operations.settings.confirmation.max_batch
        found = await self._checks.check_all(account, uuids[:most])
        space.note(Sign.NOTE, "looked", f"{record.batch_id}: {looked_words(found)}")

    async def quit_with_unsettled(self, outcomes: Collection[ExpiryOutcome]) -> None:
        """Ask before leaving with sessions that may still connect calls."""
        question = QuestionScreen(
            "Quit?",
            f"{unsettled_outcomes_words(outcomes)} Quit all the same?",
            safe="Stay",
            act="Quit",
        )
        if await self._space.ask(question):
            self._app.exit(return_code=ExitCode.DONE)

    async def quit_before_the_look(self) -> None:
        """Ask before leaving while the second look is due."""
        space = self._space
        seconds = self._follow_up.seconds_to_second_look or 0
        question = SecondLookQuestion(seconds, [*space.queue.unsettled.values()])
        answer = await self._space.ask(question)
        if answer is Leaving.LOOK:
            await self._follow_up.look_now()
            if space.queue.unsettled:
                await self.quit_with_unsettled([*space.queue.unsettled.values()])
                return
        if answer is not None:
            self._app.exit(return_code=ExitCode.DONE)

    async def quit_while_running(self) -> None:
        """Ask before leaving in the middle of a run."""
        question = QuestionScreen(
            "Quit?",
            f"{self._space.run_panel.words} Stay, or stop and quit?",
            safe="Stay",
            act="Stop and quit",
        )
        if await self._space.ask(question):
            job = self._job
            job.stop()
            await job.until_over()
            self._app.exit(return_code=ExitCode.STOPPED)
