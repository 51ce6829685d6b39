"""Runs a command in a real pseudo terminal and shows what a person would see.

It knows no product. It answers none of the program's questions to the terminal; like
many terminals, it lets them pass.
"""

import contextlib
import fcntl
import os
import pty
import re
import selectors
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self

import pyte

# Gives the child a controlling terminal, so that it gets SIGWINCH and SIGHUP. Done in
# the child's own first lines, since forking a process that has threads is not safe.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)

# What pyte does not know and would print as text: private parameters other than `?`,
# mode questions, and strings other than OSC.
_UNKNOWN_TO_PYTE = re.compile(
    r"\x1b\[[<=>][0-9;:]*[ -/]*[@-~]"
    r"|\x1b\[\??[0-9;]*\$[@-~]"
    r"|\x1b[P_^X](?:[^\x1b]|\x1b(?!\\))*\x1b\\",
)
_CUT_OFF = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*|[P_^X](?:[^\x1b]|\x1b(?!\\))*\x1b?)?\Z",
)


class Cell(NamedTuple):
    """One character on the screen, and how it looks."""

    text: str
    foreground: str
    """A name such as ``red``, ``default``, or six hexadecimal digits."""
    background: str
    bold: bool
    reverse: bool


class Terminal:
    """A command in a terminal of its own; killed for sure when the block is left."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        size: tuple[int, int] = (100, 30),
    ) -> None:
        """Start the command with exactly this environment; ``size`` is columns, rows.

        ``TERM`` and ``COLORTERM`` are added, and `environment` may change them.
        """
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._undrawn = ""
        self._raw = bytearray()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._holding = threading.Event()
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *command],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={
                    "TERM": "xterm-256color",
                    "COLORTERM": "truecolor",
                    **environment,
                },
                start_new_session=True,
            )
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def raw_output(self) -> bytes:
        """Every byte that the program wrote."""
        with self._changed:
            return bytes(self._raw)

    def screen_text(self) -> str:
        """The screen as lines without trailing blanks."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def cell(self, x: int, y: int) -> Cell:
        with self._changed:
            char = self._screen.buffer[y][x]
        return Cell(char.data, char.fg, char.bg, char.bold, char.reverse)

    def send(self, data: str | bytes, *, timeout: float = 30.0) -> None:
        """Type it; waits while the program does not read."""
        rest = memoryview(data.encode() if isinstance(data, str) else data)
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_WRITE)
            while rest:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"{len(rest)} bytes are not read")
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(self._master, rest) :]

    def paste(self, data: str | bytes) -> None:
        """Paste it as a terminal does that knows bracketed paste."""
        content = data.encode() if isinstance(data, str) else data
        self.send(b"\x1b[200~" + content + b"\x1b[201~")

    def wait_for(
        self, expected: str | Callable[[str], bool], *, timeout: float = 10.0
    ) -> None:
        """Wait until the text is on the screen, or a claim about its text is true.

        Raises:
            TimeoutError: it did not happen; the text shows the screen.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                text = "\n".join(line.rstrip() for line in self._screen.display)
                if expected in text if isinstance(expected, str) else expected(text):
                    return
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"not seen: {expected!r}; the screen:\n{text}")

    def resize(self, columns: int, rows: int) -> None:
        with self._changed:
            self._screen.resize(rows, columns)
        self._set_size(columns, rows)

    def line_settings(self) -> list[object]:
        """Treatment of what is typed by the terminal, as a program finds it."""
        return list(termios.tcgetattr(self._master))

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def hold(self, *, is_held: bool = True) -> None:
        """Stop reading what the program writes, as Ctrl+S does, or go on."""
        if is_held:
            self._holding.set()
        else:
            self._holding.clear()

    def hang_up(self) -> None:
        """Close the terminal's side and leave the program alone with it."""
        self._stop_reading()
        self._close_master()

    def wait_exit(self, timeout: float = 10.0) -> int:
        """Return the exit code; negative for a signal."""
        return self._process.wait(timeout)

    def wait_output_end(self, timeout: float = 10.0) -> None:
        """Wait until a program that ended has been read to its last byte.

        Raises:
            TimeoutError: something still holds the terminal open.
        """
        self._reader.join(timeout)
        if self._reader.is_alive():
            raise TimeoutError("the terminal is still in use")

    def close(self) -> None:
        """End the command and everything in its session that shares its group."""
        # A number that was waited for may belong to a stranger by now.
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._stop_reading()
        self._close_master()

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(
            self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0)
        )

    def _stop_reading(self) -> None:
        self._stopping.set()
        self._reader.join()

    def _close_master(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read_all(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            while not self._stopping.is_set():
                if self._holding.is_set():
                    time.sleep(0.02)
                    continue
                if not selector.select(0.05):
                    continue
                try:
                    data = os.read(self._master, 65536)
                except BlockingIOError:
                    continue
                except OSError:
                    return
                if not data:
                    return
                self._draw(data)

    def _draw(self, data: bytes) -> None:
        with self._changed:
            self._raw += data
            text = self._undrawn + self._decoder.decode(data)
            text = _UNKNOWN_TO_PYTE.sub("", text)
            cut = _CUT_OFF.search(text)
            end = cut.start() if cut else len(text)
            self._undrawn = text[end:]
            self._stream.feed(text[:end])
            self._changed.notify_all()
