"""What stands in the keyring, and the blocking steps that read and change it.

Under the service ``masking-console`` each account's token stands under its name. A
keyring cannot list what it holds, so one more service keeps the index: names and Auth
IDs, never a token.
"""

from collections.abc import Callable
from itertools import takewhile
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
from masking_console.models.plain_text import PlainText, plain_text

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "masking-console"
"""Tokens stand under this service, each under its account's name."""
INDEX_SERVICE = "masking-console accounts"
"""The index stands under this service, in numbered parts."""
PART_LENGTH = 1_000
"""Characters in one part of the index; Windows keeps at most 1,280."""
_MOST_PARTS = 100
"""A keyring that has a part for every number is not telling the truth."""

_NAMES = {
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
}
_NOT_TO_BE_TRUSTED = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt.")


class StoredAccount(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One account of the index."""

    name: str
    """The operator's name for it."""
    auth_id: str
    """Its Auth ID."""
    protected: bool = False
    """Whether its name must be typed before anything is done with it."""


def translated(question: Callable[[], T]) -> T:
    """Return what the question returns; every failure of a keyring becomes ours.

    Raises:
        CredentialsError: the keyring is missing, locked, or refused.
    """
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
    # it raises, the operator is told. Its text may carry a token, its type does not.
    except Exception as error:  # noqa: BLE001 - see above
        kind = plain_text(type(error).__name__, limit=60)
        problem = KeyringRefusedError(f"The keyring refused ({kind}).")
    # Raised here, it has no context whose frames hold what was to be stored.
    raise problem


def trusted_backend() -> "KeyringBackend":
    """Return the keyring of this computer.

    Raises:
        KeyringMissingError: there is none, or none that keeps a secret.
    """
    import keyring  # noqa: PLC0415 - costs 100 ms
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415 - likewise

    backend = keyring.get_keyring()
    # A chain would read from its careless members too, so the first good one is taken.
    candidates = backend.backends if isinstance(backend, ChainerBackend) else [backend]
    for candidate in candidates:
        if not type(candidate).__module__.startswith(_NOT_TO_BE_TRUSTED):
            return candidate
    raise _missing()


def name_of(backend: "KeyringBackend") -> PlainText:
    """Return what the keyring is called on this platform."""
    kind = type(backend)
    return plain_text(_NAMES.get(kind.__module__, kind.__name__), limit=60)


def read_index(backend: "KeyringBackend") -> tuple[StoredAccount, ...]:
    """Return the accounts of the index, in the order of their making.

    Raises:
        KeyringRefusedError: the index is damaged; it is left as it is.
    """
    parts: list[str] = []
    while (part := backend.get_password(INDEX_SERVICE, str(len(parts)))) is not None:
        parts.append(part)
        if len(parts) > _MOST_PARTS:
            raise _damaged()
    if not parts:
        return ()
    try:
        index = msgspec.json.decode("".join(parts), type=tuple[StoredAccount, ...])
        are_sound = all(
            AccountName(each.name) == each.name and AuthId(each.auth_id) == each.auth_id
            for each in index
        )
    except (msgspec.MsgspecError, InputError):
        raise _damaged() from None
    if not are_sound or len({each.name.casefold() for each in index}) < len(index):
        raise _damaged()
    return index


def load(backend: "KeyringBackend", stored: StoredAccount) -> Account:
    """Return an account of the index with its token.

    Raises:
        TokenMissingError: the keyring holds no token for it, or none that can be sent.
    """
    token = AuthToken(backend.get_password(SERVICE, stored.name) or "")
    if not token.can_be_sent:
        state = "not in the keyring" if token.is_empty else "damaged"
        raise TokenMissingError(
            f"{stored.name.upper()} is set up, but its token is {state}. "
            "Remove the account and add it again."
        )
    return Account(
        AccountName(stored.name),
        AuthId(stored.auth_id),
        token,
        protected=stored.protected,
    )


def save(
    backend: "KeyringBackend", account: Account, is_wanted: Callable[[], bool]
) -> None:
    """Write the token, read it back, and only then add the account to the index.

    Args:
        backend: the keyring.
        account: what to keep.
        is_wanted: whether somebody still waits for it; if not, it is taken back.

    Raises:
        CredentialsError: it could not be stored; what was begun is taken back.
    """
    index = read_index(backend)
    if any(each.name.casefold() == account.name.casefold() for each in index):
        raise KeyringRefusedError(f"An account {account.name.upper()} exists already.")
    try:
        translated(lambda: _write(backend, account, index, is_wanted))
    except CredentialsError as problem:
        _take_back(backend, account.name, index, problem)
        raise


def remove(backend: "KeyringBackend", name: AccountName) -> None:
    """Remove the token, read back that it is gone, then take it off the index.

    In this order an end in the middle leaves an account that says its token is missing,
    and never a token that nothing lists.

    Raises:
        CredentialsError: the keyring kept the token or the index.
    """
    index = read_index(backend)
    _forget_token(backend, name)
    _write_index(backend, tuple(each for each in index if each.name != name))


def _write(
    backend: "KeyringBackend",
    account: Account,
    index: tuple[StoredAccount, ...],
    is_wanted: Callable[[], bool],
) -> None:
    backend.set_password(SERVICE, account.name, account.auth_token.reveal_to_keyring())
    kept = AuthToken(backend.get_password(SERVICE, account.name) or "")
    if not kept.matches(account.auth_token):
        raise KeyringMismatchError(
            "The keyring did not keep the token as written. Nothing was stored."
        )
    _stop_unless(is_wanted)
    stored = StoredAccount(str(account.name), str(account.auth_id), account.protected)
    _write_index(backend, (*index, stored))
    _stop_unless(is_wanted)


def _stop_unless(is_wanted: Callable[[], bool]) -> None:
    if not is_wanted():
        raise KeyringSilentError("The keyring answered too late. Nothing was stored.")


def _take_back(
    backend: "KeyringBackend",
    name: AccountName,
    index: tuple[StoredAccount, ...],
    problem: CredentialsError,
) -> None:
    """Undo what was begun, or say what is left: nobody would look for it otherwise."""

    def undo() -> None:
        _forget_token(backend, name)
        _write_index(backend, index)

    try:
        translated(undo)
    except CredentialsError:
        raise KeyringRefusedError(
            f'{problem} A token of {name.upper()} may be left under "{SERVICE}" '
            "in the keyring. Remove it there."
        ) from None


def _forget_token(backend: "KeyringBackend", name: AccountName) -> None:
    if backend.get_password(SERVICE, name) is not None:
        backend.delete_password(SERVICE, name)
    if backend.get_password(SERVICE, name) is not None:
        raise KeyringMismatchError(
            f"The keyring still holds the token of {name.upper()}. "
            f'Remove it there, under "{SERVICE}".'
        )


def _write_index(backend: "KeyringBackend", index: tuple[StoredAccount, ...]) -> None:
    """Write the index and read it back.

    The new parts overwrite the old ones before surplus ones go, so that an end in the
    middle leaves something that can be told from a whole index.
    """
    text = msgspec.json.encode(index).decode() if index else ""
    parts = [text[at : at + PART_LENGTH] for at in range(0, len(text), PART_LENGTH)]
    for number, part in enumerate(parts):
        # What stands there already is left alone: each write can fail.
        if backend.get_password(INDEX_SERVICE, str(number)) != part:
            backend.set_password(INDEX_SERVICE, str(number), part)
    surplus = takewhile(
        lambda number: backend.get_password(INDEX_SERVICE, str(number)) is not None,
        range(len(parts), _MOST_PARTS),
    )
    for number in surplus:
        backend.delete_password(INDEX_SERVICE, str(number))
    if read_index(backend) != index:
        raise KeyringMismatchError(
            "The keyring did not keep the list of accounts as written."
        )


def _missing() -> KeyringMissingError:
    return KeyringMissingError(
        "This computer has no keyring. Use the token for this run only, "
        "or set up a keyring (see help)."
    )


def _damaged() -> KeyringRefusedError:
    return KeyringRefusedError(
        "The list of accounts in the keyring is damaged. Remove its entries "
        f'"{INDEX_SERVICE}" and add the accounts again.'
    )
