"""What reading Plivo's lists has brought, in words."""

from datetime import datetime

from masking_console.models.listing import ListEnd, ListProgress, Wanted
from masking_console.models.plain_text import PlainText
from masking_console.presentation.numbers import masked
from masking_console.presentation.review import sessions

HOW_TO_FIND = "Enter finds. Empty: all open sessions."
_TOO_OLD = "Older sessions cannot be listed. Paste their ids instead."


def progress_words(progress: ListProgress) -> str:
    """Return how far reading has come."""
    return (
        f"Reading sessions: window {progress.window} of {progress.windows}, "
        f"{progress.read} so far. Esc stops."
    )


def end_words(wanted: Wanted, end: ListEnd, found: int) -> tuple[str, ...]:
    """Return what was found, and whether it is proved that nothing is missing."""
    span = f"{_day(end.since)} to {_day(end.until)}"
    searched = f"Searched {span}, {end.proved} of {end.windows} windows."
    if end.is_complete:
        return (
            found_words(wanted, found),
            f"{searched} Complete for 90 days.",
            _TOO_OLD,
        )
    problems = " ".join(end.problems)
    return (found_words(wanted, found), f"{searched} Not complete: {problems} Press r.")


def stopped_words(wanted: Wanted, found: int) -> tuple[str, ...]:
    """Return what is there after the operator stopped the reading."""
    return (found_words(wanted, found), "Stopped by you. Not complete. Press r.")


def found_words(wanted: Wanted, found: int) -> str:
    """Return how many open sessions were found; a number stays masked."""
    if wanted.number:
        return f"{_open(found)} with {masked(PlainText(wanted.number))}."
    if wanted.uuid_part:
        return f"{_open(found)} whose id begins with {wanted.uuid_part}."
    return f"{_open(found)} in the last 90 days."


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"


def _open(found: int) -> str:
    if not found:
        return "No open session"
    return sessions(found).replace(" ", " open ", 1)
