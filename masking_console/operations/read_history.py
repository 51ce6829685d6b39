"""What was done: batches by ticket, session, account and outcome, and the proof."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from masking_console.errors import JournalError
from masking_console.journal.reading import read_beginnings, verify_file
from masking_console.journal.searching import read_matching, read_page
from masking_console.models.expiry import ExpirySummary
from masking_console.models.history import BatchRecord, ChainReport
from masking_console.models.history_query import HistoryPage, HistoryQuery
from masking_console.operations.export_history import ExportHistory

if TYPE_CHECKING:
    from masking_console.team.searching import TeamHistory

_COMPLETED = 50
"""The latest batches from which a shell completes."""


def latest_batches(path: Path) -> tuple[tuple[str, str], ...]:
    """Return id and account of the latest batches, newest first, for a shell.

    Raises:
        JournalError: the journal cannot be read.
    """
    found = read_beginnings(path, _COMPLETED)
    return tuple((each.batch_id, each.account_name) for each in found)


class ReadHistory:
    """Reads the journal in a thread of its own, so that no run waits for it."""

    is_of_team: ClassVar[bool] = False
    """Whether the batches are those of all consoles."""

    def __init__(self, journal_path: Path) -> None:
        self._path = journal_path

    async def export(self, records: Sequence[BatchRecord]) -> tuple[Path, Path]:
        """Write batches as CSV and as JSON Lines and return both paths.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        export = ExportHistory(self._path)
        return await asyncio.to_thread(export.run, records)

    async def save_report(self, record: BatchRecord) -> Path:
        """Write the hand-over text of a batch and return its path.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        export = ExportHistory(self._path)
        return await asyncio.to_thread(export.save_report, record)

    async def page(self, query: HistoryQuery, before: int | None = None) -> HistoryPage:
        """Return some of the batches that match, and what cannot be read.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await asyncio.to_thread(read_page, self._path, query, before)

    async def batches(self, query: HistoryQuery) -> tuple[BatchRecord, ...]:
        """Return the batches that match, newest first.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await asyncio.to_thread(read_matching, self._path, query)

    async def batch(self, summary: ExpirySummary) -> BatchRecord:
        """Return a batch that has just ended, with its seal.

        Where the journal cannot be read, it is as the run told it, without a seal.
        """
        batch_id = summary.batch.batch_id
        with suppress(JournalError):
            found = await self.batches(HistoryQuery(batch=batch_id))
            # The oldest: the id of a later one of the same second only begins like it.
            return found[-1] if found else BatchRecord.of(summary)
        return BatchRecord.of(summary)

    async def verify(self) -> ChainReport:
        """Return whether the chain is whole, and if not, where it is broken.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await asyncio.to_thread(verify_file, self._path)

    def close(self) -> None:
        """Let go of what is open."""


class ReadTeamHistory(ReadHistory):
    """Reads the history of all consoles; reports and exports are written here."""

    is_of_team: ClassVar[bool] = True

    def __init__(self, journal_path: Path, history: "TeamHistory") -> None:
        super().__init__(journal_path)
        self._history = history
        self._turn = threading.Lock()

    async def page(self, query: HistoryQuery, before: int | None = None) -> HistoryPage:
        """Return some of the batches that match.

        Raises:
            TeamError: the server cannot be used.
        """

        def read() -> HistoryPage:
            with self._turn:
                return self._history.page(query, before)

        return await asyncio.to_thread(read)

    async def batches(self, query: HistoryQuery) -> tuple[BatchRecord, ...]:
        """Return the batches that match, newest first.

        Raises:
            TeamError: the server cannot be used.
        """

        def read() -> tuple[BatchRecord, ...]:
            with self._turn:
                return self._history.matching(query)

        return await asyncio.to_thread(read)

    def close(self) -> None:
        """Close the connection."""
        self._history.close()
