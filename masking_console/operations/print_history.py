"""The history as text for a terminal or a pipe."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from masking_console.journal.searching import (
    count_unprepared,
    read_matching,
    read_page,
    read_session_events,
)
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery, parse_date
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


def slow_words(journal_path: Path) -> str:
    """Return why the history takes long this time; nothing where it does not.

    Raises:
        JournalError: the journal cannot be read.
    """
    entries = count_unprepared(journal_path)
    return unprepared_words(entries) if entries > _LONG else ""


def print_history(
    journal_path: Path, form: str, days: int, *, since: str = "", **fields: str
) -> str:
    """Return the batches that match in one of the forms, newest first.

    Where a session is asked for, only that is told of: as a table, one line an event.

    Args:
        journal_path: the journal's file.
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
        return _of_a_session(journal_path, form, query)
    words = _FORMS[form](read_matching(journal_path, query))
    return words + (_whole(journal_path) if form == "table" else "")


def _of_a_session(journal_path: Path, form: str, query: HistoryQuery) -> str:
    if form == "table":
        events = read_session_events(journal_path, query)
        return session_table(events) + _whole(journal_path)
    records = tuple(map(query.narrowed, read_matching(journal_path, query)))
    if form == "json":
        return json_text(records, read_session_events(journal_path, query))
    return _FORMS[form](records)


def _whole(journal_path: Path) -> str:
    """Return what there is to say of the whole journal, one sentence a line."""
    page = read_page(journal_path, _NOTHING_IN_IT)
    if not page.last_seal:
        return ""
    # It is the record that leaves the machine: with it, this can be proved later.
    notes = [damaged_words(page.damaged), f"Journal seal {page.last_seal}"]
    return "".join(f"{note}\n" for note in notes if note)
