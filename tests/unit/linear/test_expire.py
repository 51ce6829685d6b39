import io
import json
import re
import shutil
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.journal import search_table
from masking_console.journal.reading import read_contents
from masking_console.journal.searching import count_unprepared
from masking_console.linear.prompt import StopSignals
from masking_console.models.cause import Cause
from masking_console.models.expiry import ConfirmationRules
from masking_console.models.plain_text import PlainText
from masking_console.models.session_ids import read_session_ids
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.settings import Timeouts
from tests.support.linear_runs import (
    linear_settings,
    named,
    run_linear,
    sent,
    signal_and_wait,
)
from tests.support.runs import open_ids, plivos, quick_account, reply, script

STRANGER = SessionUuid("9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917")


NOT_ENABLED = plivos(400, error="masking is not enabled")


def test_sessions_are_looked_at_confirmed_expired_and_saved(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 3)

    ran = run_linear(simulated, tmp_path, ids, confirm="3 Practice")

    assert ran.code == 0
    assert sent(simulated) == ids
    assert all(simulated.status_of(each) == "expired" for each in ids)
    (record,) = read_contents(tmp_path / "practice-journal.db").batches
    lines = ran.out.splitlines()
    assert sum(" . checked " in line for line in lines) == 3
    assert "plan      3 sessions to expire on PRACTICE." in ran.out
    assert sum("confirmed by Plivo" in line for line in lines) == 3
    assert "Done. 3 sessions are expired." in ran.out
    assert lines[-2:] == [
        f"Saved in the journal as {record.batch_id}.",
        f"Journal seal {record.seal}",
    ]
    assert "3 sessions will stop connecting calls." in ran.err
    assert "PRACTICE. Nothing here is real." in ran.err


def test_a_dry_run_reads_and_sends_no_delete(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = [*open_ids(simulated, 2), simulated.marked[Mark.EXPIRED]]

    ran = run_linear(simulated, tmp_path, ids, is_dry_run=True)

    assert ran.code == 0
    assert sorted(sent(simulated, "GET")) == sorted(ids)
    assert sent(simulated) == []
    words = f'To do it: --confirm "{named(ids[:2])}". Nothing was sent.'
    assert words in ran.out
    assert read_contents(tmp_path / "practice-journal.db").batches == ()


@pytest.mark.parametrize(("status", "code"), [(500, 3), (429, 4), (401, 2), (403, 2)])
def test_a_dry_run_that_cannot_read_says_why(
    tmp_path: Path, status: int, code: int
) -> None:
    simulated = quick_account()
    simulated.fault = lambda _request: reply(status, b"", ("retry-after", "0"))

    ran = run_linear(simulated, tmp_path, open_ids(simulated, 1), is_dry_run=True)

    assert ran.code == code
    assert sent(simulated) == []


def test_a_dry_run_needs_no_journal(tmp_path: Path) -> None:
    simulated = quick_account()
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    settings = linear_settings(tmp_path, journal_path=blocked / "journal.db")
    ids = open_ids(simulated, 1)

    assert (
        run_linear(simulated, tmp_path, ids, settings=settings, is_dry_run=True).code
        == 0
    )
    refused = run_linear(
        simulated, tmp_path, ids, settings=settings, confirm="1 practice"
    )
    assert refused.code == 1
    assert sent(simulated) == []


@pytest.mark.parametrize(
    "answer", ["3 practice", "2 env", "2", "practice", "y", "", "2practice", "2 2"]
)
def test_a_wrong_confirmation_sends_nothing_and_says_what_to_write(
    tmp_path: Path, answer: str
) -> None:
    simulated = quick_account()

    ran = run_linear(simulated, tmp_path, open_ids(simulated, 2), confirm=answer)

    assert ran.code == 5
    assert sent(simulated) == []
    last = ran.err.splitlines()[-1]
    assert "The plan is 2 sessions on PRACTICE" in last
    assert last.endswith('Write --confirm "2 practice".')


def test_one_session_alone_needs_number_and_account_as_well(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 1)

    assert run_linear(simulated, tmp_path, ids, confirm="y").code == 5
    assert run_linear(simulated, tmp_path, ids, confirm="1").code == 5
    assert sent(simulated) == []
    assert run_linear(simulated, tmp_path, ids, confirm="1 practice").code == 0


def test_what_is_expired_already_is_done(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = [simulated.marked[Mark.EXPIRED]]

    ran = run_linear(simulated, tmp_path, ids)

    assert ran.code == 0
    assert "Nothing to do: 1 session, expired already." in ran.out
    assert sent(simulated) == []


def test_a_session_in_a_call_goes_only_when_that_is_said(tmp_path: Path) -> None:
    simulated = quick_account()
    call = simulated.marked[Mark.IN_CALL]

    left = run_linear(simulated, tmp_path, [call])

    assert left.code == 5
    assert "--include-in-call takes it in." in left.err
    assert sent(simulated) == []

    gone = run_linear(
        simulated, tmp_path, [call], confirm="1 practice", includes_in_call=True
    )
    assert gone.code == 0
    assert "1 of these is in a call. The call may be cut off." in gone.err
    assert sent(simulated) == [call]


def test_an_unknown_status_never_goes(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = [simulated.marked[Mark.UNKNOWN_STATUS], *open_ids(simulated, 1)]

    ran = run_linear(
        simulated, tmp_path, ids, confirm=named(ids[1:]), includes_in_call=True
    )

    assert ran.code == 7
    assert sent(simulated) == ids[1:]
    assert "1 is in a state unknown here. Look in the console." in ran.err


@pytest.mark.parametrize("body", [b"<html>nginx</html>", b"{}"])
def test_a_404_that_is_not_plivos_is_no_fact_but_asks_about_the_account(
    tmp_path: Path, body: bytes
) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 3)
    simulated.fault = lambda _request: reply(404, body)

    ran = run_linear(simulated, tmp_path, ids, confirm="3 practice")

    assert ran.code == 5
    assert "not checked (answered 404, not in Plivo's form)" in ran.out
    assert "None of these 3 sessions is on PRACTICE." in ran.err
    assert sent(simulated) == []


def test_the_wrong_account_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    simulated = quick_account()

    alone = run_linear(simulated, tmp_path, [STRANGER], confirm="1 practice")
    assert alone.code == 5
    assert "This session is not on PRACTICE. Are you in the right account?" in alone.err
    assert run_linear(simulated, tmp_path, [STRANGER], is_dry_run=True).code == 5
    assert sent(simulated) == []

    ids = open_ids(simulated, 2)
    some = run_linear(simulated, tmp_path, [STRANGER, *ids], confirm=named(ids))
    assert some.code == 7
    assert "Left out: 1 not on this account." in some.err


def test_too_many_for_one_batch_are_refused(tmp_path: Path) -> None:
    simulated = quick_account()
    rules = ConfirmationRules(max_batch=2)
    settings = linear_settings(tmp_path, confirmation=rules)
    ids = open_ids(simulated, 3)

    for wish in ({"confirm": "3 practice"}, {"is_dry_run": True}):
        ran = run_linear(simulated, tmp_path, ids, settings=settings, **wish)
        assert ran.code == 5
        assert "3 sessions are more than 2, the most for one batch." in ran.err
    assert sent(simulated) == []


def test_a_console_that_may_only_read_refuses(tmp_path: Path) -> None:
    simulated = quick_account()
    settings = linear_settings(tmp_path, read_only=True)
    ids = open_ids(simulated, 1)

    ran = run_linear(simulated, tmp_path, ids, settings=settings, confirm="1 practice")

    assert ran.code == 5
    assert sent(simulated) == []


@pytest.mark.parametrize(
    ("faults", "code", "words"),
    [
        ([reply(401)], 2, "Mend the sign-in first."),
        ([reply(403)], 2, "Settle the refusal (403) first."),
        ([NOT_ENABLED] * 2, 3, "Refused: settle the reason first."),
        ([None, reply(401)], 7, "Mend the sign-in first."),
        ([reply(301)] * 2, 3, "Refused: settle the reason first."),
        ([reply(404)] * 2, 8, "Run the same again"),
        ([None, reply(404)], 8, "Run the same again"),
        ([None, NOT_ENABLED], 7, "Refused: settle the reason first."),
    ],
)
def test_what_plivo_refuses_in_a_run_has_its_code_and_what_helps(
    tmp_path: Path, faults: list[Fault | None], code: int, words: str
) -> None:
    simulated = quick_account()
    simulated.fault = script("DELETE", *faults)

    ran = run_linear(simulated, tmp_path, open_ids(simulated, 2), confirm="2 practice")

    assert ran.code == code
    assert f"may still connect calls. {words}" in ran.err


def test_a_rate_limit_that_never_ends_is_4(tmp_path: Path) -> None:
    simulated = quick_account()
    simulated.fault = script("DELETE", *[reply(429, b"", ("retry-after", "0"))] * 9)

    ran = run_linear(simulated, tmp_path, open_ids(simulated, 1), confirm="1 practice")

    assert ran.code == 4


def test_an_outcome_that_nobody_knows_is_8(tmp_path: Path) -> None:
    simulated = quick_account()
    deletes = 0

    def fault(request: ReceivedRequest) -> Fault | None:
        nonlocal deletes
        deletes += request.method == "DELETE"
        return Fault(ending=Ending.DROPPED) if deletes else None

    simulated.fault = fault

    ran = run_linear(simulated, tmp_path, open_ids(simulated, 1), confirm="1 practice")

    assert ran.code == 8
    assert "? unknown" in ran.out


def test_ctrl_c_in_a_run_stops_after_what_is_in_flight(tmp_path: Path) -> None:
    simulated = quick_account()
    signals = StopSignals()

    def fault(request: ReceivedRequest) -> Fault | None:
        if request.method == "DELETE":
            signal_and_wait(signals, signal.SIGTERM)
        return None

    simulated.fault = fault
    ids = open_ids(simulated, 3)

    ran = run_linear(
        simulated,
        tmp_path,
        ids,
        confirm="3 practice",
        is_json=True,
        watches=True,
        signals=signals,
    )

    assert ran.code == 130
    assert sent(simulated) == ids[:1]
    summary = json.loads(ran.out.splitlines()[-1])
    assert summary["counts"]["expired"] == 1
    assert summary["counts"]["not sent"] == 2
    assert summary["exit_code"] == 130
    (record,) = read_contents(tmp_path / "practice-journal.db").batches
    assert (record.end, record.off) == ("signal", 1)


def test_a_second_ctrl_c_leaves_at_once_and_the_journal_knows(tmp_path: Path) -> None:
    simulated = quick_account()
    signals = StopSignals()

    def fault(request: ReceivedRequest) -> Fault | None:
        if request.method == "DELETE":
            signal_and_wait(signals, signal.SIGINT, signal.SIGINT)
            return Fault(ending=Ending.SILENT)
        return None

    simulated.fault = fault
    ids = open_ids(simulated, 3)

    settings = linear_settings(tmp_path, timeouts=Timeouts())

    ran = run_linear(
        simulated,
        tmp_path,
        ids,
        settings=settings,
        confirm="3 practice",
        signals=signals,
    )

    assert ran.code == 130
    (record,) = read_contents(tmp_path / "practice-journal.db").batches
    assert record.end == ""
    assert record.unknown == (ids[0],)

    simulated.fault = None
    again = run_linear(simulated, tmp_path, ids[1:], is_dry_run=True)
    assert "1 batch is not settled: 1 unknown, 2 not sent." in again.err
    assert "Open the console on this account and press U." in again.err


def test_ctrl_c_while_looking_sends_nothing(tmp_path: Path) -> None:
    simulated = quick_account()
    signals = StopSignals()

    def fault(_request: ReceivedRequest) -> Fault | None:
        signal_and_wait(signals, signal.SIGINT)
        return Fault(ending=Ending.SILENT)

    simulated.fault = fault

    ran = run_linear(
        simulated,
        tmp_path,
        open_ids(simulated, 1),
        confirm="1 practice",
        signals=signals,
    )

    assert ran.code == 130
    assert ran.err.splitlines()[-1] == "Stopped. Nothing was sent."
    assert sent(simulated) == []


def test_a_run_that_pauses_by_itself_ends_since_nobody_could_answer(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    simulated.fault = script("DELETE", None, *[reply(500)] * 99)
    settings = linear_settings(
        tmp_path, confirmation=ConfirmationRules(name_from=1_000)
    )
    ids = open_ids(simulated, 12)

    ran = run_linear(simulated, tmp_path, ids, settings=settings, confirm="12 practice")

    assert ran.code == 8
    assert "5 failures in a row" in ran.err
    # Up to three are in flight beside the fifth failure.
    assert re.search(
        r"Stopped after failures in a row\. 1 expired, [3-6] not sent\.", ran.out
    )


def test_watching_tells_what_the_second_look_found(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 2)

    ran = run_linear(simulated, tmp_path, ids, confirm="2 practice", watches=True)

    assert ran.code == 0
    assert "All 2 are still expired." in ran.out
    ran = run_linear(simulated, tmp_path, open_ids(simulated, 1), confirm="1 practice")
    assert "once more" not in ran.out + ran.err


def test_every_json_line_is_whole_and_no_number_is_in_it(tmp_path: Path) -> None:
    simulated = quick_account()
    simulated.fault = script("DELETE", reply(500))
    ids = [*open_ids(simulated, 2), simulated.marked[Mark.IN_CALL]]
    cause = Cause(PlainText("OPS-1"), PlainText("why"))

    ran = run_linear(
        simulated, tmp_path, ids, confirm=named(ids[:2]), is_json=True, cause=cause
    )

    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 7
    assert [each["event"] for each in lines] == [
        "plan",
        *["checked"] * 3,
        "started",
        *["sending", "unclear", "sending", "outcome"],
        *["sending", "outcome"],
        "summary",
    ]
    assert lines[0]["confirm"] == named(ids[:2])
    assert (lines[0]["ticket"], lines[0]["reason"]) == ("OPS-1", "why")
    assert [each["planned"] for each in lines[1:4]] == [True, True, False]
    outcome = lines[8]
    assert set(outcome) == {
        "event",
        "at",
        "session_uuid",
        "outcome",
        "evidence",
        "words",
        "http_status",
        "api_id",
        "elapsed_ms",
        "attempt",
    }
    assert outcome["session_uuid"] == ids[0]
    assert (outcome["outcome"], outcome["attempt"]) == ("expired", 2)
    assert lines[-1]["exit_code"] == 7
    assert lines[-1]["left_out"] == {"in_call": 1}
    assert lines[-1]["batch"].startswith("B-")
    for session in (simulated.session(each) for each in ids):
        assert session is not None
        for number in (session.first_party, session.second_party):
            assert number not in ran.out + ran.err


def test_the_plan_lists_what_was_not_read_and_what_was_left_out(tmp_path: Path) -> None:
    simulated = quick_account()
    (one,) = open_ids(simulated, 1)
    pasted = read_session_ids(
        f"{one}\napi_id: {STRANGER}\n{STRANGER[:22]}\n{STRANGER.replace('-', '.')}"
    )

    ran = run_linear(
        simulated,
        tmp_path,
        pasted.found,
        pasted=pasted,
        confirm="1 practice",
        is_json=True,
    )

    plan = json.loads(ran.out.splitlines()[0])
    assert ran.code == 7
    assert plan["incomplete"] == [
        {"line": 3, "text": STRANGER[:22], "reason": "cut off"},
        {
            "line": 4,
            "text": STRANGER.replace("-", "."),
            "reason": "written with other signs than -",
        },
    ]
    assert plan["ignored"] == [{"line": 2, "text": STRANGER, "reason": "named api_id"}]
    assert (plan["incomplete_count"], plan["ignored_count"]) == (2, 1)
    assert json.loads(ran.out.splitlines()[-1])["exit_code"] == 7


def test_an_id_that_is_named_as_something_else_does_not_count_against_done(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    (one,) = open_ids(simulated, 1)
    pasted = read_session_ids(f"{one}\ncall_uuid: {STRANGER}\n")

    ran = run_linear(
        simulated, tmp_path, pasted.found, pasted=pasted, confirm="1 practice"
    )

    assert ran.code == 0


def test_an_id_with_another_name_does_not_feed_the_question_for_the_account(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    (one,) = open_ids(simulated, 1)
    others = [f"9fe6cba9-4d0e-4b62-a1c7-{number:012d}" for number in range(3)]
    text = "\n".join([one, *others, *(f"trace_id={each}" for each in others)])
    pasted = read_session_ids(text)
    assert pasted.found == (one, *others)

    ran = run_linear(
        simulated, tmp_path, pasted.found, pasted=pasted, confirm=named([one])
    )

    assert ran.code == 7
    assert sent(simulated) == [one]


def test_a_report_warns_and_decides_nothing(tmp_path: Path) -> None:
    simulated = quick_account()
    one, two = open_ids(simulated, 2)
    text = (
        "Plivo masking sessions expired with masking-console, batch B-1\n"
        "Account acme (MA..9ZZZ)   Ticket OPS-1\n\n"
        f"+ {one}  expired    confirmed by Plivo  api {STRANGER}\n"
        f"! {two}  failed     Plivo error\n"
    )
    pasted = read_session_ids(text)

    ran = run_linear(
        simulated, tmp_path, pasted.found, pasted=pasted, confirm="2 practice"
    )

    assert ran.code == 0
    assert sent(simulated) == [one, two]
    assert "This report is of ACME (MA..9ZZZ), not of PRACTICE." in ran.err
    assert "1 session is open, though a pasted report says off." in ran.err


def test_a_refusal_ends_the_json_lines_with_its_code(tmp_path: Path) -> None:
    simulated = quick_account()

    ran = run_linear(
        simulated, tmp_path, open_ids(simulated, 1), confirm="no", is_json=True
    )

    summary = json.loads(ran.out.splitlines()[-1])
    assert (ran.code, summary["exit_code"], summary["batch"]) == (5, 5, None)
    assert sent(simulated) == []


def test_hostile_text_stays_plain(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = [simulated.marked[Mark.HOSTILE_TEXT], simulated.marked[Mark.UNKNOWN_STATUS]]
    evil = b'{"api_id": "a", "error": "\\u001b]0;owned\\u0007 [red]\\u202e"}'
    simulated.fault = script("DELETE", reply(400, evil))

    ran = run_linear(simulated, tmp_path, ids, confirm=named(ids[:1]))

    assert "[red]" in ran.out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=61)


def test_an_answer_after_a_minute_is_followed_by_a_new_look(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 2)

    ran = run_linear(simulated, tmp_path, ids, confirm="2 practice", clock=later)

    assert ran.code == 0
    assert len(sent(simulated, "GET")) == 4
    assert ran.out.count(" checked ") == 2


def test_what_has_changed_since_the_look_is_a_no(tmp_path: Path) -> None:
    simulated = quick_account()
    simulated.fault = script("GET", None, plivos(404, error="not found"))
    ids = open_ids(simulated, 1)

    ran = run_linear(simulated, tmp_path, ids, confirm="1 practice", clock=later)

    assert ran.code == 5
    assert "1 is not on this account any more. Nothing was sent." in ran.err
    assert sent(simulated) == []


@pytest.mark.parametrize("is_json", [True, False])
def test_a_session_that_is_open_again_is_open_when_looked_at(
    tmp_path: Path, is_json: bool
) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 2)
    before = simulated.session(ids[0])
    assert before is not None
    looks = 0

    def fault(request: ReceivedRequest) -> Fault | None:
        nonlocal looks
        looks += request.method == "GET"
        if looks > len(ids):
            simulated.put(before)
        return None

    simulated.fault = fault

    ran = run_linear(
        simulated,
        tmp_path,
        ids,
        confirm="2 practice",
        watches=True,
        is_json=is_json,
    )

    assert ran.code == 8
    assert "It was expired, and Plivo calls it open again." in ran.out
    if is_json:
        events = [json.loads(line)["event"] for line in ran.out.splitlines()]
        assert events[-3:] == ["looked", "look_finished", "summary"]


def test_a_second_look_that_finds_the_unknown_expired_makes_it_done(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    gone = Fault(ending=Ending.DROPPED)
    deletes = script("DELETE", gone)
    gets = script("GET", None, *[gone] * 3)
    simulated.fault = lambda request: deletes(request) or gets(request)

    ran = run_linear(
        simulated, tmp_path, open_ids(simulated, 1), confirm="1 practice", watches=True
    )

    assert "1 unknown" in ran.out
    assert "confirmed by a later look" in ran.out
    assert ran.code == 0


def test_ctrl_c_while_waiting_for_the_second_look_skips_it(tmp_path: Path) -> None:
    simulated = quick_account()
    signals = StopSignals()
    settings = linear_settings(tmp_path, second_look_seconds=60.0)
    told = threading.Event()

    def press() -> None:
        assert told.wait(20)
        signal_and_wait(signals, signal.SIGINT)

    pressed = threading.Thread(target=press)

    class Err(io.StringIO):
        def write(self, text: str) -> int:
            if text.startswith("Looking once more"):
                told.set()
            return super().write(text)

    pressed.start()
    ran = run_linear(
        simulated,
        tmp_path,
        open_ids(simulated, 1),
        settings=settings,
        confirm="1 practice",
        watches=True,
        signals=signals,
        err=Err(),
    )
    pressed.join()

    assert ran.code == 0
    assert "once more:" not in ran.out


def test_an_old_large_journal_is_prepared_with_words_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "journal-of-version-3.db"
    for ending in ("", "-head"):
        shutil.copy(f"{fixture}{ending}", tmp_path / f"practice-journal.db{ending}")
    monkeypatch.setattr(search_table, "AT_ONCE", 10)
    simulated = quick_account()
    ids = open_ids(simulated, 1)

    looked = run_linear(simulated, tmp_path, ids, is_dry_run=True)
    ran = run_linear(simulated, tmp_path, ids, confirm="1 Practice")

    assert "Preparing" not in looked.err, "a dry run writes nothing"
    assert (ran.code, sent(simulated)) == (0, ids)
    told = [line for line in ran.err.splitlines() if "Preparing the journal" in line]
    assert "75 % of 40 entries." in told[-1]
    assert count_unprepared(tmp_path / "practice-journal.db") == 0
