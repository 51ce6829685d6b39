"""The rule for every command that holds a token: nothing lays its memory open."""

import os
import sys
from collections.abc import Mapping

from masking_console.errors import InputError

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
