"""Asking on the terminal itself, also where the standard streams are pipes.

What was typed ahead is thrown away, and a paste is no answer.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

from masking_console.errors import RefusedError
from masking_console.linear.typed_line import TypedLine

_TRIES = 3
_QUIET_SECONDS = 0.3
"""Nothing may come for so long before a question, and after an answer."""


def typed_answer(
    question: str, phrase: str, is_answer: Callable[[str], bool], terminal: int
) -> str:
    """Ask up to three times and return what a person typed.

    Args:
        question: what is asked, with how to say yes.
        phrase: what to type.
        is_answer: whether a line says yes.
        terminal: the descriptor of the terminal.

    Raises:
        RefusedError: the person said no, or never said yes.
    """
    with _key_by_key(terminal):
        for _ in range(_TRIES):
            line = _asked(terminal, question)
            if not line.is_typed:
                words = "That came all at once, like a paste. Type it key by key."
            elif not line.text.strip():
                raise RefusedError("Cancelled. Nothing was sent.")
            elif is_answer(line.text):
                return line.text
            else:
                words = f"That is not {phrase}. Enter alone cancels."
            _say(terminal, f"{words}\n")
    raise RefusedError("Not confirmed. Nothing was sent.")


@contextlib.contextmanager
def controlling_terminal() -> Iterator[int | None]:
    """Yield the descriptor of the terminal that a person sits at, or None."""
    if sys.platform == "win32":  # pragma: no cover - tested on Linux
        yield 0 if sys.stdin.isatty() else None
        return
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield 0 if os.isatty(0) else None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


if sys.platform == "win32":  # pragma: no cover - tested on Linux
    import msvcrt

    @contextlib.contextmanager
    def _key_by_key(_terminal: int) -> Iterator[None]:
        yield

    def _say(_terminal: int, text: str) -> None:
        for character in text:
            msvcrt.putwch(character)

    def _asked(terminal: int, question: str) -> TypedLine:
        while msvcrt.kbhit():
            msvcrt.getwch()
        _say(terminal, f"{question} ")
        line = TypedLine()
        while not line.is_over:
            data = msvcrt.getwch().encode("utf-8", "replace")
            _say(terminal, line.take(data, time.monotonic()))
        _say(terminal, "\n")
        time.sleep(_QUIET_SECONDS)
        while msvcrt.kbhit():
            line.take(msvcrt.getwch().encode("utf-8", "replace"), time.monotonic())
        return line

else:
    import select
    import termios

    @contextlib.contextmanager
    def _key_by_key(terminal: int) -> Iterator[None]:
        """Get every key when it is pressed, so that its time is known."""
        before = termios.tcgetattr(terminal)
        modes = termios.tcgetattr(terminal)
        modes[3] &= ~(termios.ICANON | termios.ECHO)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(terminal, termios.TCSAFLUSH, modes)
        try:
            yield
        finally:
            # The rest of a paste must not become commands of the shell.
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    def _say(terminal: int, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(terminal, text.encode("ascii", "replace"))

    def _asked(terminal: int, question: str) -> TypedLine:
        """Ask once, and return what came until it was quiet again."""
        while _data(terminal, _QUIET_SECONDS):
            # Typed ahead, or the rest of a paste: no answer to what follows.
            pass
        _say(terminal, f"{question} ")
        line = TypedLine()
        while not line.is_over:
            data = _data(terminal, None)
            if not data:
                line.give_up()
            _say(terminal, line.take(data, time.monotonic()))
        _say(terminal, "\n")
        while data := _data(terminal, _QUIET_SECONDS):
            line.take(data, time.monotonic())
        return line

    def _data(terminal: int, patience_seconds: float | None) -> bytes:
        """Return what comes; nothing when it is quiet, or the terminal is gone."""
        if not select.select([terminal], [], [], patience_seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            return os.read(terminal, 1024)
        return b""
