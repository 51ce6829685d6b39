import io
import os
import pty
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from masking_console.errors import InputError
from masking_console.ui.terminal import characters
from masking_console.ui.terminal.characters import (
    encoding_of,
    plain,
    prepare,
    takes_utf8,
)


@contextmanager
def terminal(answer: bytes | None) -> Iterator[tuple[int, bytearray]]:
    """A terminal that answers the question so, or not at all; with what it was sent."""
    master, slave = pty.openpty()
    heard = bytearray()
    is_over = threading.Event()

    def serve() -> None:
        while b"\x1b[6n" not in heard and not is_over.is_set():
            heard.extend(os.read(master, 1024))
        if answer is not None:
            os.write(master, answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield slave, heard
    finally:
        is_over.set()
        os.write(slave, b"\n")
        thread.join(10)
        os.close(slave)
        os.close(master)


@pytest.mark.parametrize(
    ("answer", "takes"),
    [
        (b"\x1b[1;2R", True),
        (b"\x1b[24;3R", False),
        (b"typed before\x1b[24;2R", True),
        (None, None),
        (b"\x1b[R", None),
    ],
)
def test_the_terminal_is_asked_where_two_bytes_have_led(
    answer: bytes | None, takes: bool | None
) -> None:
    with terminal(answer) as (descriptor, heard):
        before = termios.tcgetattr(descriptor)

        assert (
            takes_utf8(descriptor, descriptor, 30.0 if takes is not None else 0.2)
            is takes
        )

        assert termios.tcgetattr(descriptor) == before
        # The line is empty again.
        assert heard.endswith(b"\x1b[6n\r\x1b[K") or b"\x1b[6n" in heard


def test_what_is_no_terminal_is_not_asked() -> None:
    ear, mouth = os.pipe()
    try:
        assert takes_utf8(ear, mouth) is None
    finally:
        os.close(ear)
        os.close(mouth)


@contextmanager
def standard_terminal(
    answer: bytes | None, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[io.TextIOWrapper]:
    with terminal(answer) as (descriptor, _heard):
        keyboard = os.fdopen(os.dup(descriptor), "r", encoding="utf-8")
        screen = os.fdopen(os.dup(descriptor), "w", encoding=encoding)
        monkeypatch.setattr(sys, "__stdin__", keyboard)
        monkeypatch.setattr(characters, "ANSWER_SECONDS", 30.0 if answer else 0.1)
        with keyboard, screen:
            yield screen


OLD = {"TERM": "vt220", "LC_ALL": "C"}
NEW = {"TERM": "xterm", "LANG": "de_DE.UTF-8"}


@pytest.mark.parametrize(
    ("encoding", "environ", "answer", "chosen"),
    [
        ("ascii", NEW, b"\x1b[1;2R", "utf-8"),
        ("iso8859-1", NEW, b"\x1b[1;2R", "utf-8"),
        ("iso8859-1", NEW, b"\x1b[1;3R", "iso8859-1"),
        ("ascii", NEW, None, "ascii"),
        ("utf-8", OLD, b"\x1b[1;2R", "utf-8"),
        ("utf-8", OLD, b"\x1b[1;3R", "ascii"),
        ("utf-8", OLD, None, "ascii"),
    ],
)
def test_what_is_written_is_what_the_terminal_reads(
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    environ: dict[str, str],
    answer: bytes | None,
    chosen: str,
) -> None:
    with standard_terminal(answer, encoding, monkeypatch) as screen:
        prepare(environ, screen)

        assert encoding_of(screen) == chosen


@pytest.mark.parametrize(
    "environ",
    [NEW, {"TERM": "xterm"}, {"TERM": "vt100", "LC_ALL": "", "LANG": "C.UTF-8"}],
)
def test_where_the_locale_says_utf_8_nobody_is_asked(environ: dict[str, str]) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="UTF8")

    prepare(environ, stream)

    assert encoding_of(stream) == "utf-8"


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_without_a_screen_is_told_of_expire(term: str) -> None:
    with pytest.raises(InputError, match="masking-console expire"):
        prepare({"TERM": term}, None)


@pytest.mark.parametrize(("encoding", "name"), [("x-odd", "ascii"), ("U8", "utf-8")])
def test_an_encoding_is_known_under_its_usual_name(encoding: str, name: str) -> None:
    class Stream(io.StringIO):
        @property
        def encoding(self) -> str:  # type: ignore[override]
            return encoding

    assert encoding_of(Stream()) == name


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("plain \x1b[1m", "ascii", "plain \x1b[1m"),
        ("\x1b[1m│\r\n", "ascii", "\x1b[1m|\r\n"),
        ("╭─ 2 Queue ─╮", "ascii", "+- 2 Queue -+"),
        ("┏━┓┃", "ascii", "+=+|"),
        ("│╰╯╴╵", "ascii", "|++-|"),
        ("▊▎█▁▔", "ascii", "||#_-"),
        ("Grüße … ✓ ✗ · 日本", "ascii", "Gru?e . + ! . ????"),
        ("Grüße … 日", "iso8859-1", "Grüße . ??"),
        ("e\u0301 ½ ﬁ", "ascii", "e ? ?"),
        ("│ é", "cp437", "│ é"),
        ("日本", "euc_jp", "????"),
        ("\u00a0\x85", "iso8859-1", " "),
    ],
)
def test_what_cannot_be_shown_gets_a_lookalike(
    text: str, encoding: str, shown: str
) -> None:
    assert plain(text, encoding) == shown


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_lookalike_has_the_same_width_and_can_be_written(text: str) -> None:
    shown = plain(text, "ascii")

    assert shown.isascii()
    assert cell_len(shown) == sum(cell_len(character) for character in text)
