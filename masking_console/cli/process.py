"""The process: its streams, and its memory where it holds a token."""

import errno
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper

from masking_console.errors import InputError

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


_RECORDING = {
    "SSLKEYLOGFILE": "it records what is sent",
    "PYTHONINSPECT": "it lays open what is in memory",
    "PYTHONASYNCIODEBUG": "it prints what is in memory",
    "PYTHONDEVMODE": "it prints what is in memory",
}
"""The keys of TLS go to a file; Python asks for commands at the end; asyncio prints the
arguments of what took long."""
_FLAGS = {"inspect": "-i", "interactive": "-i", "dev_mode": "-X dev"}
_PR_SET_DUMPABLE = 4
_SANDBOX = "/.flatpak-info"
"""In a Flatpak a portal gives the keyring's secret, and looks who asks for it in a part
of ``/proc`` that it cannot see of a process that cannot be dumped."""


def protect(environment: Mapping[str, str], *, practice: bool) -> None:
    """Refuse what lays memory open, and make sure that no crash leaves a core dump.

    Raises:
        InputError: a variable or an option of Python is set that records or shows what
            is in memory, and the account is not the simulated one.
    """
    if not practice:
        _refuse_spies(environment)
    prevent_core_dumps()


def prevent_core_dumps(sandbox: str = _SANDBOX) -> None:
    """Let no crash write the memory of this process, with its tokens, to a file."""
    # Windows writes none by itself.
    if sys.platform != "win32":  # pragma: no branch - tested on Linux
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The limit is no limit where dumps go to a program, as systemd has it.
    if sys.platform == "linux" and not os.path.exists(sandbox):  # noqa: PTH110 - quick
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _refuse_spies(environment: Mapping[str, str]) -> None:
    for name, why in _RECORDING.items():
        if environment.get(name):
            raise InputError(f"Unset {name}: {why}.")
    for flag, option in _FLAGS.items():
        if getattr(sys.flags, flag):
            raise InputError(
                f"Start Python without {option}: it shows what is in memory."
            )
