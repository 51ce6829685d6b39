"""The history: batches by ticket, session, account and outcome, and exports."""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, Unpack

from masking_console.errors import JournalError, UnwritableFileError
from masking_console.journal.reading import read_beginnings, verify_file
from masking_console.journal.searching import (
    count_unprepared,
    read_matching,
    read_page,
    read_session_events,
)
from masking_console.models.expiry import ExpirySummary
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import (
    HistoryFields,
    HistoryPage,
    HistoryQuery,
    SessionEvent,
    parse_date,
)
from masking_console.models.journal_entry import ChainReport
from masking_console.paths import (
    make_private_folder,
    make_private_subfolder,
    open_private,
    why_not,
)
from masking_console.presentation.history import (
    csv_text,
    damaged_words,
    json_lines,
    json_text,
    table,
    unprepared_words,
)
from masking_console.presentation.run_lines import report
from masking_console.presentation.session_events import session_table

if TYPE_CHECKING:
    from masking_console.team.searching import TeamHistory


class ExportHistory:
    """Writes what the journal tells; only a report replaces an older one."""

    def __init__(self, journal_path: Path) -> None:
        self._folder = journal_path.with_name("exports")

    def run(self, records: Sequence[BatchRecord]) -> tuple[Path, Path]:
        """Write the batches as CSV and as JSON Lines, and return both paths; blocks.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        first = records[0].batch_id
        stem = first if len(records) == 1 else f"{first}-and-{len(records) - 1}-more"
        with self._made("export"):
            return (
                self._write(stem, "csv", csv_text(records)),
                self._write(stem, "jsonl", json_lines(records)),
            )

    def save_report(self, record: BatchRecord) -> Path:
        """Write the hand-over text of a batch and return its path; blocks.

        An older report of the same batch is replaced, all of it or nothing.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        # An id from the journal is data: it must not lead out of the folder.
        path = self._folder / f"{Path(record.batch_id).name}.txt"
        new = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        with self._made("report"):
            try:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                with os.fdopen(open_private(new, flags), "w", encoding="utf-8") as file:
                    file.write(report(record))
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(path)
            except BaseException:
                with suppress(OSError):
                    new.unlink()
                raise
        return path

    def save_text(self, stem: str, text: str) -> Path:
        """Write a page beside the exports and return its path; blocks.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        with self._made("page"):
            return self._write(stem, "txt", text)

    @contextmanager
    def _made(self, what: str) -> Iterator[None]:
        """Have the folder while something is written, and say why it cannot be."""
        try:
            make_private_folder(self._folder.parent)
            make_private_subfolder(self._folder)
            yield
        except OSError as error:
            raise UnwritableFileError(
                f"The {what} cannot be written ({why_not(error)}). Nothing was lost."
            ) from None

    def _write(self, stem: str, ending: str, text: str) -> Path:
        suffix = 1
        while True:
            name = stem if suffix == 1 else f"{stem}-{suffix}"
            path = self._folder / f"{name}.{ending}"
            try:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                descriptor = open_private(path, flags)
            except FileExistsError:
                suffix += 1
                continue
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            return path


_FORMS: Mapping[str, Callable[[Sequence[BatchRecord]], str]] = {
    "table": table,
    "report": lambda records: "\n".join(report(each) for each in records),
    "csv": csv_text,
    "json": json_text,
    "jsonl": json_lines,
}
_LONG = 10_000
"""Entries that are read without a word first."""
_NOTHING_IN_IT = HistoryQuery(batch="-")
"""Asks for no batch, only for what is said of the whole journal."""


class HistorySource(Protocol):
    """A place from which a history is read: this computer, or the team's server."""

    def matching(self, query: HistoryQuery) -> Sequence[BatchRecord]:
        """Return every batch that matches, the newest first."""

    def session_events(self, query: HistoryQuery) -> Sequence[SessionEvent]:
        """Return the events of the sessions that a query names."""

    def whole_words(self) -> str:
        """Return what there is to say of the whole, one sentence a line."""


class LocalHistory:
    """The journal of this computer."""

    def __init__(self, journal_path: Path) -> None:
        self._path = journal_path

    def matching(self, query: HistoryQuery) -> Sequence[BatchRecord]:
        """Return every batch that matches, the newest first."""
        return read_matching(self._path, query)

    def session_events(self, query: HistoryQuery) -> Sequence[SessionEvent]:
        """Return the events in the journal of the sessions that a query names."""
        return read_session_events(self._path, query)

    def whole_words(self) -> str:
        """Return what is damaged, and the last seal."""
        page = read_page(self._path, _NOTHING_IN_IT)
        if not page.last_seal:
            return ""
        # It is the record that leaves the machine: with it, this can be proved later.
        notes = [damaged_words(page.damaged), f"Journal seal {page.last_seal}"]
        return "".join(f"{note}\n" for note in notes if note)


def slow_words(journal_path: Path) -> str:
    """Return why the history takes long this time; nothing where it does not.

    Raises:
        JournalError: the journal cannot be read.
    """
    entries = count_unprepared(journal_path)
    return unprepared_words(entries) if entries > _LONG else ""


def print_history(
    source: HistorySource,
    form: str,
    days: int,
    *,
    since: str = "",
    **fields: Unpack[HistoryFields],
) -> str:
    """Return the batches that match in one of the forms, newest first.

    Where a session is asked for, only that is told of: as a table, one line an event.

    Args:
        source: where it is read.
        form: how to print them.
        days: how far back to go where nothing is asked for.
        since: a date to go back to instead.
        fields: what else to look for, by the names of `HistoryQuery`.

    Raises:
        JournalError: the journal cannot be read.
        InputError: the date is none, or there is no such outcome.
    """
    start = parse_date(since) if since else None
    if start is None and not any(fields.values()):
        start = datetime.now(UTC) - timedelta(days=days)
    query = HistoryQuery(**fields, since=start, words=())
    if query.session:
        return _of_a_session(source, form, query)
    words = _FORMS[form](source.matching(query))
    return words + (source.whole_words() if form == "table" else "")


def _of_a_session(source: HistorySource, form: str, query: HistoryQuery) -> str:
    if form == "table":
        return session_table(source.session_events(query)) + source.whole_words()
    records = tuple(map(query.narrowed, source.matching(query)))
    if form == "json":
        return json_text(records, source.session_events(query))
    return _FORMS[form](records)


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

    def save_text(self, stem: str, text: str) -> Path:
        """Write a page beside the exports and return its path; blocks.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        return ExportHistory(self._path).save_text(stem, text)

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
