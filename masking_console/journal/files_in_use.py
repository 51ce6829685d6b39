"""The files that SQLite has open, compared with those at the journal's path.

SQLite writes on into a file that was removed or moved, and reports success. Only the
path tells whether an entry is where the next start looks for it. The files are not
opened for this: to close one would drop the locks that SQLite holds on it.
"""

from pathlib import Path

from masking_console.paths import FileIdentity, UnsafePathError, identity

_ENDINGS = ("", "-wal", "-shm")


class FilesInUse:
    """The database with its write-ahead log, as they were when it was opened."""

    def __init__(self, path: Path) -> None:
        self._parts = [f"{path}{ending}" for ending in _ENDINGS]
        self._known: list[FileIdentity | None] = []
        self._before: FileIdentity | None = None

    def about_to_open(self) -> None:
        """Note which file is at the path before SQLite opens it."""
        self._before = identity(self._parts[0])

    def opened(self) -> None:
        """Note the files that SQLite has open now.

        Raises:
            UnsafePathError: another file was put at the path meanwhile.
        """
        self._known = [identity(part) for part in self._parts]
        if self._known[0] != self._before:
            raise _replaced(self._parts[0])

    def check(self) -> None:
        """Make sure that all of them are still at the path; other links do no harm.

        Raises:
            UnsafePathError: one was removed, moved or replaced.
        """
        for part, known in zip(self._parts, self._known, strict=True):
            if identity(part) != known:
                raise _replaced(part)


def _replaced(part: str) -> UnsafePathError:
    name = Path(part).name
    return UnsafePathError(f"{name} was removed, moved or replaced while in use")
