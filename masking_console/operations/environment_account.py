"""The account that ``PLIVO_AUTH_ID`` and ``PLIVO_AUTH_TOKEN`` describe."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from masking_console.credentials.keyring_entries import StoredAccount
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InvalidAuthIdError,
    TokenMissingError,
)
from masking_console.models.account import (
    ENVIRONMENT_ACCOUNT,
    Account,
    AccountEntry,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
    CommandAccount,
)

ID_VARIABLE, TOKEN_VARIABLE = "PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"


class EnvironmentAccount:
    """Reads the two variables each time; they have to be chosen, and are never kept."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @property
    def is_set(self) -> bool:
        """Whether both variables hold something, usable or not."""
        variables = (ID_VARIABLE, TOKEN_VARIABLE)
        return all(self._environment.get(variable) for variable in variables)

    def load(self) -> Account:
        """Return the account.

        Raises:
            CredentialsError: a variable is missing or cannot be used.
        """
        if not self.is_set:
            raise AccountUnknownError(
                f"Set {ID_VARIABLE} and {TOKEN_VARIABLE} to use the account env."
            )
        try:
            auth_id = AuthId(self._environment[ID_VARIABLE])
        except InvalidAuthIdError as error:
            raise AccountUnknownError(f"{ID_VARIABLE}: {error}") from None
        token = AuthToken(self._environment[TOKEN_VARIABLE])
        if not token.can_be_sent:
            raise TokenMissingError(
                f"{TOKEN_VARIABLE} is blank or has spaces in it. Set it again."
            )
        name, source = AccountName(ENVIRONMENT_ACCOUNT), AccountSource.ENVIRONMENT
        return Account(name, auth_id, token, source)

    def entry(self) -> AccountEntry:
        """Return its line of the list, with the reason where it cannot be used."""
        source = AccountSource.ENVIRONMENT
        try:
            auth_id = self.load().auth_id
        except CredentialsError as error:
            return AccountEntry(ENVIRONMENT_ACCOUNT, "", source, problem=str(error))
        return AccountEntry(ENVIRONMENT_ACCOUNT, auth_id.tail, source)


def account_entries(
    stored: Iterable[StoredAccount],
    in_memory: Iterable[Account],
    commands: Iterable[CommandAccount],
    environment: EnvironmentAccount,
    protected_by_config: frozenset[str],
) -> tuple[AccountEntry, ...]:
    """Return one entry an account; the environment's comes last.

    Args:
        stored: what the keyring lists.
        in_memory: the accounts of this run.
        commands: the accounts whose tokens come from commands.
        environment: what the environment variables say.
        protected_by_config: casefolded names that the config file protects.
    """
    entries = [_of_stored(each) for each in stored]
    entries += [_of_this_run(each) for each in in_memory]
    names = {entry.key for entry in entries}
    entries += [_of_command(each, names) for each in commands]
    if environment.is_set:
        entries.append(environment.entry())
    # A keyring that was locked when a name was given may turn out to have it too; the
    # account of this run is the one that is used, so it is the one that is listed.
    by_name = {entry.key: entry for entry in entries}
    return tuple(
        replace(entry, protected=True, protected_by_config=True)
        if key in protected_by_config
        else entry
        for key, entry in by_name.items()
    )


def _of_stored(stored: StoredAccount) -> AccountEntry:
    tail = AuthId(stored.auth_id).tail
    return AccountEntry(stored.name, tail, AccountSource.KEYRING, stored.protected)


def _of_command(command: CommandAccount, taken: Collection[str]) -> AccountEntry:
    return AccountEntry(
        command.name,
        command.auth_id.tail,
        AccountSource.COMMAND,
        program=command.program,
        hides_stored=command.name.casefold() in taken,
    )


def _of_this_run(account: Account) -> AccountEntry:
    return AccountEntry(
        account.name, account.auth_id.tail, AccountSource.MEMORY, account.protected
    )
