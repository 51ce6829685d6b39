"""A note beside the journal of its last entry, so that a cut-off end is seen."""

import os
from contextlib import suppress
from pathlib import Path

from masking_console.journal.seals import Head
from masking_console.paths import open_private

_LINE = "{sequence:020d} {seal}\n"
_LENGTH = len(_LINE.format(sequence=0, seal="0" * 64))


def note_path(journal_path: Path) -> Path:
    """Return where the note of a journal stands."""
    return journal_path.with_name(f"{journal_path.name}-head")


class HeadNote:
    """Written after each entry; may lag behind by what was cut off, never lead.

    Losing it costs a warning in `history verify`, so failing to write it stops nothing.
    """

    def __init__(self, journal_path: Path) -> None:
        self._path = note_path(journal_path)
        self._descriptor = -1

    def write(self, head: Head) -> None:
        """Replace the note in one write."""
        with suppress(OSError):
            if self._descriptor < 0:
                flags = os.O_CREAT | os.O_RDWR
                self._descriptor = open_private(self._path, flags)
            line = _LINE.format(sequence=head.sequence, seal=head.seal).encode()
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, line)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_head(journal_path: Path) -> Head | None:
    """Return the note, or None where there is none that can be read."""
    try:
        line = note_path(journal_path).read_text("ascii")
        sequence, own_seal = line.split()
        return Head(int(sequence), own_seal) if len(line) == _LENGTH else None
    except (OSError, ValueError):
        return None
