"""The account in use: the first steps to one, another one, or another token."""

import asyncio
from collections.abc import Collection

from rich.text import Text
from textual.widgets import Static

from masking_console.errors import CredentialsError, MaskingConsoleError
from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.presentation.review import sessions
from masking_console.ui.keys.key_words import ON_ACCOUNTS
from masking_console.ui.main.check import CheckJob
from masking_console.ui.main.conditions import WriteSwitch
from masking_console.ui.main.details import NumbersJob
from masking_console.ui.main.find import FindJob
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.question import QuestionScreen


class AccountSwitch:
    """Begins with an account, goes over to another one, or goes on with it."""

    def __init__(
        self,
        space: Workspace,
        writes: WriteSwitch,
        numbers: NumbersJob,
        finding: FindJob,
        checks: CheckJob,
        follow_up: FollowUp,
    ) -> None:
        self._space = space
        self._writes = writes
        self._numbers = numbers
        self._finding = finding
        self._checks = checks
        self._follow_up = follow_up

    def first_run(self) -> str:
        """Return the text in place of the panes without an account."""
        key = self._space.key
        return (
            f"No account yet. Press {key('app.new_account')}.\n\n"
            "You need the Auth ID and Auth Token from the Plivo console home page.\n\n"
            f"Just to look: {key('app.quit')}, then masking-console --practice. "
            f"Help: {key('app.help')}"
        )

    def use(self, account: Account | None, why_none: str = "") -> None:
        """Work on this account from here on; forget the checks of the queue."""
        space, screen = self._space, self._space.screen
        words = Text(why_none or self.first_run(), justify="center")
        screen.query_one("#first-run", Static).update(words)
        is_other = account is None or not account.is_same_as(space.account)
        space.account = account
        self._writes.work_on(account, is_other=is_other)
        had_none = screen.has_class("-no-account")
        screen.set_class(account is None, "-no-account")
        if account is None:
            # At the start, the focus of the screen itself may come after this.
            screen.set_focus(None)
            screen.call_after_refresh(screen.set_focus, None)
        elif had_none:
            screen.call_after_refresh(space.queue.focus)
        if is_other:
            self._numbers.hide()
            self._finding.forget()
            space.queue.forget_checks()
            self._checks.check_queued()
            if account is not None:
                self._follow_up.offer(account)
        space.look_at_link()

    async def go_over(self, account: Account) -> None:
        """Use this account, after asking where that takes rows out of the queue.

        Ids that belong to one account are not carried to another unseen; undo brings
        them back unticked, to be checked there.
        """
        space = self._space
        before = space.account
        if account.is_same_as(before):
            self.renew(account)
            return
        summary = space.queue.summary()
        if before is None or not summary.total:
            self.use(account)
            space.note(Sign.NOTE, "account", f"Now on {account.label.upper()}.")
            return
        question = QuestionScreen(
            f"Go over to {account.label.upper()}?",
            f"This takes {sessions(summary.total)} of {before.label.upper()} out of "
            f"the queue, {summary.ticked} of them ticked. "
            "Undo brings the ids back, unticked.",
            safe=f"Stay on {before.label.upper()}",
            act="Go over",
        )
        if await space.ask(question):
            self.use(account)
            gone = space.queue.clear()
            key = space.key("queue.undo")
            words = (
                f"{sessions(gone)} taken out. {key} brings the ids back to check here."
            )
            space.note(Sign.NOTE, "account", f"Now on {account.label.upper()}. {words}")

    def renew(self, account: Account) -> None:
        """Go on with the account in use, whatever is new about it; the queue stays."""
        self.use(account)
        # What was asked with the old token has no answer, or a refusal.
        self._checks.ask_again()
        if self._finding.is_reading:
            self._finding.again()


class FirstSteps:
    """Behind the first paint: the first text, the journal, the keyring."""

    def __init__(self, space: Workspace, accounts: AccountSwitch) -> None:
        self._space = space
        self._accounts = accounts
        self._operations = space.operations

    def say_of_the_theme(self, known: Collection[str]) -> None:
        """Say so where the theme that was asked for is not there."""
        wanted = self._operations.settings.theme
        if wanted and wanted not in known:
            palette = self._space.screen.app.COMMAND_PALETTE_BINDING
            words = f'There is no theme "{wanted}". {palette}, Theme shows all.'
            self._space.note(Sign.FAILED, "theme", words)

    async def take(self, first_text: str) -> None:
        """Read the first text, open the journal, and choose an account."""
        space = self._space
        if first_text:
            space.screen.call_later(space.source.take, first_text)
        is_open = False
        try:
            for notice in await self._operations.open_journal():
                space.note(Sign.FAILED, "journal", notice)
            space.journal_is("journal ok")
            is_open = True
        except MaskingConsoleError as error:
            space.journal_is("journal cannot be written", is_well=False)
            space.note(Sign.FAILED, "journal", space.words(error))
        await self._choose_account()
        for words in await self._operations.warm_up(space.account):
            space.note(Sign.FAILED, "network", words)
        if space.account is not None:
            space.look_at_link()
        if is_open:
            await self._prepare_search()

    async def _prepare_search(self) -> None:
        """Prepare a large journal for searching, once, and say how far it is."""
        # The first paint does not wait for it.
        from masking_console.presentation.history import (  # noqa: PLC0415 - see above
            preparing_words,
        )

        space, has_waited = self._space, False
        try:
            async for progress in self._operations.prepare_search():
                if not progress.is_done:
                    if not has_waited:
                        space.note(Sign.NOTE, "journal", preparing_words(progress))
                    has_waited = True
                    percent = 100 * progress.done // progress.total
                    space.journal_is(f"journal ok, preparing {percent} %")
        except MaskingConsoleError as error:
            space.note(Sign.FAILED, "journal", space.words(error))
        if has_waited:
            space.journal_is("journal ok")
            space.note(Sign.NOTE, "journal", "The journal is prepared for searching.")

    async def _choose_account(self) -> None:
        """Use the account that was asked for, or the only one there is."""
        space, operations = self._space, self._operations
        if operations.practice_account is not None:
            self._accounts.use(operations.practice_account)
            return
        try:
            account = await self._waited_for(operations.settings.account_name)
        except MaskingConsoleError as error:
            words = space.words(error)
            space.note(Sign.FAILED, "account", words)
            if error.remedy not in ON_ACCOUNTS:
                key = space.key("app.accounts")
                words = f"{words}\n\nPress {key} for the accounts."
            self._use(None, words)
        else:
            self._use(account)

    async def _waited_for(self, name: str | None) -> Account | None:
        """Return the account, once its token is there; esc stops the wait.

        Raises:
            CredentialsError: there is none, or nobody wants to wait any longer.
        """
        space, accounts = self._space, self._operations.accounts
        with accounts.saying(self._say_that_it_waits):
            space.waiting = asyncio.create_task(accounts.first_choice(name))
        try:
            return await space.waiting
        except asyncio.CancelledError:
            if not space.waiting.cancelled() or self._is_leaving:
                raise
        finally:
            space.waiting = None
            space.screen.refresh_bindings()
        raise CredentialsError("Stopped waiting.")

    @property
    def _is_leaving(self) -> bool:
        """Whether the console ends, and with it all that waits."""
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    def _say_that_it_waits(self, words: str) -> None:
        self._use(
            None, f"{words}\n\n{self._space.key('main.stop_finding')} stops waiting."
        )
        self._space.screen.refresh_bindings()

    def _use(self, account: Account | None, why_none: str = "") -> None:
        """Use an account, unless the operator has chosen one meanwhile."""
        if self._space.account is None:
            self._accounts.use(account, why_none)
