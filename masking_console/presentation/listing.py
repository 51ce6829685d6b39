"""The words for a search and what it has brought; numbers stay masked."""

from collections.abc import Sequence
from datetime import UTC, datetime

from masking_console.models.listing import FoundSession, ListEnd, ListProgress, Wanted
from masking_console.models.masking_session import CheckedSession
from masking_console.models.past_attempt import (
    PastAttempt,
)
from masking_console.presentation.display import shown_time
from masking_console.presentation.numbers import masked, masked_readings, named_readings
from masking_console.presentation.review import sessions
from masking_console.presentation.sessions import (
    calls_in_words,
    ends_in,
    outcome_word,
    state_words,
)

_TOO_OLD = "Older sessions cannot be listed. Paste their ids instead."
_NOT_SURE = (
    "The digits were searched as typed; no country is known to have such a number. "
    "Check it, and type it with + and its country code."
)
_MAY_BE_AN_ID = "For an id that begins so, add a dash."
_SHORT_ID = 8
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def progress_words(progress: ListProgress) -> str:
    """Return how far reading is."""
    return (
        f"Reading sessions: {progress.windows_read} of {progress.windows} windows, "
        f"{progress.read} so far."
    )


def search_words(wanted: Wanted) -> str:
    """Return what is looked for, to stand beside what was found."""
    if wanted.readings:
        return " or ".join(named_readings(wanted.readings))
    if wanted.session_uuid is not None:
        return f"id {wanted.session_uuid.short}"
    if wanted.uuid_part:
        return f"ids that begin with {wanted.uuid_part}"
    return "all open sessions"


def search_short(wanted: Wanted) -> str:
    """Return the same in at most eight columns."""
    if wanted.readings:
        return masked_readings(wanted.meant or wanted.readings)[0]
    if wanted.session_uuid is not None:
        return wanted.session_uuid.short
    return wanted.uuid_part[:_SHORT_ID] or "all open"


def end_words(
    wanted: Wanted,
    end: ListEnd,
    found: Sequence[FoundSession],
    again: str,
) -> tuple[str, ...]:
    """Return what was found, and whether it is proved that nothing is missing.

    Args:
        wanted: what was looked for.
        end: how reading ended.
        found: all that was found.
        again: how to do it again.
    """
    if not end.is_anything_read:
        return ("Nothing could be read.", f"{' '.join(end.problems)} {again}")
    head = found_words(wanted, found)
    if wanted.session_uuid is not None:
        return (head,)
    span = f"{_day(end.since)} to {_day(end.until)}"
    searched = f"Searched {span}, {end.proved} of {end.windows} windows."
    if end.is_complete:
        read_as = " or ".join(end.readings)
        words = f"Complete for 90 days, read as {read_as}." if read_as else ""
        return (head, f"{searched} {words or 'Complete for 90 days.'}", _TOO_OLD)
    why = [*end.problems]
    if not end.is_reading_sure:
        why.append(_NOT_SURE)
        if any(len(each.digits) == _SHORT_ID for each in wanted.readings):
            why.append(_MAY_BE_AN_ID)
    if end.problems:
        why.append(again)
    return (head, f"{searched} Not complete: {' '.join(why)}")


def wholeness(end: ListEnd | None, again: str) -> str:
    """Return in short whether it is proved that nothing is missing; None: stopped."""
    if end is not None and end.is_complete:
        return "Complete."
    if end is not None and not end.is_reading_sure and not end.problems:
        return "Not complete: check the number."
    return f"Not complete. {again}"


def stopped_words(
    wanted: Wanted, found: Sequence[FoundSession], again: str
) -> tuple[str, ...]:
    """Return what is there after the operator stopped the reading."""
    head = found_words(wanted, found) if found else "Nothing was found so far."
    return (head, f"Stopped by you. Not complete. {again}")


def found_words(wanted: Wanted, found: Sequence[FoundSession]) -> str:
    """Return how many sessions were found, and what is known of the expired ones."""
    open_ones = sum(each.is_open for each in found)
    if not wanted.finds_all_states:
        if not open_ones:
            return "No open session in the last 90 days."
        return f"{sessions(open_ones).replace(' ', ' open ', 1)} in the last 90 days."
    subject = _subject(wanted)
    if not found:
        where = " is on this account" if wanted.session_uuid else ""
        return f"No session {subject}{where}."
    expired = [each for each in found if not each.is_open]
    parts = [f"{open_ones} open"] if open_ones else []
    if len(expired) == 1:
        return f"{', '.join([*parts, f'1 {ended_words(expired[0])}'])} {subject}."
    if not expired:
        return f"{open_ones} open {subject}."
    parts.append(f"{len(expired)} expired")
    latest = ended_words(max(expired, key=_ended_at))
    return f"{', '.join(parts)} {subject}. The last one {latest}."


def ended_words(found: FoundSession) -> str:
    """Return when a session expired, and whether a batch of ours did that.

    What the journal does not say is not inferred.
    """
    past = found.past
    if past is not None and past.has_expired_it:
        return f"expired {_moment(past.at)} ({_batch(past)})"
    ended = found.session.expiry_time
    is_over = ended is not None and ended <= found.search.at
    words = f"expired {_moment(ended)}" if ended is not None and is_over else "expired"
    if past is not None:
        return f"{words} (tried {_batch(past)}: {outcome_word(past.outcome)})"
    if not found.is_past_read:
        return f"{words} (the history cannot say by whom)"
    return f"{words}, not by this computer"


def session_words(found: FoundSession) -> str:
    """Return what tells a found session from its neighbors, its numbers masked."""
    session = found.session
    if found.is_open:
        state = state_words(CheckedSession.of(session, found.search.at))
        ends = session.expiry_time
        end = f"ends in {ends_in(ends, found.search.at)}" if ends is not None else ""
    else:
        state, end = ended_words(found), ""
    made = session.created_time
    parts = (
        state,
        calls_in_words(session),
        f"created {_moment(made)}" if made is not None else "",
        end,
        f"{masked(session.first_party)} {masked(session.second_party)}",
        f"virtual {masked(session.virtual_number)}",
    )
    return ", ".join(part for part in parts if part)


def _batch(past: PastAttempt) -> str:
    parts = (f"by {past.operator}", past.ticket, past.batch_id)
    return ", ".join(part for part in parts if part)


def _subject(wanted: Wanted) -> str:
    if wanted.readings:
        return f"with {' or '.join(masked_readings(wanted.readings))}"
    if wanted.session_uuid is not None:
        return f"with id {wanted.session_uuid.short}"
    return f"whose id begins with {wanted.uuid_part}"


def _ended_at(found: FoundSession) -> datetime:
    at = found.past.at if found.past is not None else found.session.expiry_time
    return at or _LONG_AGO


def _day(moment: datetime) -> str:
    return f"{shown_time(moment).day} {shown_time(moment):%b}"


def _moment(moment: datetime) -> str:
    return f"{_day(moment)} {shown_time(moment):%H:%M}"
