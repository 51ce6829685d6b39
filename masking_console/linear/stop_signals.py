"""Ctrl+C and its like as a request to stop, never as an end in the middle."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from masking_console.models.expiry import RunEnd
from masking_console.operations.run_control import end_of

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

Reaction = Callable[[int], None]
"""Gets the how-manieth signal this is; it must take no lock."""


class StopSignals:
    """What the process has been told from outside since the block began."""

    def __init__(self) -> None:
        self.count = 0
        """How many signals have come."""
        self.end = RunEnd.STOPPED
        """What the first of them says of whoever stops the run."""
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
    """Do nothing; whoever comes next looks at the number."""
