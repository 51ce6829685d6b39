"""A defect of ours on the command line: one short end without its values."""

import threading
from pathlib import Path
from typing import NoReturn

import pytest

from masking_console.cli import main
from masking_console.operations import read_history

SECRET = "s3cr3tS3cr3tS3cr3tS3cr3t +14155550123"


def fail(*_: object, **__: object) -> NoReturn:
    raise RuntimeError(SECRET)


def fail_in_a_thread(*_: object, **__: object) -> str:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    return "went on\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MASKING_CONSOLE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "state"


def run_history(capsys: pytest.CaptureFixture[str]) -> tuple[object, str, str]:
    before = threading.excepthook
    with pytest.raises(SystemExit) as ended:
        main(["history"])
    assert threading.excepthook is before
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


def assert_without_values(state: Path, told: str) -> None:
    (file,) = (state / "crashes").iterdir()
    assert "unit/test_cli_crash.py:" in file.read_text(encoding="utf-8")
    for part in SECRET.split():
        assert part not in told + file.read_text(encoding="utf-8")


def test_a_defect_ends_a_command_without_a_traceback(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(read_history, "print_history", fail)
    code, out, err = run_history(capsys)

    assert (code, out) == (1, "")
    assert err.startswith("masking-console stopped because of RuntimeError at ")
    assert "Traceback" not in err
    assert_without_values(state, err)


def test_a_defect_in_a_thread_is_written_down_and_not_shown(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(read_history, "print_history", fail_in_a_thread)
    assert run_history(capsys) == (0, "went on\n", "")
    assert_without_values(state, "")
