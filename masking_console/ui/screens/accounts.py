"""The accounts: which there are, which is used, and what the keyring says."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import Account, AccountSource
from masking_console.operations.manage_accounts import (
    AccountEntry,
    AccountList,
    ManageAccounts,
)
from masking_console.ui.dialogs import answer_to
from masking_console.ui.screens.new_account import NewAccountScreen
from masking_console.ui.screens.question import QuestionScreen
from masking_console.ui.screens.remove_account import RemoveAccountScreen

_COLUMNS = (("name", 20), ("auth id", 8), ("token", 16), ("last checked", 20))
_ENVIRONMENT_SET = (
    "Environment variables are set but not in use. Press enter on env to use them."
)
_NONE_YET = (
    "No account yet. Press n. You need the Auth ID and Auth Token\n"
    "from the Plivo console home page.\n"
)
_FORGOTTEN = "Its token is removed from this computer. Nothing changes at Plivo."


class AccountTable(DataTable[Text]):
    """One row an account, under its name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "use", id="accounts.use"),
    ]


class AccountsScreen(Screen[Account | None]):
    """Returns the account that the operator chose to use, or None.

    One thing at a time is done to an account: what runs is never cut short by a key.
    """

    CSS_PATH = "accounts.tcss"
    AUTO_FOCUS = "#accounts-table"
    BINDINGS: ClassVar[list[BindingType]] = [
        # P opened it; without this it would open a second one.
        Binding("escape,P", "back", "back", id="accounts.back"),
        Binding("n", "new", "new", id="accounts.new"),
        Binding("r", "check", "check now", id="accounts.check"),
        Binding("x", "remove", "remove", id="accounts.remove"),
    ]

    def __init__(
        self,
        accounts: ManageAccounts,
        current: Account | None = None,
        *,
        new: bool = False,
    ) -> None:
        super().__init__()
        self._accounts = accounts
        self._current = current
        self._starts_with_new = new
        self._entries: dict[str, AccountEntry] = {}
        self._is_busy = False

    def compose(self) -> ComposeResult:
        yield Static(Text(" Accounts"), id="accounts-head")
        with Vertical(id="accounts") as box:
            box.border_title = "P Accounts"
            yield AccountTable(id="accounts-table", cursor_type="row")
            yield Static(id="accounts-words")
            yield Static(id="accounts-detail")
            yield Static(id="accounts-result")
        yield Footer(show_command_palette=False)

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
        found = await self._accounts.list_accounts()
        before = self._chosen
        self._entries = {entry.name: entry for entry in found.entries}
        self._table.clear()
        for row, entry in enumerate(found.entries):
            self._table.add_row(*self._cells(entry), key=entry.name)
            # The next key must meet the account that it was meant for.
            if before is not None and entry.name == before.name:
                self._table.move_cursor(row=row)
        self._say(self._words(found))
        self._show_detail()

    def _words(self, found: AccountList) -> str:
        lines = [found.keyring]
        if found.keyring_works and not found.entries:
            lines.insert(0, _NONE_YET)
        in_use = self._current.source if self._current is not None else None
        if self._accounts.has_environment and in_use is not AccountSource.ENVIRONMENT:
            lines.append(_ENVIRONMENT_SET)
        return "\n".join(lines)

    def _cells(self, entry: AccountEntry) -> list[Text]:
        is_current = self._current is not None and entry.name == self._current.name
        is_env = entry.source is AccountSource.ENVIRONMENT
        check = entry.last_check
        at = f"{check.checked_at:%H:%M} UTC  " if check.checked_at else ""
        return [
            Text("*" if is_current else ""),
            Text(_shown_name(entry)),
            Text(entry.auth_id),
            Text("PLIVO_AUTH_TOKEN" if is_env else entry.source.value),
            Text(f"{at}{check.words}"),
        ]

    @on(AccountTable.RowHighlighted)
    def _show_detail(self) -> None:
        """Say what is known of the account under the cursor."""
        entry, lines = self._chosen, []
        if entry is not None and entry.problem:
            lines.append(entry.problem)
        elif entry is not None:
            at_plivo = entry.last_check.name_at_plivo
            if at_plivo:
                lines.append(
                    f"{_shown_name(entry)}   account name at Plivo: {at_plivo}"
                )
            if entry.protected:
                lines.append(f"{_shown_name(entry)}   protected: asks for its name")
        self.query_one("#accounts-detail", Static).update(Text("\n".join(lines)))

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
            await act()
        except MaskingConsoleError as error:
            self._report(str(error), failed=True)
        finally:
            self._is_busy = False

    async def _use(self) -> None:
        if self._chosen is not None:
            self.dismiss(await self._accounts.load(self._chosen.name))

    async def _add(self) -> None:
        added = await answer_to(self.app, NewAccountScreen(self._accounts))
        if added is not None:
            self.dismiss(added)

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
        self._report(f"{_shown_name(chosen)} works.")

    async def _remove(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        if chosen.source is not AccountSource.ENVIRONMENT and not await self._is_sure(
            chosen
        ):
            return
        try:
            await self._accounts.remove(chosen.name)
        finally:
            await self._show()
        words = f"{_shown_name(chosen)} is removed."
        if self._current is not None and self._current.name == chosen.name:
            words += " This console uses it until you choose another."
        self._report(words)

    async def _is_sure(self, entry: AccountEntry) -> bool:
        if entry.protected:
            sure = await answer_to(self.app, RemoveAccountScreen(entry.name))
            return sure is True
        question = QuestionScreen(
            f"Remove {_shown_name(entry)}?", _FORGOTTEN, safe="Keep", act="Remove"
        )
        sure = await answer_to(self.app, question)
        return sure is True


def _shown_name(entry: AccountEntry) -> str:
    is_env = entry.source is AccountSource.ENVIRONMENT
    return entry.name if is_env else entry.name.upper()
