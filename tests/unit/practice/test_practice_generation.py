import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from masking_console.models.masking_session import parse_timestamp
from masking_console.models.plain_text import plain_text
from masking_console.models.session_ids import read_session_ids
from masking_console.practice import embedded
from masking_console.practice.embedded import UNKNOWN_ID, sample_paste
from masking_console.practice.faults import ODD_ANSWERS, Mark
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.practice.stored_session import (
    generate_contents,
    go_timestamp,
    listed_json,
    session_json,
)

NOON = datetime(2026, 3, 4, 12, 4, 31, 250_000, tzinfo=UTC)
AUTH_ID = "MAPRACTICE0000007Q2X"
UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}")


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(clock=lambda: NOON)


def test_the_same_seed_gives_the_same_sessions_and_another_one_others() -> None:
    first = generate_contents(7, 300, NOON)

    assert generate_contents(7, 300, NOON) == first
    others = generate_contents(8, 300, NOON).sessions
    assert not {s.session_uuid for s in first.sessions} & {
        s.session_uuid for s in others
    }


def test_the_marked_sessions_keep_their_ids_whatever_the_count_and_the_time() -> None:
    later = NOON + timedelta(days=400)

    few = generate_contents(7, 0, later)

    assert few.marked == generate_contents(7, 300, NOON).marked
    assert len(few.sessions) == len(Mark)


def test_every_id_is_a_version_4_uuid_of_its_own(account: SimulatedAccount) -> None:
    ids = [session.session_uuid for session in account.sessions]

    assert len(set(ids)) == len(ids) == 300 + len(Mark)
    assert all(UUID_4.fullmatch(session_uuid) for session_uuid in ids)


def test_there_is_every_state_at_every_age(account: SimulatedAccount) -> None:
    ages = Counter(
        (
            sum((NOON - s.created_time).days >= days for days in (7, 30, 90)),
            s.status_at(NOON),
        )
        for s in account.sessions
    )

    for age in (0, 1):
        for status in ("active", "in-progress", "expired"):
            assert ages[age, status] > 0
    assert ages[2, "active"] > 0
    assert ages[2, "expired"] > 0
    assert 3 <= ages[3, "active"] + ages[3, "expired"] - len(ODD_ANSWERS) <= 12
    assert ages[0, "active"] > 50


def test_sessions_share_virtual_numbers_and_one_number_is_busy(
    account: SimulatedAccount,
) -> None:
    virtual = Counter(session.virtual_number for session in account.sessions)
    second = Counter(session.second_party for session in account.sessions)

    assert min(virtual.values()) > 5
    assert second["447700900073"] > 20


def test_times_have_0_to_6_fractional_digits(account: SimulatedAccount) -> None:
    printed = [go_timestamp(session.created_time) for session in account.sessions]
    digits = {len(text.partition(".")[2].partition(" ")[0]) for text in printed}

    assert digits == set(range(7))


def test_a_time_is_printed_as_go_does() -> None:
    moment = datetime(2024, 5, 29, 4, 47, 18, 149_730, tzinfo=UTC)

    assert go_timestamp(moment) == "2024-05-29 04:47:18.14973 +0000 UTC"
    whole = moment.replace(microsecond=0)
    assert go_timestamp(whole) == "2024-05-29 04:47:18 +0000 UTC"
    assert go_timestamp(whole, "+0000") == "2024-05-29 04:47:18 +0000 +0000"
    assert go_timestamp(None) == ""
    assert parse_timestamp(go_timestamp(moment)) == moment


def test_some_sessions_carry_pins_and_older_ones_do_not_know_of_them(
    account: SimulatedAccount,
) -> None:
    shown = [session_json(session, NOON, AUTH_ID) for session in account.sessions]

    with_pins = [s for s in shown if s.get("first_party_pin")]
    assert 5 < len(with_pins) < 150
    assert all(s["first_party_pin"] != s["second_party_pin"] for s in with_pins)
    assert any("first_party_pin" not in s for s in shown)
    assert any(s.get("first_party_pin", "") is None for s in shown)


def test_a_session_shows_its_calls_and_the_sum_of_them(
    account: SimulatedAccount,
) -> None:
    session = next(s for s in account.sessions if len(s.interactions) == 2)

    shown = session_json(session, NOON, AUTH_ID)

    assert shown["total_call_count"] == 4
    assert shown["total_call_amount"] == 0.05
    assert shown["last_interaction_time"] == go_timestamp(
        session.interactions[1].end_time
    )
    calls = shown["interaction"]
    assert isinstance(calls, list)
    assert [call["type"] for call in calls] == ["call", "call"]
    without = session_json(replace(session, interactions=()), NOON, AUTH_ID)
    assert without["interaction"] is None
    assert without["last_interaction_time"] == ""


def test_only_a_listed_session_says_where_it_is(account: SimulatedAccount) -> None:
    session = account.sessions[0]

    assert "resource_uri" not in session_json(session, NOON, AUTH_ID)
    assert listed_json(session, NOON, AUTH_ID)["resource_uri"] == (
        f"/v1/Account/{AUTH_ID}/Masking/Session/{session.session_uuid}/"
    )


def test_an_updated_session_has_a_doubled_offset(account: SimulatedAccount) -> None:
    shown = [session_json(session, NOON, AUTH_ID) for session in account.sessions]

    assert any(str(s["created_time"]).endswith(" +0000 +0000") for s in shown)
    assert all(str(s["expiry_time"]).endswith(" +0000 UTC") for s in shown)


def test_numbers_are_made_up_and_without_a_plus(account: SimulatedAccount) -> None:
    fiction = re.compile(r"9100000\d{5}|447700900\d{3}|130355501\d\d|sip:.*", re.DOTALL)

    for session in account.sessions:
        for number in filter(None, (session.first_party, session.second_party)):
            assert fiction.fullmatch(number)
        assert re.fullmatch(r"120255501\d\d", session.virtual_number)


def test_the_marks_are_what_they_say(account: SimulatedAccount) -> None:
    status = {mark: account.status_of(at) for mark, at in account.marked.items()}

    assert set(status) == set(Mark)
    assert status.pop(Mark.IN_CALL) == "in-progress"
    for mark in (Mark.EXPIRED, Mark.SINGLE_PARTY, Mark.ONE_LEG):
        assert status.pop(mark) == "expired"
    assert status.pop(Mark.UNKNOWN_STATUS) not in {"active", "in-progress", "expired"}
    assert set(status.values()) == {"active"}
    old = account.session(account.marked[Mark.PAST_LISTING])
    assert old is not None
    assert NOON - old.created_time > timedelta(days=90)


def test_a_session_with_one_party_says_so(account: SimulatedAccount) -> None:
    single = account.session(account.marked[Mark.SINGLE_PARTY])
    assert single is not None

    shown = session_json(single, NOON, AUTH_ID)

    assert shown["second_party"] == ""
    assert shown["create_session_with_single_party"] is True


def test_a_call_that_was_not_answered_has_one_leg(account: SimulatedAccount) -> None:
    stored = account.session(account.marked[Mark.ONE_LEG])
    assert stored is not None

    shown = session_json(
        replace(stored, interactions=stored.interactions[:1]), NOON, AUTH_ID
    )

    calls = shown["interaction"]
    assert isinstance(calls, list)
    (call,) = calls
    assert call["total_call_count"] == shown["total_call_count"] == 1
    assert call["second_party_resource_url"] is None
    assert call["start_time"] == call["end_time"]
    # Money without a fraction comes as an integer.
    assert [repr(call["total_call_amount"]), repr(shown["total_call_amount"])] == [
        "0"
    ] * 2


def test_the_hostile_session_has_markup_escapes_bidi_and_newlines(
    account: SimulatedAccount,
) -> None:
    session = account.session(account.marked[Mark.HOSTILE_TEXT])
    assert session is not None

    for text in (session.callback_url, session.first_party):
        assert plain_text(text) != text
        assert all(part in text for part in ("[/x]", "\x1b", "\u202e", "\n"))
    shown = json.loads(json.dumps(session_json(session, NOON, AUTH_ID)))
    assert shown["callback_url"] == session.callback_url


def test_the_sample_has_16_ids_one_repeat_one_api_id_and_one_cut_id(
    account: SimulatedAccount,
) -> None:
    pasted = read_session_ids(sample_paste(account))

    assert len(pasted.found) == 16
    assert pasted.repeated == 1
    assert pasted.incomplete_count == 1
    assert pasted.ignored_names == (("api_id", 1),)


def test_the_sample_has_every_state_and_all_that_misbehave(
    account: SimulatedAccount,
) -> None:
    found = read_session_ids(sample_paste(account)).found

    assert Counter(account.status_of(session_uuid) for session_uuid in found) == {
        "active": 12,
        "expired": 2,
        "in-progress": 1,
        None: 1,
    }
    assert UNKNOWN_ID in found
    for mark in (
        Mark.ERROR_TWICE,
        Mark.LOST_ANSWER,
        Mark.SLOW,
        Mark.RATE_LIMITED_ONCE,
        Mark.COMES_BACK,
    ):
        assert account.marked[mark] in found


def test_the_sample_is_the_same_at_any_time() -> None:
    later = NOON + timedelta(days=400, hours=7)

    assert sample_paste(SimulatedAccount(clock=lambda: later)) == sample_paste(
        SimulatedAccount(clock=lambda: NOON)
    )


def test_an_account_with_too_little_has_no_sample() -> None:
    empty = SimulatedAccount(count=0, clock=lambda: NOON)

    with pytest.raises(ValueError, match="too few"):
        sample_paste(empty)
    assert embedded.open_practice(empty).text == ""


def test_practice_brings_its_account_its_text_and_its_connections() -> None:
    practice = embedded.open_practice()

    assert practice.account.name == "practice"
    assert len(read_session_ids(practice.text).found) == 16
    assert practice.new_transport() is not practice.new_transport()
