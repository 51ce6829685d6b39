"""The form for a new token of an account that is set up already."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import Account, AuthToken
from masking_console.operations.manage_accounts import ManageAccounts
from masking_console.ui.keys.acts import moves
from masking_console.ui.keys.remedies import with_remedy
from masking_console.ui.widgets.token_field import TokenField

_UNTIL_THEN = "Plivo checks it first. Until it is stored, the old token stays."


class ReplaceTokenScreen(ModalScreen[Account | None]):
    """Returns the account with its new token, or None.

    Enter in the field leads to Cancel; only the button, reached by hand, replaces.
    """

    CSS_PATH = "replace_token.tcss"
    AUTO_FOCUS = "#token"
    BINDING_GROUP_TITLE = "new token"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "cancel", "cancel", id="replace_token.cancel", show=True),
    ]

    def __init__(self, accounts: ManageAccounts, name: str) -> None:
        super().__init__()
        self._accounts = accounts
        self._account_name = name
        self._is_saving = False

    def compose(self) -> ComposeResult:
        with Vertical(id="replace-token") as box:
            box.border_title = Text(f"New token for {self._account_name.upper()}")
            yield Static(Text(_UNTIL_THEN))
            with Horizontal(classes="field"):
                yield Static("Auth token")
                yield TokenField()
            yield Static(id="replace-words", classes="says")
            with Horizontal(id="replace-buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(
                    "Check and replace", id="replace", variant="primary", compact=True
                )

    def action_cancel(self) -> None:
        self._leave(None)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self._leave(None)

    def _leave(self, account: Account | None) -> None:
        self.query_one(TokenField).clear()
        self.dismiss(account)

    @on(Input.Submitted)
    def _go_on(self) -> None:
        self.query_one("#cancel").focus()

    @on(Button.Pressed, "#replace")
    def _replace(self) -> None:
        if not self._is_saving:
            self._is_saving = True
            self.run_worker(self._check_and_replace())

    async def _check_and_replace(self) -> None:
        self._say("Checking with Plivo...")
        try:
            with self._accounts.saying(self._say_that_it_waits):
                account = await self._accounts.replace_token(
                    self._account_name, AuthToken(self.query_one(TokenField).value)
                )
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))
        else:
            self._leave(account)
        finally:
            self._is_saving = False

    def _say_that_it_waits(self, words: str) -> None:
        self._say(f"{words} esc gives up.")

    def _say(self, words: str) -> None:
        self.query_one("#replace-words", Static).update(Text(words))
