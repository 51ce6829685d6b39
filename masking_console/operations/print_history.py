"""The history as text for a terminal or a pipe."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from masking_console.journal.searching import (
    count_unprepared,
    read_matching,
    read_page,
    read_session_events,
)
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery, parse_date
from masking_console.models.session_events import SessionEvent
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
        """Return what is told of the sessions that a query names."""

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
        """Return what the journal tells of the sessions that a query names."""
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
    source: HistorySource, form: str, days: int, *, since: str = "", **fields: str
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
