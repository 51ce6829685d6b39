from datetime import UTC, datetime

import pytest

from masking_console.errors import ExitCode
from masking_console.linear.exit_code import dry_run_code, exit_code
from masking_console.models.expiry import (
    Batch,
    ExpiryOutcome,
    ExpiryResult,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, tzinfo=UTC)
U = ExpiryOutcome
S = CheckState


def uuid(number: int) -> SessionUuid:
    return SessionUuid(f"c28b77d4-21e7-43bd-9447-{number:012d}")


def summary_of(
    end: RunEnd, outcomes: list[ExpiryOutcome], status: int | None = None
) -> ExpirySummary:
    ids = [uuid(number) for number in range(len(outcomes))]
    plan = plan_of(practice_account(), ids)
    results = tuple(
        ExpiryResult(each, outcome, NOW, http_status=status)
        for each, outcome in zip(ids, outcomes, strict=True)
    )
    batch = Batch("B-1", plan.confirm(plan.phrase))
    return ExpirySummary(batch, results, end, NOW, NOW)


@pytest.mark.parametrize(
    ("end", "outcomes", "left_out", "code"),
    [
        (RunEnd.COMPLETED, [U.EXPIRED, U.ALREADY_EXPIRED], [], 0),
        (RunEnd.COMPLETED, [U.EXPIRED], [S.EXPIRED], 0),
        (RunEnd.COMPLETED, [U.EXPIRED], [S.IN_CALL], 7),
        (RunEnd.COMPLETED, [U.EXPIRED], [S.NOT_FOUND], 7),
        (RunEnd.COMPLETED, [U.EXPIRED, U.FAILED], [], 7),
        (RunEnd.TOKEN_REFUSED, [U.EXPIRED, U.REFUSED], [], 7),
        (RunEnd.COMPLETED, [U.EXPIRED, U.UNKNOWN], [], 8),
        (RunEnd.COMPLETED, [U.UNKNOWN], [S.NOT_FOUND], 8),
        (RunEnd.COMPLETED, [U.EXPIRED, U.OPEN], [], 8),
        (RunEnd.FIRST_FAILED, [U.OPEN, U.NOT_SENT], [], 8),
        (RunEnd.TOKEN_REFUSED, [U.REFUSED, U.NOT_SENT], [], 2),
        (RunEnd.FORBIDDEN, [U.REFUSED], [], 2),
        (RunEnd.COMPLETED, [U.FAILED, U.NOT_SENT], [], 3),
        (RunEnd.COMPLETED, [U.NOT_FOUND], [], 3),
        (RunEnd.FIRST_FAILED, [U.FAILED, U.NOT_SENT], [], 3),
        (RunEnd.STOPPED, [U.NOT_SENT], [], 3),
        (RunEnd.JOURNAL_FAILED, [U.NOT_SENT], [], 1),
        (RunEnd.JOURNAL_FAILED, [U.EXPIRED, U.UNKNOWN], [], 8),
        (RunEnd.JOURNAL_FAILED, [U.EXPIRED, U.EXPIRED], [S.EXPIRED], 7),
        (RunEnd.CRASHED, [U.NOT_SENT], [], 1),
    ],
)
def test_the_exit_code_tells_of_all_that_were_asked_for(
    end: RunEnd,
    outcomes: list[ExpiryOutcome],
    left_out: list[CheckState],
    code: int,
) -> None:
    others = [CheckedSession(uuid(99), state) for state in left_out]

    assert exit_code(summary_of(end, outcomes), others) == code


def test_a_stop_comes_before_everything() -> None:
    summary = summary_of(RunEnd.STOPPED, [U.UNKNOWN, U.EXPIRED])

    assert exit_code(summary, [], is_stopped=True) is ExitCode.STOPPED


def test_a_rate_limit_is_told_from_other_errors() -> None:
    summary = summary_of(RunEnd.COMPLETED, [U.NOT_SENT], 429)

    assert exit_code(summary, []) is ExitCode.RATE_LIMITED


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        ([(S.EXPIRED, None)], 0),
        ([(S.EXPIRED, None), (S.IN_CALL, None)], 7),
        ([(S.IN_CALL, None)], 5),
        ([(S.OTHER, None), (S.NOT_FOUND, None)], 5),
        ([(S.NOT_CHECKED, None), (S.IN_CALL, None)], 3),
        ([(S.NOT_CHECKED, 500), (S.NOT_CHECKED, 429)], 4),
    ],
)
def test_without_a_run_the_looks_decide(
    left_out: list[tuple[CheckState, int | None]], code: int
) -> None:
    checked = [
        CheckedSession(uuid(number), state, http_status=status)
        for number, (state, status) in enumerate(left_out)
    ]

    assert exit_code(None, checked) == code


def test_nothing_that_may_be_an_id_stays_unread_where_all_is_done() -> None:
    summary = summary_of(RunEnd.COMPLETED, [U.EXPIRED])
    done = [CheckedSession(uuid(99), S.EXPIRED)]
    alone = [CheckedSession(uuid(99), S.IN_CALL)]

    assert exit_code(summary, [], unread=1) is ExitCode.PARTLY_DONE
    assert exit_code(None, done, unread=1) is ExitCode.PARTLY_DONE
    assert exit_code(None, alone, unread=1) is ExitCode.REFUSED


@pytest.mark.parametrize(
    ("state", "unread", "code"),
    [
        (S.ACTIVE, 0, 0),
        (S.ACTIVE, 1, 1),
        (S.EXPIRED, 1, 1),
        (S.NOT_CHECKED, 1, 3),
    ],
)
def test_a_dry_run_tells_whether_everything_was_read(
    state: CheckState, unread: int, code: int
) -> None:
    checked = [CheckedSession(uuid(99), state)]

    assert dry_run_code(checked, unread=unread) == code
