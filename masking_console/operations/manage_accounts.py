"""Accounts: check with Plivo, store, read back, use, renew, protect, forget."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import LONGEST_TOKEN, StoredAccount
from masking_console.credentials.token_command import TokenCommands
from masking_console.credentials.waiting import Say, saying
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InputError,
    InvalidAccountNameError,
    KeyringMissingError,
    MaskingConsoleError,
    PlivoUnavailableError,
    Remedy,
    TokenRefusedError,
)
from masking_console.models.account import (
    ENVIRONMENT_ACCOUNT,
    RESERVED_NAMES,
    Account,
    AccountDetails,
    AccountList,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
    LastCheck,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.operations.environment_account import (
    ID_VARIABLE,
    TOKEN_VARIABLE,
    EnvironmentAccount,
    account_entries,
)

CheckAccount = Callable[[Account], Awaitable[AccountDetails]]
"""Asks Plivo about an account; raises `TokenRefusedError` and the like."""

_LONGEST_NAME = 40


class ManageAccounts:
    """The accounts that can be used; knows the token of none until it is asked for."""

    def __init__(
        self,
        check_account: CheckAccount,
        environment: Mapping[str, str],
        credentials: Credentials | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        protected_by_config: frozenset[str] = frozenset(),
        commands: TokenCommands | None = None,
    ) -> None:
        """Make them ready; `protected_by_config` are names, in any letters."""
        self._check_account = check_account
        self._environment = EnvironmentAccount(environment)
        self._credentials = credentials or Credentials()
        self._commands = commands or TokenCommands((), environment)
        self._now = now
        self._in_config = frozenset(name.casefold() for name in protected_by_config)
        self._in_memory: dict[str, Account] = {}
        self._checks: dict[str, LastCheck] = {}

    async def list_accounts(self) -> AccountList:
        """Return every account; a keyring that fails leaves the others, and says so."""
        try:
            stored, keyring = await self._credentials.survey()
        except CredentialsError as error:
            stored, words, works = (), str(error), False
            remedy = error.remedy
        else:
            words, works, remedy = f"Keyring: {keyring}.", True, Remedy.NONE
        entries = account_entries(
            stored,
            self._in_memory.values(),
            self._commands.accounts,
            self._environment,
            self._in_config,
        )
        checked = tuple(
            replace(entry, last_check=self._checks.get(entry.key, LastCheck()))
            for entry in entries
        )
        late = self._credentials.take_late_words()
        return AccountList(checked, words, works, late, remedy)

    async def keyring_problem(self) -> CredentialsError | None:
        """Return why the keyring cannot be used, or None."""
        try:
            await self._credentials.stored()
        except CredentialsError as error:
            return error
        return None

    @property
    def has_environment(self) -> bool:
        """Whether the environment describes an account, usable or not."""
        return self._environment.is_set

    async def first_choice(self, name: str | None) -> Account | None:
        """Return the account that was asked for, else the only one, else None.

        The environment's account is never the only one: it has to be chosen.

        Raises:
            CredentialsError: it is unknown, its token cannot be had, the keyring does
                not answer, or there are several to choose from.
        """
        if name is not None:
            return await self.load(name)
        names = {str(each.name) for each in self._commands.accounts}
        with suppress(KeyringMissingError):
            names |= {each.name for each in await self._credentials.stored()}
        names = set({each.casefold(): each for each in names}.values())
        if len(names) > 1:
            raise AccountUnknownError(
                f"{len(names)} accounts are set up.", Remedy.CHOOSE_ACCOUNT
            )
        return await self.load(*names) if names else None

    async def load(self, name: str) -> Account:
        """Return an account with its token.

        Raises:
            CredentialsError: it is unknown, or its token cannot be had.
        """
        account = await self._load(name)
        if account.source is AccountSource.COMMAND:
            # Nobody has looked at what it printed. Without an answer, the first
            # request for a session says the same.
            with suppress(PlivoUnavailableError):
                await self._checked(account)
        return account

    @staticmethod
    def saying(say: Say) -> AbstractContextManager[None]:
        """Say, while the block runs, what this task waits for, if it takes long.

        The words come in the event loop of the task; a cancel stops the wait.
        """
        return saying(say)

    async def _load(self, name: str) -> Account:
        key = name.casefold()
        command = self._commands.find(name)
        if key == ENVIRONMENT_ACCOUNT:
            account = self._environment.load()
        elif key in self._in_memory:
            account = self._in_memory[key]
        elif command is not None:
            account = await self._commands.load(command)
        else:
            account = await self._credentials.load(await self._stored(name))
        return self._guarded(account)

    async def add(
        self, name: str, auth_id: str, token: AuthToken, source: AccountSource
    ) -> Account:
        """Check a new account with Plivo, then keep it where it is wanted.

        Raises:
            InputError: a part of it has the wrong shape, or the name is taken.
            CredentialsError: Plivo or the keyring refused; nothing was kept.
            PlivoUnavailableError: Plivo could not be asked; nothing was kept.
        """
        account = Account(AccountName(name), AuthId(auth_id), token, source)
        _refuse_unusable(token, source)
        await self._refuse_taken(account)
        await self._checked(account)
        if source is AccountSource.KEYRING:
            await self._credentials.save(account)
        else:
            self._in_memory[account.name.casefold()] = account
        return self._guarded(account)

    async def replace_token(self, name: str, token: AuthToken) -> Account:
        """Check a new token with Plivo, then put it in the place of the old one.

        Returns:
            The account with its new token.

        Raises:
            InputError: the token has the wrong shape.
            CredentialsError: Plivo or the keyring refused; the old token stays, or the
                text says what is where.
            PlivoUnavailableError: Plivo could not be asked; the old token stays.
        """
        key = name.casefold()
        if key == ENVIRONMENT_ACCOUNT:
            raise AccountUnknownError(
                f"env is not stored here. Set {TOKEN_VARIABLE} and start again."
            )
        self._refuse_configured(name)
        account = await self._with_token(name, token)
        _refuse_unusable(token, account.source)
        # Not `_checked`: a new token that is refused says nothing of the old one.
        details = await self._check_account(account)
        if account.source is AccountSource.KEYRING:
            await self._credentials.replace_token(account)
        else:
            self._in_memory[key] = account
        self._checks[key] = LastCheck("ok", self._now(), details.name)
        return self._guarded(account)

    async def protect(self, name: str, *, protected: bool) -> None:
        """Switch the protection of an account on or off.

        Raises:
            InputError: the config file decides, or would have to.
            CredentialsError: it is unknown, or the keyring refused; it is as before.
        """
        key = name.casefold()
        if key in self._in_config:
            shown = plain_text(name, limit=_LONGEST_NAME).upper()
            raise InputError(
                f"The configuration protects {shown}. `config show` says where."
            )
        if key == ENVIRONMENT_ACCOUNT:
            raise InputError(
                'env is not stored here. Set protected = ["env"] in config.toml.'
            )
        self._refuse_configured(name)
        if key in self._in_memory:
            self._in_memory[key] = replace(self._in_memory[key], protected=protected)
        else:
            stored = await self._stored(name)
            await self._credentials.protect(
                AccountName(stored.name), protected=protected
            )

    async def check(self, name: str) -> PlainText:
        """Ask Plivo about an account, and return its name there.

        Raises:
            CredentialsError: it is unknown, its token cannot be had, or is refused.
            PlivoUnavailableError: Plivo could not be asked.
        """
        return (await self._checked(await self._load(name))).name

    async def remove(self, name: str) -> None:
        """Forget an account, its token included.

        Raises:
            CredentialsError: it is unknown, or the keyring kept it.
        """
        key = name.casefold()
        if key == ENVIRONMENT_ACCOUNT:
            raise AccountUnknownError(
                f"env is not stored here. Unset {ID_VARIABLE} and {TOKEN_VARIABLE}."
            )
        self._refuse_configured(name)
        if key in self._in_memory:
            del self._in_memory[key]
        else:
            stored = await self._stored(name)
            await self._credentials.remove(AccountName(stored.name))
        self._checks.pop(key, None)

    async def _checked(self, account: Account) -> AccountDetails:
        key = account.name.casefold()
        try:
            details = await self._check_account(account)
        except MaskingConsoleError as error:
            is_refusal = isinstance(error, TokenRefusedError)
            words = "refused" if is_refusal else "no answer"
            self._checks[key] = LastCheck(words, self._now())
            raise
        self._checks[key] = LastCheck("ok", self._now(), details.name)
        return details

    async def _refuse_taken(self, account: Account) -> None:
        """Refuse a name in use; a token for this run only needs no keyring at all."""
        taken = RESERVED_NAMES | self._in_memory.keys()
        taken |= {each.name.casefold() for each in self._commands.accounts}
        try:
            taken |= {each.name.casefold() for each in await self._credentials.stored()}
        except CredentialsError:
            if account.source is AccountSource.KEYRING:
                raise
        if account.name.casefold() in taken:
            raise InvalidAccountNameError(
                f"The name {account.name} is taken. Choose another."
            )

    def _refuse_configured(self, name: str) -> None:
        """Refuse to change an account of the operator's configuration."""
        command = self._commands.find(name)
        if command is not None and name.casefold() not in self._in_memory:
            raise AccountUnknownError(
                f"{command.name.upper()} stands in config.toml with its token_command. "
                "Change it there."
            )

    async def _stored(self, name: str) -> StoredAccount:
        for each in await self._credentials.stored():
            if each.name.casefold() == name.casefold():
                return each
        raise AccountUnknownError(
            f"There is no account {plain_text(name, limit=_LONGEST_NAME)}.",
            Remedy.ADD_ACCOUNT,
        )

    async def _with_token(self, name: str, token: AuthToken) -> Account:
        """Return an account with this token, without asking for the one it has."""
        if name.casefold() in self._in_memory:
            return replace(self._in_memory[name.casefold()], auth_token=token)
        stored = await self._stored(name)
        return Account(
            AccountName(stored.name),
            AuthId(stored.auth_id),
            token,
            protected=stored.protected,
        )

    def _guarded(self, account: Account) -> Account:
        """Return the account, protected if the config file says so."""
        if account.name.casefold() not in self._in_config:
            return account
        return replace(account, protected=True)


def _refuse_unusable(token: AuthToken, source: AccountSource) -> None:
    """Refuse what is no token before anybody is asked about it."""
    if token.is_empty:
        raise InputError("Enter the Auth Token.")
    if not token.can_be_sent:
        raise InputError("An Auth Token has no spaces. Copy it again.")
    if source is AccountSource.KEYRING and token.is_longer_than(LONGEST_TOKEN):
        raise InputError(
            f"A keyring keeps at most {LONGEST_TOKEN:,} characters. "
            "Copy the Auth Token again."
        )
