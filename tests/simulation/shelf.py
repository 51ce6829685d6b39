"""A journal that many simulated runs share, as they do on an operator's computer."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from masking_console.journal.entry_file import EntryFile
from masking_console.journal.seals import FIRST_SEAL, seal
from masking_console.models.journal_entry import JournalEntry

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder with a chance name in it

_INTENTS = (
    "SELECT sequence FROM entries WHERE session_uuid = ? "
    "AND event = 'expire.intended' ORDER BY sequence"
)
_CONTENTS = "SELECT content FROM entries WHERE batch_id = ? ORDER BY sequence"
_ROWS = "SELECT sequence, content, previous_seal, seal FROM entries ORDER BY sequence"


class Shelf(NamedTuple):
    """Place where many worlds keep their journal."""

    path: Path
    """The file."""
    reader: sqlite3.Connection
    """Another connection to it, which sees only what is on the disk."""

    def intents(self, session_uuid: str) -> list[int]:
        """Return the numbers of a session's intents, oldest first."""
        return [row[0] for row in self.reader.execute(_INTENTS, (session_uuid,))]

    def entries(self, batch_id: str) -> list[JournalEntry]:
        """Return the entries of a batch, oldest first."""
        found = self.reader.execute(_CONTENTS, (batch_id,))
        return [msgspec.json.decode(row[0], type=JournalEntry) for row in found]

    def broken_chain(self) -> str:
        """Return what is wrong with the whole journal; empty when nothing is."""
        last = FIRST_SEAL
        for number, row in enumerate(self.reader.execute(_ROWS).fetchall(), 1):
            sequence, content, previous, own = row
            if (sequence, previous, own) != (number, last, seal(last, content)):
                return f"entry {sequence} does not follow the one before it"
            last = own
        return ""


@contextmanager
def journal_shelf() -> Iterator[Shelf]:
    """Make a journal, on a disk that takes no time where there is one."""
    place = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        path = Path(folder) / "state" / "journal.db"
        new = EntryFile(path)
        new.open()
        uri = f"{path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as reader:
            yield Shelf(path, reader)
        new.close()
