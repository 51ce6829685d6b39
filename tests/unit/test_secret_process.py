"""A process that holds a token: no core dump, and nothing that lays memory open."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from masking_console.cli.process import protect
from masking_console.errors import InputError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
PR_GET_DUMPABLE = 3
ENDING = f"""
import ctypes, os, resource, sys
from masking_console.cli import process
{{}}
limit = resource.getrlimit(resource.RLIMIT_CORE)
sys.stdout.write(f"{{{{limit}}}} {{{{ctypes.CDLL(None).prctl({PR_GET_DUMPABLE})}}}}")
sys.stdout.flush()
os.abort()
"""


@pytest.mark.parametrize(
    "name", ["SSLKEYLOGFILE", "PYTHONINSPECT", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE"]
)
def test_an_environment_that_lays_memory_open_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("masking_console.cli.process.prevent_core_dumps", int)
    with pytest.raises(InputError, match=rf"^Unset {name}: [^.]*\.$"):
        protect({name: "1"}, practice=False)
    protect({name: "1"}, practice=True)
    protect({name: ""}, practice=False)


@pytest.mark.parametrize(
    ("flag", "option"),
    [("inspect", "-i"), ("interactive", "-i"), ("dev_mode", "-X dev")],
)
def test_an_option_of_python_that_lays_memory_open_is_refused(
    monkeypatch: pytest.MonkeyPatch, flag: str, option: str
) -> None:
    flags = {"inspect": 0, "interactive": 0, "dev_mode": False, flag: True}
    monkeypatch.setattr(sys, "flags", SimpleNamespace(**flags))
    with pytest.raises(InputError, match=f"Start Python without {option}"):
        protect({}, practice=False)


def end_after(statement: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a process that raises its limit, does something, and aborts."""
    raised = (
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", ENDING.format(raised + statement)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@linux_only
def test_a_process_that_holds_a_token_leaves_no_core_dump(tmp_path: Path) -> None:
    protected = end_after("process.protect({}, practice=False)", tmp_path)

    assert protected.returncode == -6
    assert protected.stdout == "(0, 0) 0"
    assert list(tmp_path.iterdir()) == []


@linux_only
def test_without_the_rule_it_could_be_dumped(tmp_path: Path) -> None:
    assert end_after("pass", tmp_path).stdout.endswith(" 1")


@linux_only
def test_where_a_portal_gives_the_secret_only_the_limit_is_set(tmp_path: Path) -> None:
    info = tmp_path / "sandbox"
    info.touch()
    statement = f"process.prevent_core_dumps({str(info)!r})"
    assert end_after(statement, tmp_path).stdout == "(0, 0) 1"


@pytest.mark.parametrize(
    "command", [[], ["expire", "c28b77d4-21e7-43bd-9447-04bfee92e651"]]
)
@pytest.mark.parametrize(
    "name", ["PYTHONDEVMODE", "SSLKEYLOGFILE", "PYTHONASYNCIODEBUG"]
)
def test_every_command_that_holds_a_token_has_the_same_rule(
    tmp_path: Path, command: list[str], name: str
) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "masking_console", *command],
        cwd=Path(__file__).parents[2],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "MASKING_CONSOLE_STATE_DIR": str(tmp_path),
            name: str(tmp_path / "keys"),
        },
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    told = os.read(ours, 4096).decode()
    os.close(ours)

    assert done.returncode == 1
    assert f"Unset {name}" in told
