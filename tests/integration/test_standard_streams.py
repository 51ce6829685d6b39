"""Standard streams that are closed, full or gone, in processes of their own."""

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.practice_service import program_environment

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"
COMMANDS = ["--version", "--help", "history", "config path", "completion bash"]
NOT_THERE = f"expire --practice --dry-run {KNOWN}"
full_only = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def run(
    folder: Path, command: str, streams: str, **more: str
) -> subprocess.CompletedProcess[str]:
    program = f"exec {shlex.quote(sys.executable)} -m masking_console"
    return subprocess.run(
        ["/bin/sh", "-c", f"{program} {command} {streams}"],
        env=program_environment(folder, **more),
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_output_that_is_lost_is_said_and_has_a_code(
    tmp_path: Path, command: str, unbuffered: str
) -> None:
    closed = run(tmp_path, command, ">&-", PYTHONUNBUFFERED=unbuffered)
    words = "masking-console: Standard output is closed. What was to be said is lost.\n"
    assert (closed.returncode, closed.stderr) == (1, words)
    assert run(tmp_path, command, ">&- 2>&-").returncode == 1
    assert run(tmp_path, command, "<&- 2>&-").returncode == 0


@full_only
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_behind_the_output_is_said(
    tmp_path: Path, command: str, unbuffered: str
) -> None:
    full = run(tmp_path, command, ">/dev/full", PYTHONUNBUFFERED=unbuffered)
    words = "Standard output cannot be written (no space left on device)."
    assert (full.returncode, full.stderr) == (1, f"masking-console: {words}\n")
    both = run(tmp_path, command, ">/dev/full 2>/dev/full")
    assert both.returncode == 1
    assert not (tmp_path / "state" / "crashes").exists()


@pytest.mark.parametrize(
    "streams", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "<&-", ">/dev/null 2>&-"]
)
def test_expire_does_its_work_whatever_is_closed(tmp_path: Path, streams: str) -> None:
    done = run(tmp_path, NOT_THERE, streams)

    assert done.returncode == 5, "the session is not on this account"
    assert "Traceback" not in done.stderr
    if "2>" not in streams:
        assert "This session is not on PRACTICE." in done.stderr


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_the_console_says_which_stream_is_no_terminal(
    tmp_path: Path, streams: str
) -> None:
    done = run(tmp_path, "--practice", streams)
    assert done.returncode == 1
    if "2>" not in streams:
        assert done.stderr == (
            "masking-console: The console needs a terminal on its standard input.\n"
        )


def test_a_console_whose_screen_goes_to_a_file_says_so(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "masking_console", "--practice"],
        env=program_environment(tmp_path),
        cwd=Path(__file__).parents[2],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 1
    assert done.stderr == (
        "masking-console: The console needs a terminal on its error stream (2>).\n"
    )


def test_a_reader_that_has_seen_enough_ends_with_a_code(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "masking_console", "--help"],
        env=program_environment(tmp_path),
        cwd=Path(__file__).parents[2],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
