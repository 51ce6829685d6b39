"""The history as text for a terminal or a pipe."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from masking_console.journal.reading import read_batches, verify_file
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery, parse_date
from masking_console.models.plain_text import plain_text
from masking_console.presentation.history import (
    csv_text,
    json_lines,
    json_text,
    table,
    verified_words,
)
from masking_console.presentation.run_lines import report

_FORMS: Mapping[str, Callable[[Sequence[BatchRecord]], str]] = {
    "table": table,
    "report": lambda records: "\n".join(report(each) for each in records),
    "csv": csv_text,
    "json": json_text,
    "jsonl": json_lines,
}


def print_history(
    journal_path: Path, form: str, days: int, *, since: str = "", **fields: str
) -> str:
    """Return the batches that match in one of the forms, newest first.

    Args:
        journal_path: the journal's file.
        form: how to print them.
        days: how far back to go where nothing is asked for.
        since: a date to go back to instead.
        fields: what else to look for, by the names of `HistoryQuery`.

    Raises:
        JournalError: the journal cannot be read.
        InputError: the date is none.
    """
    start = parse_date(since) if since else None
    if start is None and not any(fields.values()):
        start = datetime.now(UTC) - timedelta(days=days)
    query = HistoryQuery(**fields, since=start, words=())
    records = reversed(read_batches(journal_path))
    return _FORMS[form]([each for each in records if query.matches(each)])


def print_verification(journal_path: Path) -> tuple[str, bool]:
    """Return what a look at the whole chain found, and whether all is well.

    Raises:
        JournalError: the journal cannot be read.
    """
    found = verify_file(journal_path)
    place = plain_text(str(journal_path), limit=4096)
    return f"{place}\n{verified_words(found)}", found.is_whole
