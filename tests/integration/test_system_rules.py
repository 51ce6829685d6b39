"""The rules of administrators where they really lie, in a private view of the files.

A namespace of mounts, in which another ``/etc`` lies over the computer's own, lets the
program find a file there without a way in for tests. It takes root and Linux.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.practice_service import program_environment
from tests.support.runs import open_ids

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"
_UNSHARE = shutil.which("unshare")
_NEEDED = ("passwd", "group", "nsswitch.conf", "localtime", "ld.so.cache")


def _is_possible() -> bool:
    if sys.platform != "linux" or _UNSHARE is None or os.geteuid() != 0:
        return False
    done = subprocess.run([_UNSHARE, "-m", "true"], capture_output=True, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    not _is_possible(), reason="needs root and a namespace of mounts"
)


class Computer:
    """A computer with an ``/etc`` of its own."""

    def __init__(self, folder: Path) -> None:
        self._home = folder
        self.etc = folder / "etc"
        self.rules = self.etc / "masking-console" / "config.toml"
        self.rules.parent.mkdir(parents=True)
        for name in _NEEDED:
            if (Path("/etc") / name).exists():
                shutil.copy(Path("/etc") / name, self.etc / name)
        self.own = folder / "config" / "config.toml"
        self.own.parent.mkdir()

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        script = 'mount --bind "$0" /etc && exec "$@"'
        program = [sys.executable, "-m", "masking_console", *arguments]
        return subprocess.run(
            [str(_UNSHARE), "-m", "sh", "-c", script, str(self.etc), *program],
            env={
                **program_environment(self._home),
                "MASKING_CONSOLE_CONFIG_DIR": str(self.own.parent),
                **more,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_rules_hold_against_file_variable_and_option(computer: Computer) -> None:
    computer.rules.write_text(
        'max_batch = 50\napi_url = "https://plivo.example.com"\nread_only = true\n'
    )
    computer.own.write_text("max_batch = 5000\nread_only = false\n")

    shown = computer.run("config", "show")
    assert shown.returncode == 0, shown.stderr
    assert (
        "max_batch = 50  # system, can only be made stricter; user: 5000 does not "
        in (shown.stdout)
    )
    assert 'api_url = "https://plivo.example.com"  # system, locked\n' in shown.stdout
    url = {"MASKING_CONSOLE_API_URL": "https://other.example.com"}
    shown = computer.run("config", "show", **url)
    assert 'environment: "https://other.example.com" does not count' in shown.stdout
    refused = computer.run("find", "--open", "--account", "env", **url)
    assert refused.returncode == 1
    assert refused.stderr == (
        "masking-console: /etc/masking-console/config.toml: "
        "it sets api_url, and MASKING_CONSOLE_API_URL cannot differ.\n"
    )


def test_the_path_of_the_rules_and_their_soundness_are_told(computer: Computer) -> None:
    computer.rules.write_text("max_batch = 50\n")

    path = computer.run("config", "path", "--system")
    assert path.stdout == "/etc/masking-console/config.toml\n"
    checked = computer.run("config", "check")
    assert checked.stdout == (
        "The rules in /etc/masking-console/config.toml are fine.\n"
        "There is no configuration file; the defaults apply.\n"
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("writable", "others than administrators can write to /etc/masking-console."),
        ("foreign", "/etc/masking-console/config.toml does not belong to an admin"),
        ("broken", "the last line is not valid TOML"),
        ("folder", "it is not a file."),
        ("unknown", 'there is no key "max_batches"; the nearest is "max_batch".'),
        ("dangling", "config.toml is a link that leads nowhere."),
    ],
)
@pytest.mark.parametrize("arguments", [["--practice"], ["expire", "--practice", KNOWN]])
def test_rules_that_cannot_be_trusted_stop_the_program(
    computer: Computer, fault: str, words: str, arguments: list[str]
) -> None:
    computer.rules.write_text("max_batch = 50\n")
    if fault == "writable":
        computer.rules.parent.chmod(0o777)
    elif fault == "foreign":
        os.chown(computer.rules, 4812, -1)
    elif fault == "broken":
        computer.rules.write_text("max_batch = ")
    elif fault == "unknown":
        computer.rules.write_text("max_batches = 1\n")
    else:
        computer.rules.unlink()
        if fault == "folder":
            computer.rules.mkdir()
        else:
            computer.rules.symlink_to("/etc/unmounted/config.toml")

    done = computer.run(*arguments)

    assert (done.returncode, done.stdout) == (1, "")
    where = "masking-console: /etc/masking-console/config.toml: "
    assert done.stderr.startswith(f"{where}{words}")
    assert done.stderr.count("\n") == 1


def test_practice_keeps_to_the_rules_and_can_expire(computer: Computer) -> None:
    computer.rules.write_text(
        "read_only = true\nticket_required = true\n"
        "ticket_pattern = 'OPS-\\d+'\nticket_hint = 'like OPS-4812'\n"
    )
    (uuid,) = open_ids(SimulatedAccount(), 1)
    call = ("expire", "--practice", uuid, "--confirm", "1 practice")

    refused = computer.run(*call, "--ticket", "tuesday")
    assert refused.returncode == 5
    assert "This is no ticket here. It must look like OPS-4812." in refused.stderr
    done = computer.run(*call, "--ticket", "OPS-1")
    assert done.returncode == 0, done.stderr
