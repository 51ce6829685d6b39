"""Entries of the keyring, and the blocking steps that read and write one.

Under the service ``masking-console`` each account's token stands under its name. A
keyring cannot list what it holds, so one more service keeps the index: names and Auth
IDs, never a token.
"""

from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec

from masking_console.credentials.keyring_backends import name_of
from masking_console.errors import (
    InputError,
    KeyringMismatchError,
    KeyringRefusedError,
    Remedy,
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

SERVICE = "masking-console"
"""Service of the tokens, each under its account's name."""
TRIAL_SERVICE = "masking-console trial"
"""Service of a new token for a moment, to prove that the keyring keeps it."""
INDEX_SERVICE = "masking-console accounts"
"""Service of the index, in numbered parts."""
PART_LENGTH = 1_000
"""Characters in one part of the index; Windows keeps at most 1,280."""
LONGEST_TOKEN = 1_280
"""Characters in a token: Windows keeps 2,560 bytes, and takes two for each."""
_MOST_PARTS = 100
"""A keyring that has a part for every number is not telling the truth."""

_UNLOCKED_BY_READING = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
)
"""Backends that unlock themselves before they say even that an entry is missing."""
_LOCKABLE = (
    *_UNLOCKED_BY_READING,
    "keyring.backends.libsecret",
    "keyring.backends.macOS",
)


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


def survey(backend: "KeyringBackend") -> tuple[tuple[StoredAccount, ...], str]:
    """Return the index, and the keyring's name and state as far as that read proves it.

    No backend tells its state without being read; some of them answer that there is no
    entry while they are locked, and Windows knows no lock at all.
    """
    index = read_index(backend)
    proofs = _LOCKABLE if index else _UNLOCKED_BY_READING
    is_open = type(backend).__module__ in proofs
    return index, f"{name_of(backend)}, unlocked" if is_open else name_of(backend)


def write_index(backend: "KeyringBackend", index: tuple[StoredAccount, ...]) -> None:
    """Write the index and read it back.

    The new parts overwrite the old ones before surplus ones go, so that an end in the
    middle leaves something that can be told from a whole index.

    Raises:
        KeyringMismatchError: it reads otherwise than it was written.
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
    try:
        is_kept = read_index(backend) == index
    except KeyringRefusedError:
        # It is damaged; whoever wrote it is about to put the one before back.
        is_kept = False
    if not is_kept:
        raise KeyringMismatchError(
            "The keyring did not keep the list of accounts as written."
        )


def load(backend: "KeyringBackend", stored: StoredAccount) -> Account:
    """Return an account of the index with its token.

    Raises:
        TokenMissingError: the keyring holds no token for it, or none that can be sent.
    """
    token = read_token(backend, stored.name)
    if not token.can_be_sent:
        state = "not in the keyring" if token.is_empty else "damaged"
        raise TokenMissingError(
            f"{stored.name.upper()} is set up, but its token is {state}.",
            Remedy.REPLACE_TOKEN,
        )
    return Account(
        AccountName(stored.name),
        AuthId(stored.auth_id),
        token,
        protected=stored.protected,
    )


def read_token(
    backend: "KeyringBackend", name: str, service: str = SERVICE
) -> AuthToken:
    """Return what the keyring holds under this name; empty when that is nothing."""
    return AuthToken(backend.get_password(service, name) or "")


def write_token(
    backend: "KeyringBackend", name: str, token: AuthToken, service: str = SERVICE
) -> None:
    """Write a token and read it back.

    Raises:
        KeyringMismatchError: the keyring holds something else.
    """
    backend.set_password(service, name, token.reveal_to_keyring())
    if not read_token(backend, name, service).matches(token):
        raise KeyringMismatchError("The keyring did not keep the token as written.")


def forget_token(backend: "KeyringBackend", name: str, service: str = SERVICE) -> None:
    """Remove a token, if there is one, and read back that it is gone.

    Raises:
        KeyringMismatchError: the keyring still holds it.
    """
    if backend.get_password(service, name) is not None:
        backend.delete_password(service, name)
    if backend.get_password(service, name) is not None:
        raise KeyringMismatchError(
            f"The keyring still holds the token of {name.upper()}. "
            f'Remove it there, under "{service}".'
        )


def _damaged() -> KeyringRefusedError:
    return KeyringRefusedError(
        "The list of accounts in the keyring is damaged. Remove its entries "
        f'"{INDEX_SERVICE}" and add the accounts again.'
    )
