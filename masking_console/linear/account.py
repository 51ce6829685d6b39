"""Which account is used: the one that was named, or the only one; never a guess."""

from masking_console.errors import AccountUnknownError, CredentialsError, InputError
from masking_console.models.account import Account, AccountSource
from masking_console.operations.wiring import Operations


async def chosen_account(operations: Operations) -> Account:
    """Return the account to use.

    Raises:
        InputError: another account than the practice one is named in practice mode.
        CredentialsError: it is unknown, its token cannot be had, or there is none or
            more than one to choose from.
    """
    name, practice = operations.settings.account_name, operations.practice_account
    if practice is not None:
        if name is not None and name.casefold() != practice.name:
            raise InputError("In practice mode the account is practice.")
        return practice
    if name is not None:
        return await operations.accounts.load(name)
    try:
        account = await operations.accounts.first_choice(None)
    except AccountUnknownError:
        entries = (await operations.accounts.list_accounts()).entries
        names = [each.name for each in entries if each.source is AccountSource.KEYRING]
        words = f"{len(names)} accounts are set up. Give --account NAME, one of: "
        raise AccountUnknownError(f"{words}{', '.join(names)}.") from None
    if account is None:
        raise CredentialsError(
            "No account is set up. Add one in the console, or give --account env."
        )
    return account
