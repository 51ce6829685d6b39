"""Failures of SQLite and the disk in our words, and the handling of a damaged file."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from masking_console.errors import JournalError
from masking_console.paths import FileIdentity, UnsafePathError, identity, why_not

T = TypeVar("T")

_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "its file is read-only",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is damaged",
    sqlite3.SQLITE_IOERR: "the disk has an error",
    # The file by which consoles share the journal cannot be made larger.
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk is full",
}
_PRIMARY_CODE = 0xFF
"""SQLite keeps the kind of an error in the low byte of its extended code."""


def in_our_words(work: Callable[[], T], doing: str = "written") -> T:
    """Run the work, and turn SQLite's and the system's failures into ours.

    Args:
        work: reads or writes.
        doing: ``written`` or ``read``, for the sentence.

    Raises:
        JournalError: the work failed; the sentence says why.
    """
    try:
        return work()
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        kind = _WORDS.get(code & _PRIMARY_CODE, "SQLite refused")
        words = _WORDS.get(code, kind)
    except OSError as error:
        words = why_not(error)
    raise JournalError(f"The journal cannot be {doing} ({words}).")


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the error says that the file itself is broken."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & _PRIMARY_CODE
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def set_aside(path: Path, now: datetime) -> str:
    """Rename a damaged journal with all that belongs to it; return its new name."""
    stem = f"{path.stem}-damaged-{now:%Y%m%d-%H%M%S}"
    name, suffix = f"{stem}{path.suffix}", 1
    while path.with_name(name).exists():
        suffix += 1
        name = f"{stem}-{suffix}{path.suffix}"
    # The parts first: a journal without its write-ahead log could lose entries.
    for ending in ("-wal", "-shm", "-head"):
        part = path.with_name(f"{path.name}{ending}")
        with suppress(FileNotFoundError):
            part.rename(path.with_name(f"{name}{ending}"))
    path.rename(path.with_name(name))
    return name


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
