"""What is not settled, in words that every face uses."""

from collections import Counter
from collections.abc import Collection, Sequence

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.unsettled import NotSettled
from masking_console.presentation.run_lines import headline

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
