"""Accounts: check with Plivo, store, read back, use, forget."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import StoredAccount
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InputError,
    InvalidAccountNameError,
    InvalidAuthIdError,
    KeyringMissingError,
    MaskingConsoleError,
    TokenMissingError,
    TokenRefusedError,
)
from masking_console.models.account import (
    ENVIRONMENT_ACCOUNT,
    Account,
    AccountDetails,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)
from masking_console.models.plain_text import PlainText, plain_text

CheckAccount = Callable[[Account], Awaitable[AccountDetails]]
"""Asks Plivo about an account; raises `TokenRefusedError` and the like."""

_RESERVED = frozenset({ENVIRONMENT_ACCOUNT, "practice"})
_ID_VARIABLE, _TOKEN_VARIABLE = "PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What came of the latest check of an account by this console."""

    words: str = "never"
    """How it went, in a word."""
    checked_at: datetime | None = None
    """When that was, in UTC."""
    name_at_plivo: PlainText = PlainText("")
    """What Plivo calls the account."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One account of the list; it holds no token."""

    name: str
    """The operator's name for it."""
    auth_id: str
    """Its Auth ID, shortened."""
    source: AccountSource
    """Where its token comes from."""
    protected: bool = False
    """Whether its name must be typed before anything is done with it."""
    problem: str = ""
    """Why it cannot be used, as a sentence; empty when nothing is known against it."""
    last_check: LastCheck = LastCheck()
    """What Plivo said of it."""


@dataclass(frozen=True, slots=True)
class AccountList:
    """Every account there is, and how the keyring is doing."""

    entries: tuple[AccountEntry, ...]
    """The accounts; those of a keyring that fails are not among them."""
    keyring: str
    """How the keyring is doing, as a sentence."""
    keyring_works: bool
    """Whether the keyring could be read."""


class ManageAccounts:
    """The accounts that can be used; knows the token of none until it is asked for."""

    def __init__(
        self,
        check_account: CheckAccount,
        environment: Mapping[str, str],
        credentials: Credentials | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._check_account = check_account
        self._environment = environment
        self._credentials = credentials or Credentials()
        self._now = now
        self._in_memory: dict[str, Account] = {}
        self._checks: dict[str, LastCheck] = {}

    async def list_accounts(self) -> AccountList:
        """Return every account; a keyring that fails leaves the others, and says so."""
        try:
            stored = await self._credentials.stored()
            words = f"Keyring: {await self._credentials.describe()}."
        except CredentialsError as error:
            return AccountList(self._entries(()), str(error), keyring_works=False)
        return AccountList(self._entries(stored), words, keyring_works=True)

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
        variables = (_ID_VARIABLE, _TOKEN_VARIABLE)
        return all(self._environment.get(variable) for variable in variables)

    async def first_choice(self, name: str | None) -> Account | None:
        """Return the account that was asked for, else the only one, else None.

        The environment's account is never the only one: it has to be chosen.

        Raises:
            CredentialsError: it is unknown, its token cannot be had, the keyring does
                not answer, or there are several to choose from.
        """
        if name is not None:
            return await self.load(name)
        try:
            stored = await self._credentials.stored()
        except KeyringMissingError:
            return None
        if len(stored) > 1:
            raise AccountUnknownError(
                f"{len(stored)} accounts are set up. Press P to choose one."
            )
        return await self._credentials.load(stored[0]) if stored else None

    async def load(self, name: str) -> Account:
        """Return an account with its token.

        Raises:
            CredentialsError: it is unknown, or its token cannot be had.
        """
        key = name.casefold()
        if key == ENVIRONMENT_ACCOUNT:
            return self._environment_account()
        if key in self._in_memory:
            return self._in_memory[key]
        return await self._credentials.load(await self._stored(name))

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
        if token.is_empty:
            raise InputError("Enter the Auth Token.")
        if not token.can_be_sent:
            raise InputError("An Auth Token has no spaces. Copy it again.")
        await self._refuse_taken(account)
        await self._checked(account)
        if source is AccountSource.KEYRING:
            await self._credentials.save(account)
        else:
            self._in_memory[account.name.casefold()] = account
        return account

    async def check(self, name: str) -> PlainText:
        """Ask Plivo about an account, and return its name there.

        Raises:
            CredentialsError: it is unknown, its token cannot be had, or is refused.
            PlivoUnavailableError: Plivo could not be asked.
        """
        return (await self._checked(await self.load(name))).name

    async def remove(self, name: str) -> None:
        """Forget an account, its token included.

        Raises:
            CredentialsError: it is unknown, or the keyring kept it.
        """
        key = name.casefold()
        if key == ENVIRONMENT_ACCOUNT:
            raise AccountUnknownError(
                f"env is not stored here. Unset {_ID_VARIABLE} and {_TOKEN_VARIABLE}."
            )
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
        taken = _RESERVED | self._in_memory.keys()
        try:
            taken |= {each.name.casefold() for each in await self._credentials.stored()}
        except CredentialsError:
            if account.source is AccountSource.KEYRING:
                raise
        if account.name.casefold() in taken:
            raise InvalidAccountNameError(
                f"The name {account.name} is taken. Choose another."
            )

    async def _stored(self, name: str) -> StoredAccount:
        for each in await self._credentials.stored():
            if each.name.casefold() == name.casefold():
                return each
        raise AccountUnknownError(
            f"There is no account {plain_text(name, limit=_LONGEST_NAME)}. "
            "Press P in the console to add it."
        )

    def _entries(self, stored: tuple[StoredAccount, ...]) -> tuple[AccountEntry, ...]:
        found: dict[str, AccountEntry] = {}
        for each in stored:
            found[each.name.casefold()] = AccountEntry(
                each.name,
                AuthId(each.auth_id).tail,
                AccountSource.KEYRING,
                each.protected,
            )
        # A keyring that was locked when a name was given may turn out to have it too;
        # `load` takes the account of this run, so the list shows that one.
        for key, account in self._in_memory.items():
            found[key] = AccountEntry(
                account.name, account.auth_id.tail, AccountSource.MEMORY
            )
        if self.has_environment:
            found[ENVIRONMENT_ACCOUNT] = self._environment_entry()
        return tuple(
            replace(entry, last_check=self._checks.get(key, LastCheck()))
            for key, entry in found.items()
        )

    def _environment_account(self) -> Account:
        if not self.has_environment:
            raise AccountUnknownError(
                f"Set {_ID_VARIABLE} and {_TOKEN_VARIABLE} to use the account env."
            )
        try:
            auth_id = AuthId(self._environment[_ID_VARIABLE])
        except InvalidAuthIdError as error:
            raise AccountUnknownError(f"{_ID_VARIABLE}: {error}") from None
        token = AuthToken(self._environment[_TOKEN_VARIABLE])
        if not token.can_be_sent:
            raise TokenMissingError(
                f"{_TOKEN_VARIABLE} is blank or has spaces in it. Set it again."
            )
        name, source = AccountName(ENVIRONMENT_ACCOUNT), AccountSource.ENVIRONMENT
        return Account(name, auth_id, token, source)

    def _environment_entry(self) -> AccountEntry:
        try:
            account = self._environment_account()
        except CredentialsError as error:
            return AccountEntry(
                ENVIRONMENT_ACCOUNT, "", AccountSource.ENVIRONMENT, problem=str(error)
            )
        return AccountEntry(
            ENVIRONMENT_ACCOUNT, account.auth_id.tail, AccountSource.ENVIRONMENT
        )
