import io
import json
import sys
from pathlib import Path

import pytest

from masking_console.credentials.credentials import Credentials
from masking_console.errors import AccountUnknownError
from masking_console.linear.plan import chosen_account
from masking_console.linear.prompt import StopSignals
from masking_console.models.account import (
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)
from masking_console.operations.wiring import build_operations
from masking_console.settings import Settings
from tests.support.command_line import run

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 1, "Give session ids"),
        (["nonsense"], 1, "This is not a session id."),
        (["--file", "missing.txt"], 1, "missing.txt does not exist"),
        ([KNOWN, "--format", "xml"], 1, "is not one of"),
        ([KNOWN, "--ticket", "x" * 41], 1, "The ticket has at most 40"),
        ([KNOWN, "--ticket", "+91 98765 43210"], 5, "looks like a phone number"),
        ([KNOWN, "--practice", "--account", "env"], 1, "In practice mode"),
        ([KNOWN, "--account", "env"], 2, "Set PLIVO_AUTH_ID"),
        ([KNOWN, "--account", "nobody"], 2, "There is no account nobody."),
        ([KNOWN], 2, "No account is set up."),
        ([KNOWN, "--practice", "--confirm", "1 practice"], 5, "right account?"),
        ([KNOWN, "--practice", "--account", "Practice"], 5, "right account?"),
    ],
)
def test_what_cannot_begin_is_one_sentence_and_a_code(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    ended, _out, err = run(capsys, "expire", *arguments)

    assert ended == code
    assert err.splitlines()[-1].startswith("masking-console: ")
    assert words in err.splitlines()[-1]


def test_a_reason_that_was_changed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [KNOWN, "--account", "env", "--reason", "call +91 98765 43210"]
    _code, _out, err = run(capsys, "expire", *asked)
    assert "taken out of the reason. It says: call (number)" in err


def test_a_recording_of_tls_keys_is_refused_outside_practice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "keys.txt")

    assert "Unset SSLKEYLOGFILE" in run(capsys, "expire", KNOWN)[2]


def test_ids_come_from_a_pipe_and_what_is_left_out_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        f"see {KNOWN}\nand {KNOWN.upper()}\napi_id: {KNOWN[:-1]}2\n609bf6df-28c1-4e7\n"
    )
    pipe(monkeypatch, text.encode())

    code, out, err = run(
        capsys,
        "expire",
        "--practice",
        "--dry-run",
        "--format",
        "jsonl",
        "--file",
        "-",
        KNOWN,
    )

    assert code == 5
    assert [json.loads(line)["event"] for line in out.splitlines()] == [
        "plan",
        "checked",
        "summary",
    ]
    assert "1 id   1 new   2 repeats   1 ignored" in err
    assert "1 id is incomplete (line 5)" in err
    assert "Ignored: 1 api_id" in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Standard input is empty"),
        (b"\x7fELF\0\0", "is not a text file"),
        (b"no ids at all", "No session ids in this text."),
    ],
)
def test_a_pipe_without_ids_is_bad_input(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    words: str,
) -> None:
    pipe(monkeypatch, content)

    code, out, err = run(capsys, "expire", "--practice", "--file", "-")

    assert (code, out) == (1, "")
    assert words in err


def test_a_terminal_is_not_read_as_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, b"")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)

    assert "Standard input is a terminal." in run(capsys, "expire", "--file", "-")[2]


def stored(name: str) -> Account:
    return Account(
        AccountName(name),
        AuthId("MAXXXXXXXXXXXXXXXXXX"),
        AuthToken("made-up-token"),
        AccountSource.KEYRING,
    )


async def test_several_accounts_are_named_and_none_is_guessed() -> None:
    operations = build_operations(Settings(Path("unused.db")), {})
    try:
        await Credentials().save(stored("acme-prod"))
        assert (
            await chosen_account(operations, print, StopSignals())
        ).name == "acme-prod"
        await Credentials().save(stored("acme-stage"))
        with pytest.raises(AccountUnknownError, match="one of: acme-prod, acme-stage"):
            await chosen_account(operations, print, StopSignals())
    finally:
        operations.close()


CASES = (
    f"see {KNOWN}\nlink https://ops.example/s?id={KNOWN.replace('-', '%2D')[:-1]}2\n",
    f"see {KNOWN}\nplease end {KNOWN.replace('-', '=2D')[:-1]}2\n",
)


@pytest.mark.parametrize("text", CASES)
def test_encoded_ids_are_found_and_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(text, encoding="utf-8")

    code, _out, err = run(
        capsys,
        "expire",
        "--practice",
        "--dry-run",
        "--file",
        str(path),
        "--format",
        "jsonl",
    )

    assert code == 5
    assert "decoded: 1 from " in err
    assert "None of these 2 sessions is on PRACTICE" in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KNOWN[:22], "1 id is incomplete (line 1) and was left out. Paste it again."),
        (f"api_id={KNOWN}", "Ignored: 1 api_id (not a session id)"),
        (KNOWN.replace("-", "_"), "1 id is written with other signs than - (line 1)"),
    ],
)
def test_a_text_without_a_whole_id_is_bad_input_and_says_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(text, encoding="utf-8")

    code, out, err = run(capsys, "expire", "--practice", "--file", str(path))

    assert (code, out) == (1, "")
    assert words in err


def test_the_ticket_of_a_report_is_offered_and_never_taken(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(
        "Plivo masking sessions expired with masking-console, batch B-1\n"
        f"Account acme (MA..7Q2X)   Ticket OPS-1\n\n+ {KNOWN}  expired    x\n",
        encoding="utf-8",
    )
    offer = 'The report names ticket OPS-1. Give --ticket "OPS-1".'

    for more, is_offered in (((), True), (("--ticket", "OPS-2"), False)):
        _code, out, err = run(
            capsys,
            "expire",
            *("--practice", "--dry-run", "--format", "jsonl", "--file", str(path)),
            *more,
        )
        assert (offer in err) is is_offered
        assert "Report B-1: every id in it is looked at again." in err
        assert json.loads(out.splitlines()[0])["ticket"] == "".join(more[1:])
