"""The operating system's keyring, the only place where credentials are kept.

The only module that imports keyring. Each call runs in a daemon thread and is given up
after five seconds: a keyring may wait for a window that nobody can see, and a thread
that hangs must keep neither the screen nor the end of the program.

Under the service ``masking-console`` each account's token stands under its name. A
keyring cannot list what it holds, so one more service keeps the index: names and Auth
IDs, never a token.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from masking_console.errors import (
    CredentialsError,
    InputError,
    KeyringLockedError,
    KeyringMismatchError,
    KeyringMissingError,
    KeyringRefusedError,
    KeyringSilentError,
    TokenMissingError,
)
from masking_console.models.account import (
    Account,
    AccountName,
    AuthId,
    AuthToken,
)

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "masking-console"
"""Tokens stand under this service, each under its account's name."""
INDEX_SERVICE = "masking-console accounts"
"""The index stands under this service, in numbered parts."""
ANSWER_SECONDS = 5.0
"""How long a keyring may take."""
PART_LENGTH = 1_000
"""Characters in one part of the index; Windows keeps at most 1,280."""

_NAMES = {
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
}
_NOT_TO_BE_TRUSTED = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt.")


class StoredAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account of the index."""

    name: str
    """The operator's name for it."""
    auth_id: str
    """Its Auth ID."""


class Credentials:
    """Accounts in the keyring; methods may be awaited from any event loop.

    All of them raise a `CredentialsError` whose text says what to do.
    """

    def __init__(self, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds

    async def describe(self) -> str:
        """Return the keyring's name, such as ``macOS Keychain``."""
        return await self._ask(lambda: _name_of(_backend()))

    async def stored(self) -> tuple[StoredAccount, ...]:
        """Return the accounts of the index, in the order of their making."""
        return await self._ask(lambda: _read_index(_backend()))

    async def load(self, stored: StoredAccount) -> Account:
        """Return an account with its token."""
        return await self._ask(lambda: _load(_backend(), stored))

    async def save(self, account: Account) -> None:
        """Write the token, read it back, and only then add it to the index."""
        await self._ask(lambda: _save(_backend(), account))

    async def remove(self, name: AccountName) -> None:
        """Remove the token, read back that it is gone, then take it off the index."""
        await self._ask(lambda: _remove(_backend(), name))

    async def _ask(self, question: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def deliver(deed: Callable[[], None]) -> None:
            if not answer.done():
                deed()

        def run() -> None:
            deed: Callable[[], None]
            try:
                result = _translated(question)
            except CredentialsError as error:
                deed = partial(answer.set_exception, error)
            else:
                deed = partial(answer.set_result, result)
            try:
                loop.call_soon_threadsafe(deliver, deed)
            except RuntimeError:
                # The answer came after the end of whoever asked.
                return

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await answer
        except TimeoutError:
            raise KeyringSilentError(
                f"The keyring has not answered for {self._answer_seconds:.0f} s. "
                "It may be waiting for a window you cannot see."
            ) from None


def _translated(question: Callable[[], T]) -> T:
    """Run the question, and turn every failure of a keyring into one of ours."""
    from keyring import errors  # noqa: PLC0415 - costs 100 ms

    try:
        return question()
    except CredentialsError:
        raise
    except errors.NoKeyringError:
        problem: CredentialsError = _missing()
    except (errors.KeyringLocked, errors.InitError):
        problem = KeyringLockedError(
            "The keyring is locked. Unlock it and press r, "
            "or use the token for this run only."
        )
    # A backend is somebody else's code that talks to somebody else's service; whatever
    # it raises, the operator is told and nothing is stored.
    except Exception as error:  # noqa: BLE001
        problem = KeyringRefusedError(f"The keyring refused ({type(error).__name__}).")
    raise problem


def _backend() -> "KeyringBackend":
    import keyring  # noqa: PLC0415 - costs 100 ms

    backend = keyring.get_keyring()
    kept = getattr(backend, "backends", None)
    # A chain asks its members in turn; it is as good as the first of them.
    for candidate in [backend] if kept is None else list(kept):
        if not type(candidate).__module__.startswith(_NOT_TO_BE_TRUSTED):
            return candidate
    raise _missing()


def _missing() -> KeyringMissingError:
    return KeyringMissingError(
        "This computer has no keyring. Use the token for this run only, "
        "or set up a keyring (see help)."
    )


def _name_of(backend: "KeyringBackend") -> str:
    return _NAMES.get(type(backend).__module__, type(backend).__name__)


def _read_index(backend: "KeyringBackend") -> tuple[StoredAccount, ...]:
    parts: list[str] = []
    while (part := backend.get_password(INDEX_SERVICE, str(len(parts)))) is not None:
        parts.append(part)
    if not parts:
        return ()
    try:
        index = msgspec.json.decode("".join(parts), type=tuple[StoredAccount, ...])
        for each in index:
            AccountName(each.name)
            AuthId(each.auth_id)
    except (msgspec.MsgspecError, InputError):
        raise KeyringRefusedError(
            "The list of accounts in the keyring is damaged. Remove its entries "
            f'"{INDEX_SERVICE}" and add the accounts again.'
        ) from None
    return index


def _write_index(backend: "KeyringBackend", index: tuple[StoredAccount, ...]) -> None:
    """Write the index and read it back.

    The new parts overwrite the old ones before surplus ones go, so that an end in the
    middle leaves something that can be told from a whole index.
    """
    text = msgspec.json.encode(index).decode()
    starts = range(0, len(text), PART_LENGTH)
    for number, start in enumerate(starts):
        part = text[start : start + PART_LENGTH]
        backend.set_password(INDEX_SERVICE, str(number), part)
    surplus = len(starts)
    while backend.get_password(INDEX_SERVICE, str(surplus)) is not None:
        backend.delete_password(INDEX_SERVICE, str(surplus))
        surplus += 1
    if _read_index(backend) != index:
        raise _mismatch("the list of accounts")


def _load(backend: "KeyringBackend", stored: StoredAccount) -> Account:
    token = AuthToken(backend.get_password(SERVICE, stored.name) or "")
    if token.is_empty:
        raise TokenMissingError(
            f"{stored.name.upper()} is set up, but its token is not in the keyring. "
            "Remove the account and add it again."
        )
    return Account(AccountName(stored.name), AuthId(stored.auth_id), token)


def _save(backend: "KeyringBackend", account: Account) -> None:
    index = _read_index(backend)
    if any(each.name.casefold() == account.name.casefold() for each in index):
        raise KeyringRefusedError(f"An account {account.name.upper()} exists already.")
    backend.set_password(SERVICE, account.name, account.auth_token.reveal_to_keyring())
    stored = StoredAccount(str(account.name), str(account.auth_id))
    try:
        if not _load(backend, stored).auth_token.matches(account.auth_token):
            raise _mismatch("the token")
        _write_index(backend, (*index, stored))
    except CredentialsError:
        # What is in no index must not stay behind without anybody knowing.
        backend.delete_password(SERVICE, account.name)
        raise


def _remove(backend: "KeyringBackend", name: AccountName) -> None:
    index = _read_index(backend)
    if backend.get_password(SERVICE, name) is not None:
        backend.delete_password(SERVICE, name)
    if backend.get_password(SERVICE, name) is not None:
        raise _mismatch("the token")
    _write_index(backend, tuple(each for each in index if each.name != name))


def _mismatch(what: str) -> KeyringMismatchError:
    return KeyringMismatchError(
        f"The keyring did not keep {what} as written. Nothing was stored."
    )
