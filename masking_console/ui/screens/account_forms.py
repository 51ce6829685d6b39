"""Forms for a new account and for another token of an account."""

from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Button, Input, RadioButton, RadioSet, Static

from masking_console.errors import KeyringMissingError, MaskingConsoleError
from masking_console.models.account import Account, AccountSource, AuthToken
from masking_console.operations.manage_accounts import ManageAccounts
from masking_console.presentation.accounts import auth_id_hint
from masking_console.ui.keys.acts import moves
from masking_console.ui.keys.key_words import with_remedy

_STARS = "*" * 22


class TokenField(Input):
    """A field that shows neither its content nor how long that is."""

    def __init__(self) -> None:
        super().__init__(password=True, id="token", compact=True)

    def render_line(self, y: int) -> Strip:
        if not self.value or y:
            return super().render_line(y)
        style = self.rich_style
        cursor = self.get_component_rich_style("input--cursor")
        end = cursor if self.has_focus and self._cursor_visible else style
        return Strip([Segment(_STARS, style), Segment(" ", end)])

    @property
    def cursor_screen_offset(self) -> Offset:
        # The terminal's own cursor follows this one, and would tell the length.
        return self.content_region.offset

    # Copying would put the token on the clipboard, and into the terminal's output.
    def action_copy(self) -> None:
        self.app.bell()

    def action_cut(self) -> None:
        self.app.bell()


_UNTIL_THEN = "Plivo checks it first. Until it is stored, the old token stays."


class ReplaceTokenScreen(ModalScreen[Account | None]):
    """Returns the account with its new token, or None.

    Enter in the field leads to Cancel; only the button, reached by hand, replaces.
    """

    GUIDE_PAGE = "network"
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


class Choice(RadioButton):
    """A radio button that shows by a sign, not by its color alone, whether it is on."""

    @property
    def _button(self) -> Content:
        return Content("(x)" if self.value else "( )")


class NewAccountScreen(ModalScreen[Account | None]):
    """Returns the account that was checked and kept, or None.

    Enter in a field leads to the next one; only the button, reached by hand, saves.
    """

    GUIDE_PAGE = "network"
    CSS_PATH = "new_account.tcss"
    AUTO_FOCUS = "#name"
    BINDING_GROUP_TITLE = "new account"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "cancel", "cancel", id="new_account.cancel", show=True),
    ]

    def __init__(self, accounts: ManageAccounts) -> None:
        super().__init__()
        self._accounts = accounts
        self._is_saving = False

    def compose(self) -> ComposeResult:
        with Vertical(id="new-account") as box:
            box.border_title = "New account"
            with Horizontal(classes="field"):
                yield Static("Name")
                yield Input(id="name", compact=True, placeholder="2 to 20 letters")
            with Horizontal(classes="field"):
                yield Static("Auth ID")
                yield Input(id="auth-id", compact=True, placeholder="MA...")
            with Horizontal(classes="field"):
                yield Static("Auth token")
                yield TokenField()
            with Horizontal(classes="field"):
                yield Static("Store in")
                with RadioSet(id="source", compact=True):
                    yield Choice("OS keyring", value=True, compact=True)
                    yield Choice("this run only", id="this-run", compact=True)
            yield Static(id="new-account-keyring")
            yield Static(id="new-account-words", classes="says")
            with Horizontal(id="new-account-buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(
                    "Check and save", id="save", variant="primary", compact=True
                )

    def on_mount(self) -> None:
        self.run_worker(self._ask_keyring())

    async def _ask_keyring(self) -> None:
        """Say why the keyring cannot be used before anything is typed for it."""
        state = self.query_one("#new-account-keyring", Static)
        with self._accounts.saying(lambda words: state.update(Text(words))):
            problem = await self._accounts.keyring_problem()
        state.update(Text(str(problem or "")))
        if isinstance(problem, KeyringMissingError):
            self.query_one("#this-run", Choice).value = True

    def action_cancel(self) -> None:
        self._leave(None)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self._leave(None)

    def _leave(self, account: Account | None) -> None:
        self.query_one(TokenField).clear()
        self.dismiss(account)

    @on(Input.Submitted)
    def _go_to_next_field(self) -> None:
        self.focus_next()

    @on(Input.Changed, "#auth-id")
    def _look_at_auth_id(self, event: Input.Changed) -> None:
        self._say(auth_id_hint(event.value, is_complete=False))

    @on(Input.Blurred, "#auth-id")
    def _look_at_whole_auth_id(self, event: Input.Blurred) -> None:
        hint = auth_id_hint(event.value, is_complete=True)
        # Whatever else stands there, a reason why it was refused, stays.
        if hint:
            self._say(hint)

    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        if not self._is_saving:
            self._is_saving = True
            self.run_worker(self._check_and_save())

    async def _check_and_save(self) -> None:
        self._say("Checking with Plivo...")
        is_kept = self.query_one(RadioSet).pressed_index == 0
        try:
            with self._accounts.saying(self._say_that_it_waits):
                account = await self._accounts.add(
                    self.query_one("#name", Input).value,
                    self.query_one("#auth-id", Input).value,
                    AuthToken(self.query_one(TokenField).value),
                    AccountSource.KEYRING if is_kept else AccountSource.MEMORY,
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
        self.query_one("#new-account-words", Static).update(Text(words))
