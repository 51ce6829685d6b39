"""What is known of a session, in words that every face uses."""

from datetime import datetime, timedelta

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
)
from masking_console.presentation.display import Sign
from masking_console.presentation.numbers import MASKED_WIDTH, masked

_OUTCOMES = {
    ExpiryOutcome.EXPIRED: ("expired", Sign.DONE),
    ExpiryOutcome.ALREADY_EXPIRED: ("already", Sign.ALREADY),
    ExpiryOutcome.NOT_FOUND: ("not found", Sign.ABSENT),
    ExpiryOutcome.REFUSED: ("refused", Sign.FAILED),
    ExpiryOutcome.FAILED: ("failed", Sign.FAILED),
    ExpiryOutcome.OPEN: ("open", Sign.FAILED),
    ExpiryOutcome.UNKNOWN: ("unknown", Sign.UNKNOWN),
    ExpiryOutcome.NOT_SENT: ("not sent", Sign.NOTE),
}
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_HOURS_ALONE = timedelta(hours=48)
"""From here on days say it better."""


def state_words(checked: CheckedSession) -> str:
    """Return the state, and the reason where there is one."""
    if checked.state is CheckState.NOT_CHECKED and checked.reason:
        return f"{checked.state.value} ({checked.reason})"
    return checked.state.value


def state_flag(state: CheckState) -> str:
    """Return the character before a state that asks for attention."""
    return "!" if state is CheckState.IN_CALL else " "


def outcome_word(outcome: ExpiryOutcome | None) -> str:
    """Return the kind of an outcome as the log says it; None is still on its way."""
    return "sending" if outcome is None else _OUTCOMES[outcome][0]


def outcome_sign(outcome: ExpiryOutcome | None) -> Sign:
    """Return the sign of an outcome; None is still on its way."""
    return Sign.RETRY if outcome is None else _OUTCOMES[outcome][1]


def calls(session: MaskingSession | None) -> str:
    """Return the number of calls for a column, or ``-`` where Plivo gave none."""
    if session is None or session.total_call_count is None:
        return "-"
    return str(session.total_call_count)


def calls_in_words(session: MaskingSession | None) -> str:
    """Return ``2 calls`` or ``1 call``, or nothing where Plivo gave no number."""
    if session is None or session.total_call_count is None:
        return ""
    count = session.total_call_count
    return "1 call" if count == 1 else f"{count} calls"


def ends_in(expiry_time: datetime | None, now: datetime) -> str:
    """Return when a session ends by itself: ``21 min``, ``2 h``, ``5 d``, ``ended``."""
    if expiry_time is None:
        return "-"
    return "ended" if expiry_time <= now else age(now, expiry_time)


def ends(checked: CheckedSession, now: datetime) -> str:
    """Return when a checked session ends; one that is expired has ended."""
    if checked.state is CheckState.EXPIRED:
        return "ended"
    return ends_in(checked.session.expiry_time if checked.session else None, now)


def age(earlier: datetime, later: datetime) -> str:
    """Return the time between two moments in one unit, rounded down."""
    span = max(later - earlier, timedelta(0))
    if span < _MINUTE:
        return f"{span.seconds} s"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    return f"{span // _HOUR} h" if span < _HOURS_ALONE else f"{span.days} d"


def checked_ago(checked_at: datetime | None, now: datetime) -> str:
    """Return how old a check is, such as ``checked 8 s ago``."""
    if checked_at is None:
        return CheckState.NOT_CHECKED.value
    return f"checked {age(checked_at, now)} ago"


def parties(session: MaskingSession | None) -> str:
    """Return both parties, masked, the second one always in the same column."""
    if session is None:
        return ""
    first = masked(session.first_party)
    return f"{first:<{MASKED_WIDTH}} {masked(session.second_party)}"


def undone_words(ticks: int, rows: int) -> str:
    """Return what an undo has put back, and what it never can."""
    kinds = ((ticks, "tick"), (rows, "row"))
    parts = [f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in kinds if n]
    back = " and ".join(parts) or "nothing"
    return f"Put back {back}. Expired sessions cannot be brought back."
