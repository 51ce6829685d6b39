"""Exit code of a call, from the outcomes of all its sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from masking_console.errors import ExitCode, MaskingConsoleError, Remedy
from masking_console.linear.plan import Choice
from masking_console.models.expiry import UNSETTLED, ExpirySummary, RunEnd
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.presentation.finished import first_step
from masking_console.presentation.review import sessions


@dataclass(frozen=True, slots=True)
class Ending:
    """The last word of the command."""

    choice: Choice
    """The sessions that were asked for, and the plan."""
    code: ExitCode
    """The exit code."""
    words: str
    """The result in a sentence or two."""
    summary: ExpirySummary | None = None
    """Result of the plan; None where nothing was carried out."""
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


_ENDS = {
    RunEnd.TOKEN_REFUSED: ExitCode.CREDENTIALS,
    RunEnd.FORBIDDEN: ExitCode.CREDENTIALS,
    RunEnd.JOURNAL_FAILED: ExitCode.BAD_INPUT,
    RunEnd.TEAM_AWAY: ExitCode.REFUSED,
    RunEnd.CRASHED: ExitCode.BAD_INPUT,
}


def exit_code(
    summary: ExpirySummary | None,
    left_out: Sequence[CheckedSession],
    *,
    unread: int = 0,
    is_stopped: bool = False,
) -> ExitCode:
    """Return how the whole command ended.

    Args:
        summary: what became of the plan; None where there was nothing to expire.
        left_out: the sessions that were asked for and are not in the plan.
        unread: how many that may be session ids could not be read.
        is_stopped: whether the operator stopped it.
    """
    results = summary.results if summary is not None else ()
    if is_stopped:
        return ExitCode.STOPPED
    if any(each.outcome in UNSETTLED for each in results):
        return ExitCode.UNKNOWN
    if summary is not None and summary.end is RunEnd.SLEPT:
        return ExitCode.PARTLY_DONE
    off = sum(each.state is CheckState.EXPIRED for each in left_out)
    off += summary.off if summary is not None else 0
    is_recorded = summary is None or summary.end is not RunEnd.JOURNAL_FAILED
    is_all_off = off == len(results) + len(left_out)
    if is_all_off and is_recorded and not unread:
        return ExitCode.DONE
    if off:
        return ExitCode.PARTLY_DONE
    return _after_a_run(summary) if summary is not None else unread_code(left_out)


def dry_run_code(left_out: Sequence[CheckedSession], *, unread: int = 0) -> ExitCode:
    """Return whether a dry run could read everything."""
    if any(each.state is CheckState.NOT_CHECKED for each in left_out):
        return unread_code(left_out)
    return ExitCode.BAD_INPUT if unread else ExitCode.DONE


def unread_code(left_out: Sequence[CheckedSession]) -> ExitCode:
    """Return why sessions could not be read; refused where all of them were."""
    unread = [each for each in left_out if each.state is CheckState.NOT_CHECKED]
    if any(each.http_status == HTTPStatus.TOO_MANY_REQUESTS for each in unread):
        return ExitCode.RATE_LIMITED
    return ExitCode.PLIVO if unread else ExitCode.REFUSED


def _after_a_run(summary: ExpirySummary) -> ExitCode:
    """Return why a run did nothing at all."""
    if summary.end in _ENDS:
        return _ENDS[summary.end]
    statuses = {each.http_status for each in summary.results}
    if HTTPStatus.TOO_MANY_REQUESTS in statuses:
        return ExitCode.RATE_LIMITED
    return ExitCode.PLIVO


_STEPS = {
    Remedy.CHOOSE_ACCOUNT: "Choose one with --account.",
    Remedy.ADD_ACCOUNT: "Add it in the console.",
    Remedy.REPLACE_TOKEN: "Replace its token in the console, among the accounts.",
    Remedy.SET_VARIABLES: "Set PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN, and start again.",
    Remedy.CORRECT_COMMAND: (
        "Correct its token_command in config.toml, and start again."
    ),
    Remedy.READ_KEYRING_AGAIN: "Then run this again.",
    Remedy.SPLIT_LIST: "Split the list.",
    Remedy.GIVE_REASON: 'Such as: --reason "restored from the backup of March 4".',
    Remedy.SET_UP_TEAM: "A lead runs: masking-console team init.",
    Remedy.UPGRADE_TEAM: "A lead runs: masking-console team upgrade.",
    Remedy.CHECK_TEAM: "See: masking-console team check.",
    Remedy.UPDATE_CONSOLE: "Update masking-console.",
    Remedy.CHOOSE_PORT: "Try --port 0.",
}


def with_remedy(error: MaskingConsoleError) -> str:
    """Return an error's sentence, and the next step on the command line."""
    return f"{error} {_STEPS.get(error.remedy, '')}".rstrip()
