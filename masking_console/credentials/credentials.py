"""Asks the keyring from any event loop, and never waits for it longer than it may take.

Each question runs in a daemon thread and is given up after five seconds: a keyring may
wait for a window that nobody can see, and a thread that hangs must keep neither the
screen nor the end of the program.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from masking_console.credentials.keyring_entries import (
    StoredAccount,
    load,
    name_of,
    read_index,
    remove,
    save,
    translated,
    trusted_backend,
)
from masking_console.errors import CredentialsError, KeyringSilentError
from masking_console.models.account import Account, AccountName
from masking_console.models.plain_text import PlainText

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

IsWanted = Callable[[], bool]
"""Whether somebody still waits for the answer."""

ANSWER_SECONDS = 5.0
"""How long a keyring may take."""


class Credentials:
    """Accounts in the keyring; methods may be awaited from any event loop.

    All of them raise a `CredentialsError` whose text says what to do.
    """

    def __init__(self, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds
        # One at a time: a question that hung and wakes up must not undo or overwrite
        # what was asked after it.
        self._turn = threading.Lock()

    async def describe(self) -> PlainText:
        """Return the keyring's name, such as ``macOS Keychain``."""
        return await self._ask(lambda backend, _is_wanted: name_of(backend))

    async def stored(self) -> tuple[StoredAccount, ...]:
        """Return the accounts of the index, in the order of their making."""
        return await self._ask(lambda backend, _is_wanted: read_index(backend))

    async def load(self, stored: StoredAccount) -> Account:
        """Return an account with its token."""
        return await self._ask(lambda backend, _is_wanted: load(backend, stored))

    async def save(self, account: Account) -> None:
        """Write, read back, compare; a save that is given up is taken back."""
        await self._ask(lambda backend, is_wanted: save(backend, account, is_wanted))

    async def remove(self, name: AccountName) -> None:
        """Remove, read back; a removal that has begun goes on to its end."""
        await self._ask(lambda backend, _is_wanted: remove(backend, name))

    async def _ask(self, question: "Callable[[KeyringBackend, IsWanted], T]") -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        is_given_up = threading.Event()

        def run() -> None:
            with self._turn:
                if is_given_up.is_set():
                    return
                deed = self._answered(
                    answer, question, lambda: not is_given_up.is_set()
                )
            try:
                loop.call_soon_threadsafe(deed)
            except RuntimeError:
                # The answer came after the end of whoever asked.
                return

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await answer
        except TimeoutError:
            raise KeyringSilentError(
                f"The keyring has not answered for {self._answer_seconds:g} s. "
                "It may be waiting for a window you cannot see."
            ) from None
        finally:
            is_given_up.set()

    @staticmethod
    def _answered(
        answer: asyncio.Future[T],
        question: "Callable[[KeyringBackend, IsWanted], T]",
        is_wanted: IsWanted,
    ) -> Callable[[], None]:
        """Ask, and return what hands the answer over in the asker's event loop."""
        try:
            result = translated(lambda: question(trusted_backend(), is_wanted))
        except CredentialsError as error:
            return partial(_unless_done, answer, partial(answer.set_exception, error))
        return partial(_unless_done, answer, partial(answer.set_result, result))


def _unless_done(answer: asyncio.Future[T], deed: Callable[[], None]) -> None:
    if not answer.done():
        deed()
