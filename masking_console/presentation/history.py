"""The history in words, for a table, a spreadsheet and a program."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.history_query import SearchProgress, SessionEvent
from masking_console.models.journal_entry import AuditState, ChainReport, Finding
from masking_console.models.plain_text import plain_text
from masking_console.models.team import TeamReport, TeamState
from masking_console.presentation.display import Sign, day_and_minute, glyph, zone_name
from masking_console.presentation.run_lines import result_words
from masking_console.presentation.session_events import event_object
from masking_console.presentation.sessions import outcome_sign, outcome_word

_FAILURES = (ExpiryOutcome.FAILED, ExpiryOutcome.REFUSED, ExpiryOutcome.OPEN)
_MOST_NAMED = 8
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

_OF_A_BATCH = (
    "batch",
    "began_at",
    "ended_at",
    "end",
    "account",
    "auth_id",
    "ticket",
    "reason",
    "operator",
    "host",
)
_OF_A_RESULT = (
    "session_uuid",
    "outcome",
    "at",
    "evidence",
    "http_status",
    "api_id",
    "elapsed_ms",
    "attempts",
    "detail",
    "later",
)
_OF_A_BATCH_TOO = (
    "batch_sessions",
    "sudo_user",
    "operator_name",
    # Always the last: an export of an older version has none.
    "seal",
)
_CSV_COLUMNS = (*_OF_A_BATCH, *_OF_A_RESULT, *_OF_A_BATCH_TOO)


class Counts(NamedTuple):
    """The sessions of a batch by their standing; the others add up to the total."""

    total: int
    """All of them."""
    expired: int
    """Expired by the batch."""
    already: int
    """Expired before."""
    absent: int
    """Not found."""
    not_sent: int
    """Nothing was sent."""
    unknown: int
    """Unknown."""
    failed: int
    """Failed, refused, or open when looked at."""


COUNT_TITLES = (
    "total",
    *(
        each.value
        for each in (
            Sign.DONE,
            Sign.ALREADY,
            Sign.ABSENT,
            Sign.NOTE,
            Sign.UNKNOWN,
            Sign.FAILED,
        )
    ),
)
"""The head of each column of `Counts`: the sign of its outcome."""


def counts(record: BatchRecord) -> Counts:
    """Return the numbers of sessions of a batch by their standing."""
    return Counts(
        len(record.sessions),
        record.count(ExpiryOutcome.EXPIRED),
        record.count(ExpiryOutcome.ALREADY_EXPIRED),
        record.count(ExpiryOutcome.NOT_FOUND),
        record.count(ExpiryOutcome.NOT_SENT),
        record.count(ExpiryOutcome.UNKNOWN),
        record.count(*_FAILURES),
    )


def table(records: Iterable[BatchRecord]) -> str:
    """Return one line a batch, for a terminal."""
    began = f"began ({zone_name()})"
    total, *titles = COUNT_TITLES
    heads = " ".join(f"{title:>4}" for title in titles)
    lines = [
        (
            f"{'batch':<22} {began:<16} {'account':<12} {'ticket':<12} "
            f"{'by':<10} {total:>5} {heads}  end"
        )
    ]
    lines += [
        f"{record.batch_id:<22} {day_and_minute(record.began_at)} "
        f"{record.account_name.upper():<12} {', '.join(record.tickets) or '-':<12} "
        f"{record.by:<10} {found.total:>5} {numbers}  {end_words(record)}"
        for record in records
        for found in (counts(record),)
        for numbers in (" ".join(f"{number:>4}" for number in found[1:]),)
    ]
    return "\n".join(lines) + "\n"


def end_words(record: BatchRecord) -> str:
    """Return how a batch ended, in a word or two."""
    words = record.end or "not ended"
    return f"{words}; {_damaged(record.damaged)}" if record.damaged else words


def damaged_words(numbers: Sequence[int]) -> str:
    """Return which entries cannot be read, or nothing."""
    if not numbers:
        return ""
    return f"{_damaged(numbers).capitalize()}; see history verify."


def _damaged(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:_MOST_NAMED]))
    if len(numbers) == 1:
        return f"entry {named} is damaged"
    more = (
        f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
    )
    return f"entries {named}{more} are damaged"


def session_line(session: SessionRecord) -> str:
    """Return sign, outcome and what it rests on, without the id."""
    result = session.result
    status = "---" if result.http_status is None else str(result.http_status)
    parts = [
        f"{glyph(outcome_sign(result.outcome))} {outcome_word(result.outcome):<9}",
        status if result.attempts else "   ",
        f"api {result.api_id[:8]}" if result.api_id else "",
        session.later or result_words(result),
    ]
    return "  ".join(part for part in parts if part)


def csv_text(records: Iterable[BatchRecord]) -> str:
    """Return one line a session; nothing in it runs as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for record in records:
        writer.writerows([_defused(cell) for cell in row] for row in _csv_rows(record))
    return out.getvalue()


def json_lines(records: Iterable[BatchRecord]) -> str:
    """Return one JSON object a line: a batch with its results."""
    return "".join(f"{json.dumps(_plain(each))}\n" for each in records)


def json_text(
    records: Sequence[BatchRecord], events: Iterable[SessionEvent] | None = None
) -> str:
    """Return one JSON object with ``batches``, every session id in full.

    Args:
        records: the batches.
        events: the story of a session, where one is asked for.
    """
    found: dict[str, object] = {"batches": [_plain(each) for each in records]}
    if events is not None:
        found["events"] = [event_object(each) for each in events]
    return json.dumps(found, indent=2) + "\n"


def copied_words(copied: str, path: Path) -> str:
    """Return what became of a report: how it was copied, and where it is written."""
    return plain_text(f"{copied} Written: {path}")


def preparing_words(progress: SearchProgress) -> str:
    """Return how far the preparation for searching is."""
    percent = 100 * progress.done // max(1, progress.total)
    return (
        f"Preparing the journal for searching, once: {percent} % of {progress.total} "
        "entries."
    )


def unprepared_words(entries: int) -> str:
    """Return why an answer takes long."""
    return (
        f"Reading all {entries} entries of the journal: it is not prepared for "
        "searching. The console does that when it starts."
    )


def exported_words(paths: Sequence[Path]) -> str:
    """Return the sentence with the path of an export."""
    names = " and ".join(path.name for path in paths)
    return plain_text(f"Written: {names} in {paths[0].parent}")


def verified_words(report: ChainReport, how: str = "") -> str:
    """Return whether the journal is whole, and if not, every problem on a line.

    Args:
        report: what a check of every entry found.
        how: how to say why a problem can stay.
    """
    if report.is_whole and not report.entries:
        return "There is no entry, so there is nothing to prove."
    if not report.findings:
        return (
            f"The journal is whole: {report.entries} entries, none changed, removed "
            f"or moved.\nLast seal {report.last_seal}"
        )
    found = [_finding_line(each) for each in report.findings]
    if report.is_whole:
        words = "The journal is whole but for what was acknowledged"
        words += f": {report.entries} entries.\nLast seal {report.last_seal}"
        return "\n".join([words, *found])
    end = f"{report.entries} entries. Last seal {report.last_seal}"
    return "\n".join(["The journal is NOT whole.", *found, *filter(None, [how]), end])


def team_verified_words(report: TeamReport) -> str:
    """Return whether the team's history is whole, and if not, every problem."""
    found = [_finding_line(each) for each in report.findings]
    size = f"{report.entries} entries of {report.chains} journals"
    if report.is_whole:
        but = " but for what was acknowledged" if found else ""
        words = f"The team's history is whole{but}: {size}."
    else:
        words = f"The team's history is NOT whole. {size}."
    lines = [words, *found]
    if report.compared:
        lines.append(f"{report.compared} of them were compared with this computer's.")
    if report.last_anchor:
        lines.append(f"Last anchor {report.last_anchor}")
    return "\n".join(lines)


def audit_notice(states: Sequence[AuditState]) -> str:
    """Return how many entries wait for a target that does not get on, or nothing."""
    waiting = max((each.waiting for each in states if each.problem), default=0)
    noun = "entry" if waiting == 1 else "entries"
    return f"audit: {waiting} {noun} waiting" if waiting else ""


def team_notice(state: TeamState | None) -> str:
    """Return how many entries wait for the team's server, where it does not get on."""
    if state is None or not state.problem:
        return ""
    noun = "entry" if state.waiting == 1 else "entries"
    return f"team: {state.waiting} {noun} waiting" if state.waiting else "team: away"


def audit_line(state: AuditState) -> str:
    """Return how far one target got."""
    target = plain_text(state.target, limit=200)
    if not state.waiting:
        return f"Audit to {target}: all {state.entries} entries have left."
    noun = "entry waits" if state.waiting == 1 else "entries wait"
    count = f"{state.waiting} {noun} of {state.entries}"
    because = f" ({state.problem})" if state.problem else ""
    return f"Audit to {target}: {count}{because}."


def _finding_line(finding: Finding) -> str:
    reason = f" Acknowledged: {finding.reason}" if finding.reason else ""
    return f"{finding.name or '-'}  {finding.words}{reason}"


def _csv_rows(record: BatchRecord) -> Iterable[tuple[object, ...]]:
    batch = _plain(record)
    head = tuple(batch[name] for name in _OF_A_BATCH)
    tail = tuple(batch[name] for name in _OF_A_BATCH_TOO)
    for result in batch["results"]:
        yield (*head, *(result[name] for name in _OF_A_RESULT), *tail)


def _defused(cell: object) -> str:
    """Return a cell that a spreadsheet takes for text, whatever it begins with."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def _plain(record: BatchRecord) -> dict[str, Any]:
    return {
        "batch": record.batch_id,
        "began_at": record.began_at.isoformat(),
        "ended_at": record.ended_at.isoformat() if record.ended_at else None,
        "end": record.end,
        "account": record.account_name,
        "auth_id": record.auth_id_tail,
        "ticket": record.ticket,
        "reason": record.reason,
        "operator": record.operator,
        "sudo_user": record.sudo_user,
        "operator_name": record.operator_name,
        "host": record.host,
        "seal": record.seal,
        "damaged_entries": list(record.damaged),
        "batch_sessions": record.size,
        "results": [_plain_session(each) for each in record.sessions],
    }


def _plain_session(session: SessionRecord) -> dict[str, object]:
    result = session.result
    return {
        "session_uuid": str(result.session_uuid),
        "outcome": result.outcome.value,
        "at": result.at.isoformat(),
        "evidence": result.evidence.value,
        "http_status": result.http_status,
        "api_id": result.api_id,
        "elapsed_ms": result.elapsed_ms,
        "attempts": result.attempts,
        "detail": result.detail,
        "later": session.later,
    }
