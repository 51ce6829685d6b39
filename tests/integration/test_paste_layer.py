import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from masking_console.errors import ExitCode

if sys.platform == "win32":
    pytest.skip("needs a pseudo terminal", allow_module_level=True)

from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]

HOSTILE = [
    b"abc\x1b" + b"y" * 40 + b"\r",
    b"c28b77d4-21e7-43bd-9447-04bfee92e651\r\n12 acme-prod\r",
    b"\x1b[A\x1b[B\x1bOP\x1b[15~\x03\x11\x1a",
    b"\x1b[<0;10;10M\x1b[<0;10;10m\x1b[M !!",
    b"a\x1b[200~b\x1b[200~",
    b"\x00\x01\x7f",
    b"\xff\xfe\xc3\x28\xe2\x82",
    b"\x1b[201\x1b[20\x1b[2\x1b[\x1b",
    "é€\N{PILE OF POO}".encode(),
]


class Probe:
    """The probe app in a terminal, and what reached it."""

    def __init__(self, terminal: Terminal, path: Path) -> None:
        self.terminal = terminal
        self._path = path

    def events_until_key(self, key: str) -> list[dict[str, object]]:
        """Return everything up to this key, which must come."""
        deadline = time.monotonic() + 20
        while True:
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            found = [json.loads(line) for line in lines if line.endswith("\n")]
            for index, event in enumerate(found):
                if event.get("key") == key:
                    return found[:index]
            if time.monotonic() > deadline:
                raise TimeoutError(f"{key} did not come after {str(found)[:2000]}")
            time.sleep(0.02)


@contextmanager
def probe(tmp_path: Path, *options: str) -> Iterator[Probe]:
    path = tmp_path / "events.jsonl"
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    command = [sys.executable, "-m", "tests.support.paste_probe", str(path), *options]
    with Terminal(command, environment=environment, size=(80, 24)) as terminal:
        terminal.wait_for("ready", timeout=20)
        yield Probe(terminal, path)


def marked(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def test_hostile_pastes_are_pastes_and_the_keys_between_them_are_keys(
    tmp_path: Path,
) -> None:
    with probe(tmp_path) as app:
        for content in HOSTILE:
            app.terminal.paste(content)
            app.terminal.send("j")
        app.terminal.send("\x1b[24~")
        seen = app.events_until_key("f12")

    expected: list[dict[str, object]] = []
    for content in HOSTILE:
        expected += [{"paste": marked(content)}, {"key": "j", "character": "j"}]
    assert seen == expected


def test_a_paste_cut_at_any_byte_is_one_paste(tmp_path: Path) -> None:
    content = "y\r\x1b[A€".encode() + b"\xff\x00\x1b[20"
    stream = b"\x1b[200~" + content + b"\x1b[201~"
    with probe(tmp_path) as app:
        for place in range(1, len(stream)):
            app.terminal.send(stream[:place])
            # Long enough for the program to read the first part by itself; when it
            # does not, the case is easier, and the test still right.
            time.sleep(0.005)
            app.terminal.send(stream[place:])
        app.terminal.send("\x1b[24~")
        seen = app.events_until_key("f12")

    assert seen == [{"paste": marked(content)}] * (len(stream) - 1)


def test_a_hundred_thousand_ids_arrive_as_one_paste(tmp_path: Path) -> None:
    ids = "".join(
        f"c28b77d4-21e7-43bd-9447-{number:012x}\r" for number in range(100_000)
    )
    with probe(tmp_path) as app:
        app.terminal.paste(ids)
        app.terminal.send("\x1b[24~")
        seen = app.events_until_key("f12")

    assert seen == [{"paste": ids}]


def test_keys_and_the_mouse_work_as_ever(tmp_path: Path) -> None:
    with probe(tmp_path) as app:
        app.terminal.send("aé\r\t\x7f\x03\x01\x1b[A\x1b[1;2B\x1b[1;5C\x1bOP\x1b[11~")
        app.terminal.send("\x1b[<0;5;3M\x1b[<0;5;3m\x1b[24~")
        seen = app.events_until_key("f12")

    keys = [event["key"] for event in seen if "key" in event]
    assert keys == [
        *("a", "é", "enter", "tab", "backspace", "ctrl+c", "ctrl+a"),
        *("up", "shift+down", "ctrl+right", "f1", "f1"),
    ]
    assert [event for event in seen if "mouse" in event] == [
        {"mouse": "MouseDown", "x": 4, "y": 2},
        {"mouse": "MouseUp", "x": 4, "y": 2},
    ]


def test_escape_alone_is_a_key(tmp_path: Path) -> None:
    with probe(tmp_path) as app:
        app.terminal.send("\x1b")
        assert app.events_until_key("escape") == []


def test_bytes_that_are_no_text_do_not_end_the_keyboard(tmp_path: Path) -> None:
    with probe(tmp_path) as app:
        app.terminal.send(b"\xff\xfea\x1b[24~")
        seen = app.events_until_key("f12")
    assert [event["character"] for event in seen] == ["\ufffd", "\ufffd", "a"]


def test_a_terminal_that_is_gone_ends_a_program_that_ignores_the_hang_up(
    tmp_path: Path,
) -> None:
    with probe(tmp_path, "ignore-hangup") as app:
        app.terminal.hang_up()
        assert app.terminal.wait_exit(5) == ExitCode.STOPPED


def test_the_terminal_is_as_before_after_the_end(tmp_path: Path) -> None:
    with probe(tmp_path) as app:
        app.terminal.send("\x11")
        assert app.terminal.wait_exit(5) == 0
        output = app.terminal.raw_output
    for mode in (b"1049", b"1000", b"1003", b"2004"):
        assert output.rindex(b"\x1b[?" + mode + b"l") > output.rindex(
            b"\x1b[?" + mode + b"h"
        )
