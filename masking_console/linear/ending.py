"""How the whole command ended, for both forms of output."""

from dataclasses import dataclass

from masking_console.exit_codes import ExitCode
from masking_console.linear.choice import Choice
from masking_console.models.expiry import ExpirySummary
from masking_console.models.masking_session import CheckState
from masking_console.presentation.finished import first_step
from masking_console.presentation.review import sessions


@dataclass(frozen=True, slots=True)
class Ending:
    """The last word of the command."""

    choice: Choice
    """What was asked for."""
    code: ExitCode
    """The exit code."""
    words: str
    """What became of it, in a sentence or two."""
    summary: ExpirySummary | None = None
    """What became of the plan; None where nothing was carried out."""
    seal: str = ""
    """The seal of the journal after it; empty where it has not all of it."""


def left_to_do(summary: ExpirySummary) -> str:
    """Return what is left to do after a run, or nothing."""
    count = len(summary.to_check)
    if not count:
        return ""
    words = f"{sessions(count)} may still connect calls."
    if step := first_step(summary):
        return f"{words} {step}"
    return f"{words} Run the same again: what is expired by then is left out."


def nothing_words(choice: Choice) -> str:
    """Return why there is nothing to expire."""
    total = len(choice.left_out)
    if choice.count(CheckState.EXPIRED) == total:
        return f"Nothing to do: {sessions(total)}, expired already."
    return "Nothing to expire. Nothing was sent."


def dry_run_words(choice: Choice) -> str:
    """Return what would happen."""
    where = choice.account.name.upper()
    words = f"Would expire {sessions(len(choice.planned))} on {where}."
    if choice.planned:
        words += f' To do it: --confirm "{choice.phrase}".'
    return f"{words} Nothing was sent."
