"""A question on the terminal itself, also where the standard streams are pipes.

What was typed ahead is thrown away, and a paste is no answer: the same `Consent` judges
the keys as in the review of the console.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from masking_console.errors import RefusedError
from masking_console.models.consent import (
    LOCK_SECONDS,
    Consent,
    Refusal,
    Silence,
)
from masking_console.models.expiry import RunEnd
from masking_console.operations.run_control import end_of

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

Reaction = Callable[[int], None]
"""Callback with the count of signals so far; it must take no lock."""


class StopSignals:
    """Signals to the process since the block began."""

    def __init__(self) -> None:
        self.count = 0
        """Number of signals so far."""
        self.end = RunEnd.STOPPED
        """End that the first signal means."""
        self._reaction: Reaction = _only_count

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Take the signals while the block runs, but none that is ignored (nohup)."""

        def handle(number: int, _frame: FrameType | None) -> None:
            if not self.count:
                self.end = end_of(number)
            self.count += 1
            self._reaction(self.count)

        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        before = {
            number: signal.signal(number, handle)
            for number in numbers
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def reacting(self, reaction: Reaction) -> Iterator[None]:
        """React like this while the block runs, also to what came before it."""
        before, self._reaction = self._reaction, reaction
        try:
            if self.count:
                reaction(self.count)
            yield
        finally:
            self._reaction = before


def _only_count(_count: int) -> None:
    """Do nothing; the next reader looks at the number."""


_TRIES = 3
_QUIET_SECONDS = 0.3
"""Silence before the question; `LOCK_SECONDS` before it is asked again."""
_LITTLE_SECONDS = 0.05
"""Silence before it is asked anew after a stop: all input was thrown away just now."""
_ENTER, _DELETE, _CLEAR = b"\r\n", b"\x08\x7f", b"\x15"
_GIVE_UP = b"\x03\x04"
_OTHER_WAY = "Dictating, or using a switch? Use --confirm."


def typed_answer(question: str, phrase: str, terminal: int) -> str:
    """Ask until a person has typed the phrase, and return it.

    Args:
        question: what is asked, with how to say yes.
        phrase: what to type, in any letter case.
        terminal: the descriptor of the terminal.

    Raises:
        RefusedError: the person said no, or three times never said yes.
    """
    with _key_by_key(terminal) as begin:
        silence, quiet, tries = Silence(), _QUIET_SECONDS, 0
        while tries < _TRIES:
            line = TypedLine(phrase, silence)
            try:
                with _noticing_stops():
                    refusal = _asked(terminal, line, question, quiet)
            except _ContinuedError:
                # The shell has the terminal in its own mode by now, and what was typed
                # meanwhile was for the shell.
                begin()
                _say(terminal, "\n")
                quiet = _LITTLE_SECONDS
                continue
            if refusal is None:
                return line.text
            _say(terminal, f"\n{_words(refusal, phrase)}\n")
            quiet, tries = LOCK_SECONDS, tries + 1
    raise RefusedError("Not confirmed. Nothing was sent.")


class _ContinuedError(Exception):
    """The process was stopped while it asked, and goes on."""


def _asked(
    terminal: int, line: "TypedLine", question: str, quiet: float
) -> Refusal | None:
    """Ask once it is quiet; return why what was typed is no answer, or nothing."""
    while _data(terminal, quiet):
        # Typed ahead, or the rest of a paste: no answer to what follows.
        pass
    _say(terminal, f"{question} ")
    line.shown(time.monotonic())
    return _answered(terminal, line)


def _answered(terminal: int, line: "TypedLine") -> Refusal | None:
    """Read one line; return why it is no answer, or nothing where it is one.

    Raises:
        RefusedError: the person said no.
    """
    while True:
        data = _data(terminal, line.seconds_left(time.monotonic()))
        if data is None:
            line.give_up()
        elif data:
            _say(terminal, line.take(data, time.monotonic()))
        else:
            line.settle(time.monotonic())
        if line.is_given_up:
            _say(terminal, "\n")
            raise RefusedError("Cancelled. Nothing was sent.")
        if line.is_over:
            if line.refusal is None:
                _say(terminal, "\n")
            return line.refusal


class TypedLine:
    """One line as a person types it, from bytes and the seconds at which they came."""

    def __init__(self, phrase: str, silence: Silence) -> None:
        self._silence = silence
        self._consent = Consent(phrase, silence)
        self._phrase = phrase
        self.is_over = False
        """Whether it was answered, or has to be asked again."""
        self.is_given_up = False
        """Whether the person said no."""
        self.refusal: Refusal | None = None
        """Reason to ask again."""

    @property
    def text(self) -> str:
        """Text of the line."""
        return self._consent.text

    def shown(self, at: float) -> None:
        """Note the time at which the terminal showed the question."""
        self._consent.shown(at)

    def give_up(self) -> None:
        """End the line with a no."""
        self.is_given_up = True

    def seconds_left(self, at: float) -> float | None:
        """Return how long it has to be silent for a yes; None where there is none."""
        if not self._consent.is_pending:
            return None
        return max(self._consent.seconds_left(at), 0.0)

    def settle(self, at: float) -> None:
        """Take down that it was silent behind the line."""
        if self._consent.is_pending and self._consent.seconds_left(at) <= 0:
            self.is_over, self.refusal = True, self._consent.settle(at)

    def take(self, data: bytes, at: float) -> str:
        """Take some bytes and return what to show of them."""
        return "".join(self._key(byte, at) for byte in data)

    def _key(self, byte: int, at: float) -> str:
        self._silence.note(at)
        if self.is_over:
            return ""
        if byte in _GIVE_UP:
            self.give_up()
        elif byte in _ENTER:
            return self._enter()
        elif byte in _DELETE:
            return self._take_back(1)
        elif byte in _CLEAR:
            return self._take_back(len(self.text))
        else:
            return self._character(chr(byte))
        return ""

    def _character(self, character: str) -> str:
        refusal = self._consent.character(character)
        if refusal is not None:
            # The rest of a paste must not answer the question when it is asked again.
            self.is_over, self.refusal = True, refusal
            return ""
        return character

    def _take_back(self, count: int) -> str:
        shown = "\b \b" * min(count, len(self.text))
        for _ in range(count):
            self._consent.backspace()
        return shown

    def _enter(self) -> str:
        if not self.text:
            self.give_up()
            return ""
        press = self._consent.press()
        refusal = self._consent.agree(press, press.at)
        if refusal is Refusal.ENTER_TOO_SOON:
            return " (press Enter once more)"
        if refusal is not None:
            self.is_over, self.refusal = True, refusal
        return ""


def _words(refusal: Refusal, phrase: str) -> str:
    """Return why an answer was none, and what to do."""
    if refusal in {Refusal.NOT_NEXT, Refusal.NOT_WHOLE}:
        return f"That is not {phrase}. Enter alone cancels."
    reasons = {
        Refusal.TOO_SOON: "Too soon after the question or other input.",
        Refusal.TOO_FAST: "Faster than a person types.",
        Refusal.FOLLOWED: "More input came right behind.",
    }
    reason = reasons.get(refusal, "It was not silent long enough.")
    return f"{reason} Wait a second, then type it key by key. {_OTHER_WAY}"


@contextlib.contextmanager
def controlling_terminal() -> Iterator[int | None]:
    """Yield the descriptor of the terminal that a person sits at, or None."""
    if sys.platform == "win32":  # pragma: no cover - tested on Linux
        yield 0 if sys.stdin.isatty() else None
    else:
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

    _POLL_SECONDS = 0.005

    @contextlib.contextmanager
    def _key_by_key(_terminal: int) -> Iterator[Callable[[], None]]:
        yield lambda: None

    @contextlib.contextmanager
    def _noticing_stops() -> Iterator[None]:
        yield

    def _say(_terminal: int, text: str) -> None:
        for character in text:
            msvcrt.putwch(character)

    def _data(_terminal: int, patience_seconds: float | None) -> bytes | None:
        start = time.monotonic()
        while not msvcrt.kbhit():
            waited = time.monotonic() - start
            if patience_seconds is not None and waited >= patience_seconds:
                return b""
            time.sleep(_POLL_SECONDS)
        return msvcrt.getwch().encode("utf-8", "replace")

else:
    import select
    import signal
    import termios

    @contextlib.contextmanager
    def _key_by_key(terminal: int) -> Iterator[Callable[[], None]]:
        """Get every key when it is pressed; yield what begins that anew."""
        before = termios.tcgetattr(terminal)
        modes = termios.tcgetattr(terminal)
        modes[3] &= ~(termios.ICANON | termios.ECHO)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0

        def begin() -> None:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, modes)

        begin()
        try:
            yield begin
        finally:
            # The rest of a paste must not become commands of the shell.
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    @contextlib.contextmanager
    def _noticing_stops() -> Iterator[None]:
        """Raise `_ContinuedError` where the process goes on after a stop."""

        def go_on(_number: int, _frame: object) -> None:
            raise _ContinuedError

        try:
            before = signal.signal(signal.SIGCONT, go_on)
        except ValueError:
            # Only the main thread is told of signals.
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGCONT, before)

    def _say(terminal: int, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(terminal, text.encode("ascii", "replace"))

    def _data(terminal: int, patience_seconds: float | None) -> bytes | None:
        """Return what comes, nothing when it is quiet, None if the terminal is gone."""
        if not select.select([terminal], [], [], patience_seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            return os.read(terminal, 1024) or None
        return None
