import asyncio
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console import paths
from masking_console.journal.journal import Journal
from masking_console.models.account import AccountName
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.command_line import run
from tests.support.runs import plan_of

BASH = shutil.which("bash")
ZSH = shutil.which("zsh")


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
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_the_first_word_is_completed_to_commands_and_options() -> None:
    assert set(completed("masking-console hi", 1)) == {"history"}
    assert {"--practice", "--read-only"} <= set(completed("masking-console --", 1))
    assert {"--dry-run", "--confirm"} <= set(completed("masking-console expire --", 2))


def test_a_value_of_the_configuration_is_shown_by_its_key(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    file.write_text("[confirm]\nname_from = 9\n", encoding="utf-8")

    assert run(capsys, "config", "show", "share")[1] == "share = 0.5  # default\n"
    assert run(capsys, "config", "show", "confirm.name_from")[1] == (
        "confirm.name_from = 9  # user\n"
    )
    assert run(capsys, "config", "show", "confirm")[1] == (
        "confirm.count_from = 2  # default\nconfirm.name_from = 9  # user\n"
    )
    assert run(capsys, "config", "show", "accounts")[1] == ""
    file.write_text(
        '[accounts.acme]\nauth_id = "MAACME00000000007Q2X"\n'
        'token_command = ["/bin/pass", "secret"]\n',
        encoding="utf-8",
    )
    file.chmod(0o600)
    assert run(capsys, "config", "show", "accounts")[1] == (
        "# account acme: MA..7Q2X, its token from /bin/pass\n"
    )
    assert run(capsys, "config", "show", "audit")[1].count("\n") == 2
    code, out, err = run(capsys, "config", "show", "shar")
    assert (code, out) == (1, "")
    assert err.endswith(
        'There is no key "shar" in the configuration. Did you mean "share"?\n'
    )
    assert "Did you mean" not in run(capsys, "config", "show", "zzzz")[2]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["histroy"], "'history'"),
        (["EXPRIE", "--dry-run"], "'expire'"),
        (["config", "shwo"], "'show'"),
        (["--practise"], "'--practice'"),
        (["history", "--outcom", "unknown"], "'--outcome'"),
    ],
)
def test_a_mistyped_command_or_option_is_told_what_was_meant(
    capsys: pytest.CaptureFixture[str], arguments: list[str], meant: str
) -> None:
    code, out, err = run(capsys, *arguments)

    assert (code, out) == (1, "")
    assert f"Did you mean {meant}?" in err


@pytest.mark.parametrize("word", ["c28b77d4", "nonsense", "f1nd", "histöry", "consol"])
def test_a_word_that_is_nearly_no_command_is_taken_for_an_id(
    capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert f'"{word}": This is not a session id.' in run(capsys, word)[2]


@pytest.fixture
async def batch_id() -> str:
    """The id of a batch in the journal of this test."""
    uuid = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
    account = replace(practice_account(), name=AccountName("acme-prod"))
    journal = Journal(
        paths.journal_path(practice=False), lambda: datetime(2026, 3, 4, tzinfo=UTC)
    )
    await journal.open()
    batch = await journal.begin_batch(plan_of(account, [uuid]).confirm("y"))
    await asyncio.to_thread(journal.close)
    return batch.batch_id


def test_accounts_batches_outcomes_and_keys_are_completed(
    batch_id: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(
        'protected = ["beta"]\n[accounts.vaulted]\nauth_id = "MAACME00000000007Q2X"\n'
        'token_command = ["/bin/pass", "plivo"]\n',
        encoding="utf-8",
    )
    file.chmod(0o600)
    monkeypatch.setenv("PLIVO_AUTH_ID", "MAXXXXXXXXXXXXXXXXXX")
    program = "masking-console"

    assert completed(f"{program} --account ", 2) == [
        "acme-prod",
        "beta",
        "env",
        "vaulted",
    ]
    assert completed(f"{program} expire --account B", 3) == ["beta"]
    assert completed(f"{program} history --account ac", 3) == ["acme-prod"]
    assert completed(f"{program} history --batch ", 3) == [batch_id]
    assert completed(f"{program} history --practice --batch ", 4) == []
    assert completed(f"{program} history --outcome unk", 3) == ["unknown"]
    assert completed(f"{program} config show confirm.n", 3) == ["confirm.name_from"]


def test_what_cannot_be_read_completes_nothing(file: Path) -> None:
    file.write_text("no = [toml", encoding="utf-8")
    journal = paths.journal_path(practice=False)
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"no database" * 1000)

    assert completed("masking-console --account ", 2) == []
    assert completed("masking-console history --batch ", 3) == []


@pytest.mark.usefixtures("batch_id")
def test_completion_asks_neither_the_keyring_nor_plivo() -> None:
    code = (
        "import sys; from masking_console.cli import main\n"
        "try: main([])\n"
        "except SystemExit: pass\n"
        "sys.exit(str({'keyring', 'httpx', 'textual'} & set(sys.modules) or ''))"
    )
    words = {
        "_MASKING_CONSOLE_COMPLETE": "bash_complete",
        "COMP_WORDS": "masking-console --account ",
        "COMP_CWORD": "2",
    }

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **words},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "acme-prod" in done.stdout
    assert done.stderr.strip() == ""


@pytest.mark.skipif(ZSH is None, reason="there is no zsh here")
@pytest.mark.parametrize("before", ["", "autoload -Uz compinit; compinit -i; "])
def test_zsh_takes_the_line_before_its_completion_is_started_and_after(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, before: str
) -> None:
    script = tmp_path / "completion.zsh"
    script.write_text(run(capsys, "completion", "zsh")[1], encoding="utf-8")
    line = f'{before}eval "$(cat {script})"; print -r -- $_comps[masking-console]'

    done = subprocess.run(
        [ZSH or "", "-f", "-c", line],
        env={**os.environ, "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("_masking_console_completion\n", "")


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
