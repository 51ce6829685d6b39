"""Proves that the keyring of the other tests behaves like a real one."""

from keyring.testing.backend import BackendBasicTests

from tests.support.keyrings import KeyringInMemory


class TestKeyringInMemory(BackendBasicTests):
    def init_keyring(self) -> KeyringInMemory:
        return KeyringInMemory()
