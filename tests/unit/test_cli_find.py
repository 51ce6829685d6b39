import getpass
import io
import json
import sys
import warnings
from pathlib import Path

import pytest

from masking_console import paths
from tests.support.command_line import run

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"
NUMBER = "+1 202 555 0140"
"""The virtual number of many practice sessions."""


def pipe(
    monkeypatch: pytest.MonkeyPatch, content: bytes, *, is_tty: bool = False
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    monkeypatch.setattr(stream, "isatty", lambda: is_tty)
    monkeypatch.setattr(sys, "stdin", stream)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 1, "Give - or a number or an id, or --open"),
        ([""], 1, "Give - or a number or an id, or --open"),
        (["--open", NUMBER], 1, "Give - or a number or an id, or --open"),
        (["nonsense"], 1, "Type a phone number with its country code"),
        (["\u200e"], 1, "Type a phone number with its country code"),
        (["123"], 1, "Type the whole number"),
        ([NUMBER, "--format", "xml"], 1, "is not one of"),
        ([NUMBER, "--account", "env"], 2, "Set PLIVO_AUTH_ID"),
        ([NUMBER, "--account", "nobody"], 2, "There is no account nobody."),
        ([NUMBER], 2, "No account is set up."),
        ([NUMBER, "--practice", "--account", "env"], 1, "In practice mode"),
    ],
)
def test_what_cannot_begin_is_one_sentence_and_a_code(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    ended, out, err = run(capsys, "find", *arguments)

    assert (ended, out) == (code, "")
    assert err.splitlines()[-1].startswith("masking-console: ")
    assert words in err.splitlines()[-1]
    assert "555 0140" not in err


@pytest.mark.parametrize("pieces", [[NUMBER], NUMBER.split()])
def test_a_number_in_one_piece_or_several_is_found(
    capsys: pytest.CaptureFixture[str], pieces: list[str]
) -> None:
    code, out, err = run(capsys, "find", "--practice", *pieces)

    assert code == 0
    assert "read as +1...140 (United States)." in out
    assert "5550140" not in out + err


def test_the_country_of_the_configuration_is_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = paths.config_path()
    path.parent.mkdir(parents=True)
    assert run(capsys, "find", "--practice", "(202) 555-0140")[0] == 3
    path.write_text('country = "US"', encoding="utf-8")

    code, out, _err = run(capsys, "find", "--practice", "(202) 555-0140")

    assert code == 0
    assert "read as +1...140 (United States)." in out


def test_the_number_comes_from_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, f"\n{NUMBER}\n\n".encode())

    code, out, _err = run(capsys, "find", "--practice", "-", "--format", "jsonl")

    assert code == 0
    first, *_found, last = (json.loads(line) for line in out.splitlines())
    assert first["words"] == "+1...140 (United States)"
    assert last["complete"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Standard input is empty"),
        (b"  \n \n", "Standard input is empty"),
        (b"+1 202 555 0140\n+1 202 555 0141\n", "more than one line"),
        (b"\x7fELF\0\0", "is not a text file"),
    ],
)
def test_a_pipe_without_one_number_is_bad_input_and_never_means_everything(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    words: str,
) -> None:
    pipe(monkeypatch, content)

    code, out, err = run(capsys, "find", "--practice", "-")

    assert (code, out) == (1, "")
    assert words in err


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (NUMBER, 0, "read as +1...140 (United States)."),
        ("  ", 1, "Nothing was typed."),
        (EOFError(), 130, ""),
        (KeyboardInterrupt(), 130, ""),
        (getpass.GetPassWarning("no"), 1, "This terminal cannot hide what is typed."),
    ],
)
def test_on_a_terminal_the_number_is_asked_for_and_not_shown(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str | BaseException,
    code: int,
    words: str,
) -> None:
    asked: list[str] = []

    def hidden(question: str) -> str:
        asked.append(question)
        if isinstance(typed, getpass.GetPassWarning):
            warnings.warn(typed, stacklevel=2)
        if isinstance(typed, BaseException):
            raise typed
        return typed

    pipe(monkeypatch, b"", is_tty=True)
    monkeypatch.setattr(getpass, "getpass", hidden)

    ended, out, err = run(capsys, "find", "--practice", "-")

    assert ended == code
    assert words in out + err
    assert asked == ["Number or id (it is not shown): "]


def test_everything_that_is_open_is_found_when_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _err = run(capsys, "find", "--practice", "--open")

    assert code == 0
    assert "open sessions in the last 90 days." in out


def test_a_recording_of_tls_keys_is_refused_outside_practice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "keys.txt")

    assert "Unset SSLKEYLOGFILE" in run(capsys, "find", KNOWN)[2]


def test_no_number_is_left_in_any_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(capsys, "find", "--practice", NUMBER)

    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"2025550140" not in path.read_bytes()


def test_help_names_the_way_that_leaves_no_history_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _err = run(capsys, "find", "--help")

    assert code == 0
    assert "[- | NUMBER | ID]" in out
    assert out.index("Give - to be asked") < out.index("Options:")
    assert "stays in the history of your" in out
