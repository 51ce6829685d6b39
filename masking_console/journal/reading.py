"""Reading a journal that somebody else may be writing; nothing is changed."""

from pathlib import Path

from masking_console.journal.entry_file import decoded, read_rows
from masking_console.journal.failures import in_our_words
from masking_console.journal.head_note import read_head
from masking_console.journal.seals import verify_chain
from masking_console.models.history import BatchRecord, ChainReport, batch_record
from masking_console.models.journal_entry import JournalEntry


def read_batches(path: Path) -> tuple[BatchRecord, ...]:
    """Return every batch, oldest first; none where there is no journal yet.

    Raises:
        JournalError: the journal cannot be read.
    """
    return in_our_words(lambda: _batches(path), "read") if path.exists() else ()


def verify_file(path: Path) -> ChainReport:
    """Return whether the chain is whole, and if not, where it is broken.

    Raises:
        JournalError: the journal cannot be read.
    """
    # The note first: what is written while we read can only be newer.
    head = read_head(path)
    if not path.exists():
        return verify_chain((), head)
    return in_our_words(lambda: verify_chain(read_rows(path), head), "read")


def _batches(path: Path) -> tuple[BatchRecord, ...]:
    entries: dict[str, list[JournalEntry]] = {}
    seals: dict[str, str] = {}
    for row in read_rows(path):
        if row.batch_id:
            entries.setdefault(row.batch_id, []).append(decoded(row.content))
            seals[row.batch_id] = row.seal
    found = (batch_record(each, seals[name]) for name, each in entries.items())
    return tuple(record for record in found if record is not None)
