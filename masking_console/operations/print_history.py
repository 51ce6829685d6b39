"""The history as text for a terminal or a pipe."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from masking_console.journal.reading import read_contents
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery, parse_date
from masking_console.presentation.history import (
    csv_text,
    damaged_words,
    json_lines,
    json_text,
    table,
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
    contents = read_contents(journal_path)
    records = [each for each in reversed(contents.batches) if query.matches(each)]
    words = _FORMS[form](records)
    if form == "table" and contents.last_seal:
        # It is the record that leaves the machine: with it, this can be proved later.
        notes = [damaged_words(contents.damaged), f"Journal seal {contents.last_seal}"]
        words += "".join(f"{note}\n" for note in notes if note)
    return words
