"""Safety for every test: no real keyring, no real folders, no real environment."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from tests.support.keyrings import KeyringInMemory

_DANGEROUS = (
    "PLIVO_",
    "TEXTUAL",
    "PYTHON_KEYRING",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_",
)


_SPARE_LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the main thread a loop that is closed in the end.

    Otherwise the plugin for async tests makes one the first time, and never closes it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As in the background of a script; what is tested, and its children, would
        # rightly leave it ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_SPARE_LOOP] = asyncio.new_event_loop()
    asyncio.set_event_loop(config.stash[_SPARE_LOOP])


def pytest_unconfigure(config: pytest.Config) -> None:
    asyncio.set_event_loop(None)
    config.stash[_SPARE_LOOP].close()


@pytest.fixture(autouse=True)
def _safe_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        is_ours = name != "TEXTUAL_SNAPSHOT_TEMPDIR"
        if is_ours and name.upper().startswith(_DANGEROUS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MASKING_CONSOLE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("MASKING_CONSOLE_API_URL", raising=False)


@pytest.fixture(autouse=True)
def keyring_in_memory() -> Iterator[KeyringInMemory]:
    """The keyring of this test; the computer's own is never touched."""
    before = keyring.get_keyring()
    backend = KeyringInMemory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)
