"""A note beside the journal of its last entry, so that a cut-off end is seen."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from masking_console.journal.seals import Head
from masking_console.paths import UnsafePathError, identity, open_private

_LINE = "{sequence:020d} {seal}\n"
_LENGTH = len(_LINE.format(sequence=0, seal="0" * 64))

if sys.platform == "win32":  # pragma: no cover - tested on Linux

    def _lock(descriptor: int) -> None:
        """Do without: the note can then fall behind by one entry for each console."""

    _unlock = _lock

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def note_path(journal_path: Path) -> Path:
    """Return where the note of a journal stands."""
    return journal_path.with_name(f"{journal_path.name}-head")


class HeadNote:
    """Written after each entry, by every console; it names the newest of them.

    It can be behind by the entry that a console had written when it was killed, one for
    each console, and it is never ahead.
    """

    def __init__(self, journal_path: Path) -> None:
        self._path = note_path(journal_path)
        self._descriptor = -1
        self._least = 0

    def begin(self, head: Head) -> None:
        """Replace whatever stands there; the caller has compared it with the journal.

        Raises:
            OSError: it cannot be written.
        """
        if self._descriptor < 0:
            self._descriptor = open_private(self._path, os.O_CREAT | os.O_RDWR)
        with self._locked():
            self._replace(head)
        self.sync()

    def write(self, head: Head) -> None:
        """Name a newer entry; where another console has named a still newer one, not.

        Raises:
            UnsafePathError: somebody removed, replaced or changed the note.
            OSError: it cannot be written.
        """
        with self._locked():
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            noted = _parsed(os.read(self._descriptor, _LENGTH + 1))
            if noted is None or noted.sequence < self._least:
                raise UnsafePathError(f"{self._path.name} was changed by somebody else")
            if noted.sequence < head.sequence:
                self._replace(head)
        status = os.fstat(self._descriptor)
        if identity(self._path) != (status.st_dev, status.st_ino):
            raise UnsafePathError(
                f"{self._path.name} was removed, moved or replaced while in use"
            )

    def sync(self) -> None:
        """Put it on the disk, so that a power failure does not set it back."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self._least = -1, 0

    @contextmanager
    def _locked(self) -> Iterator[None]:
        _lock(self._descriptor)
        try:
            yield
        finally:
            _unlock(self._descriptor)

    def _replace(self, head: Head) -> None:
        line = _LINE.format(sequence=head.sequence, seal=head.seal).encode()
        os.ftruncate(self._descriptor, _LENGTH)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, line)
        self._least = head.sequence


def read_head(journal_path: Path) -> Head | None:
    """Return the note; None where there is none, or none that can be read."""
    try:
        return _parsed(note_path(journal_path).read_bytes())
    except OSError:
        return None


def _parsed(line: bytes) -> Head | None:
    try:
        sequence, own_seal = line.decode("ascii").split()
        return Head(int(sequence), own_seal) if len(line) == _LENGTH else None
    except ValueError:
        return None
