"""What happens in a run, as lines of the log and as text for the ticket."""

from datetime import datetime

from masking_console.models.expiry import (
    EXPIRED_BY_THEN,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    RunEnd,
)
from masking_console.models.history import BatchRecord
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    AttemptUnclear,
    RunEvent,
    RunFinished,
    RunPaused,
    RunStarted,
    RunWaiting,
    SessionSending,
    SessionSettled,
)
from masking_console.presentation.display import Sign
from masking_console.presentation.log_lines import LogLine
from masking_console.presentation.sessions import outcome_sign, outcome_word

_SAID_BY_A_GET = {ExpiryOutcome.EXPIRED, ExpiryOutcome.NOT_FOUND}
_CLIENT_ERROR = range(400, 500)
"""In older journals: Plivo's "already expired" after an unclear attempt of ours."""
_EARLY_ENDS = {
    RunEnd.STOPPED.value: "Stopped by you. {off} expired, {not_sent} not sent.",
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
    event: RunStarted | RunWaiting | RunPaused | RunFinished, now: datetime
) -> LogLine:
    match event:
        case RunStarted(batch, at):
            plan = batch.confirmed.plan
            words = f"{plan.count} on {plan.account.label.upper()}, confirmed"
            return _note(at, "started", f"{words} as {batch.batch_id}")
        case RunWaiting(seconds, reason):
            words = f"{reason} Waiting {seconds:.0f} s."
            return _note(now, "waiting", words, Sign.RETRY)
        case RunPaused(reason):
            return _note(now, "paused", reason, Sign.FAILED)
        case _:
            summary = event.summary
            sign = Sign.NOTE if summary.is_clean else Sign.FAILED
            account = summary.batch.account.label.upper()
            words = headline(BatchRecord.of(summary))
            words += "" if account in words else f" On {account}."
            return _note(summary.finished_at, "finished", words, sign)


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
    if early is not None:
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
    until = f" to {record.ended_at:%H:%M:%S}" if record.ended_at else ""
    lines += [
        f"{record.began_at:%Y-%m-%d %H:%M:%S}{until} UTC",
        _only_words(record) or headline(record),
        "",
    ]
    for session in record.sessions:
        result = session.result
        api_id = f"  api {result.api_id}" if result.api_id else ""
        later = f"  later: {session.later}" if session.later else ""
        lines.append(
            f"{outcome_sign(result.outcome).value} {result.session_uuid}  "
            f"{outcome_word(result.outcome):<9}  {result_words(result)}{api_id}{later}"
        )
    if record.seal:
        # Kept in the ticket, it proves later what the journal said at this point.
        lines += ["", f"Journal seal {record.seal}"]
    return "\n".join(lines) + "\n"


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
