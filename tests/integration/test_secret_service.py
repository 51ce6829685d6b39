"""The credentials on a real Secret Service: gnome-keyring, in sessions of their own.

Each test has a bus, a daemon and a home folder to itself, so that neither the keyring
nor the session of whoever runs the tests is ever touched.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.keyring_probe import PASSWORD, Facts

ROOT = Path(__file__).parents[2]
PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
NONE_AT_ALL = (
    "This computer has no keyring. Use the token for this run only, "
    "or set up a keyring (see the guide) and start again."
)
LOCKED = [
    "KeyringLockedError",
    "The keyring is locked. Unlock it, or use the token for this run only.",
    True,
]
SILENT = [
    "KeyringSilentError",
    (
        "The keyring has not answered for 1 s. "
        "It may be waiting for a window you cannot see."
    ),
    True,
]
INDEX = ["masking-console accounts", "0"]
TOKEN = ["masking-console", "acme-prod"]

# The daemon prints the variable by which it is reached, and goes on in the background.
UNLOCKED = (
    f"export $(printf '{PASSWORD}' | "
    "gnome-keyring-daemon --unlock --components=secrets --daemonize) && "
    'exec "$0" -m tests.support.keyring_probe "$1"'
)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="a Secret Service is Linux' own keyring"
)


def need_programs() -> None:
    """Skip the test where nobody installed them; a machine that decides may not."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        words = (
            f"{' and '.join(missing)} missing: apt-get install gnome-keyring dbus, "
            "or the real keyring stays untested"
        )
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)


def probe(scenario: str, home: Path, *, has_session: bool = True) -> Facts:
    """Run a scenario, in a session with an unlocked keyring or in none."""
    if has_session:
        need_programs()
    home.chmod(0o700)
    direct = [sys.executable, "-m", "tests.support.keyring_probe", scenario]
    inside = ["dbus-run-session", "--", "sh", "-c", UNLOCKED, sys.executable, scenario]
    done = subprocess.run(
        inside if has_session else direct,
        # Nothing of the outer session: no bus, no display, no keyring.
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts: Facts = json.loads(done.stdout)
    return facts


@pytest.mark.parametrize("scenario", ["whole_life", "undumpable"])
def test_a_real_keyring_keeps_replaces_protects_and_forgets(
    tmp_path: Path, scenario: str
) -> None:
    assert probe(scenario, tmp_path) == {
        "keyring": "Secret Service, unlocked",
        "first": [],
        "saved": [TOKEN, INDEX],
        "loaded": "old",
        "replaced": [TOKEN, INDEX],
        "loaded_then": "new",
        "is_protected": True,
        "removed": [],
    }


def test_a_real_keyring_that_is_locked_says_so_and_works_when_unlocked(
    tmp_path: Path,
) -> None:
    assert probe("locked", tmp_path) == {
        "read": LOCKED,
        "replaced": LOCKED,
        "removed": LOCKED,
        "unlocked": "Secret Service, unlocked",
        "loaded": "old",
    }


def test_a_prompt_that_nobody_sees_is_given_up_and_does_not_hold_the_end(
    tmp_path: Path,
) -> None:
    # The thread that waits for the daemon would wait for ever; the probe ends at once.
    assert probe("unseen", tmp_path) == {"read": SILENT, "replaced": SILENT}


def test_a_session_that_has_ended_leaves_no_keyring(tmp_path: Path) -> None:
    assert probe("gone", tmp_path) == {
        "keyring": "Secret Service, unlocked",
        "read": ["KeyringMissingError", NONE_AT_ALL, True],
    }


def test_without_a_session_there_is_no_keyring(tmp_path: Path) -> None:
    assert probe("absent", tmp_path, has_session=False) == {
        "read": ["KeyringMissingError", NONE_AT_ALL, True]
    }
