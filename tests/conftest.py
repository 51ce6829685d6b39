"""Safety for every test: no real keyring, no real folders, no real environment."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest

from tests.support import campaigns
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


WORKERS_PER_CORE = 1.5
"""Most tests wait rather than compute; with more, those that hang on time are late."""
_SPARE_LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the main thread a loop that is closed in the end.

    Otherwise the plugin for async tests makes one the first time, and never closes it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As in the background of a script; what is tested, and its children, would
        # rightly leave it ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Otherwise every program that a test starts would compile all libraries anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # A console is tens of thousands of objects: collecting them was a sixth of a test.
    gc.set_threshold(50_000, 20, 20)
    config.stash[_SPARE_LOOP] = asyncio.new_event_loop()
    asyncio.set_event_loop(config.stash[_SPARE_LOOP])


def pytest_unconfigure(config: pytest.Config) -> None:
    asyncio.set_event_loop(None)
    config.stash[_SPARE_LOOP].close()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests, and none where files are named."""
    files = [each for each in config.args if ".py" in each]
    if files and len(files) == len(config.args):
        return 0
    return round((os.cpu_count() or 1) * WORKERS_PER_CORE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure coverage only where it can find something: it takes half as long again.

    Campaigns take the same lines over and over, and most tests of ``integration`` and
    ``snapshots`` look at another process, or at what a test of ``ui`` has measured.
    """
    for item in items:
        folder = _folder(item)
        is_elsewhere = folder in {"integration", "snapshots"}
        is_of_server = item.path.name.startswith("test_practice_server")
        is_again = item.get_closest_marker("campaign") and folder != "simulation"
        if is_again or (is_elsewhere and not is_of_server):
            item.add_marker("no_cover")
    _spread(items)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def _spread(items: list[pytest.Item]) -> None:
    """Put the files that wait for another process between those that compute.

    Side by side they would leave the cores idle, and would then be missing where all
    others are busy. Each file stays in one piece, for what its tests share.
    """
    waiting, busy = dict[Path, float](), dict[Path, float]()
    for item in items:
        if _folder(item) == "integration":
            waiting[item.path] = 0.0
        elif _folder(item) in {"ui", "snapshots"}:
            busy[item.path] = 0.0
    for files in (waiting, busy):
        files.update({path: (at + 0.5) / len(files) for at, path in enumerate(files)})
    places = waiting | busy
    among = [item for item in items if item.path in places]
    among.sort(key=lambda item: places[item.path])
    after = [item for item in items if _folder(item) == "unit"]
    known = {*among, *after}
    before = [item for item in items if item not in known]
    items[:] = before + among + after


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays: libraries, and the tests."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker tell how much of which campaign it knows of."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["campaigns"] = campaigns.taken


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - of xdist, without types
    """Hear what a worker tells."""
    told = getattr(node, "workeroutput", {}).get("campaigns", {})
    campaigns.taken.update({name: tuple(counts) for name, counts in told.items()})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of the campaigns ran."""
    if campaigns.taken:
        terminalreporter.section("campaigns")
        for name, (count, whole) in sorted(campaigns.taken.items()):
            terminalreporter.write_line(f"{name}: {count} of {whole}")
    if campaigns.taken and not campaigns.IS_WHOLE:
        terminalreporter.write_line("MASKING_CONSOLE_CAMPAIGNS=whole runs all of them.")


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
