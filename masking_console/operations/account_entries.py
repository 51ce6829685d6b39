"""The lines of the list of accounts, from all the places where an account can be."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from masking_console.credentials.keyring_entries import StoredAccount
from masking_console.models.account import (
    Account,
    AccountSource,
    AuthId,
    CommandAccount,
)
from masking_console.models.account_list import AccountEntry
from masking_console.operations.environment_account import EnvironmentAccount


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
