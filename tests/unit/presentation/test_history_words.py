import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from masking_console.models.expiry import Evidence, ExpiryOutcome, ExpiryResult, RunEnd
from masking_console.models.history import Addition, BatchRecord, SessionRecord
from masking_console.models.journal_entry import ChainReport, Finding
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    LookedAgain,
    LookFinished,
    LookFound,
    NotLearnt,
    RunSlept,
    RunWaiting,
    SessionCameBack,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.team import TeamReport, TeamState
from masking_console.presentation.display import Sign
from masking_console.presentation.history import (
    counts,
    csv_text,
    json_lines,
    json_text,
    session_line,
    table,
    team_notice,
    team_verified_words,
    verified_words,
)
from masking_console.presentation.run_lines import (
    event_line,
    headline,
    later_words,
    learnt_line,
    look_line,
    report,
    warning_words,
)

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
OUT = ExpiryOutcome
IDS = [
    SessionUuid(f"c28b77d4-21e7-43bd-9447-04bfee92e65{number}") for number in range(6)
]


@pytest.mark.parametrize(
    ("state", "notice"),
    [
        (None, ""),
        (TeamState(3, 3), ""),
        (TeamState(1, 15, "The team's server is away."), "team: 14 entries waiting"),
        (TeamState(0, 1, "The team's server is away."), "team: 1 entry waiting"),
        (TeamState(3, 3, "The team's server is away."), "team: away"),
    ],
)
def test_the_header_tells_of_a_team_only_where_entries_wait(
    state: TeamState | None, notice: str
) -> None:
    assert team_notice(state) == notice


@pytest.mark.parametrize(
    ("findings", "begin"),
    [
        ((), "The team's history is whole: 9 entries of 2 journals."),
        (
            (Finding("1-a", "Entry 1.", "known"),),
            "The team's history is whole but for what was acknowledged: 9 entries",
        ),
        (
            (Finding("", "Entry 1."),),
            "The team's history is NOT whole. 9 entries of 2 journals.\n-  Entry 1.",
        ),
    ],
)
def test_what_a_look_at_a_team_found_is_said(
    findings: tuple[Finding, ...], begin: str
) -> None:
    report = TeamReport(2, 9, 0, "", findings)

    assert team_verified_words(report).startswith(begin)


def record(*outcomes: ExpiryOutcome, **fields: object) -> BatchRecord:
    results = (
        ExpiryResult(
            uuid,
            outcome,
            NOW,
            Evidence.ANSWER,
            http_status=200,
            api_id=PlainText("69f64f62-0000"),
            elapsed_ms=118,
            attempts=0 if outcome is OUT.NOT_SENT else 1,
        )
        for uuid, outcome in zip(IDS, outcomes, strict=False)
    )
    made = BatchRecord(
        "B-20260304-120502",
        NOW,
        PlainText("acme-prod"),
        PlainText("MA..7Q2X"),
        PlainText("OPS-4812"),
        PlainText("stale"),
        PlainText("marta"),
        PlainText("desk-7"),
        "C-1",
        tuple(SessionRecord(result) for result in results),
        ended_at=NOW,
        end=RunEnd.COMPLETED.value,
        seal="ab" * 32,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


ALL = record(
    OUT.EXPIRED, OUT.ALREADY_EXPIRED, OUT.UNKNOWN, OUT.FAILED, OUT.REFUSED, OUT.NOT_SENT
)


def test_a_table_has_one_line_a_batch() -> None:
    found = counts(ALL)
    assert [*found] == [6, 1, 1, 0, 1, 1, 2]
    assert found.total == sum(found[1:])
    head, line, cut = table([ALL, record(OUT.EXPIRED, end="", ticket="")]).splitlines()

    assert head.split()[0] == "batch"
    assert line.split() == [
        "B-20260304-120502", "2026-03-04", "12:05", "ACME-PROD", "OPS-4812", "marta",
        "6", "1", "1", "0", "1", "1", "2", "completed",
    ]  # fmt: skip
    assert cut.endswith("not ended")
    assert " - " in cut


def test_a_spreadsheet_runs_nothing_of_what_stands_in_it() -> None:
    hostile = record(OUT.EXPIRED, reason="=HYPERLINK(A1)", ticket="@x", operator="-1+1")
    (row,) = csv.DictReader(io.StringIO(csv_text([hostile])))

    assert row["reason"] == "'=HYPERLINK(A1)"
    assert (row["ticket"], row["operator"]) == ("'@x", "'-1+1")
    assert (row["session_uuid"], row["outcome"]) == (IDS[0], "expired")
    assert row["http_status"] == "200"


def test_csv_has_one_line_a_session() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text([ALL, ALL]))))

    assert [row["session_uuid"] for row in rows] == IDS * 2
    assert {row["batch"] for row in rows} == {ALL.batch_id}
    assert rows[0]["began_at"] == "2026-03-04T12:05:02+00:00"


def test_json_has_batches_with_their_results() -> None:
    whole = json.loads(json_text([ALL, record(OUT.EXPIRED, ended_at=None)]))
    lines = [json.loads(line) for line in json_lines([ALL]).splitlines()]

    assert whole["batches"][0] == lines[0]
    assert [each["session_uuid"] for each in lines[0]["results"]] == IDS
    assert lines[0]["results"][2]["outcome"] == "unknown"
    assert (lines[0]["ticket"], lines[0]["seal"]) == ("OPS-4812", "ab" * 32)
    assert whole["batches"][1]["ended_at"] is None


def test_a_session_of_the_history_is_one_line() -> None:
    first, *_, last = ALL.sessions
    assert session_line(first) == ("+ expired    200  api 69f64f62  confirmed by Plivo")
    bare = ExpiryResult(IDS[0], OUT.UNKNOWN, NOW, attempts=1)
    assert session_line(SessionRecord(bare)) == "? unknown    ---"
    assert session_line(last).startswith(". not sent")
    later = replace(first, later=PlainText("open at the second look"))
    assert session_line(later).endswith("open at the second look")


def test_a_broken_chain_is_told_line_by_line() -> None:
    whole = verified_words(ChainReport(7, "cd" * 32, ()))
    assert whole.startswith("The journal is whole: 7 entries")
    assert "cd" * 32 in whole
    found = (
        Finding("3-abcdefgh", "Entry 3 was changed."),
        Finding("", "The note of the last entry could not be read."),
        Finding("5-bcdefghi", "Entry 5 is missing.", "restored from a backup"),
    )
    broken = verified_words(ChainReport(7, "cd" * 32, found)).splitlines()
    assert broken[0] == "The journal is NOT whole."
    assert broken[1:4] == [
        "3-abcdefgh  Entry 3 was changed.",
        "-  The note of the last entry could not be read.",
        "5-bcdefghi  Entry 5 is missing. Acknowledged: restored from a backup",
    ]
    known = verified_words(ChainReport(7, "cd" * 32, found[2:]))
    assert known.startswith("The journal is whole but for what was acknowledged")
    assert "cd" * 32 in known


def test_the_report_from_the_journal_has_who_why_and_the_seal() -> None:
    text = report(replace(ALL, sessions=(
        replace(ALL.sessions[0], later=PlainText("open again")), *ALL.sessions[1:],
    )))  # fmt: skip

    for part in ("by marta on desk-7", "Reason: stale", f"Journal seal {'ab' * 32}"):
        assert part in text
    assert "later: open again" in text
    bare = report(record(OUT.EXPIRED, operator="", reason="", seal="", ended_at=None))
    assert "seal" not in bare
    assert "12:05:02 UTC" in bare


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("", "Not ended: 1 of 2 are off, 1 not sent."),
        ("interrupted", "Cut off in the middle: 1 of 2 are off, 1 not sent."),
    ],
)
def test_a_batch_that_was_cut_off_says_so(end: str, words: str) -> None:
    assert headline(record(OUT.EXPIRED, OUT.NOT_SENT, end=end)) == words


@pytest.mark.parametrize(
    ("event", "word", "part"),
    [
        (
            LookedAgain("B", ExpiryResult(IDS[0], OUT.OPEN, NOW), OUT.EXPIRED),
            "open again",
            "Plivo calls it open again",
        ),
        (
            LookedAgain("B", ExpiryResult(IDS[0], OUT.EXPIRED, NOW), OUT.UNKNOWN),
            "expired",
            "",
        ),
        (
            LookFinished(1, 0, 0, 0, still_open=1),
            "looked",
            "The session is still open.",
        ),
        (SessionCameBack(IDS[0], IDS[1], NOW), "came back", IDS[0].short),
        (LookFinished(2, 2, 0, 0), "looked", "All 2 are still expired."),
        (
            LookFinished(2, 1, 1, 0),
            "looked",
            "1 of 2 is still expired. 1 of 2 has no answer from Plivo.",
        ),
        (
            LookFinished(1, 1, 0, 1),
            "looked",
            "One pair of numbers was not searched for new sessions.",
        ),
        (LookFinished(2, 2, 0, 0, 1), "looked", "One pair of numbers has a new"),
        (
            LookFinished(9, 4, 2, 2, 3),
            "looked",
            "3 of 9 are settled now. 2 of 9 have no",
        ),
        (
            LookFinished(9, 9, 0, 2, 3),
            "looked",
            "3 pairs of numbers have a new session.",
        ),
        (LookFinished(9, 9, 0, 2), "looked", "2 pairs of numbers were not searched"),
    ],
)
def test_a_second_look_is_told_in_the_log(
    event: LookFound, word: str, part: str
) -> None:
    line = look_line(event, NOW)
    assert line.word == word
    assert part in line.text
    if isinstance(event, SessionCameBack):
        assert line.session_uuid == IDS[1]


def test_what_a_second_look_changes_is_a_warning() -> None:
    found = ExpiryResult(IDS[2], OUT.EXPIRED, NOW)
    settled = LookedAgain("B", found, OUT.UNKNOWN)
    well: list[LookFound] = [settled, LookFinished(2, 2, 0, 0)]
    assert warning_words(well) == ""
    assert look_line(well[1], NOW).sign is Sign.NOTE
    is_open = replace(found, outcome=OUT.OPEN)
    again = LookedAgain("B", is_open, OUT.EXPIRED)
    changed = [*well, SessionCameBack(IDS[0], IDS[1], NOW), again]
    assert warning_words(changed) == (
        f"{IDS[0].short}: its two numbers have a new session, {IDS[1].short}. "
        f"{IDS[2].short} is open again."
    )
    for event in (LookFinished(2, 1, 0, 0, 0, 1), LookFinished(2, 2, 0, 0, 1)):
        assert look_line(event, NOW).sign is Sign.FAILED
    for event in (LookFinished(2, 1, 1, 0), LookFinished(2, 2, 0, 1)):
        assert look_line(event, NOW).sign is Sign.UNKNOWN
    # One was unknown after the run, and is expired by now.
    assert look_line(LookFinished(4, 3, 0, 0), NOW).sign is Sign.NOTE
    assert (
        "1 of 2 is open again." in look_line(LookFinished(2, 1, 0, 0, 0, 1), NOW).text
    )


def test_the_report_says_what_was_set_aside_by_whom_and_why() -> None:
    aside = Addition(NOW, PlainText("marta"), PlainText(""), PlainText("left us"))
    assert later_words(record(OUT.UNKNOWN, set_aside=aside)) == (
        "Set aside at 12:05 by marta: left us",
    )
    silent = replace(aside, reason=PlainText(""))
    (words,) = later_words(record(OUT.UNKNOWN, set_aside=silent))
    assert words == "Set aside at 12:05 by marta"


def test_what_is_learnt_or_not_has_a_line() -> None:
    result = ALL.sessions[0].result
    line = learnt_line(LookedAgain("B-1", result, OUT.UNKNOWN), NOW)
    assert line.session_uuid == IDS[0]
    problem = learnt_line(NotLearnt("The journal cannot be read."), NOW)
    assert problem.sign is Sign.FAILED
    assert problem.text.startswith("The journal cannot be read. What was found")


def test_a_run_that_waits_or_slept_has_a_line() -> None:
    waits = event_line(RunWaiting(2.4, "Offline."), NOW)
    assert waits is not None
    assert (waits.sign, waits.text) == (Sign.RETRY, "Offline. Waiting 2 s.")
    slept = event_line(RunSlept(92.0), NOW)
    assert slept is not None
    assert slept.text.startswith("This computer slept for 92 s. Nothing more was sent.")
