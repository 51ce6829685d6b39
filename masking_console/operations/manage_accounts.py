"""Accounts: check with Plivo, store, read back, use, forget."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from masking_console.credentials import Credentials, StoredAccount
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InputError,
    InvalidAccountNameError,
    InvalidAuthIdError,
    MaskingConsoleError,
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
from masking_console.models.plain_text import PlainText

CheckAccount = Callable[[Account], Awaitable[AccountDetails]]
"""Asks Plivo about an account; raises `TokenRefusedError` and the like."""

_RESERVED = frozenset({ENVIRONMENT_ACCOUNT, "practice"})
_ID_VARIABLE, _TOKEN_VARIABLE = "PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One account of the list; it holds no token."""

    name: str
    """The operator's name for it."""
    auth_id: str
    """Its Auth ID, shortened."""
    source: AccountSource
    """Where its token comes from."""
    checked_at: datetime | None = None
    """When it was last checked by this console, in UTC."""
    check: str = "never"
    """What came of that check."""


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
        self._checks: dict[str, tuple[datetime, str]] = {}

    async def keyring_words(self) -> str:
        """Return how the keyring is doing, as a sentence."""
        try:
            return f"Keyring: {await self._credentials.describe()}."
        except CredentialsError as error:
            return str(error)

    async def entries(self) -> tuple[AccountEntry, ...]:
        """Return every account; a keyring that fails leaves the others."""
        try:
            stored = await self._credentials.stored()
        except CredentialsError:
            stored = ()
        found = [
            AccountEntry(each.name, AuthId(each.auth_id).tail, AccountSource.KEYRING)
            for each in stored
        ]
        found += [
            AccountEntry(name, account.auth_id.tail, AccountSource.MEMORY)
            for name, account in self._in_memory.items()
        ]
        if self.has_environment:
            found.append(self._environment_entry())
        return tuple(self._with_check(entry) for entry in found)

    @property
    def has_environment(self) -> bool:
        """Whether the environment describes an account."""
        variables = (_ID_VARIABLE, _TOKEN_VARIABLE)
        return all(self._environment.get(variable) for variable in variables)

    async def first_choice(self, name: str | None) -> Account | None:
        """Return the account that was asked for, else the only one, else None.

        The environment's account is never the only one: it has to be chosen.

        Raises:
            CredentialsError: it is unknown, or its token cannot be had.
        """
        if name is not None:
            return await self.load(name)
        try:
            stored = await self._credentials.stored()
        except CredentialsError:
            return None
        return await self._credentials.load(stored[0]) if len(stored) == 1 else None

    async def load(self, name: str) -> Account:
        """Return an account with its token.

        Raises:
            CredentialsError: it is unknown, or its token cannot be had.
        """
        if name.casefold() == ENVIRONMENT_ACCOUNT:
            return self._environment_account()
        if name in self._in_memory:
            return self._in_memory[name]
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
        if not token.can_be_sent:
            raise InputError("The Auth Token has no spaces. Copy it again.")
        taken = {entry.name.casefold() for entry in await self.entries()}
        if account.name.casefold() in taken | _RESERVED:
            raise InvalidAccountNameError(
                f"The name {account.name} is taken. Choose another."
            )
        await self._checked(account)
        if source is AccountSource.KEYRING:
            await self._credentials.save(account)
        else:
            self._in_memory[account.name] = account
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
        if name in self._in_memory:
            del self._in_memory[name]
            return
        if name.casefold() == ENVIRONMENT_ACCOUNT:
            raise AccountUnknownError(
                f"env is not stored here. Unset {_ID_VARIABLE} and {_TOKEN_VARIABLE}."
            )
        stored = await self._stored(name)
        await self._credentials.remove(AccountName(stored.name))

    async def _checked(self, account: Account) -> AccountDetails:
        try:
            details = await self._check_account(account)
        except MaskingConsoleError:
            self._checks[account.name] = (self._now(), "failed")
            raise
        self._checks[account.name] = (self._now(), "ok")
        return details

    async def _stored(self, name: str) -> StoredAccount:
        for each in await self._credentials.stored():
            if each.name.casefold() == name.casefold():
                return each
        raise AccountUnknownError(
            f"There is no account {name}. Press P in the console to add it."
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
        return Account(
            AccountName(ENVIRONMENT_ACCOUNT),
            auth_id,
            AuthToken(self._environment[_TOKEN_VARIABLE]),
            AccountSource.ENVIRONMENT,
        )

    def _environment_entry(self) -> AccountEntry:
        try:
            tail = AuthId(self._environment[_ID_VARIABLE]).tail
        except InvalidAuthIdError:
            tail = "not an Auth ID"
        return AccountEntry(ENVIRONMENT_ACCOUNT, tail, AccountSource.ENVIRONMENT)

    def _with_check(self, entry: AccountEntry) -> AccountEntry:
        at, words = self._checks.get(entry.name, (None, "never"))
        return replace(entry, checked_at=at, check=words)
