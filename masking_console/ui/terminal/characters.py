"""The characters that this terminal can show, found out before anything is drawn.

Python takes the encoding of its streams from the locale, which is often not that of
the terminal: over ssh, in a container, under sudo. Where it is no UTF-8, the terminal
itself is asked. One that cannot show UTF-8 gets each cell in ASCII or in its own set.
"""

import codecs
import os
import re
import select
import sys
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import TextIO

from rich.cells import cell_len

from masking_console.errors import InputError

ANSWER_SECONDS = 0.5
"""A terminal that has not answered by then does not answer."""

_CANNOT_DRAW = frozenset({"dumb", "unknown"})
_OLD = ("vt", "ansi", "sun", "wy", "dec-vt")
"""The beginnings of TERM of terminals that may be older than UTF-8."""
# Two bytes: one column in UTF-8, two in every 8-bit set. Then a report of the place is
# asked for, and the line is emptied.
_QUESTION = b"\r\xc3\xa9\x1b[6n\r\x1b[K"
_ANSWER = re.compile(rb"\x1b\[\d+;(\d+)R")

_LOOKALIKES = {
    "\u2026": ".", "\u00b7": ".", "\u2022": "*", "\u25cf": "*", "\u25c9": "*",
    "\u25cb": "o", "\u2713": "+", "\u2717": "!", "\u2192": ">", "\u25b6": ">",
    "\u25b8": ">", "\u25ba": ">", "\u2190": "<", "\u25c0": "<", "\u25bc": "v",
    "\u25be": "v", "\u2193": "v", "\u25b2": "^", "\u2191": "^", "\u2013": "-",
    "\u2014": "-", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'",
    "\u00d7": "x", "\u2581": "_", "\u2594": "-", "\u2591": ":", "\u2592": ":",
    "\u2593": ":",
}  # fmt: skip
_BLOCKS = range(0x2580, 0x25A0)
_BOX = range(0x2500, 0x2580)


def prepare(environ: Mapping[str, str], stream: TextIO | None) -> None:
    """Make the stream write what the terminal can show; asks it where that is open.

    Raises:
        InputError: the terminal cannot show a screen at all.
    """
    if not can_draw(environ):
        raise InputError(
            f"This terminal (TERM={environ['TERM']}) cannot show the console. "
            "Use masking-console expire, or another terminal."
        )
    assert stream is not None  # noqa: S101 - it was found to be a terminal
    # The console of Windows takes UTF-16.
    if sys.platform != "win32" and (
        encoding_of(stream) != "utf-8" or _is_guess(environ)
    ):
        _choose_encoding(stream)


def can_draw(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal can show a screen, as far as its name says."""
    return environ.get("TERM") not in _CANNOT_DRAW


def shows(environ: Mapping[str, str], stream: TextIO) -> str:
    """Return in words what the terminal reads, and what the console would write."""
    encoding = encoding_of(stream)
    if encoding == "utf-8" and not _is_guess(environ):
        return "utf-8"
    # Nothing is asked of it here: the console does so when it starts.
    return (
        f"{encoding} by the locale; the console asks the terminal, else plain borders"
    )


def encoding_of(stream: TextIO) -> str:
    """Return the encoding of a stream under its usual name."""
    try:
        return codecs.lookup(stream.encoding or "ascii").name
    except LookupError:
        return "ascii"


if sys.platform != "win32":  # pragma: no branch - tested on Linux

    def _choose_encoding(stream: TextIO) -> None:
        """Write UTF-8 where the terminal says that it reads it, and plain text else."""
        is_utf8 = encoding_of(stream) == "utf-8"
        keyboard = sys.__stdin__
        assert keyboard is not None  # noqa: S101 - it was found to be a terminal
        answer = takes_utf8(keyboard.fileno(), stream.fileno())
        if answer is True and not is_utf8:
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[attr-defined]
        elif is_utf8 and not answer:
            stream.reconfigure(encoding="ascii", errors="replace")  # type: ignore[attr-defined]

    def takes_utf8(keyboard: int, screen: int, seconds: float = 0.0) -> bool | None:
        """Ask a terminal whether it reads UTF-8; None where it does not answer.

        Keys that were pressed before go with it: they were not meant for the console.
        """
        import termios  # noqa: PLC0415 - Windows has none
        import tty  # noqa: PLC0415 - likewise

        try:
            modes = termios.tcgetattr(keyboard)
            tty.setcbreak(keyboard, termios.TCSANOW)
            try:
                os.write(screen, _QUESTION)
                column = _answered(keyboard, seconds or ANSWER_SECONDS)
            finally:
                termios.tcsetattr(keyboard, termios.TCSANOW, modes)
        except (OSError, termios.error):
            return None
        return None if column is None else column == 2  # noqa: PLR2004 - behind one letter


def plain(text: str, encoding: str) -> str:
    """Return a text of the same width that a terminal of this encoding can show."""
    return text if text.isascii() else text.translate(_table(encoding))


def _is_guess(environ: Mapping[str, str]) -> bool:
    """Whether UTF-8 is but what Python takes where the locale says nothing."""
    names = (environ.get(each) for each in ("LC_ALL", "LC_CTYPE", "LANG"))
    said = next(filter(None, names), "C")
    return said in {"C", "POSIX"} and environ.get("TERM", "").startswith(_OLD)


def _answered(keyboard: int, seconds: float) -> int | None:
    """Return the column that the terminal tells, or None in the end."""
    deadline, heard = monotonic() + seconds, b""
    while (left := deadline - monotonic()) > 0:
        with suppress(InterruptedError):
            if not select.select([keyboard], [], [], left)[0]:
                return None
            heard += os.read(keyboard, 1024)
        if found := _ANSWER.search(heard):
            return int(found[1])
    return None


class _Table(dict[int, str]):
    """Replacement of each character, made when it is met."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = shown = (
            character if self._is_shown(character) else _lookalike(character)
        )
        return shown

    def _is_shown(self, character: str) -> bool:
        """Whether it is one byte for the terminal: wider ones may be two columns."""
        if character.isascii():
            # Also what is no character but an order to the terminal.
            return True
        try:
            is_one = len(character.encode(self._encoding)) == 1
        except UnicodeError:
            return False
        return is_one and character.isprintable()


_tables: dict[str, _Table] = {}


def _table(encoding: str) -> _Table:
    return _tables.setdefault(encoding, _Table(encoding))


def _lookalike(character: str) -> str:
    """Return ASCII that takes as many columns."""
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if ord(character) in _BOX:
        return _border(unicodedata.name(character))
    if ord(character) in _BLOCKS:
        return "|" if "LEFT" in unicodedata.name(character) else "#"
    width = cell_len(character)
    letters = (
        unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    )
    return letters if len(letters) == width and letters.isprintable() else "?" * width


def _border(name: str) -> str:
    """Return the sign of a piece of a border, by its name in Unicode."""
    kind = name.removeprefix("BOX DRAWINGS ")
    if kind.endswith(("HORIZONTAL", "LEFT", "RIGHT")) and " AND " not in kind:
        # The pane that has the focus has heavy borders.
        return "=" if kind.startswith(("HEAVY", "DOUBLE")) else "-"
    is_upright = kind.endswith(("VERTICAL", "UP", "DOWN")) and " AND " not in kind
    return "|" if is_upright else "+"
