"""What the console does by itself when it starts, in this order."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from masking_console.errors import CredentialsError, MaskingConsoleError
from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.ui.keys.acts import key_of
from masking_console.ui.keys.remedies import ON_ACCOUNTS, with_remedy

if TYPE_CHECKING:
    from masking_console.operations.wiring import Operations
    from masking_console.ui.screens.main import MainScreen


class FirstSteps:
    """Behind the first paint: the first text, the journal, the keyring."""

    def __init__(self, main: "MainScreen", operations: "Operations") -> None:
        self._main = main
        self._operations = operations

    def say_of_the_theme(self, known: Collection[str]) -> None:
        """Say so where the theme that was asked for is not there."""
        wanted = self._operations.settings.theme
        if wanted and wanted not in known:
            palette = self._main.app.COMMAND_PALETTE_BINDING
            words = f'There is no theme "{wanted}". {palette}, Theme shows all.'
            self._main.note(Sign.FAILED, "theme", words)

    async def take(self, first_text: str) -> None:
        """Read the first text, open the journal, and choose an account."""
        main = self._main
        if first_text:
            main.call_later(main.take_text, first_text)
        is_open = False
        try:
            for notice in await self._operations.open_journal():
                main.note(Sign.FAILED, "journal", notice)
            main.header.journal_is("journal ok")
            is_open = True
        except MaskingConsoleError as error:
            main.header.journal_is("journal cannot be written", is_well=False)
            main.note(Sign.FAILED, "journal", with_remedy(error, main))
        await self._choose_account()
        for words in await self._operations.warm_up(main.account):
            main.note(Sign.FAILED, "network", words)
        if main.account is not None:
            main.header.look_at_link()
        if is_open:
            await self._prepare_search()

    async def _prepare_search(self) -> None:
        """Prepare a large journal for searching, once, and say how far it is."""
        # The first paint does not wait for it.
        from masking_console.presentation.history import (  # noqa: PLC0415 - see above
            preparing_words,
        )

        main, has_waited = self._main, False
        try:
            async for progress in self._operations.prepare_search():
                if not progress.is_done:
                    if not has_waited:
                        main.note(Sign.NOTE, "journal", preparing_words(progress))
                    has_waited = True
                    percent = 100 * progress.done // progress.total
                    main.header.journal_is(f"journal ok, preparing {percent} %")
        except MaskingConsoleError as error:
            main.note(Sign.FAILED, "journal", with_remedy(error, main))
        if has_waited:
            main.header.journal_is("journal ok")
            main.note(Sign.NOTE, "journal", "The journal is prepared for searching.")

    async def _choose_account(self) -> None:
        """Use the account that was asked for, or the only one there is."""
        main, operations = self._main, self._operations
        if operations.practice_account is not None:
            main.use(operations.practice_account)
            return
        try:
            account = await self._waited_for(operations.settings.account_name)
        except MaskingConsoleError as error:
            words = with_remedy(error, main)
            main.note(Sign.FAILED, "account", words)
            if error.remedy not in ON_ACCOUNTS:
                key = key_of("app.accounts", main)
                words = f"{words}\n\nPress {key} for the accounts."
            self._use(None, words)
        else:
            self._use(account)

    async def _waited_for(self, name: str | None) -> Account | None:
        """Return the account, once its token is there; esc stops the wait.

        Raises:
            CredentialsError: there is none, or nobody wants to wait any longer.
        """
        main, accounts = self._main, self._operations.accounts
        with accounts.saying(self._say_that_it_waits):
            main.waiting = asyncio.create_task(accounts.first_choice(name))
        try:
            return await main.waiting
        except asyncio.CancelledError:
            if not main.waiting.cancelled() or self._is_leaving:
                raise
        finally:
            main.waiting = None
            main.refresh_bindings()
        raise CredentialsError("Stopped waiting.")

    @property
    def _is_leaving(self) -> bool:
        """Whether the console ends, and with it all that waits."""
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    def _say_that_it_waits(self, words: str) -> None:
        self._use(
            None, f"{words}\n\n{key_of('main.stop_finding', self._main)} stops waiting."
        )
        self._main.refresh_bindings()

    def _use(self, account: Account | None, why_none: str = "") -> None:
        """Use an account, unless the operator has chosen one meanwhile."""
        if self._main.account is None:
            self._main.use(account, why_none)
