"""Consoles that are alive: each holds a lock that ends with its process.

A batch without an end belongs to a console that is at work, or to one that was cut
off. The lock tells which, however that console ended.
"""

import ctypes
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from masking_console.paths import make_private_subfolder, open_private, try_lock

if sys.platform != "win32":  # pragma: no branch - tested on Linux
    import pwd

GetUserName = Callable[[Any, Any], int]
"""``GetUserNameW`` of Windows: takes a buffer and its length; 0 is a failure."""
_LONGEST = 257
"""Characters of a user's name on Windows, with the 0 at its end."""
_UNKNOWN = "unknown"


def sudo_user(environment: Mapping[str, str]) -> str:
    """Return the user who called ``sudo``; empty where there was none."""
    return environment.get("SUDO_USER", "").strip()


if sys.platform == "win32":  # pragma: no cover - tested on Linux

    def process_user() -> str:
        """Return the name of the user that runs this process."""
        return windows_user(ctypes.windll.advapi32.GetUserNameW)

else:

    def process_user() -> str:
        """Return the name of the user that runs this process."""
        return posix_user(os.getuid())

    def posix_user(uid: int) -> str:
        """Return the name of a user, or its number where it has none."""
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return f"uid {uid}"


def windows_user(get_user_name: GetUserName) -> str:
    """Return the name of the user of this process's token."""
    length = ctypes.c_ulong(_LONGEST)
    buffer = ctypes.create_unicode_buffer(_LONGEST)
    is_there = get_user_name(buffer, ctypes.byref(length))
    return (buffer.value if is_there else "") or _UNKNOWN


class Consoles:
    """The locks of all consoles that use one journal."""

    def __init__(self, journal_path: Path) -> None:
        self._folder = _folder(journal_path)
        self._descriptor = -1
        self.own_id = ""

    def enter(self, now: datetime) -> None:
        """Take a lock of our own, unless we have it; needs the journal's folder."""
        if self.own_id:
            return
        make_private_subfolder(self._folder)
        name = f"C-{now:%Y%m%d-%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"
        # Locked before it gets its name, or another console could take it for dead.
        unnamed = self._folder / f".{name}"
        descriptor = open_private(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR)
        try_lock(descriptor)
        unnamed.rename(self._path(name))
        self._descriptor, self.own_id = descriptor, name

    def is_alive(self, console_id: str) -> bool:
        """Whether the console of this id still runs; removes what a dead one left."""
        if console_id == self.own_id:
            return True
        path = self._path(console_id)
        try:
            descriptor = open_private(path, os.O_RDWR)
        except OSError:
            return False
        try:
            try_lock(descriptor)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        return False

    def others(self) -> tuple[str, ...]:
        """Return the ids of the other consoles that run on this journal."""
        names = sorted(each.stem for each in self._folder.glob("C-*.lock"))
        return tuple(n for n in names if n != self.own_id and self.is_alive(n))

    def leave(self) -> None:
        """Give our lock back."""
        if self.own_id:
            with suppress(OSError):
                self._path(self.own_id).unlink()
            os.close(self._descriptor)
            self.own_id, self._descriptor = "", -1

    def _path(self, console_id: str) -> Path:
        # An id from the journal is data: it must not lead out of the folder.
        return self._folder / f"{Path(console_id).name}.lock"


def count_consoles(journal_path: Path) -> int:
    """Return how many consoles run or were killed since one looked; at least one."""
    return max(1, sum(1 for _ in _folder(journal_path).glob("C-*.lock")))


def _folder(journal_path: Path) -> Path:
    return journal_path.with_name(f"{journal_path.stem}-consoles")
