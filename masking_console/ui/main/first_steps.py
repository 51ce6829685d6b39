"""First steps of the console, which it takes by itself when it starts."""

import asyncio
from collections.abc import Collection

from masking_console.errors import CredentialsError, MaskingConsoleError
from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.ui.keys.remedies import ON_ACCOUNTS
from masking_console.ui.main.accounts import AccountSwitch
from masking_console.ui.main.workspace import Workspace


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
