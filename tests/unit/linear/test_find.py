import json
import re
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from masking_console.linear.prompt import StopSignals
from masking_console.models.cause import Cause
from masking_console.models.listing import Wanted
from masking_console.models.plain_text import PlainText
from masking_console.models.session_ids import read_session_ids
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.practice.stored_session import EXPIRED, IN_PROGRESS, StoredSession
from tests.support.large_account import LargeAccount
from tests.support.linear_runs import (
    linear_settings,
    run_find,
    run_linear,
    sent,
    signal_and_wait,
)
from tests.support.runs import open_ids, quick_account, reply
from tests.support.still_account import NOW, still_account

NUMBER = "919812345678"
WANTED = Wanted.of(f"+{NUMBER}")


def with_number(simulated: SimulatedAccount, *words: str) -> list[StoredSession]:
    """Give some sessions this number, with these states, the newest first."""
    made: list[StoredSession] = []
    for session, word in zip(simulated.sessions, words, strict=False):
        new = replace(
            session,
            first_party=NUMBER,
            open_word="active" if word == EXPIRED else word,
            was_expired=word == EXPIRED,
            created_time=NOW - timedelta(hours=1 + len(made)),
            expiry_time=NOW + timedelta(hours=1 if word != EXPIRED else -1),
            second_party="14155550102",
            virtual_number="14155550103",
        )
        simulated.put(new)
        made.append(new)
    return made


def test_a_number_is_answered_with_every_state_open_first_and_masked(
    tmp_path: Path,
) -> None:
    simulated = still_account(10)
    gone, calling, active = with_number(simulated, EXPIRED, IN_PROGRESS, "active")

    ran = run_find(simulated, tmp_path, WANTED)

    assert ran.code == 0
    lines = ran.out.splitlines()
    assert [line.split()[3] for line in lines[:3]] == [
        calling.session_uuid,
        active.session_uuid,
        gone.session_uuid,
    ]
    assert lines[0].startswith("12:04:31 ! found     ")
    assert " IN CALL, " in lines[0]
    assert " active, " in lines[1]
    assert "+91..678 +1...102, virtual +1...103" in lines[1]
    assert "expired 4 Mar 11:04, not by this computer" in lines[2]
    assert lines[3:] == [
        (
            "12:04:31 . finished  2 open, 1 expired 4 Mar 11:04, not by this computer "
            "with +91..678."
        ),
        (
            "12:04:31 . finished  Searched 4 Dec to 4 Mar, 3 of 3 windows. "
            "Complete for 90 days, read as +91..678 (India)."
        ),
        (
            "12:04:31 . finished  "
            "Older sessions cannot be listed. Paste their ids instead."
        ),
    ]
    assert "Finding +91..678 (India) ..." in ran.err
    assert "PRACTICE. Nothing here is real." in ran.err
    assert "9812345" not in ran.out + ran.err
    assert sent(simulated) == []
    assert not (tmp_path / "practice-journal.db").exists()


def test_who_expired_it_is_told_from_our_own_journal(tmp_path: Path) -> None:
    simulated = quick_account()
    (uuid,) = open_ids(simulated, 1)
    session = simulated.session(uuid)
    assert session is not None
    simulated.put(replace(session, first_party=NUMBER))
    cause = Cause(PlainText("OPS-4807"), PlainText("why"))
    assert (
        run_linear(simulated, tmp_path, [uuid], confirm="1 practice", cause=cause).code
        == 0
    )

    text = run_find(simulated, tmp_path, WANTED)
    as_json = run_find(simulated, tmp_path, WANTED, is_json=True)

    assert re.search(r"expired \d+ \w+ \d\d:\d\d \(by \S+, OPS-4807, B-", text.out)
    found = json.loads(as_json.out.splitlines()[1])
    assert found["history_read"]
    assert found["past"]["ticket"] == "OPS-4807"
    assert found["past"]["outcome"] == "expired"
    assert found["past"]["batch"].startswith("B-")


def test_what_is_found_goes_through_a_pipe_into_expire(tmp_path: Path) -> None:
    simulated = still_account(10)
    sessions = with_number(simulated, EXPIRED, IN_PROGRESS, "active")
    expected = {each.session_uuid for each in sessions}

    for is_json in (False, True):
        ran = run_find(simulated, tmp_path, WANTED, is_json=is_json)
        pasted = read_session_ids(ran.out)
        assert set(pasted.found) == expected
        assert pasted.incomplete_count == 0
        expired = run_linear(simulated, tmp_path, pasted.found, is_dry_run=True)
        assert "Would expire 1 session on PRACTICE." in expired.out


def test_json_lines_are_whole_and_hide_the_numbers(tmp_path: Path) -> None:
    simulated = still_account(10)
    with_number(simulated, "active", EXPIRED)

    ran = run_find(simulated, tmp_path, WANTED, is_json=True)

    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [each["event"] for each in lines] == ["search", "found", "found", "summary"]
    assert lines[0]["words"] == "+91..678 (India)"
    active, gone = lines[1:3]
    assert (active["state"], gone["state"]) == ("active", "expired")
    assert active["first_party"] == gone["first_party"] == "+91..678"
    assert active["read_as"] == "+91..678 (India)"
    assert (active["past"], active["history_read"]) == (None, False)
    assert (gone["past"], gone["history_read"]) == (None, True)
    summary = lines[-1]
    assert (summary["open"], summary["expired"], summary["complete"]) == (1, 1, True)
    assert summary["read_as"] == ["+91..678 (India)"]
    assert (summary["exit_code"], summary["problems"]) == (0, [])
    assert "9812345" not in ran.out + ran.err


def test_nothing_found_is_0_where_everything_was_read(tmp_path: Path) -> None:
    ran = run_find(still_account(0), tmp_path, WANTED)

    assert ran.code == 0
    assert "No session with +91..678." in ran.out


def test_a_spelling_that_is_not_sure_is_3_and_asks_for_the_country_code(
    tmp_path: Path,
) -> None:
    ran = run_find(still_account(0), tmp_path, Wanted.of("020 7946 0018"))

    assert ran.code == 3
    assert "? finished  No session with ...018." in ran.out
    assert "Check it, and type it with + and its country code." in ran.out


@pytest.mark.parametrize(("status", "code"), [(500, 3), (429, 4), (401, 2), (403, 2)])
@pytest.mark.parametrize("wanted", [WANTED, Wanted(), Wanted.of("c28b77d4-")])
def test_what_cannot_be_read_has_its_code(
    tmp_path: Path, wanted: Wanted, status: int, code: int
) -> None:
    simulated = still_account(0)
    simulated.fault = lambda _request: reply(status, b"", ("retry-after", "0"))

    ran = run_find(simulated, tmp_path, wanted)

    assert ran.code == code
    assert "No session" not in ran.out
    if code == 2:
        assert ran.out == ""
        assert "Press" not in ran.err
    else:
        assert "Nothing could be read." in ran.out
        assert "Run this again." in ran.out


def test_a_window_that_fails_is_3_and_what_is_there_is_told(tmp_path: Path) -> None:
    simulated = still_account(10)
    (active,) = with_number(simulated, "active")
    second = f"{NOW - timedelta(days=60):%Y-%m-%d}"
    simulated.fault = lambda request: (
        reply(429, b"", ("retry-after", "0"))
        if f"created_time__gte={second}" in request.query
        else None
    )

    ran = run_find(simulated, tmp_path, WANTED)

    assert ran.code == 3
    assert active.session_uuid in ran.out
    words = "Not complete: Window 2 failed (answered 429, not in Plivo's form"
    assert words in ran.out


def test_a_list_that_ignores_the_offset_is_3(tmp_path: Path) -> None:
    simulated = still_account(300, obeys_offset=False)

    ran = run_find(simulated, tmp_path, Wanted())

    assert ran.code == 3
    assert "Window 1 repeats its pages." in ran.out


def test_ctrl_c_keeps_what_is_there_and_ends_with_130(tmp_path: Path) -> None:
    simulated = still_account(10)
    signals = StopSignals()

    def fault(_request: ReceivedRequest) -> Fault:
        if not signals.count:
            signal_and_wait(signals, signal.SIGINT)
        return Fault(ending=Ending.SILENT)

    simulated.fault = fault
    text = run_find(simulated, tmp_path, WANTED, signals=signals)
    as_json = run_find(
        simulated, tmp_path, WANTED, is_json=True, signals=StopSignalsThatCame()
    )

    assert text.code == as_json.code == 130
    assert "Stopped by you. Not complete. Run this again." in text.out
    summary = json.loads(as_json.out.splitlines()[-1])
    assert (summary["complete"], summary["since"]) == (False, None)


class StopSignalsThatCame(StopSignals):
    def __init__(self) -> None:
        super().__init__()
        self.count = 1


def test_one_id_is_looked_up_and_may_be_older_than_any_list(tmp_path: Path) -> None:
    simulated = quick_account()
    uuid = simulated.marked[Mark.EXPIRED]

    there = run_find(simulated, tmp_path, Wanted.of(uuid))
    absent = run_find(
        simulated, tmp_path, Wanted.of("9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917")
    )

    assert (there.code, absent.code) == (0, 0)
    assert f"with id {uuid[:8]}." in there.out
    assert "No session with id 9fe6cba9 is on this account." in absent.out


def test_hostile_text_stays_plain(tmp_path: Path) -> None:
    simulated = quick_account()
    uuid = simulated.marked[Mark.HOSTILE_TEXT]

    for is_json in (False, True):
        ran = run_find(simulated, tmp_path, Wanted.of(uuid), is_json=is_json)
        assert uuid in ran.out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err)


def test_an_account_that_cannot_be_used_is_said_before_anything(tmp_path: Path) -> None:
    settings = linear_settings(tmp_path, account_name="acme")

    ran = run_find(still_account(0), tmp_path, WANTED, settings=settings)

    assert (ran.code, ran.out) == (1, "")
    assert "In practice mode the account is practice." in ran.err


def test_what_ends_and_begins_meanwhile_hides_nothing(tmp_path: Path) -> None:
    large = LargeAccount(count=2_000)
    before = large.open_now(Wanted())
    large.change_while_read(Wanted())

    ran = run_find(large.simulated, tmp_path, Wanted())

    after = large.open_now(Wanted())
    found = {line.split()[3] for line in ran.out.splitlines() if " found " in line}
    assert before & after <= found <= before
    assert ran.code == 0
    assert len(large.expired) > 40


@pytest.mark.parametrize("is_everything", [True, False])
def test_a_large_account_is_listed_as_it_is(
    tmp_path: Path, is_everything: bool
) -> None:
    large = LargeAccount(count=2_000)
    wanted = Wanted() if is_everything else Wanted.of("+44 7700 900073")
    expected = large.open_now(wanted)

    ran = run_find(large.simulated, tmp_path, wanted)

    assert ran.code == 0
    lines = [line for line in ran.out.splitlines() if " found " in line]
    is_open = [", ends in " in line for line in lines]
    assert {line.split()[3] for line in lines if ", ends in " in line} == expected
    assert is_open == sorted(is_open, reverse=True)
    assert all(is_open) is is_everything
    assert "Complete for 90 days" in ran.out
