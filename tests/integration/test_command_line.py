import subprocess
import sys
from pathlib import Path

import pytest

from masking_console import __version__
from tests.support.practice_service import program_environment
from tests.support.terminal import Terminal

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "masking_console", *arguments],
        env=program_environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_and_help_answer_on_standard_output(tmp_path: Path) -> None:
    version, helped = run(tmp_path, "--version"), run(tmp_path, "--help")

    assert version.stdout.strip().endswith(__version__)
    for word in ("--practice", "--account", "--file", "--read-only", "--api-url"):
        assert word in helped.stdout
    assert "practice-server" in helped.stdout
    assert (version.returncode, helped.returncode) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], '"nonsense": This is not a session id.'),
        (["--practice", KNOWN + "\n"], "needs a terminal"),
        (["--no-such-option"], "No such option"),
        (["--file", "missing.txt"], "missing.txt"),
        (["--file", "."], "not a file"),
        (["--api-url", "http://api.plivo.com"], "must be https://"),
        (["--api-url", "http://127.0.0.1.evil.example"], "must be https://"),
        (["--practice"], "needs a terminal"),
        (["practice-server", "--port", "70000"], "70000"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_1(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = run(tmp_path, *arguments)

    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("masking-console: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x7fELF\0\0\0\0", "not a text file"),
        (b"   \n\n", "is empty"),
    ],
)
def test_an_unusable_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes(content)

    done = run(tmp_path, "--file", str(path))

    assert done.returncode == 1
    assert "ids.txt" in done.stderr
    assert words in done.stderr


def test_a_session_id_in_an_argument_never_reaches_the_terminal_raw(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "\x1b]0;owned\x07[red]")

    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr


def test_settings_that_record_keys_are_refused_outside_practice(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "masking_console"]
    spied = program_environment(tmp_path, TEXTUAL_LOG=str(tmp_path / "log"))
    with Terminal(command, environment=spied) as terminal:
        terminal.wait_for("Unset TEXTUAL_LOG")
        assert terminal.wait_exit() == 1


def test_an_unknown_account_is_said_in_place_and_the_console_stays(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "masking_console", "--account", "nobody"]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        terminal.wait_for("This computer has no keyring", timeout=20)
        terminal.wait_for("! account", timeout=20)


def test_ids_and_a_file_start_in_the_queue_of_practice(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(f"see {KNOWN}\n", encoding="utf-8")
    other = "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917"
    command = [sys.executable, "-m", "masking_console", "--practice"]
    command += ["--file", str(path), other.upper()]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        terminal.wait_for("2 Queue 2", timeout=20)
        terminal.wait_for("PRACTICE. Nothing here is real.")


def test_a_window_that_is_too_small_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "masking_console", "--practice"]
    with Terminal(
        command, environment=program_environment(tmp_path), size=(72, 20)
    ) as terminal:
        terminal.wait_for("This window is 72x20.", timeout=20)
        terminal.resize(100, 30)
        terminal.wait_for("2 Queue", timeout=20)


def test_the_terminal_is_left_as_it_was(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "masking_console", "--practice"]
    with Terminal(command, environment=program_environment(tmp_path)) as terminal:
        terminal.wait_for("journal ok", timeout=20)
        terminal.send("q")
        assert terminal.wait_exit() == 0
        terminal.wait_output_end()
        for off in (b"\x1b[?1049l", b"\x1b[?2004l", b"\x1b[?1000l", b"\x1b[?25h"):
            assert off in terminal.raw_output


def test_a_number_that_is_asked_for_is_not_shown(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "masking_console", "find", "--practice", "-"]
    with Terminal(
        command, environment=program_environment(tmp_path), size=(120, 40)
    ) as terminal:
        terminal.wait_for("Number or id (it is not shown):")
        terminal.send("+1 202 555 0140\n")
        terminal.wait_for("read as +1...140 (United States).")
        assert terminal.wait_exit() == 0
        terminal.wait_output_end()
        assert b"555 0140" not in terminal.raw_output
        assert b"\x1b" not in terminal.raw_output


def test_what_is_found_is_piped_into_expire(tmp_path: Path) -> None:
    found = run(tmp_path, "find", "--practice", "+12025550140")
    assert found.returncode == 0

    expire = ["expire", "--practice", "--dry-run", "--file", "-"]
    looked = subprocess.run(
        [sys.executable, "-m", "masking_console", *expire],
        env=program_environment(tmp_path),
        input=found.stdout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert looked.returncode == 0
    assert "Would expire " in looked.stdout
    assert "incomplete" not in looked.stderr
