import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from masking_console import paths
from tests.unit.test_cli import run

BASH = shutil.which("bash")


@pytest.fixture
def file() -> Path:
    path = paths.config_path()
    path.parent.mkdir(parents=True)
    return path


def test_config_path_says_where_the_file_is_looked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys, "config", "path") == (0, f"{paths.config_path()}\n", "")


def test_config_check_says_that_all_is_well_or_what_is_wrong(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    words = "There is no configuration file; the defaults apply.\n"
    assert run(capsys, "config", "check") == (0, words, "")
    file.write_text("share = 0.25\n", encoding="utf-8")
    assert run(capsys, "config", "check") == (0, "The configuration is fine.\n", "")
    file.write_text("shar = 0.25\n", encoding="utf-8")
    code, out, err = run(capsys, "config", "check")
    assert (code, out) == (1, "")
    assert 'there is no key "shar"; the nearest is "share".' in err
    assert str(file) in err


@pytest.mark.parametrize(
    "arguments", [["config", "show"], ["history"], ["--practice"], ["expire", "--help"]]
)
def test_a_wrong_file_stops_what_would_use_it(
    capsys: pytest.CaptureFixture[str], file: Path, arguments: list[str]
) -> None:
    file.write_text("max_batch = 0\n", encoding="utf-8")
    code, _out, err = run(capsys, *arguments)
    is_help = "--help" in arguments
    assert code == (0 if is_help else 1)
    assert ("max_batch must be a whole number" in err) is not is_help


def test_a_key_that_no_act_may_have_stops_the_console(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    file.write_text('[keys]\nqueue.review = "d"\n', encoding="utf-8")
    code, _out, err = run(capsys, "config", "check")
    assert code == 1
    assert 'keys.queue.review must not be on "d": it can stand in a session id.' in err


def test_config_show_prints_a_file_that_means_the_same(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    file.write_text('time_zone = "local"\n[confirm]\nname_from = 9\n', encoding="utf-8")
    code, out, err = run(capsys, "config", "show")
    assert (code, err) == (0, "")
    shown = tomllib.loads(out)
    assert shown["time_zone"] == "local"
    assert shown["confirm"] == {"count_from": 2, "name_from": 9}
    assert 'time_zone = "local"  # user' in out
    assert "share = 0.5  # default" in out
    file.write_text(out, encoding="utf-8")
    again = run(capsys, "config", "show")[1]
    assert tomllib.loads(again) == shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    code, out, err = run(capsys, "completion", shell)
    assert (code, err) == (0, "")
    assert "_MASKING_CONSOLE_COMPLETE" in out


def completed(words: str, position: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "masking_console"],
        env={
            **os.environ,
            "_MASKING_CONSOLE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(position),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_the_first_word_is_completed_to_commands_and_options() -> None:
    assert set(completed("masking-console hi", 1)) == {"history"}
    assert {"--practice", "--read-only"} <= set(completed("masking-console --", 1))
    assert {"--dry-run", "--confirm"} <= set(completed("masking-console expire --", 2))


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
def test_bash_takes_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    script = run(capsys, "completion", "bash")[1]
    done = subprocess.run(
        [shutil.which("bash") or "", "-n"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
