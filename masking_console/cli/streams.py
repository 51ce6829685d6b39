"""Standard streams that are closed, full or gone end no command with a traceback."""

import errno
import os
import sys
from io import TextIOWrapper

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
_GONE = "Standard output is closed. What was to be said is lost."
_OF_STREAMS = {errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG}
_closed: set[str] = set()


def open_closed() -> None:
    """Put nothing in the place of each standard stream that is closed.

    Else the next file to be opened, such as the journal, would get its number, and
    what is written to the stream would go into that file.
    """
    for number in range(len(_MODES)):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest free number, which is this one.
            os.open(os.devnull, os.O_RDWR)
    for name, mode in _MODES.items():
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - until the end
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
            _closed.add(name)
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        # Where the locale lacks a character, the rest is worth reading all the same.
        sys.stdout.reconfigure(errors="backslashreplace")


def lost_output(failed: OSError | None = None) -> str:
    """Return why what was written to the standard output is lost, or nothing.

    What is left in it is thrown away then, or the interpreter fails at its end.

    Args:
        failed: what a command ended with; it may be of the standard output.
    """
    if "stdout" in _closed:
        return _GONE
    # An error of a file names it; one of a stream does not.
    if failed is None or failed.filename is not None or failed.errno not in _OF_STREAMS:
        try:
            sys.stdout.flush()
        except OSError as error:
            failed = error
        else:
            return ""
    _throw_away(1)
    if isinstance(failed, BrokenPipeError):
        return _GONE
    why = os.strerror(failed.errno or errno.EIO).lower()
    return f"Standard output cannot be written ({why})."


def say(text: str) -> None:
    """Write a line to the error stream, if it takes one."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        # Nobody is there to be told, and the exit code says it as well.
        _throw_away(2)


def _throw_away(number: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)
