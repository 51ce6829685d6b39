"""The accounts: which there are, which is used, and what the keyring says."""

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
from masking_console.operations.manage_accounts import AccountEntry, ManageAccounts
from masking_console.ui.screens.new_account import NewAccountScreen
from masking_console.ui.screens.question import QuestionScreen

_COLUMNS = (("name", 22), ("auth id", 12), ("token", 16), ("last checked", 18))
_ENVIRONMENT_SET = (
    "Environment variables are set but not in use. Press enter on env to use them."
)
_NONE_YET = (
    "No account yet. Press n. You need the Auth ID and Auth Token\n"
    "from the Plivo console home page."
)


class AccountsScreen(Screen[Account | None]):
    """Returns the account that the operator chose to use, or None."""

    CSS_PATH = "accounts.tcss"
    AUTO_FOCUS = "#accounts-table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="accounts.back"),
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

    def compose(self) -> ComposeResult:
        yield Static(Text(" Accounts"), id="accounts-head")
        with Vertical(id="accounts") as box:
            box.border_title = "P Accounts"
            yield DataTable[Text](id="accounts-table", cursor_type="row")
            yield Static(id="accounts-words")
            yield Static(id="accounts-problem")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        table = self._table
        table.add_column(Text(""), width=1)
        for title, width in _COLUMNS:
            table.add_column(Text(title), width=width)
        self.run_worker(self._begin())

    async def _begin(self) -> None:
        await self._show()
        if self._starts_with_new:
            await self._add()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#accounts-table", DataTable)

    async def _show(self) -> None:
        """Read the accounts and the keyring anew; both may take a moment."""
        self._say("Asking the keyring...")
        entries = await self._accounts.entries()
        words = [await self._accounts.keyring_words()]
        self._entries = {entry.name: entry for entry in entries}
        self._table.clear()
        for entry in entries:
            self._table.add_row(*self._cells(entry), key=entry.name)
        if not entries:
            words.insert(0, _NONE_YET + "\n")
        if any(entry.source is AccountSource.ENVIRONMENT for entry in entries):
            words.append(_ENVIRONMENT_SET)
        self._say("\n".join(words))

    def _cells(self, entry: AccountEntry) -> list[Text]:
        is_current = self._current is not None and entry.name == self._current.name
        at = f"{entry.checked_at:%H:%M} UTC  " if entry.checked_at else ""
        name = (
            entry.name
            if entry.source is AccountSource.ENVIRONMENT
            else (entry.name.upper())
        )
        return [
            Text("*" if is_current else ""),
            Text(name),
            Text(entry.auth_id),
            Text(entry.source.value),
            Text(f"{at}{entry.check}"),
        ]

    def _say(self, words: str) -> None:
        self.query_one("#accounts-words", Static).update(Text(words))
        self._object("")

    def _object(self, words: str) -> None:
        self.query_one("#accounts-problem", Static).update(Text(words))

    @property
    def _chosen(self) -> AccountEntry | None:
        table = self._table
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return self._entries.get(key or "")

    def action_back(self) -> None:
        self.dismiss(None)

    def action_new(self) -> None:
        self.run_worker(self._add(), group="accounts", exclusive=True)

    def action_check(self) -> None:
        self.run_worker(self._check(), group="accounts", exclusive=True)

    def action_remove(self) -> None:
        self.run_worker(self._remove(), group="accounts", exclusive=True)

    @on(DataTable.RowSelected)
    def _use_chosen(self) -> None:
        self.run_worker(self._use(), group="accounts", exclusive=True)

    async def _use(self) -> None:
        if self._chosen is None:
            return
        try:
            self.dismiss(await self._accounts.load(self._chosen.name))
        except MaskingConsoleError as error:
            self._object(str(error))

    async def _add(self) -> None:
        added = await self.app.push_screen_wait(NewAccountScreen(self._accounts))
        if added is not None:
            self.dismiss(added)

    async def _check(self) -> None:
        chosen = self._chosen
        if chosen is None:
            await self._show()
            return
        self._object("Checking with Plivo...")
        problem = ""
        try:
            name = await self._accounts.check(chosen.name)
            words = f"{chosen.name.upper()} works. Account name at Plivo: {name}."
        except MaskingConsoleError as error:
            problem, words = str(error), ""
        await self._show()
        self._object(problem or words)

    async def _remove(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        question = QuestionScreen(
            f"Remove {chosen.name.upper()}?",
            "Its token is removed from this computer. Nothing changes at Plivo.",
            safe="Keep",
            act="Remove",
        )
        if not await self.app.push_screen_wait(question):
            return
        problem = ""
        try:
            await self._accounts.remove(chosen.name)
        except MaskingConsoleError as error:
            problem = str(error)
        await self._show()
        self._object(problem or f"{chosen.name.upper()} is removed.")
