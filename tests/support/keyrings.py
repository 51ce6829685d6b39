"""Keyrings in memory: one that works, and some that do not.

`KeyringInMemory` passes keyring's own tests for backends (`test_keyrings.py`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keyring
from keyring import errors
from keyring.backend import KeyringBackend


class KeyringInMemory(KeyringBackend):
    """A keyring that keeps what it is given."""

    # Below none at all: keyring must never choose it by itself.
    priority = -1.0

    def __init__(self) -> None:
        # keyring's own constructor has no types.
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.threads: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        self.threads.add(threading.current_thread().name)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise errors.PasswordDeleteError("no such password")
        del self.kept[service, username]


class LockedKeyring(KeyringInMemory):
    """A keyring that is there, and that nobody unlocks."""

    is_locked = True

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise errors.KeyringLocked("locked")
        return super().get_password(service, username)


class SilentKeyring(KeyringInMemory):
    """A keyring that does not return from writing or reading until it is woken up."""

    def __init__(self, *, reads: bool = True) -> None:
        super().__init__()
        self.wake_up = threading.Event()
        self.is_waiting = threading.Event()
        self._reads = reads

    def get_password(self, service: str, username: str) -> str | None:
        if not self._reads:
            self._wait()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._wait()
        super().set_password(service, username, password)

    def _wait(self) -> None:
        self.is_waiting.set()
        assert self.wake_up.wait(30)


class RefusingKeyring(KeyringInMemory):
    """A keyring that refuses some, with the secret in the error's text."""

    def __init__(self, *refuses: tuple[str, str]) -> None:
        super().__init__()
        self.refuses = set(refuses)

    def set_password(self, service: str, username: str, password: str) -> None:
        if ("set", service) in self.refuses:
            raise errors.PasswordSetError(f"cannot write {password}")
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        if ("delete", service) in self.refuses:
            raise errors.PasswordDeleteError("cannot delete")
        super().delete_password(service, username)


class LyingKeyring(KeyringInMemory):
    """A keyring that changes what it is given for one service, without a word."""

    def __init__(
        self, service: str, change: Callable[[str], str] = lambda text: text[:-1]
    ) -> None:
        super().__init__()
        self._service, self._change = service, change

    def set_password(self, service: str, username: str, password: str) -> None:
        kept = self._change(password) if service == self._service else password
        super().set_password(service, username, kept)


class DeafKeyring(KeyringInMemory):
    """A keyring that says that it has deleted something, and keeps it."""

    def delete_password(self, service: str, username: str) -> None:
        assert (service, username) in self.kept


@contextmanager
def using(backend: KeyringBackend) -> Iterator[None]:
    """Make this the computer's keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)
