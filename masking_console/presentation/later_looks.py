"""What a look after the end found, as lines of the log."""

from collections.abc import Iterable
from datetime import datetime

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    LookedAgain,
    LookFinished,
    LookFound,
    SessionCameBack,
)
from masking_console.presentation.display import Sign
from masking_console.presentation.log_lines import LogLine
from masking_console.presentation.review import sessions
from masking_console.presentation.run_lines import result_line


def look_line(event: LookFound, now: datetime) -> LogLine:
    """Return the log line of something that a second look tells."""
    if isinstance(event, LookFinished):
        sign = Sign.NOTE
        if event.unanswered or event.pairs_missed:
            sign = Sign.UNKNOWN
        if event.open_again or event.came_back:
            sign = Sign.FAILED
        return LogLine(now, sign, "looked", PlainText(_finished(event)))
    if isinstance(event, SessionCameBack):
        words = (
            f"Same two numbers as {event.session_uuid.short}, which was expired. "
            "Your system may be recreating it."
        )
        text = PlainText(words)
        return LogLine(event.at, Sign.FAILED, "came back", text, event.new_uuid)
    if event.result is not None:
        return result_line(event.result)
    text = PlainText("It was expired, and Plivo calls it open again. Check it.")
    return LogLine(event.at, Sign.FAILED, "open again", text, event.session_uuid)


def _finished(event: LookFinished) -> str:
    parts = [f"{sessions(event.looked_at)} once more: {event.still_off} still expired"]
    if event.open_again:
        parts.append(f"{event.open_again} open again")
    if event.came_back:
        parts.append(f"{event.came_back} came back")
    if event.unanswered:
        parts.append(f"{event.unanswered} without an answer")
    if event.pairs_missed:
        parts.append(f"{event.pairs_missed} not searched for new ones")
    return ", ".join(parts)


def warning_words(events: Iterable[LookFound]) -> str:
    """Return what of it changes that a batch was well; empty where nothing does."""
    parts = []
    for event in events:
        if isinstance(event, SessionCameBack):
            old, new = event.session_uuid.short, event.new_uuid.short
            parts.append(f"{old} came back as {new}, with the same numbers.")
        elif isinstance(event, LookedAgain) and event.result is None:
            parts.append(f"{event.session_uuid.short} is open again.")
    return " ".join(parts)


def cut_off_words(record: BatchRecord) -> str:
    """Return what is known of a run that was cut off."""
    unsettled, not_sent = len(record.unsettled), record.count(ExpiryOutcome.NOT_SENT)
    done = len(record.sessions) - unsettled - not_sent
    kind = "unknown or open" if record.count(ExpiryOutcome.OPEN) else "unknown"
    return (
        f"The last run stopped in the middle: {done} done, {unsettled} {kind}, "
        f"{not_sent} not sent."
    )


def interrupted_words(record: BatchRecord) -> str:
    """Return what the operator reads at the start after a run was cut off."""
    return f"{cut_off_words(record)} Enter checks them; nothing is sent yet."


def resumed_words(record: BatchRecord) -> str:
    """Return what is known after the look."""
    left = len(record.may_still_connect)
    words = f"{record.batch_id}: {record.off} of {len(record.sessions)} are off."
    if left:
        words += f" {left} may still connect calls; they are in the queue."
    return words
