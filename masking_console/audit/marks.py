"""How far a target got: one small file for each, beside the journal."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from masking_console.journal.consoles import try_lock
from masking_console.paths import make_private_subfolder, open_private
from masking_console.settings import AuditTarget

_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """The last entry that a target has."""

    journal: str = ""
    """The seal of the journal's first entry: another journal begins anew."""
    sequence: int = 0
    """The number of the last entry that was sent."""
    seal: str = ""
    """Its seal."""


class MarkFile:
    """The mark of one target, and the lock that only one console has."""

    def __init__(self, journal_path: Path, target: AuditTarget) -> None:
        self._folder = journal_path.with_name(f"{journal_path.stem}-audit")
        name = hashlib.sha256(target.text.encode()).hexdigest()[:16]
        self._path = self._folder / f"{name}.mark"
        self._lock_path = self._folder / f"{name}.lock"

    def read(self) -> Mark:
        """Return the mark; where there is none that can be read, the beginning."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                content = os.read(descriptor, _LONGEST)
            finally:
                os.close(descriptor)
            return msgspec.json.decode(content, type=Mark)
        except (OSError, msgspec.MsgspecError):
            return Mark()

    def write(self, mark: Mark) -> None:
        """Replace the mark, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        unnamed = self._path.with_suffix(".new")
        with suppress(FileNotFoundError):
            unnamed.unlink()
        descriptor = open_private(unnamed, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            os.write(descriptor, msgspec.json.encode(mark))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unnamed.replace(self._path)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock of this target; tells whether no other console has it."""
        make_private_subfolder(self._folder)
        descriptor = open_private(self._lock_path, os.O_CREAT | os.O_RDWR)
        try:
            try:
                try_lock(descriptor)
            except OSError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)
