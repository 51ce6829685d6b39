"""Opening of the console behind the first paint, and its end from outside.

SIGTERM, SIGHUP and the end of the terminal's input end it within five seconds: what is
in flight is finished or becomes unknown, the journal has it, and the terminal is as it
was. A terminal that stops reading holds up the event loop itself, so a thread waits
beside it.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from masking_console.errors import ExitCode

if TYPE_CHECKING:
    from masking_console.operations.wiring import Operations
    from masking_console.ui.keys.paste_guard import PasteGuard
    from masking_console.ui.main.screen import MainScreen


class Opened(NamedTuple):
    """Objects available after start-up."""

    operations: "Operations"
    """The operations."""
    main_screen: "type[MainScreen]"
    """The screen at the bottom."""
    paste_guard: "type[PasteGuard]"
    """Guard that routes pastes and holds back bursts of keys."""


class Opening:
    """Opens the operations once; both methods block, and work from any thread."""

    def __init__(self, open_operations: "Callable[[], Operations]") -> None:
        self._open_operations = open_operations
        self._turn = threading.Lock()
        self._operations: Operations | None = None

    def open(self) -> Opened:
        """Import and open everything; for a thread beside the screen."""
        # Nearly all imports: the first paint does not wait for them.
        from masking_console.ui.keys.paste_guard import (  # noqa: PLC0415 - see above
            PasteGuard,
        )
        from masking_console.ui.main.screen import (  # noqa: PLC0415 - likewise
            MainScreen,
        )

        with self._turn:
            self._operations = self._open_operations()
            return Opened(self._operations, MainScreen, PasteGuard)

    def close(self) -> None:
        """End what still runs, write it down, and let everything go."""
        with self._turn:
            operations, self._operations = self._operations, None
            if operations is not None:
                operations.close()


TERMINAL_GONE = 0
"""The end of the terminal's input, beside the numbers of signals."""
FINISH_SECONDS = 2.5
"""Time for requests in flight to finish."""
_APP_SECONDS = 3.3
"""Time limit of the app in all; then the thread does what is left."""
_CLOSE_SECONDS = 1.2
"""Time limit of engine and journal."""

_RESTORE = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    b"\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[?1049l"  # focus, paste, keys, screen
)
"""Escape sequences that undo the modes that Textual sets."""


class Leaves(Protocol):
    """An app that can be told to leave, from any thread."""

    def ask_to_leave(self, why: int) -> None:
        """Start leaving for a signal or `TERMINAL_GONE`; returns at once."""


class Departure:
    """One for the process; a thread waits for the first cause to leave."""

    def __init__(self, app: Leaves, close: Callable[[], None]) -> None:
        self._app = app
        self._close = close
        self._app_ended = threading.Event()
        self._all_ended = threading.Event()
        self._bell = -1
        self._why: int | None = None

    def begin(self, why: int) -> None:
        """Leave; from a signal handler or any thread, and without waiting."""
        if self._why is None:
            self._why = why
        if self._bell < 0:
            self._app.ask_to_leave(self._why)
            return
        with contextlib.suppress(OSError):
            # A pipe, because a signal handler must not touch a lock that the thread
            # it interrupted may hold.
            os.write(self._bell, b"!")

    def app_ended(self) -> None:
        """Note that only engine and journal are left to be closed."""
        self._app_ended.set()

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Begin at SIGTERM and SIGHUP while the block runs."""

        def handle(number: int, _frame: FrameType | None) -> None:
            self.begin(number)

        ear, self._bell = os.pipe()
        watch = threading.Thread(target=self._watch, args=(ear, _terminal_modes()))
        watch.daemon = True
        watch.start()
        names = ("SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.signal(number, handle) for number in numbers}
        try:
            yield
        finally:
            self._all_ended.set()
            for number, handler in before.items():
                signal.signal(number, handler)
            bell, self._bell = self._bell, -1
            os.close(bell)

    def _watch(self, ear: int, modes: list[object] | None) -> None:
        has_begun = os.read(ear, 1)
        os.close(ear)
        if not has_begun:
            return
        self._app.ask_to_leave(self._why or TERMINAL_GONE)
        if not self._app_ended.wait(_APP_SECONDS):
            # The screen's event loop is held up, by a terminal that does not read. The
            # engine and the journal are not: they are closed here.
            closing = threading.Thread(target=self._close, daemon=True)
            closing.start()
            closing.join(_CLOSE_SECONDS)
        elif self._all_ended.wait(_CLOSE_SECONDS):
            return
        _restore_terminal(modes)
        os._exit(ExitCode.STOPPED)


def _terminal_modes() -> list[object] | None:
    if sys.platform != "win32":  # pragma: no branch - tested on Linux
        import termios  # noqa: PLC0415 - Windows has none

        with contextlib.suppress(OSError, ValueError, termios.error):
            return termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
    return None


def _restore_terminal(modes: list[object] | None) -> None:
    """Undo what can be undone without waiting for a terminal that does not read."""
    if sys.platform != "win32" and modes is not None:
        import termios  # noqa: PLC0415 - Windows has none

        with contextlib.suppress(OSError, ValueError, termios.error):
            descriptor = sys.__stdin__.fileno()  # type: ignore[union-attr]
            now = termios.TCSANOW
            termios.tcsetattr(descriptor, now, modes)  # type: ignore[arg-type]
            # What waits to be read is of no use to anybody, and keeps this from going.
            termios.tcflush(descriptor, termios.TCOFLUSH)
            os.set_blocking(descriptor, False)
            os.write(descriptor, _RESTORE)
