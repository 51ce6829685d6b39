"""Lines to the two standard streams, whatever stands behind them."""

import contextlib
import os
import sys
from typing import TextIO

_GONE = "Standard output is closed. The work goes on, and the journal has it."


class Output:
    """Writes whole lines; a stream that is gone ends nothing."""

    def __init__(
        self,
        out: TextIO | None = None,
        err: TextIO | None = None,
        gone_words: str = _GONE,
    ) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._gone_words = gone_words
        self._is_gone = False

    def line(self, text: str) -> None:
        """Write a line to the standard output, at once."""
        if not self._is_gone and not _write(self._out, text):
            # Such as `| head`, which has seen enough. The run must go on.
            self._is_gone = True
            _silence(self._out)
            self.note(self._gone_words)

    def note(self, text: str) -> None:
        """Write a line for the operator's eyes to the standard error, at once."""
        if not _write(self._err, text):
            _silence(self._err)


def _write(stream: TextIO, text: str) -> bool:
    """Return whether the stream took the line."""
    encoding = stream.encoding or "utf-8"
    line = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _silence(stream: TextIO) -> None:
    """Point a stream that is gone at nothing, or the interpreter fails at its end."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, stream.fileno())
        finally:
            os.close(nothing)
