"""Textual's driver for Linux and macOS, taking pastes whole and ending with the tty."""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from functools import partial
from time import monotonic
from typing import Any, Protocol, TextIO, cast, runtime_checkable

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import InBandWindowResize

from masking_console.errors import ExitCode
from masking_console.ui.terminal.characters import encoding_of, plain
from masking_console.ui.terminal.paste_parser import InputStalled, WholePasteParser

_READ_SIZE = 64 * 1024
_TICK_SECONDS = 0.05
_STALL_SECONDS = 0.25
"""Time without a look for input that means that the process stood still."""


@runtime_checkable
class LeavesWithTerminal(Protocol):
    """An app with its own way to leave when the terminal is gone."""

    def terminal_closed(self) -> None:
        """Start leaving; nobody can read or type any more."""


class WholePasteDriver(LinuxDriver):
    """Reads the terminal through `WholePasteParser` and ends at end-of-file."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.looked_at = monotonic()
        """Last time without input, or a part of one."""
        self._silent_at = self.looked_at
        """Up to when all that had come has been read."""
        self._encoding = "utf-8"
        if self._file is not None:
            self._encoding = encoding_of(self._file)
            self._file = cast("Any", _LastingOutput(self._file, self._encoding))

    def _run_input_thread(self) -> None:
        # Textual's own would show a rendered traceback; the app has a way to report
        # a crash without one. Whatever it is, a dead keyboard must not go unnoticed.
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001 - handed on to the app whole
            self._app.call_later(self._app._handle_exception, error)  # noqa: SLF001 - no public way

    def run_input_thread(self) -> None:
        """Read until the app is done with input or the terminal is gone.

        Textual's version reads on at end-of-file for ever, and dies of bytes that are
        not UTF-8.
        """
        parser = WholePasteParser(self._debug)
        decoder = getincrementaldecoder(self._encoding)("replace")
        # Not the default selector: kqueue cannot watch a terminal on macOS.
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                is_input = bool(selector.select(_TICK_SECONDS))
                # The process can be stopped between any two lines: only a look that
                # begins after the clock was read proves anything about that time.
                at = monotonic()
                is_input = is_input or bool(selector.select(0))
                if is_input:
                    data = self._read()
                    if data is None:
                        self.input_ended()
                        return
                    # No text is no end of input: a character may come in two reads.
                    if text := decoder.decode(data):
                        self._process_input(list(parser.feed(text)))
                self._process_all(parser.tick())
                self._silent_at = at
                is_whole = not parser.is_in_the_middle and not decoder.getstate()[0]
                if is_whole and not is_input:
                    self.looked_at = at

    def _process_input(self, messages: Iterable[Message]) -> None:
        """Pass on what has just been read, and say so if it may have come long ago."""
        if monotonic() - self._silent_at > _STALL_SECONDS:
            self.process_message(InputStalled(self._silent_at))
        self._process_all(messages)

    def process_message(self, message: Message) -> None:
        """Pass a message on, except an offer to tell of sizes among the input.

        The system tells of them too, and nothing that is pasted can pretend to.
        """
        if not isinstance(message, InBandWindowResize):
            super().process_message(message)

    def input_ended(self) -> None:
        """Ask the app to leave; called once, in the input thread."""
        leave = (
            self._app.terminal_closed
            if isinstance(self._app, LeavesWithTerminal)
            else partial(self._app.exit, return_code=ExitCode.STOPPED)
        )
        self._app.call_later(leave)

    def _read(self) -> bytes | None:
        """Return what can be read now, or ``None`` when nothing will come again."""
        try:
            return os.read(self.fileno, _READ_SIZE) or None
        except BlockingIOError:
            return b""
        except OSError:
            # EIO is how a terminal says that its other side hung up.
            return None

    def _process_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)


class _LastingOutput:
    """The terminal's output, which goes nowhere when the terminal is gone.

    Textual's writer thread dies of the first error, and the app then waits for ever to
    hand it the next frame. A terminal that does not read UTF-8 gets what it can show.
    """

    def __init__(self, file: TextIO, encoding: str = "utf-8") -> None:
        self._file = file
        self._encoding = encoding

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, text: str) -> int:
        if self._encoding != "utf-8":
            text = plain(text, self._encoding)
        try:
            return self._file.write(text)
        except OSError:
            self._send_to_nowhere()
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._send_to_nowhere()

    def _send_to_nowhere(self) -> None:
        """Point the file at the null device, so that what it still holds can go."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._file.fileno())
        finally:
            os.close(nowhere)
