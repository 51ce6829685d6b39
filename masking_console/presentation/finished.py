"""The finished panel in words."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from masking_console.models.expiry import ExpiryOutcome, ExpirySummary, RunEnd
from masking_console.models.unsettled import NotSettled
from masking_console.presentation.display import Sign
from masking_console.presentation.run_lines import headline
from masking_console.presentation.sessions import outcome_sign

_KINDS = (
    (ExpiryOutcome.UNKNOWN, "unknown"),
    (ExpiryOutcome.OPEN, "open when looked at"),
    (ExpiryOutcome.NOT_SENT, "not sent"),
)


def counts_words(matters: Sequence[NotSettled]) -> str:
    """Return ``5 unknown, 3 not sent``."""
    counts = (
        (sum(each.count(outcome) for each in matters), word) for outcome, word in _KINDS
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def unsettled_words(matters: Sequence[NotSettled]) -> str:
    """Return how much is not settled, in a sentence."""
    which = "1 batch is" if len(matters) == 1 else f"{len(matters)} batches are"
    return f"{which} not settled: {counts_words(matters)}."


def matter_words(matter: NotSettled) -> str:
    """Return which batch it is, and what is not settled of it."""
    record = matter.record
    which = f"{record.batch_id}   {counts_words([matter])}"
    return f"{which}\n{headline(record)}"


def ended_by(matter: NotSettled) -> str:
    """Return what ended a batch, in a word or two."""
    return "cut off" if matter.is_cut_off else matter.record.end


def unsettled_outcomes_words(outcomes: Collection[ExpiryOutcome]) -> str:
    """Return a warning of sessions that were tried and may still connect calls."""
    counts = Counter(outcomes)
    parts = [
        f"{counts[outcome]} {'is' if counts[outcome] == 1 else 'are'} {word}"
        for outcome, word in _KINDS
        if counts[outcome]
    ]
    which = "1 session" if len(outcomes) == 1 else f"{len(outcomes)} sessions"
    return f"{which} may still connect calls: {', '.join(parts)}."


_LABELS = {
    ExpiryOutcome.EXPIRED: "expired",
    ExpiryOutcome.ALREADY_EXPIRED: "already expired",
    ExpiryOutcome.UNKNOWN: "outcome unknown",
    ExpiryOutcome.OPEN: "open when looked at",
    ExpiryOutcome.FAILED: "failed",
    ExpiryOutcome.REFUSED: "refused",
    ExpiryOutcome.NOT_FOUND: "not on this account",
    ExpiryOutcome.NOT_SENT: "not sent",
}
_ALWAYS = (ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED)
_DEFINITE = {ExpiryOutcome.REFUSED, ExpiryOutcome.FAILED}
_FIRST = {
    RunEnd.TOKEN_REFUSED: "Mend the sign-in first.",
    RunEnd.FORBIDDEN: "Settle the refusal (403) first.",
    RunEnd.JOURNAL_FAILED: "Mend the journal's disk first.",
    RunEnd.TEAM_AWAY: "The team's server has to be back first.",
    RunEnd.CRASHED: "Report the crash first.",
}
_NAMED = 3
"""Most sessions of one outcome that are named."""


class SummaryRow(NamedTuple):
    """One outcome of a batch."""

    sign: Sign
    """The sign of the outcome."""
    sessions: int
    """Number of sessions with it."""
    line: str
    """Sign, word, count, and the sessions to look at."""


def summary_rows(summary: ExpirySummary) -> tuple[SummaryRow, ...]:
    """Return one row an outcome; those of a good end are always there."""
    rows = []
    for outcome, label in _LABELS.items():
        results = [each for each in summary.results if each.outcome is outcome]
        if not results and outcome not in _ALWAYS:
            continue
        line = f"  {outcome_sign(outcome).value} {label:<21} {len(results):>4}"
        if outcome not in _ALWAYS:
            names = " ".join(each.session_uuid.short for each in results[:_NAMED])
            more = " ..." if len(results) > _NAMED else ""
            line += f"   {names}{more}"
        rows.append(SummaryRow(outcome_sign(outcome), len(results), line))
    return tuple(rows)


def summary_lines(summary: ExpirySummary) -> tuple[str, ...]:
    """Return the lines of the rows."""
    return tuple(row.line for row in summary_rows(summary))


def first_step(summary: ExpirySummary) -> str:
    """Return what has to change before another try can help; empty where nothing."""
    if summary.end in _FIRST:
        return _FIRST[summary.end]
    if all(each.outcome in _DEFINITE for each in summary.to_check):
        return "Refused: settle the reason first."
    return ""


def saved_words(summary: ExpirySummary) -> str:
    """Return where the batch is kept, or that it is not."""
    if summary.end is RunEnd.JOURNAL_FAILED:
        return (
            f"NOT all of {summary.batch.batch_id} is in the journal. Copy the report."
        )
    return f"Saved in the journal as {summary.batch.batch_id}."


def may_still_connect(summary: ExpirySummary, how: str) -> str:
    """Return what is left to do, or nothing.

    Args:
        summary: the batch.
        how: how to check and retry, in a sentence.
    """
    count = len(summary.to_check)
    if not count:
        return ""
    if count == 1 and summary.count(ExpiryOutcome.UNKNOWN) == 1:
        return f"1 outcome is unknown. It may or may not still connect calls. {how}"
    noun = "1 session" if count == 1 else f"{count} sessions"
    words = f"{noun} may still connect calls."
    if step := first_step(summary):
        return f"{words} {step}"
    return f"{words} {how}"
