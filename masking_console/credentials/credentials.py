"""Asks the keyring from any event loop, and never waits for it longer than it may take.

A keyring that a person has to unlock takes its time: nine seconds are usual, and its
window may lie behind another one. So it is waited for long, with a word that says so.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from masking_console.credentials.keyring_backends import translated, trusted_backend
from masking_console.credentials.keyring_entries import (
    INDEX_SERVICE,
    SERVICE,
    TRIAL_SERVICE,
    StoredAccount,
    forget_token,
    load,
    read_index,
    read_token,
    survey,
    write_index,
    write_token,
)
from masking_console.credentials.waiting import WORD_SECONDS, IsWanted, asked
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    KeyringRefusedError,
    KeyringSilentError,
    Remedy,
)
from masking_console.models.account import Account, AccountName, AuthToken

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend


_NOTHING_STORED = "Nothing was stored."
_NOTHING_CHANGED = "Nothing was changed."


def save(backend: "KeyringBackend", account: Account, is_wanted: IsWanted) -> None:
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

    def write() -> None:
        write_token(backend, account.name, account.auth_token)
        _stop_unless(is_wanted)
        write_index(backend, (*index, _stored(account)))
        _stop_unless(is_wanted)

    def undo() -> None:
        forget_token(backend, account.name)
        write_index(backend, index)

    try:
        translated(write)
    except CredentialsError as problem:
        left = (
            f'A token of {account.name.upper()} may be left under "{SERVICE}" '
            "in the keyring. Remove it there."
        )
        _take_back(undo, problem, left)
        raise _with_words(problem, _NOTHING_STORED) from None


def replace_token(
    backend: "KeyringBackend", account: Account, is_wanted: IsWanted
) -> None:
    """Put the account's token in the place of the one that the keyring holds.

    A trial under another name proves first that the keyring keeps it; only then is the
    old one overwritten, and it is put back unless the new one reads back in time.

    Raises:
        AccountUnknownError: the account has left the index meanwhile.
        CredentialsError: the old token is in its place; where even that failed, the
            text says what is.
    """
    if _stored(account, protected=False) not in {
        msgspec.structs.replace(each, protected=False) for each in read_index(backend)
    }:
        raise AccountUnknownError(
            f"{account.name.upper()} is no longer in the keyring. {_NOTHING_STORED}"
        )
    _try_out(backend, account)
    old = read_token(backend, account.name)

    def write() -> None:
        _stop_unless(is_wanted)
        write_token(backend, account.name, account.auth_token)
        _stop_unless(is_wanted)

    try:
        translated(write)
    except CredentialsError as problem:
        _put_back(backend, account, old, problem)
        words = (
            "There is no token, as before."
            if old.is_empty
            else "The old token is there."
        )
        raise _with_words(problem, words) from None


def protect(
    backend: "KeyringBackend",
    name: AccountName,
    *,
    protected: bool,
    is_wanted: IsWanted,
) -> None:
    """Write into the index whether an account is protected, and read that back.

    Raises:
        AccountUnknownError: the account has left the index meanwhile.
        CredentialsError: it could not be written; the index is as before.
    """
    index = read_index(backend)
    if name not in {each.name for each in index}:
        raise AccountUnknownError(
            f"{name.upper()} is no longer in the keyring. {_NOTHING_CHANGED}"
        )
    changed = tuple(
        msgspec.structs.replace(each, protected=protected)
        if each.name == name
        else each
        for each in index
    )

    def write() -> None:
        write_index(backend, changed)
        _stop_unless(is_wanted)

    try:
        translated(write)
    except CredentialsError as problem:
        left = f'The list under "{INDEX_SERVICE}" may be damaged.'
        _take_back(lambda: write_index(backend, index), problem, left)
        raise _with_words(problem, _NOTHING_CHANGED) from None


def remove(backend: "KeyringBackend", name: AccountName) -> None:
    """Remove the token, read back that it is gone, then take it off the index.

    In this order an end in the middle leaves an account that says its token is missing,
    and never a token that nothing lists.

    Raises:
        CredentialsError: the keyring kept the token or the index.
    """
    index = read_index(backend)
    # A console that was killed may have left a trial behind.
    forget_token(backend, name, TRIAL_SERVICE)
    forget_token(backend, name)
    write_index(backend, tuple(each for each in index if each.name != name))


def _stored(account: Account, *, protected: bool | None = None) -> StoredAccount:
    is_protected = account.protected if protected is None else protected
    return StoredAccount(str(account.name), str(account.auth_id), is_protected)


def _stop_unless(is_wanted: IsWanted) -> None:
    if not is_wanted():
        raise KeyringSilentError("The keyring answered too late.")


def _try_out(backend: "KeyringBackend", account: Account) -> None:
    """Prove that the keyring keeps the new token, and leave nothing of the proof."""
    name, problem = account.name, None
    try:
        translated(
            lambda: write_token(backend, name, account.auth_token, TRIAL_SERVICE)
        )
    except CredentialsError as error:
        problem = error
    try:
        translated(lambda: forget_token(backend, name, TRIAL_SERVICE))
    except CredentialsError as error:
        raise KeyringRefusedError(
            f"{problem or error} The token in use is the old one. A copy of the new "
            f'one may be left under "{TRIAL_SERVICE}" in the keyring. Remove it there.'
        ) from None
    if problem is not None:
        raise _with_words(problem, _NOTHING_CHANGED) from None


def _put_back(
    backend: "KeyringBackend",
    account: Account,
    old: AuthToken,
    problem: CredentialsError,
) -> None:
    """Bring the old token back into its place, and read back that it is there."""
    name = account.name

    def undo() -> None:
        if read_token(backend, name).matches(old):
            return
        if old.is_empty:
            forget_token(backend, name)
        else:
            write_token(backend, name, old)

    try:
        translated(undo)
    except CredentialsError:
        state = _what_is_there(backend, account, old)
        raise KeyringRefusedError(
            f"{problem} The old token could not be put back: under "
            f'"{SERVICE}" the entry {name} {state}.',
            Remedy.REPLACE_TOKEN,
        ) from None


def _what_is_there(backend: "KeyringBackend", account: Account, old: AuthToken) -> str:
    """Say what the keyring holds in the place of a token, after all has failed."""
    try:
        held = translated(lambda: read_token(backend, account.name))
    except CredentialsError:
        return "cannot be read, and may hold either or none"
    if held.is_empty:
        return "holds no token"
    if held.matches(account.auth_token):
        return "holds the new token"
    return "holds the old token" if held.matches(old) else "holds something else"


def _take_back(undo: Callable[[], None], problem: CredentialsError, left: str) -> None:
    """Undo what was begun, or say what is left: nobody would look for it otherwise."""
    try:
        translated(undo)
    except CredentialsError:
        raise KeyringRefusedError(f"{problem} {left}") from None


def _with_words(problem: CredentialsError, words: str) -> CredentialsError:
    """Return the same problem, with what it came to."""
    return type(problem)(f"{problem} {words}", problem.remedy)


T = TypeVar("T")

ANSWER_SECONDS = 120.0
"""Time limit of a keyring: somebody may have to find its window and a password."""
_WAITING = "Waiting for the keyring. It may want to be unlocked: look for its window."


class Credentials:
    """Accounts in the keyring; methods may be awaited from any event loop.

    All of them raise a `CredentialsError` whose text says what to do.
    """

    def __init__(
        self,
        answer_seconds: float = ANSWER_SECONDS,
        word_seconds: float = WORD_SECONDS,
    ) -> None:
        self._answer_seconds = answer_seconds
        self._word_seconds = word_seconds
        # One at a time: a question that hung and wakes up must not undo or overwrite
        # what was asked after it.
        self._turn = threading.Lock()
        self._late_words = ""

    async def survey(self) -> tuple[tuple[StoredAccount, ...], str]:
        """Return the accounts of the index, and the keyring's name and state.

        The name is such as ``Secret Service, unlocked``.
        """
        return await self._ask(lambda backend, _is_wanted: survey(backend))

    async def stored(self) -> tuple[StoredAccount, ...]:
        """Return the accounts of the index, in the order of their making."""
        return await self._ask(lambda backend, _is_wanted: read_index(backend))

    async def load(self, stored: StoredAccount) -> Account:
        """Return an account with its token."""
        return await self._ask(lambda backend, _is_wanted: load(backend, stored))

    async def save(self, account: Account) -> None:
        """Write, read back, compare; a save that is given up is taken back."""
        await self._change(lambda backend, is_wanted: save(backend, account, is_wanted))

    async def replace_token(self, account: Account) -> None:
        """Swap the token; unless the new one reads back in time, the old one stays."""
        await self._change(
            lambda backend, is_wanted: replace_token(backend, account, is_wanted)
        )

    async def protect(self, name: AccountName, *, protected: bool) -> None:
        """Note whether an account is protected; taken back when it is given up."""
        await self._change(
            lambda backend, is_wanted: protect(
                backend, name, protected=protected, is_wanted=is_wanted
            )
        )

    async def remove(self, name: AccountName) -> None:
        """Remove, read back; a removal that has begun goes on to its end."""
        await self._change(lambda backend, _is_wanted: remove(backend, name))

    def take_late_words(self) -> str:
        """Return what came of a change that was given up and then ended badly, once."""
        words, self._late_words = self._late_words, ""
        return words

    async def _change(
        self, change: "Callable[[KeyringBackend, IsWanted], None]"
    ) -> None:
        def noting(backend: "KeyringBackend", is_wanted: IsWanted) -> None:
            try:
                translated(lambda: change(backend, is_wanted))
            except CredentialsError as problem:
                # Whoever asked has gone, and what is where must be said all the same.
                if not is_wanted():
                    self._late_words = str(problem)
                raise

        await self._ask(noting)

    async def _ask(self, question: "Callable[[KeyringBackend, IsWanted], T]") -> T:
        def in_turn(is_wanted: IsWanted) -> T:
            with self._turn:
                if not is_wanted():
                    raise self._given_up()
                return translated(lambda: question(trusted_backend(), is_wanted))

        try:
            return await asked(
                in_turn, _WAITING, self._answer_seconds, self._word_seconds
            )
        except TimeoutError:
            raise self._given_up() from None

    def _given_up(self) -> KeyringSilentError:
        return KeyringSilentError(
            f"The keyring has not answered for {self._answer_seconds:g} s. "
            "It may be waiting for a window you cannot see."
        )
