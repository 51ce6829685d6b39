"""Acts of the credentials on the keyring of this session, as one object on the output.

``python -m tests.support.keyring_probe SCENARIO``; run by `test_secret_service.py` in
sessions of its own, never in the one of whoever runs the tests.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from masking_console.cli.process import prevent_core_dumps
from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import (
    INDEX_SERVICE,
    LONGEST_TOKEN,
    SERVICE,
    TRIAL_SERVICE,
    StoredAccount,
)
from masking_console.errors import CredentialsError
from masking_console.models.account import Account, AccountName, AuthId, AuthToken

if TYPE_CHECKING:
    from secretstorage import Collection

AUTH_ID = "MAACME00000000007Q2X"
OLD, NEW = "an-old-secret", "n" * LONGEST_TOKEN
PASSWORD = "pw"
PROMPTER = "org.gnome.keyring.SystemPrompter"
"""The name under which the daemon looks for somebody who asks for a password."""
UNLOCKER = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
"""The daemon's own interface for tests, under the name that its authors gave it."""

Facts = dict[str, object]


def account(token: str = OLD) -> Account:
    return Account(AccountName("acme-prod"), AuthId(AUTH_ID), AuthToken(token))


def held(collection: "Collection") -> list[list[str]]:
    """Return service and name of every entry of ours, as the daemon itself has them."""
    return sorted(
        [attributes["service"], attributes["username"]]
        for service in (SERVICE, TRIAL_SERVICE, INDEX_SERVICE)
        for item in collection.search_items({"service": service})
        for attributes in (item.get_attributes(),)
    )


async def loaded_token(credentials: Credentials) -> str:
    token = (await credentials.load((await credentials.stored())[0])).auth_token
    names = {"old": OLD, "new": NEW}
    return next(name for name in names if token.matches(AuthToken(names[name])))


def unlock(collection: "Collection") -> None:
    """Unlock it as a person does who is asked for the password.

    The daemon offers this to those who test it.
    """
    from secretstorage.util import (  # noqa: PLC0415 - Linux alone
        DBusAddressWrapper,
        format_secret,
        open_session,
    )

    connection = collection.connection
    session = open_session(connection)
    password = format_secret(session, PASSWORD.encode(), "text/plain")
    DBusAddressWrapper("/org/freedesktop/secrets", UNLOCKER, connection).call(
        "UnlockWithMasterPassword",
        "o(oayays)",
        collection.collection_path,
        password,
    )


async def whole_life(collection: "Collection") -> Facts:
    """Save, load, replace, protect and remove one account."""
    credentials = Credentials()
    facts: Facts = {
        "keyring": (await credentials.survey())[1],
        "first": held(collection),
    }
    await credentials.save(account())
    facts["saved"] = held(collection)
    facts["loaded"] = await loaded_token(Credentials())
    await credentials.replace_token(account(NEW))
    facts["replaced"] = held(collection)
    facts["loaded_then"] = await loaded_token(Credentials())
    await credentials.protect(AccountName("acme-prod"), protected=True)
    expected = (StoredAccount("acme-prod", AUTH_ID, protected=True),)
    facts["is_protected"] = await Credentials().stored() == expected
    await credentials.remove(AccountName("acme-prod"))
    facts["removed"] = held(collection)
    return facts


async def undumpable(collection: "Collection") -> Facts:
    """Do the same in a process that cannot be dumped."""
    prevent_core_dumps()
    return await whole_life(collection)


async def locked(collection: "Collection") -> Facts:
    """Lock it where nobody can be asked for the password, then unlock it."""
    credentials = Credentials()
    await credentials.save(account())
    collection.lock()
    facts: Facts = {
        "read": await failure(credentials.stored),
        "replaced": await failure(lambda: credentials.replace_token(account(NEW))),
        "removed": await failure(lambda: credentials.remove(AccountName("acme-prod"))),
    }
    unlock(collection)
    facts["unlocked"] = (await credentials.survey())[1]
    facts["loaded"] = await loaded_token(credentials)
    return facts


async def unseen(collection: "Collection") -> Facts:
    """Let the daemon ask for the password in a window that nobody ever answers."""
    from jeepney.bus_messages import message_bus  # noqa: PLC0415 - Linux alone
    from jeepney.io.blocking import Proxy, open_dbus_connection  # noqa: PLC0415

    credentials = Credentials(answer_seconds=1)
    await credentials.save(account())
    collection.lock()
    # Never closed: the name is to be held until the very end.
    Proxy(message_bus, open_dbus_connection()).RequestName(PROMPTER)
    return {
        "read": await failure(credentials.stored),
        "replaced": await failure(lambda: credentials.replace_token(account(NEW))),
    }


async def gone(_collection: "Collection") -> Facts:
    """Lose the session after the keyring was found."""
    credentials = Credentials()
    facts: Facts = {"keyring": (await credentials.survey())[1]}
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    return {**facts, "read": await failure(credentials.stored)}


async def absent() -> Facts:
    """Ask where there is no session at all."""
    return {"read": await failure(Credentials().stored)}


async def failure(ask: Callable[[], object]) -> list[object]:
    """Return the kind and the words of an error, and whether it came in time."""
    began = time.monotonic()
    try:
        await ask()  # type: ignore[misc]  # every question here is a coroutine
    except CredentialsError as error:
        seconds = time.monotonic() - began
        return [type(error).__name__, str(error), seconds < 5.5]
    return ["nothing", "", True]


def main() -> None:
    scenario = sys.argv[1]
    if scenario == "absent":
        facts = asyncio.run(absent())
    else:
        import secretstorage  # noqa: PLC0415 - Linux alone

        scenarios = {
            "whole_life": whole_life,
            "undumpable": undumpable,
            "locked": locked,
            "unseen": unseen,
            "gone": gone,
        }
        with closing(secretstorage.dbus_init()) as connection:
            collection = secretstorage.get_default_collection(connection)
            facts = asyncio.run(scenarios[scenario](collection))
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
