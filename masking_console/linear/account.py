"""Which account is used: the one that was named, or the only one; never a guess."""

import asyncio
from collections.abc import Callable

from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InputError,
    StoppedError,
)
from masking_console.linear.stop_signals import StopSignals
from masking_console.models.account import Account, AccountSource
from masking_console.operations.wiring import Operations


async def chosen_account(
    operations: Operations, note: Callable[[str], None], signals: StopSignals
) -> Account:
    """Return the account to use; a wait for its token is told, and can be stopped.

    Args:
        operations: what there is.
        note: tells a person something.
        signals: what stops it.

    Raises:
        StoppedError: the operator did not want to wait any longer.
        InputError: another account than the practice one is named in practice mode.
        CredentialsError: it is unknown, its token cannot be had, or there is none or
            more than one to choose from.
    """
    loop = asyncio.get_running_loop()

    def say(words: str) -> None:
        note(f"{words} Ctrl+C stops waiting.")

    with operations.accounts.saying(say):
        choice = asyncio.create_task(_choice(operations))

    def stop(_count: int) -> None:
        loop.call_soon_threadsafe(choice.cancel)

    with signals.reacting(stop):
        try:
            return await choice
        except asyncio.CancelledError:
            if not signals.count:
                raise
    raise StoppedError("Stopped. Nothing was sent.")


async def _choice(operations: Operations) -> Account:
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
        sources = {AccountSource.KEYRING, AccountSource.COMMAND}
        names = [each.name for each in entries if each.source in sources]
        words = f"{len(names)} accounts are set up. Give --account NAME, one of: "
        raise AccountUnknownError(f"{words}{', '.join(names)}.") from None
    if account is None:
        raise CredentialsError(
            "No account is set up. Add one in the console, or give --account env."
        )
    return account
