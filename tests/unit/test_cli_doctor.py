import asyncio
import re
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from masking_console import __version__, paths
from masking_console.cli import main
from masking_console.errors import KeyringLockedError
from masking_console.journal.journal import Journal
from masking_console.operations import examine
from masking_console.operations.examine import caught
from masking_console.presentation.examination import Part, page
from tests.support.keyrings import KeyringInMemory, SilentKeyring, using

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
NUMBER = "+91 98765 43210"


def doctor(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, dict[str, str]]:
    """Return the code, the page, and each part by its name."""
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *arguments])
    text = capsys.readouterr().out
    code = ended.value.code
    assert isinstance(code, int)
    found = (each for each in text.split("\n\n")[1:])
    return code, text, {each.partition(":")[0]: each for each in found}


@contextmanager
def server(ahead: timedelta = timedelta()) -> Iterator[str]:
    """A server whose clock is ahead; yields its URL."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65536)
                date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
                answer = f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\n"
                connection.sendall(f"{answer}Content-Length: 0\r\n\r\n".encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def files(folder: Path) -> dict[Path, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in found}


def write_journal() -> Path:
    path = paths.journal_path(practice=False)
    journal = Journal(path, lambda: NOW)
    asyncio.run(journal.acknowledge("1-abc", "a reason"))
    journal.close()
    return path


def test_all_is_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_journal()
    before = files(tmp_path)

    with server() as url:
        code, text, parts = doctor(capsys, "--api-url", url)

    assert code == 0, text
    assert list(parts) == [
        "versions",
        "configuration",
        "variables",
        "keyring",
        "network",
        "journal",
        "terminal",
    ]
    assert f"console        {__version__}" in parts["versions"]
    assert "404 after" in parts["network"]
    assert "as the answer's" in parts["network"]
    assert "entries        1" in parts["journal"]
    assert "0 accounts" in parts["keyring"]
    assert "size           no terminal" in parts["terminal"]
    assert "LOOK HERE" not in text
    assert files(tmp_path) == before


def test_nothing_is_made_where_there_is_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _text, parts = doctor(capsys, "--offline")

    assert code == 0
    assert "network" not in parts
    assert "none yet" in parts["journal"]
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with server(timedelta(hours=-1)) as url:
        code, _text, parts = doctor(capsys, "--api-url", url)

    assert code == 1
    assert "! The clock of this computer is wrong." in parts["network"]
    assert re.search(r"(3599|3600|3601) s ahead", parts["network"])


def test_plivo_that_is_not_reached_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    code, _text, parts = doctor(capsys, "--api-url", url)

    assert code == 1
    assert "! Plivo is not reached." in parts["network"]
    assert "refused the connection" in parts["network"]


def test_a_keyring_that_waits_to_be_unlocked_holds_up_no_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("masking_console.operations.examine._KEYRING_SECONDS", 0.05)
    silent = SilentKeyring(reads=False)
    with using(silent):
        code, _text, parts = doctor(capsys, "--offline")
        silent.wake_up.set()

    assert code == 1
    assert "! The keyring has not answered for 0.05 s." in parts["keyring"]


def test_one_broken_part_hides_no_other(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    keyring_in_memory: KeyringInMemory,
) -> None:
    def locked(*_: object) -> str:
        raise RuntimeError(f"a text with {NUMBER} in it")

    monkeypatch.setattr(keyring_in_memory, "get_password", locked)
    paths.config_dir().mkdir()
    paths.config_path().write_text("share = 7", encoding="utf-8")
    path = write_journal()
    path.write_bytes(b"no database" * 1000)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("HTTPS_PROXY", "http://asha:s3cret@proxy.example:3128")

    code, text, parts = doctor(capsys, "--offline")

    assert code == 1
    assert "share must be a number" in parts["configuration"]
    assert "! The keyring refused (RuntimeError)." in parts["keyring"]
    assert "! The journal cannot be read" in parts["journal"]
    assert "! It cannot show the console; use expire." in parts["terminal"]
    assert "HTTPS_PROXY" in parts["variables"]
    assert "versions: fine" in text
    assert "s3cret" not in text
    assert "98765" not in text


def test_a_variable_that_is_no_path_is_named_by_each_part_that_needs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", "~/x")

    code, _text, parts = doctor(capsys, "--offline")

    assert code == 1
    for name in ("configuration", "journal"):
        assert "! MASKING_CONSOLE_STATE_DIR must be an absolute path" in parts[name]


def test_what_the_journal_hides_and_what_waits_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write_journal()
    paths.config_dir().mkdir()
    out = tmp_path / "audit.jsonl"
    paths.config_path().write_text(
        f'[audit]\nto = ["{out}"]\nfacility = "audit"\n', encoding="utf-8"
    )

    code, _text, parts = doctor(capsys, "--offline")

    assert code == 1
    assert f"Audit to {out}: 1 entry waits of 1." in parts["journal"]
    assert "! Entries wait to be sent" in parts["journal"]
    assert 'audit.facility = "audit"  # user' in parts["configuration"]

    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER entries_are_never_changed")
        other.execute("UPDATE entries SET content = 'x'")
        other.commit()
    code, _text, parts = doctor(capsys, "--offline")
    assert "! It is not whole (1 found)." in parts["journal"]
    assert "Entry 1 was changed." in parts["journal"]


def test_the_home_folder_is_not_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    _code, text, parts = doctor(capsys, "--offline")

    assert "own file       ~/config/config.toml" in parts["configuration"]
    assert str(tmp_path) not in text


def test_a_page_is_harmless_text() -> None:
    part = Part("x", (("label", "\x1b[31m" + "y" * 1000), ("", "/srv/x")), "a\nb")

    lines = page([part], NOW, Path("/")).splitlines()

    assert lines[0] == "masking-console doctor, 2026-03-04 12:05:02 UTC"
    assert lines[3:5] == ["x: LOOK HERE", "  ! a b"]
    assert "\x1b" not in lines[5]
    assert len(lines[5]) == 300
    assert lines[6] == "  /srv/x"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyringLockedError("The keyring is locked."), "The keyring is locked."),
        (TimeoutError(), "It did not answer in time."),
        (ValueError(NUMBER), "It cannot be examined (ValueError)."),
    ],
)
def test_a_part_that_fails_is_one_sentence(error: Exception, words: str) -> None:
    def fails() -> Part:
        raise error

    assert caught("x", fails) == Part("x", (), words)


def test_a_package_that_is_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examine, "_PACKAGES", ("no-such-package",))

    packages = dict(examine.versions().lines)["packages"]

    assert packages == "no-such-package is not installed"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"STY": "1.x"}, "the terminal, through GNU screen (OSC 52)"),
        ({"TMUX": "x"}, "the terminal, through tmux (OSC 52)"),
        ({}, "the terminal (OSC 52)"),
        ({"DISPLAY": ":0"}, "xclip, of this computer"),
    ],
)
def test_the_way_of_a_copied_text_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environment: dict[str, str],
    words: str,
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "xclip").touch(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("STY", "TMUX", "DISPLAY", "WAYLAND_DISPLAY", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SSH_CONNECTION", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert words in doctor(capsys, "--offline")[2]["terminal"]
