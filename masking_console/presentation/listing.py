"""The words for a search and what it has brought; numbers stay masked."""

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime

from masking_console.models.account import Account
from masking_console.models.id_shapes import IncompleteReason
from masking_console.models.listing import FoundSession, ListEnd, ListProgress, Wanted
from masking_console.models.masking_session import CheckedSession
from masking_console.models.plain_text import PlainText
from masking_console.models.session_ids import OwnReport, PastedIds
from masking_console.models.session_uuid import EXAMPLE, SessionUuid
from masking_console.models.unsettled import (
    PastAttempt,
)
from masking_console.presentation.display import shown_time
from masking_console.presentation.review import sessions
from masking_console.presentation.sessions import (
    calls_in_words,
    ends_in,
    masked,
    masked_readings,
    named_readings,
    outcome_word,
    state_words,
)

NOTHING_FOUND = f"No session ids in this text. A session id looks like {EXAMPLE}."

_REMEDIES = {
    IncompleteReason.CUT: "Paste {it} again.",
    IncompleteReason.WRAPPED: "Join the lines.",
    IncompleteReason.NO_DASHES: "Look for the id with its dashes.",
    IncompleteReason.OTHER_DASHES: "Write each dash as -.",
    IncompleteReason.ENCODED: "Write each dash as -.",
    IncompleteReason.GLUED: "Paste the id alone.",
    IncompleteReason.MISTYPED: "Compare {it} with the source.",
}


def pasted_words(
    pasted: PastedIds, new: int, account: Account | None = None
) -> tuple[str, ...]:
    """Return what is said of a text, line by line.

    Args:
        pasted: what was found in it.
        new: how many ids were not in the queue.
        account: the account in use.
    """
    lines = []
    if pasted.found:
        lines.append(_counts(pasted, new))
    elif not pasted.incomplete_count:
        lines.append(NOTHING_FOUND)
    lines += _incomplete(pasted)
    if pasted.ignored_names:
        names = pasted.ignored_names
        kinds = ", ".join(f"{count} {name}" for name, count in names[:3])
        rest = sum(count for _name, count in names[3:])
        more = f", {rest} more" if rest else ""
        lines.append(f"Ignored: {kinds}{more} (not a session id)")
    if pasted.broken_tables:
        lines.append(
            f"From line {pasted.broken_tables[0]} on, a quote stays open or a cell is "
            "too long: read as plain text. Look at each id."
        )
    for report in pasted.reports:
        lines += report_words(report, account)
    return tuple(lines)


def report_words(report: OwnReport, account: Account | None) -> tuple[str, ...]:
    """Return what is said of a report of this program that was pasted."""
    off = len(report.called_off)
    lines = [
        f"Report {report.batch_id}: every id in it is looked at again."
        + (f" {off} it calls off: left out if Plivo agrees." if off else "")
    ]
    if words := other_account(report, account):
        lines.append(words)
    return tuple(lines)


def other_account(report: OwnReport, account: Account | None) -> str:
    """Return a warning where a report is of another account than the one in use."""
    tail = report.auth_id_tail
    if account is None or not tail or tail == account.auth_id.tail:
        return ""
    return (
        f"This report is of {report.account.upper()} ({tail}), "
        f"not of {account.name.upper()}."
    )


def still_open(
    checked: Iterable[CheckedSession], called_off: Container[SessionUuid]
) -> str:
    """Return a warning where Plivo calls open what a pasted report calls off."""
    count = sum(
        each.state.can_be_ticked and each.session_uuid in called_off for each in checked
    )
    if not count:
        return ""
    which = "1 session is" if count == 1 else f"{count} sessions are"
    return f"{which} open, though a pasted report says off."


def called_off(pasted: PastedIds) -> frozenset[SessionUuid]:
    """Return the sessions that the reports in a text call off."""
    return frozenset().union(*(each.called_off for each in pasted.reports))


def offered_ticket(pasted: PastedIds) -> PlainText:
    """Return the ticket that all reports in a text name, or nothing."""
    tickets = {report.ticket for report in pasted.reports}
    return tickets.pop() if len(tickets) == 1 else PlainText("")


def _counts(pasted: PastedIds, new: int) -> str:
    counts = [_count(len(pasted.found), "id"), f"{new} new"]
    if pasted.repeated:
        counts.append(_count(pasted.repeated, "repeat"))
    if pasted.ignored_count:
        counts.append(f"{pasted.ignored_count} ignored")
    if pasted.decoded:
        kinds = ", ".join(f"{count} from {name}" for name, count in pasted.decoded)
        counts.append(f"decoded: {kinds}")
    return "   ".join(counts)


def _incomplete(pasted: PastedIds) -> list[str]:
    """Return what could not be read, where, why, and what helps; a line a reason."""
    lines = []
    for reason, count in pasted.incomplete_reasons:
        at = [str(each.line) for each in pasted.incomplete if each.reason is reason]
        where = f" (line {', '.join(at[:3])}{'...' if count > 3 else ''})" if at else ""  # noqa: PLR2004 - so many lines are named
        what = "incomplete" if reason is IncompleteReason.CUT else reason.value
        is_one = count == 1
        lines.append(
            f"{'1 id is' if is_one else f'{count} ids are'} {what}{where} and "
            f"{'was' if is_one else 'were'} left out. "
            + _REMEDIES[reason].format(it="it" if is_one else "them")
        )
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
    """Return the words of a search, to be shown beside its results."""
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
