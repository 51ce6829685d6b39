"""What the console does by itself when it starts, in this order."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from masking_console.errors import MaskingConsoleError
from masking_console.presentation.display import Sign
from masking_console.ui.keys.acts import key_of

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
        try:
            for notice in await self._operations.open_journal():
                main.note(Sign.FAILED, "journal", notice)
            main.header.journal_is("journal ok")
        except MaskingConsoleError as error:
            main.header.journal_is("journal cannot be written")
            main.note(Sign.FAILED, "journal", str(error))
        await self._choose_account()
        if main.account is not None:
            await self._operations.warm_up(main.account)
            main.header.look_at_link()

    async def _choose_account(self) -> None:
        """Use the account that was asked for, or the only one there is."""
        main, operations = self._main, self._operations
        if operations.practice_account is not None:
            main.use(operations.practice_account)
            return
        try:
            name = operations.settings.account_name
            main.use(await operations.accounts.first_choice(name))
        except MaskingConsoleError as error:
            words = str(error)
            if "Press P" not in words:
                # The keys that it may name are those of the accounts.
                key = key_of("app.accounts", main)
                words = f"{words}\n\nPress {key} for the accounts."
            main.use(None, words)
            main.note(Sign.FAILED, "account", str(error))
