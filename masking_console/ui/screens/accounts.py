"""The accounts: which there are, which is used, and what the keyring says."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import (
    Account,
    AccountEntry,
    AccountList,
    AccountSource,
    AuthToken,
)
from masking_console.operations.manage_accounts import ManageAccounts
from masking_console.presentation.accounts import (
    STAYS_IN_USE,
    account_cells,
    account_detail,
    list_words,
    protection_words,
    removed_words,
    replaced_words,
    shown_name,
)
from masking_console.ui.keys.acts import asks, grave, hints, key_of, moves
from masking_console.ui.keys.key_words import step_words, with_remedy
from masking_console.ui.screens.account_forms import (
    NewAccountScreen,
    ReplaceTokenScreen,
)
from masking_console.ui.screens.question import (
    QuestionScreen,
    TypedNameScreen,
    answer_to,
)
from masking_console.ui.widgets.bottom_lines import KeyFooter

_COLUMNS = (("name", 20), ("auth id", 8), ("token", 16), ("last checked", 20))
_FORGOTTEN = "Its token is removed from this computer. Nothing changes at Plivo."
_UNPROTECTED = "Nothing asks for its name any more before sessions are expired on it."


class AccountTable(DataTable[Text]):
    """One row an account, under its name."""

    BINDING_GROUP_TITLE = "in the list of accounts"
    BINDINGS: ClassVar[list[BindingType]] = [
        asks("enter", "select_cursor", "use", id="accounts.use", show=True),
    ]


class AccountsScreen(Screen[Account | None]):
    """Returns the account that the operator chose to use, or None.

    One thing at a time is done to an account: what runs is never cut short by a key.
    """

    GUIDE_PAGE = "network"
    CSS_PATH = "accounts.tcss"
    AUTO_FOCUS = "#accounts-table"
    BINDING_GROUP_TITLE = "accounts"
    BINDINGS: ClassVar[list[BindingType]] = [
        # P opened it; without this it would open a second one.
        moves("escape,P", "back", "back", id="accounts.back"),
        asks("n", "new", "new", id="accounts.new", show=True),
        asks("r", "check", "check now", id="accounts.check", show=True),
        asks(
            "o",
            "replace_token",
            "replace token",
            id="accounts.replace_token",
            show=True,
        ),
        asks("p", "protect", "protect", id="accounts.protect", show=True),
        grave("x", "remove", "remove", id="accounts.remove", show=True),
    ]

    class Renewed(Message):
        """The account in use has a new token, or another protection."""

        def __init__(self, account: Account) -> None:
            super().__init__()
            self.account = account

    def __init__(
        self,
        accounts: ManageAccounts,
        current: Account | None = None,
        *,
        new: bool = False,
        place: str = "",
    ) -> None:
        super().__init__()
        self._place = place
        self._accounts = accounts
        self._current = current
        self._starts_with_new = new
        self._entries: dict[str, AccountEntry] = {}
        self._keyring = ""
        self._is_busy = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="accounts-head"):
            yield Static(Text(f" Accounts   {self._place}".rstrip()))
            yield Static(
                Text(f"{hints(self, 'accounts.back')} "), id="accounts-way-out"
            )
        with Vertical(id="accounts") as box:
            box.border_title = "Accounts"
            yield AccountTable(id="accounts-table", cursor_type="row")
            yield Static(id="accounts-words", classes="says")
            yield Static(id="accounts-detail")
            yield Static(id="accounts-result")
        yield KeyFooter()

    def on_mount(self) -> None:
        table = self._table
        table.add_column(Text(""), width=1)
        for title, width in _COLUMNS:
            table.add_column(Text(title), width=width)
        # Beside the form, if that opens at once: the keyring may take its time.
        self.run_worker(self._show(), group="list", exclusive=True)
        if self._starts_with_new:
            self.action_new()

    @property
    def _table(self) -> AccountTable:
        return self.query_one(AccountTable)

    @property
    def _chosen(self) -> AccountEntry | None:
        table = self._table
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return self._entries.get(key or "")

    async def _show(self) -> None:
        """Read the accounts and the keyring anew; both may take a moment."""
        self._say("Asking the keyring...")
        with self._accounts.saying(
            lambda words: self._say(f"{words}\n{self._way_out}")
        ):
            found = await self._accounts.list_accounts()
        before = self._chosen
        self._entries = {entry.name: entry for entry in found.entries}
        self._keyring = found.keyring
        self._table.clear()
        for row, entry in enumerate(found.entries):
            self._table.add_row(*self._cells(entry), key=entry.name)
            # The next key must meet the account that it was meant for.
            if before is not None and entry.name == before.name:
                self._table.move_cursor(row=row)
        in_use = self._current.source if self._current is not None else None
        is_unused = in_use is not AccountSource.ENVIRONMENT
        is_unused = is_unused and self._accounts.has_environment
        self._say(self._list_words(found, is_unused=is_unused))
        if found.late:
            self._report(found.late, failed=True)
        self._show_detail()

    def _cells(self, entry: AccountEntry) -> list[Text]:
        sign = "*" if self._is_in_use(entry) else ""
        return [Text(sign), *map(Text, account_cells(entry))]

    def _is_in_use(self, entry: AccountEntry) -> bool:
        return self._current is not None and entry.name == self._current.name

    @on(AccountTable.RowHighlighted)
    def _show_detail(self) -> None:
        """Say what is known of the account under the cursor."""
        entry = self._chosen
        words = "" if entry is None else account_detail(entry)
        self.query_one("#accounts-detail", Static).update(Text(words))

    def _say(self, words: str) -> None:
        self.query_one("#accounts-words", Static).update(Text(words))

    def _report(self, words: str, *, failed: bool = False) -> None:
        result = self.query_one("#accounts-result", Static)
        result.update(Text(words))
        result.set_class(failed, "-failed")

    def action_back(self) -> None:
        self.dismiss(None)

    def action_new(self) -> None:
        self._start(self._add)

    def action_check(self) -> None:
        self._start(self._check)

    def action_replace_token(self) -> None:
        self._start(self._replace_token)

    def action_protect(self) -> None:
        self._start(self._protect)

    def action_remove(self) -> None:
        self._start(self._remove)

    @on(AccountTable.RowSelected)
    def _use_chosen(self) -> None:
        self._start(self._use)

    def _start(self, act: Callable[[], Awaitable[None]]) -> None:
        if not self._is_busy:
            self._is_busy = True
            self.run_worker(self._do(act))

    async def _do(self, act: Callable[[], Awaitable[None]]) -> None:
        self._report("")
        try:
            with self._accounts.saying(self._say_that_it_waits):
                await act()
        except MaskingConsoleError as error:
            # What is wrong with the keyring stands below the list already.
            if str(error) != self._keyring:
                self._report(with_remedy(error, self), failed=True)
        finally:
            self._is_busy = False

    @property
    def _way_out(self) -> str:
        return f"{key_of('accounts.back', self)} stops waiting."

    def _list_words(self, found: AccountList, *, is_unused: bool) -> str:
        """Return how the keyring is doing, and which keys lead on."""
        words = list_words(found, is_environment_unused=is_unused)
        if way := step_words(found.remedy, self):
            words = f"{words}\n{way}"
        if found.keyring_works and not found.entries:
            words = f"{words}\nPress {key_of('accounts.new', self)} to add one."
        if is_unused:
            use = key_of("accounts.use", self)
            words = f"{words} Press {use} on env to use them."
        return words

    def _say_that_it_waits(self, words: str) -> None:
        self._report(f"{words} {self._way_out}")

    async def _use(self) -> None:
        if self._chosen is not None:
            self.dismiss(await self._accounts.load(self._chosen.name))

    async def _add(self) -> None:
        added = await answer_to(self.app, NewAccountScreen(self._accounts))
        if added is not None:
            self.dismiss(added)
        else:
            # A form left while the keyring was busy may have something to tell.
            await self._show()

    async def _check(self) -> None:
        chosen = self._chosen
        if chosen is None:
            await self._show()
            return
        self._report("Checking with Plivo...")
        try:
            await self._accounts.check(chosen.name)
        finally:
            await self._show()
        self._report(f"{shown_name(chosen)} works.")

    async def _replace_token(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        account = None
        if not chosen.source.is_kept_here:
            # Says why not, and nothing is typed in vain.
            await self._accounts.replace_token(chosen.name, AuthToken(""))
        else:
            form = ReplaceTokenScreen(self._accounts, chosen.name)
            account = await answer_to(self.app, form)
        await self._show()
        if account is not None:
            is_in_use = self._is_in_use(chosen)
            self._report(replaced_words(chosen, is_in_use=is_in_use))
            self._renew(account)

    async def _protect(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        protected = not chosen.protected
        may_change = not chosen.protected_by_config and chosen.source.is_kept_here
        if chosen.protected and may_change and not await self._may_unprotect(chosen):
            return
        try:
            await self._accounts.protect(chosen.name, protected=protected)
        finally:
            await self._show()
        self._report(protection_words(chosen, protected=protected))
        if self._current is not None and self._is_in_use(chosen):
            self._renew(replace(self._current, protected=protected))

    async def _may_unprotect(self, entry: AccountEntry) -> bool:
        question = TypedNameScreen(
            entry.name,
            heading=f"Unprotect {shown_name(entry)}?",
            sentence=_UNPROTECTED,
            act="Unprotect",
        )
        return await answer_to(self.app, question) is True

    def _renew(self, account: Account) -> None:
        """Tell the console when the account that it uses has changed."""
        if self._current is not None and account.is_same_as(self._current):
            self._current = account
            self.post_message(self.Renewed(account))

    async def _remove(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        is_kept = chosen.source.is_kept_here
        if is_kept and not await self._is_sure(chosen):
            return
        try:
            await self._accounts.remove(chosen.name)
        finally:
            await self._show()
        self._report(removed_words(chosen, is_in_use=self._is_in_use(chosen)))

    async def _is_sure(self, entry: AccountEntry) -> bool:
        heading, sentence = f"Remove {shown_name(entry)}?", _FORGOTTEN
        if self._is_in_use(entry):
            sentence = f"{sentence}\nIt is in use. {STAYS_IN_USE}"
        question = (
            TypedNameScreen(
                entry.name, heading=heading, sentence=sentence, act="Remove"
            )
            if entry.protected
            else QuestionScreen(heading, sentence, safe="Keep", act="Remove")
        )
        return await answer_to(self.app, question) is True
