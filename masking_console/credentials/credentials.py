"""Asks the keyring from any event loop, and never waits for it longer than it may take.

A keyring that a person has to unlock takes its time: nine seconds are usual, and its
window may lie behind another one. So it is waited for long, with a word that says so.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from masking_console.credentials.asking import WORD_SECONDS, IsWanted, asked
from masking_console.credentials.keyring_backends import translated, trusted_backend
from masking_console.credentials.keyring_changes import (
    protect,
    remove,
    replace_token,
    save,
)
from masking_console.credentials.keyring_entries import (
    StoredAccount,
    load,
    read_index,
    survey,
)
from masking_console.errors import CredentialsError, KeyringSilentError
from masking_console.models.account import Account, AccountName

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

ANSWER_SECONDS = 120.0
"""How long a keyring may take: somebody may have to find its window and a password."""
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
