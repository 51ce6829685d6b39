from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from masking_console.models.expiry import (
    EXPIRED_BY_THEN,
    Batch,
    Evidence,
    ExpiryOutcome,
    ExpiryPlan,
    ExpiryResult,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.history import BatchRecord
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import AttemptUnclear
from masking_console.models.session_ids import read_session_ids
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import Sign
from masking_console.presentation.finished import (
    may_still_connect,
    saved_words,
    summary_lines,
)
from masking_console.presentation.listing import NOTHING_FOUND, pasted_words
from masking_console.presentation.review import (
    consequences,
    differences,
    left_out_words,
    one_session,
    title,
)
from masking_console.presentation.run_lines import (
    headline,
    report,
    result_line,
    result_words,
    unclear_line,
)

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
TEXT = "c28b77d4-21e7-43bd-9447-04bfee92e651"
OUT, E = ExpiryOutcome, Evidence
ACCOUNT = Account(
    AccountName("acme-prod"), AuthId("MAEXAMPLE0000000044T"), AuthToken("t")
)

HOW = "Press t to check and retry."


def uuids(count: int) -> list[SessionUuid]:
    return [SessionUuid(f"{number:08x}{TEXT[8:]}") for number in range(count)]


def plan(*states: CheckState, ticket: str = "") -> ExpiryPlan:
    rows = [
        CheckedSession(uuid, state, None, NOW)
        for uuid, state in zip(uuids(len(states)), states, strict=True)
    ]
    return ExpiryPlan(ACCOUNT, tuple(rows), ticket=PlainText(ticket))


def summary(
    *outcomes: ExpiryOutcome, end: RunEnd = RunEnd.COMPLETED, ticket: str = ""
) -> ExpirySummary:
    made = plan(*[CheckState.ACTIVE] * len(outcomes), ticket=ticket)
    results = tuple(
        ExpiryResult(
            checked.session_uuid,
            outcome,
            NOW,
            Evidence.ANSWER,
            200,
            PlainText("69f64f62-0000"),
            118,
            1,
            PlainText("words"),
        )
        for checked, outcome in zip(made.sessions, outcomes, strict=True)
    )
    batch = Batch("B-20260304-120502", made.confirm(made.phrase))
    return ExpirySummary(batch, results, end, NOW, NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("outcome", "evidence", "attempts", "sign", "words"),
    [
        (OUT.EXPIRED, E.ANSWER, 1, Sign.DONE, "confirmed by Plivo"),
        (OUT.EXPIRED, E.ANSWER, 3, Sign.DONE, "confirmed by Plivo at attempt 3"),
        (OUT.EXPIRED, E.LOOK, 1, Sign.DONE, "detail"),
        (OUT.ALREADY_EXPIRED, E.ANSWER, 1, Sign.ALREADY, "it was already expired"),
        (OUT.NOT_FOUND, E.LOOK, 1, Sign.ABSENT, "detail"),
        (OUT.REFUSED, E.ANSWER, 1, Sign.FAILED, "detail"),
        (OUT.FAILED, E.ANSWER, 1, Sign.FAILED, "detail"),
        (OUT.OPEN, E.LOOK, 3, Sign.FAILED, "detail"),
        (OUT.UNKNOWN, E.NONE, 1, Sign.UNKNOWN, "detail"),
        (OUT.NOT_SENT, E.NONE, 0, Sign.NOTE, "detail"),
    ],
)
def test_every_outcome_has_a_sign_and_words(
    outcome: ExpiryOutcome, evidence: Evidence, attempts: int, sign: Sign, words: str
) -> None:
    result = ExpiryResult(
        SessionUuid(TEXT),
        outcome,
        NOW,
        evidence,
        elapsed_ms=5,
        attempts=attempts,
        detail=PlainText("detail"),
    )
    line = result_line(result)

    assert line.sign is sign
    assert result_words(result).startswith(words)
    assert f"{sign.value} {line.word}" in line.line
    assert (line.elapsed_ms is None) == (attempts == 0)
    assert line.status in {"", "---", "GET"}
    is_by_look = evidence is E.LOOK and outcome in {OUT.EXPIRED, OUT.NOT_FOUND}
    assert (line.status == "GET") == is_by_look
    bare = replace(result, detail=PlainText(""))
    assert (outcome is not OUT.NOT_SENT) or result_words(
        bare
    ) == "nothing was sent for it"
    assert (outcome is not OUT.NOT_FOUND) or result_words(bare) == "not on this account"


@pytest.mark.parametrize("status", [200, 400])
def test_what_was_already_expired_after_an_unclear_attempt_is_told_from_a_yes(
    status: int,
) -> None:
    result = ExpiryResult(
        SessionUuid(TEXT),
        OUT.EXPIRED,
        NOW,
        E.ANSWER,
        http_status=status,
        attempts=2,
        detail=PlainText(EXPIRED_BY_THEN),
    )

    assert result_words(result) == EXPIRED_BY_THEN


def refused(status: int, words: str) -> ExpirySummary:
    """Return a run that ended with this answer to its second session."""
    end = RunEnd.TOKEN_REFUSED if status == 401 else RunEnd.FORBIDDEN
    made = summary(OUT.EXPIRED, OUT.REFUSED, end=end)
    first, second = made.results
    second = replace(second, http_status=status, detail=PlainText(words))
    return replace(made, results=(first, second))


def test_an_attempt_without_an_answer_says_what_happens_next() -> None:
    result = ExpiryResult(
        SessionUuid(TEXT),
        OUT.UNKNOWN,
        NOW,
        elapsed_ms=15_000,
        attempts=1,
        detail=PlainText("no answer in time"),
    )
    line = unclear_line(AttemptUnclear(result, "checking"))

    assert line.sign is Sign.RETRY
    assert line.line.endswith("no answer in time; checking")
    assert "--- 15.0 s" in line.line


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (summary(OUT.EXPIRED), "Done. 1 session is expired."),
        (summary(OUT.EXPIRED, OUT.ALREADY_EXPIRED), "Done. 2 sessions are expired."),
        (
            summary(OUT.EXPIRED, OUT.FAILED, OUT.UNKNOWN),
            "Finished, with problems: 1 of 3 are off, 1 failed, 1 unknown.",
        ),
        (
            summary(OUT.EXPIRED, OUT.OPEN),
            "Finished, with problems: 1 of 2 are off, 1 open.",
        ),
        (
            summary(OUT.EXPIRED, OUT.NOT_SENT, end=RunEnd.STOPPED),
            "Stopped by you. 1 expired, 1 not sent.",
        ),
        (
            summary(OUT.REFUSED, end=RunEnd.TOKEN_REFUSED),
            "ACME-PROD: the sign-in was refused (401). Nothing was sent after that.",
        ),
        (
            summary(OUT.REFUSED, end=RunEnd.FORBIDDEN),
            "ACME-PROD: refused (403). Nothing was sent after that.",
        ),
        (
            refused(403, "IP address 203.0.113.7 is not whitelisted"),
            (
                "ACME-PROD: refused (403: IP address 203.0.113.7 is not whitelisted). "
                "Nothing was sent after that."
            ),
        ),
        (
            refused(401, "answered 401, not in Plivo's form: no"),
            (
                "ACME-PROD: the sign-in was refused (answered 401, not in Plivo's "
                "form: no). Nothing was sent after that."
            ),
        ),
        (
            summary(OUT.FAILED, OUT.NOT_SENT, end=RunEnd.FIRST_FAILED),
            "The first session failed. The other 1 were not sent.",
        ),
        (
            summary(OUT.UNKNOWN, OUT.NOT_SENT, end=RunEnd.JOURNAL_FAILED),
            "The journal cannot be written. Stopped; 1 not sent.",
        ),
        (
            summary(OUT.EXPIRED, OUT.NOT_SENT, end=RunEnd.CRASHED),
            "This program failed. 1 expired, 1 not sent.",
        ),
    ],
)
def test_the_headline_says_how_a_run_ended(made: ExpirySummary, words: str) -> None:
    assert headline(BatchRecord.of(made)) == words


def test_the_report_has_every_id_in_full_and_the_ticket() -> None:
    made = summary(OUT.EXPIRED, OUT.FAILED, ticket="OPS-4812")
    text = report(BatchRecord.of(made))

    for uuid in uuids(2):
        assert uuid in text
    for part in ("B-20260304-120502", "acme-prod (MA..044T)", "Ticket OPS-4812"):
        assert part in text
    assert "api 69f64f62-0000" in text
    bare = replace(made, results=(ExpiryResult(uuids(1)[0], OUT.NOT_SENT, NOW),))
    assert "api" not in report(BatchRecord.of(bare))
    assert "Ticket" not in report(BatchRecord.of(summary(OUT.EXPIRED)))


def test_the_finished_panel_names_what_to_look_at() -> None:
    made = summary(OUT.EXPIRED, *[OUT.FAILED] * 4, OUT.UNKNOWN)
    lines = summary_lines(made)

    assert lines[0].split() == ["+", "expired", "1"]
    assert lines[1].split() == ["=", "already", "expired", "0"]
    assert lines[2].endswith(uuids(6)[5].short)
    assert lines[3].endswith("...")
    assert may_still_connect(made, HOW).startswith(
        "5 sessions may still connect calls."
    )
    assert may_still_connect(summary(OUT.EXPIRED), HOW) == ""
    assert may_still_connect(summary(OUT.UNKNOWN), HOW).startswith(
        "1 outcome is unknown."
    )
    failed = may_still_connect(summary(OUT.FAILED), HOW)
    assert failed.startswith("1 session may still connect calls. Refused:")
    opened = may_still_connect(summary(OUT.OPEN, OUT.FAILED), HOW)
    assert opened == f"2 sessions may still connect calls. {HOW}"


def test_the_review_says_what_will_happen() -> None:
    made = plan(CheckState.ACTIVE, CheckState.IN_CALL)
    assert title(made) == "Expire 2 sessions on ACME-PROD?"
    assert "1 of these is in a call. The call may be cut off." in consequences(
        made, NOW
    )
    both = plan(CheckState.IN_CALL, CheckState.IN_CALL)
    assert any("2 of these are in a call" in line for line in consequences(both, NOW))
    one = plan(CheckState.ACTIVE)
    assert title(one) == "Expire 1 session on ACME-PROD?"
    assert len(consequences(one, NOW)) == 3


def test_a_session_of_which_nothing_is_told_is_shown_by_its_id() -> None:
    (checked,) = plan(CheckState.ACTIVE).sessions
    assert one_session(checked, None, NOW) == (
        f"session    {checked.session_uuid}   active",
        "from       pasted",
    )


def test_what_ends_by_itself_is_said() -> None:
    def row(uuid: SessionUuid) -> CheckedSession:
        empty = PlainText("")
        status = SessionStatus.ACTIVE
        soon = NOW + timedelta(minutes=2)
        described = MaskingSession(
            uuid, status, empty, empty, empty, empty, NOW, soon, None, 0
        )
        return CheckedSession.of(described, NOW)

    one, two = (
        ExpiryPlan(ACCOUNT, tuple(row(uuid) for uuid in uuids(count)))
        for count in (1, 2)
    )
    assert consequences(one, NOW)[-1] == "1 of these ends by itself within 5 minutes."
    assert (
        consequences(two, NOW)[-1] == "2 of these end by themselves within 5 minutes."
    )


def test_what_is_left_out_is_counted() -> None:
    states = [CheckState.EXPIRED, CheckState.EXPIRED, CheckState.IN_CALL]
    rows = [
        CheckedSession(uuid, state)
        for uuid, state in zip(uuids(3), states, strict=True)
    ]

    assert left_out_words(rows) == "Left out: 2 already expired, 1 in call."
    assert left_out_words([]) == ""


@pytest.mark.parametrize(
    ("after", "count", "words"),
    [
        (CheckState.IN_CALL, 1, "1 got a call since and is not ticked any more."),
        (CheckState.IN_CALL, 2, "2 got a call since and are not ticked any more."),
        (CheckState.EXPIRED, 1, "1 expired by itself since."),
        (CheckState.EXPIRED, 2, "2 expired by themselves since."),
        (CheckState.NOT_FOUND, 1, "1 is not on this account any more."),
        (CheckState.NOT_CHECKED, 1, "1 could not be checked again."),
        (CheckState.QUEUED, 1, "1 changed."),
    ],
)
def test_changes_since_the_ticks_are_said(
    after: CheckState, count: int, words: str
) -> None:
    before = [CheckedSession(uuid, CheckState.ACTIVE) for uuid in uuids(count + 1)]
    now = [CheckedSession(uuid, after) for uuid in uuids(count)]

    assert differences(before, now) == (words,)
    assert differences(before, before) == ()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("hello", (NOTHING_FOUND,)),
        (TEXT, ("1 id   1 new",)),
        (f"{TEXT} {TEXT} {TEXT}", ("1 id   1 new   2 repeats",)),
        (
            f'{TEXT}\n"api_id":"4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"',
            ("1 id   1 new   1 ignored", "Ignored: 1 api_id (not a session id)"),
        ),
        (
            f"%0A{TEXT}",
            ("1 id   1 new   decoded: 1 from percent-encoding",),
        ),
        (
            f"x-{TEXT}\n{TEXT[:22]}\n{TEXT.replace('-', '.')}",
            (
                (
                    "1 id is part of a longer word (line 1) and was left out. "
                    "Paste the id alone."
                ),
                "1 id is incomplete (line 2) and was left out. Paste it again.",
                (
                    "1 id is written with other signs than - (line 3) and was "
                    "left out. Write each dash as -."
                ),
            ),
        ),
        (
            " ".join(
                f'"{name}": "{TEXT[:-1]}{number}"'
                for number, name in enumerate(
                    ("api_id", "call_uuid", "trace_id", "agent_id", "user_id")
                )
            ),
            (
                NOTHING_FOUND,
                "Ignored: 1 api_id, 1 call_uuid, 1 trace_id, 2 more (not a session id)",
            ),
        ),
        (
            f'session_uuid,api_id\n{TEXT},"open',
            (
                "1 id   1 new",
                (
                    "From line 2 on, a quote stays open or a cell is too long: read as "
                    "plain text. Look at each id."
                ),
            ),
        ),
        (
            TEXT[:22],
            ("1 id is incomplete (line 1) and was left out. Paste it again.",),
        ),
        (
            "\n".join([TEXT[:22]] * 4),
            (
                (
                    "4 ids are incomplete (line 1, 2, 3...) and were left out. "
                    "Paste them again."
                ),
            ),
        ),
    ],
)
def test_what_was_found_in_a_paste_is_said(text: str, lines: tuple[str, ...]) -> None:
    read = read_session_ids(text)

    assert pasted_words(read, len(read.found)) == lines


def test_where_a_batch_is_kept_is_said_only_if_it_is() -> None:
    kept = summary(OUT.EXPIRED)
    assert saved_words(kept) == f"Saved in the journal as {kept.batch.batch_id}."
    lost = summary(OUT.EXPIRED, end=RunEnd.JOURNAL_FAILED)
    assert saved_words(lost).startswith(f"NOT all of {lost.batch.batch_id} is in")
