"""Events of a run as lines of the log, and the result as text for the ticket."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus

from masking_console.models.expiry import (
    EXPIRED_BY_THEN,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    RunEnd,
)
from masking_console.models.history import Addition, BatchRecord
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    AttemptUnclear,
    Learnt,
    LookedAgain,
    LookFinished,
    LookFound,
    NotLearnt,
    RunEvent,
    RunFinished,
    RunPaused,
    RunSlept,
    RunStarted,
    RunWaiting,
    SessionCameBack,
    SessionSending,
    SessionSettled,
)
from masking_console.presentation.display import LogLine, Sign
from masking_console.presentation.sessions import outcome_sign, outcome_word

_SAID_BY_A_GET = {ExpiryOutcome.EXPIRED, ExpiryOutcome.NOT_FOUND}
_CLIENT_ERROR = range(400, 500)
"""In older journals: Plivo's "already expired" after an unclear attempt of ours."""
_EARLY_ENDS = {
    RunEnd.STOPPED.value: "Stopped by you. {off} expired, {not_sent} not sent.",
    RunEnd.TERMINAL_CLOSED.value: (
        "The terminal was closed. {off} expired, {not_sent} not sent."
    ),
    RunEnd.SIGNAL.value: (
        "The console was told to end by a signal. {off} expired, {not_sent} not sent."
    ),
    RunEnd.SLEPT.value: "This computer slept. {off} expired, {not_sent} not sent.",
    RunEnd.FAILURES.value: (
        "Stopped after failures in a row. {off} expired, {not_sent} not sent."
    ),
    RunEnd.TOKEN_REFUSED.value: (
        "{account}: the sign-in was refused ({why}). Nothing was sent after that."
    ),
    RunEnd.FORBIDDEN.value: (
        "{account}: refused ({why}). Nothing was sent after that."
    ),
    RunEnd.FIRST_FAILED.value: (
        "The first session failed. The other {not_sent} were not sent."
    ),
    RunEnd.JOURNAL_FAILED.value: (
        "The journal cannot be written. Stopped; {not_sent} not sent."
    ),
    RunEnd.TEAM_AWAY.value: (
        "The team's server was away. {off} expired, {not_sent} not sent."
    ),
    RunEnd.CRASHED.value: "This program failed. {off} expired, {not_sent} not sent.",
}
_STATUS_OF_END = {RunEnd.TOKEN_REFUSED.value: 401, RunEnd.FORBIDDEN.value: 403}
_HOW_IT_ENDED = {"": "Not ended", RunEnd.INTERRUPTED.value: "Cut off in the middle"}


def event_line(event: RunEvent, now: datetime) -> LogLine | None:
    """Return the log line of anything that a run tells, or None where it needs none.

    Args:
        event: what happened.
        now: when, where the event does not say it.
    """
    match event:
        case SessionSending():
            return None
        case SessionSettled(result):
            return result_line(result)
        case AttemptUnclear():
            return unclear_line(event)
        case _:
            return _run_line(event, now)


def _run_line(
    event: RunStarted | RunWaiting | RunPaused | RunSlept | RunFinished, now: datetime
) -> LogLine:
    match event:
        case RunStarted(batch, at):
            plan = batch.confirmed.plan
            words = f"{plan.count} on {plan.account.label.upper()}, confirmed"
            return _note(at, "started", f"{words} as {batch.batch_id}")
        case RunWaiting(seconds, reason):
            words = f"{reason} Waiting {seconds:.0f} s."
            return _note(now, "waiting", words, Sign.RETRY)
        case RunSlept():
            return _note(now, "slept", slept_words(event), Sign.FAILED)
        case RunPaused(reason):
            return _note(now, "paused", reason, Sign.FAILED)
        case _:
            summary = event.summary
            sign = Sign.NOTE if summary.is_clean else Sign.FAILED
            account = summary.batch.account.label.upper()
            words = headline(BatchRecord.of(summary))
            words += "" if account in words else f" On {account}."
            return _note(summary.finished_at, "finished", words, sign)


def slept_words(event: RunSlept) -> str:
    """Return what happens after a sleep, in sentences."""
    return (
        f"This computer slept for {event.seconds:.0f} s. "
        "Nothing more was sent. Looking at what is left."
    )


def _note(at: datetime, word: str, text: str, sign: Sign = Sign.NOTE) -> LogLine:
    return LogLine(at, sign, word, PlainText(text))


def result_line(result: ExpiryResult) -> LogLine:
    """Return the log line of a final outcome."""
    return LogLine(
        at=result.at,
        sign=outcome_sign(result.outcome),
        word=outcome_word(result.outcome),
        text=PlainText(result_words(result)),
        session_uuid=result.session_uuid,
        status=_status(result),
        elapsed_ms=result.elapsed_ms if result.attempts else None,
        api_id=result.api_id,
    )


def unclear_line(event: AttemptUnclear) -> LogLine:
    """Return the log line of an attempt that goes on."""
    result = event.result
    return LogLine(
        at=result.at,
        sign=Sign.RETRY,
        word="unclear",
        text=PlainText(f"{result.detail}; {event.next_step}"),
        session_uuid=result.session_uuid,
        status=_status(result),
        elapsed_ms=result.elapsed_ms,
        api_id=result.api_id,
    )


def result_words(result: ExpiryResult) -> str:
    """Return the outcome's explanation for the operator."""
    if result.outcome is ExpiryOutcome.EXPIRED:
        is_ours = result.detail == EXPIRED_BY_THEN or (
            result.evidence is Evidence.LOOK or result.http_status in _CLIENT_ERROR
        )
        if is_ours:
            return result.detail
        again = f" at attempt {result.attempts}" if result.attempts > 1 else ""
        return f"confirmed by Plivo{again}"
    if result.outcome is ExpiryOutcome.ALREADY_EXPIRED:
        return "it was already expired"
    if result.outcome is ExpiryOutcome.NOT_FOUND and not result.detail:
        return "not on this account"
    if result.outcome is ExpiryOutcome.NOT_SENT:
        return result.detail or "nothing was sent for it"
    return result.detail


def headline(record: BatchRecord) -> str:
    """Return the one sentence that says how a run ended."""
    total, off = len(record.sessions), record.off
    early = _EARLY_ENDS.get(record.end)
    is_all_off_by_now = off == total and any(each.before for each in record.sessions)
    if early is not None and not is_all_off_by_now:
        return early.format(
            off=off,
            not_sent=record.count(ExpiryOutcome.NOT_SENT),
            account=record.account_name.upper(),
            why=_refusal(record),
        )
    if off == total:
        return f"Done. {_sessions(total)} {'is' if total == 1 else 'are'} expired."
    problems = ", ".join(
        f"{count} {outcome_word(outcome)}"
        for outcome in ExpiryOutcome
        if outcome not in {ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED}
        and (count := record.count(outcome))
    )
    how = _HOW_IT_ENDED.get(record.end, "Finished, with problems")
    return f"{how}: {off} of {total} are off, {problems}."


def _refusal(record: BatchRecord) -> str:
    """Return status and words of the answer that ended a run."""
    status = _STATUS_OF_END.get(record.end)
    results = (each.result for each in record.sessions)
    found = next((each for each in results if each.http_status == status), None)
    if found is None or not found.detail:
        return f"{status}"
    says_it = found.detail.startswith("answered ")
    return found.detail if says_it else f"{status}: {found.detail}"


def report(record: BatchRecord) -> str:
    """Return the hand-over text for a ticket: no phone numbers, every id in full."""
    ticket = f"   Ticket {record.ticket}" if record.ticket else ""
    by = f"   by {record.by} on {record.host}" if record.operator else ""
    lines = [
        f"Plivo masking sessions expired with masking-console, batch {record.batch_id}",
        f"Account {record.account_name} ({record.auth_id_tail}){ticket}{by}",
    ]
    if record.reason:
        lines.append(f"Reason: {record.reason}")
    lines += [_added(each) for each in record.added]
    until = f" to {record.ended_at:%H:%M:%S}" if record.ended_at else ""
    lines += [
        f"{record.began_at:%Y-%m-%d %H:%M:%S}{until} UTC",
        _only_words(record) or headline(record),
        *later_words(record),
        "",
    ]
    for session in record.sessions:
        result = session.result
        api_id = f"  api {result.api_id}" if result.api_id else ""
        later = f"  later: {session.later}" if session.later else ""
        if session.before is not None:
            later += f"  ({_changed(session.before, result)})"
        lines.append(
            f"{outcome_sign(result.outcome).value} {result.session_uuid}  "
            f"{outcome_word(result.outcome):<9}  {result_words(result)}{api_id}{later}"
        )
    if record.seal:
        # Kept in the ticket, it proves later what the journal said at this point.
        lines += ["", f"Journal seal {record.seal}"]
    return "\n".join(lines) + "\n"


def later_words(record: BatchRecord) -> tuple[str, ...]:
    """Return what was learnt after the end of a batch, one sentence each."""
    kinds: dict[tuple[str, str], list[tuple[ExpiryResult, ExpiryResult]]] = {}
    for session in record.sessions:
        if session.before is not None:
            kind = _standing(session.before), _standing(session.result)
            kinds.setdefault(kind, []).append((session.before, session.result))
    lines = [f"{len(pairs)} {_changed(*pairs[-1])}." for pairs in kinds.values()]
    if record.second_look_at is not None:
        at = record.second_look_at
        lines.append(f"Second look at {_moment(at, record.began_at)}: ")
        lines[-1] += f"{record.second_look}."
    if record.set_aside is not None:
        aside = record.set_aside
        when = _moment(aside.at, record.began_at)
        why = f": {aside.reason}" if aside.reason else ""
        lines.append(f"Set aside at {when} by {aside.operator}{why}")
    return tuple(lines)


def _changed(before: ExpiryResult, after: ExpiryResult) -> str:
    """Return ``unknown at 12:04; expired when looked at 12:14``."""
    return (
        f"{_standing(before)} at {_moment(before.at, before.at)}; "
        f"{_standing(after)} when looked at {_moment(after.at, before.at)}"
    )


def _standing(result: ExpiryResult) -> str:
    is_missing = result.outcome is ExpiryOutcome.UNKNOWN and (
        result.http_status == HTTPStatus.NOT_FOUND
    )
    return "not found" if is_missing else outcome_word(result.outcome)


def _moment(at: datetime, since: datetime) -> str:
    """Return a time in UTC, with its day where that is not the same."""
    return f"{at:%H:%M}" if at.date() == since.date() else f"{at:%Y-%m-%d %H:%M}"


def _added(addition: Addition) -> str:
    reason = f": {addition.reason}" if addition.reason else ""
    when = f"{addition.at:%Y-%m-%d %H:%M} UTC by {addition.operator}"
    return f"Ticket added: {addition.ticket}{reason} ({when})"


def look_line(event: LookFound, now: datetime) -> LogLine:
    """Return the log line of something that a look after the end tells."""
    if isinstance(event, LookFinished):
        sign = Sign.NOTE if event.is_clean else Sign.UNKNOWN
        if event.open_again or event.came_back:
            sign = Sign.FAILED
        return LogLine(now, sign, "looked", PlainText(look_finished_words(event)))
    if isinstance(event, SessionCameBack):
        words = (
            f"Same two numbers as {event.session_uuid.short}, which was expired. "
            "Your system may be recreating it."
        )
        text = PlainText(words)
        return LogLine(event.at, Sign.FAILED, "came back", text, event.new_uuid)
    if not event.is_open_again:
        return result_line(event.result)
    text = PlainText("It was expired, and Plivo calls it open again. Check it.")
    at, uuid = event.result.at, event.session_uuid
    return LogLine(at, Sign.FAILED, "open again", text, uuid)


def learnt_line(event: Learnt, now: datetime) -> LogLine:
    """Return the log line of what any look has learnt of an earlier batch."""
    if isinstance(event, NotLearnt):
        words = f"{event.why} What was found is not in it; look again later."
        return _note(now, "journal", words, Sign.FAILED)
    return look_line(event, now)


def look_finished_words(event: LookFinished) -> str:
    """Return the result of a second look, one short sentence for each finding."""
    total = event.looked_at
    findings = (
        (event.still_off, "still expired"),
        (event.settled, "settled now"),
        (event.open_again, "open again"),
        (event.still_open, "still open"),
    )
    parts = [
        f"{_of(count, total)} {_is(count)} {state}."
        for count, state in findings
        if count
    ]
    if event.unanswered:
        has = "has" if event.unanswered == 1 else "have"
        parts.append(f"{_of(event.unanswered, total)} {has} no answer from Plivo.")
    if event.came_back:
        has = "has" if event.came_back == 1 else "have"
        parts.append(f"{_pairs(event.came_back)} {has} a new session.")
    if event.pairs_missed:
        was = "was" if event.pairs_missed == 1 else "were"
        pairs = _pairs(event.pairs_missed)
        parts.append(f"{pairs} {was} not searched for new sessions.")
    return " ".join(parts)


def _of(count: int, total: int) -> str:
    if total == 1:
        return "The session"
    return f"All {total}" if count == total else f"{count} of {total}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _pairs(count: int) -> str:
    return "One pair of numbers" if count == 1 else f"{count} pairs of numbers"


def warning_words(events: Iterable[LookFound]) -> str:
    """Return what of it changes that a batch was well; empty where nothing does."""
    parts = []
    for event in events:
        if isinstance(event, SessionCameBack):
            old, new = event.session_uuid.short, event.new_uuid.short
            parts.append(f"{old}: its two numbers have a new session, {new}.")
        elif isinstance(event, LookedAgain) and event.is_open_again:
            parts.append(f"{event.session_uuid.short} is open again.")
    return " ".join(parts)


def looked_words(found: Sequence[CheckedSession]) -> str:
    """Return the result of looking at sessions that were not settled."""
    states = Counter(each.state for each in found)
    total, off = len(found), states.pop(CheckState.EXPIRED, 0)
    if off == total:
        return "It is expired." if total == 1 else f"All {total} are expired."
    rest = ", ".join(f"{count} {state.value}" for state, count in states.items())
    return f"{off} of {total} {_is(off)} expired, {rest}."


def _only_words(record: BatchRecord) -> str:
    """Return that only some of the sessions are told of, or nothing."""
    if not record.left_out:
        return ""
    return f"{len(record.sessions)} of {_sessions(record.size)} of this batch:"


def _status(result: ExpiryResult) -> str:
    if not result.attempts:
        return ""
    if result.evidence is Evidence.LOOK and result.outcome in _SAID_BY_A_GET:
        return "GET"
    return str(result.http_status) if result.http_status is not None else "---"


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"
