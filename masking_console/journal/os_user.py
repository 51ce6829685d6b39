"""The user whose process this is, as the operating system knows it.

The environment (``LOGNAME``, ``USER``) is no witness: anybody can set it. Nothing else
tells who is behind ``sudo``, so that is kept apart.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

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
