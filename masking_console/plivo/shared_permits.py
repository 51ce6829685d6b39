"""Permits that the consoles of one person on one computer share for an account.

A small file has a slot for each request that Plivo allows in a window: the moment from
which it is free again. A slot is held while a request is under way, and for a window
after its answer. A console that was killed holds its slots for a minute at most.
"""

import os
import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from masking_console.paths import open_private, try_lock, unlock

SLOTS = 300
"""Slots of an account: the requests that Plivo allows it in one window."""
HELD_SECONDS = 60.0
"""Time for which a request under way holds its slot, at most."""
STUCK_SECONDS = 1.0
"""Time after which a lock that nobody gives back is not waited for any more."""
AWAY_SHARE = 3
"""Part of its permits that a console takes by itself while the file is locked."""

_FORMAT = struct.Struct(f"<{SLOTS + 1}d")
_SLOT = struct.Struct("<d")
_BUSY_SECONDS = 0.002


class SharedPermits:
    """The slots of one account; every method returns at once."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the file, or make it.

        Args:
            path: the file.
            clock: tells seconds that all processes of this computer agree on.

        Raises:
            OSError: it cannot be opened.
        """
        self._clock = clock
        self._descriptor = open_private(path, os.O_CREAT | os.O_RDWR)
        os.ftruncate(self._descriptor, _FORMAT.size)
        self._held: deque[int] = deque()
        self._tried_since: float | None = None

    @property
    def is_stuck(self) -> bool:
        """Whether the file has been locked for so long that somebody hangs."""
        since = self._tried_since
        return since is not None and self._clock() - since > STUCK_SECONDS

    def take(self, most: int) -> float | None:
        """Take a slot and return None, or return the seconds until it is worth a try.

        Args:
            most: slots of the account that this console may see in use.
        """
        if not self._lock():
            if not self.is_stuck:
                return _BUSY_SECONDS
            self._held.append(-1)
            return None
        try:
            return self._take(most)
        finally:
            unlock(self._descriptor)

    def give_back(self, window_seconds: float) -> None:
        """Note that a request has its answer; its slot is free after a window."""
        slot = self._held.popleft() if self._held else -1
        if slot < 0:
            return
        # Without the lock: nobody else writes a slot that is held.
        self._write(slot, self._clock() + window_seconds)

    def close_gate(self, until: float) -> None:
        """Let nobody send before a moment, as after a 429."""
        with suppress(OSError):
            closed = _SLOT.unpack(self._read(_SLOT.size))[0]
            if until > closed or closed > self._clock() + HELD_SECONDS:
                self._write(-1, until)

    def close(self) -> None:
        """Close the file; slots that are held become free by themselves."""
        os.close(self._descriptor)

    def _take(self, most: int) -> float | None:
        now = self._clock()
        closed, *slots = _FORMAT.unpack(self._read(_FORMAT.size))
        if now < closed <= now + HELD_SECONDS:
            return float(closed - now)
        # The clock begins anew with the computer: what lies far ahead is of before.
        busy = sorted(at for at in slots if now < at <= now + HELD_SECONDS)
        if len(busy) >= min(most, SLOTS):
            return float(busy[len(busy) - min(most, SLOTS)] - now)
        slot = next(
            number
            for number, at in enumerate(slots)
            if not now < at <= now + HELD_SECONDS
        )
        self._write(slot, now + HELD_SECONDS)
        self._held.append(slot)
        return None

    def _read(self, size: int) -> bytes:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.read(self._descriptor, size)

    def _write(self, slot: int, moment: float) -> None:
        with suppress(OSError):
            os.lseek(self._descriptor, _SLOT.size * (slot + 1), os.SEEK_SET)
            os.write(self._descriptor, _SLOT.pack(moment))

    def _lock(self) -> bool:
        try:
            try_lock(self._descriptor)
        except OSError:
            if self._tried_since is None:
                self._tried_since = self._clock()
            return False
        self._tried_since = None
        return True
