from pathlib import Path

import pytest

from masking_console import __version__
from masking_console.cli import main
from masking_console.practice import server

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    captured = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


def test_version_and_help_need_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--version")
    assert (code, err) == (0, "")
    assert __version__ in out
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    for word in ("--practice", "--account", "--file", "practice-server", "UUID"):
        assert word in out
    assert run(capsys, "--practice", "--help")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], '"nonsense": This is not a session id.'),
        (["--no-such-option"], "No such option"),
        (["--file", "missing.txt"], "missing.txt does not exist"),
        (["--api-url", "http://api.plivo.com"], "must be https://"),
        (["practice-server", "--port", "70000"], "Port 70000"),
        (["practice-server", "--port", "x"], "not a valid integer"),
        ([KNOWN], "needs a terminal"),
        (["--practice"], "needs a terminal"),
    ],
)
def test_bad_input_is_one_sentence_on_standard_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = run(capsys, *arguments)

    assert (code, out) == (1, "")
    assert err.startswith("masking-console: ")
    assert words in err


def test_a_file_of_ids_is_read_before_the_terminal_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(KNOWN, encoding="utf-8")

    assert "needs a terminal" in run(capsys, "--file", str(path), KNOWN.upper())[2]


def test_ctrl_c_on_the_command_line_is_stopped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", interrupted)

    assert run(capsys, "practice-server")[0] == 130


def test_the_practice_server_ends_with_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "serve", lambda _port, announce: announce("hello"))

    assert run(capsys, "practice-server") == (0, "hello\n", "")
