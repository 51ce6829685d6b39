import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import PRACTICE_AUTH_ID, ReceivedRequest, Reply
from masking_console.practice.faults import NO_FAULT, Fault, Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount

NOON = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
ACCOUNT = f"/v1/Account/{PRACTICE_AUTH_ID}"
SESSIONS = f"{ACCOUNT}/Masking/Session"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class _Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def account(clock: _Clock) -> SimulatedAccount:
    return SimulatedAccount(clock=clock)


def _request(method: str, path: str, query: str = "") -> ReceivedRequest:
    return ReceivedRequest(method, path, NOON, query)


def _ask(account: SimulatedAccount, method: str, path: str, query: str = "") -> Reply:
    return account.answer(_request(method, path, query))


def _content(reply: Reply) -> dict[str, Any]:
    content = json.loads(reply.body)
    assert isinstance(content, dict)
    return content


def _active(account: SimulatedAccount) -> SessionUuid:
    return account.marked[Mark.WITH_PINS]


def test_the_account_describes_itself(account: SimulatedAccount) -> None:
    for path in (ACCOUNT, f"{ACCOUNT}/"):
        reply = _ask(account, "GET", path)

        assert reply.status == 200
        assert _content(reply)["auth_id"] == PRACTICE_AUTH_ID
        assert _content(reply)["name"] == "Practice Logistics"


def test_a_session_is_found_with_and_without_a_slash(account: SimulatedAccount) -> None:
    for end in ("", "/"):
        reply = _ask(account, "GET", f"{SESSIONS}/{_active(account)}{end}")

        session = _content(reply)["response"]
        assert reply.status == 200
        assert session["session_uuid"] == _active(account)
        assert session["status"] == "active"
        assert len(session["first_party_pin"]) == 4
        assert not session["first_party"].startswith("+")


def test_an_unknown_session_is_404_for_both_methods(account: SimulatedAccount) -> None:
    for method in ("GET", "DELETE"):
        for text in (UNKNOWN, "x", _active(account).upper(), "..%2F..%2FCall"):
            reply = _ask(account, method, f"{SESSIONS}/{text}")

            assert reply.status == 404
            assert _content(reply)["error"] == "not found"


def test_expiring_ends_a_session_now_and_keeps_its_record(
    account: SimulatedAccount, clock: _Clock
) -> None:
    path = f"{SESSIONS}/{_active(account)}"
    clock.now += timedelta(seconds=90, microseconds=120)

    reply = _ask(account, "DELETE", path)

    assert reply.status == 200
    assert _content(reply)["message"] == "Session expired"
    session = _content(_ask(account, "GET", path))["response"]
    assert session["status"] == "expired"
    assert session["expiry_time"] == "2026-03-04 12:06:01.00012 +0000 UTC"


def test_expiring_twice_is_400_session_already_expired(
    account: SimulatedAccount,
) -> None:
    path = f"{SESSIONS}/{_active(account)}"
    _ask(account, "DELETE", path)

    again = _ask(account, "DELETE", f"{path}/")

    assert again.status == 400
    assert _content(again)["error"] == "Session already expired"


def test_an_expired_session_stays_so_when_the_clock_is_set_back(
    account: SimulatedAccount, clock: _Clock
) -> None:
    _ask(account, "DELETE", f"{SESSIONS}/{_active(account)}")
    clock.now -= timedelta(seconds=30)

    assert account.status_of(_active(account)) == "expired"


def test_a_session_ends_by_itself_at_its_expiry_time(
    account: SimulatedAccount, clock: _Clock
) -> None:
    session = account.session(_active(account))
    assert session is not None
    clock.now = session.expiry_time - timedelta(microseconds=1)
    assert account.status_of(session.session_uuid) == "active"

    clock.now = session.expiry_time

    assert account.status_of(session.session_uuid) == "expired"
    path = f"{SESSIONS}/{session.session_uuid}"
    assert _ask(account, "DELETE", path).status == 400


def test_a_session_in_a_call_can_be_expired(account: SimulatedAccount) -> None:
    in_call = account.marked[Mark.IN_CALL]

    assert _ask(account, "DELETE", f"{SESSIONS}/{in_call}").status == 200
    assert account.status_of(in_call) == "expired"


def test_the_collection_cannot_be_deleted(account: SimulatedAccount) -> None:
    before = account.sessions

    for end in ("", "/", "//"):
        reply = _ask(account, "DELETE", SESSIONS + end)
        assert reply.status == (404 if end == "//" else 405)

    assert ("allow", "GET") in _ask(account, "DELETE", SESSIONS).headers
    assert account.sessions == before


def test_other_methods_are_405_and_other_paths_404(account: SimulatedAccount) -> None:
    item = f"{SESSIONS}/{_active(account)}"

    assert _ask(account, "POST", item).status == 405
    assert ("allow", "GET, DELETE") in _ask(account, "POST", item).headers
    assert _ask(account, "DELETE", ACCOUNT).status == 405
    assert _ask(account, "DELETE", f"{ACCOUNT}/Call/").status == 404
    assert _ask(account, "GET", "/").status == 404
    assert _ask(account, "GET", f"{SESSIONS}//{_active(account)}").status == 404


def test_a_list_has_pages_of_20_newest_first_and_counts_all(
    account: SimulatedAccount,
) -> None:
    seen: list[str] = []
    total = 1
    while len(seen) < total:
        content = _content(_ask(account, "GET", SESSIONS, f"offset={len(seen)}"))
        page = content["response"]["objects"]
        total = content["response"]["meta"]["total_count"]
        assert len(page) == min(20, total - len(seen))
        seen += [session["session_uuid"] for session in page]

    week = timedelta(days=7)
    expected = [s for s in account.sessions if NOON - s.created_time <= week]
    assert seen == [session.session_uuid for session in expected]
    created = [session.created_time for session in expected]
    assert created == sorted(created, reverse=True)


def test_every_listed_session_has_its_meta_and_its_place(
    account: SimulatedAccount,
) -> None:
    content = _content(_ask(account, "GET", f"{SESSIONS}/", "limit=3&offset=4"))

    meta = content["response"]["meta"]
    assert (meta["limit"], meta["offset"]) == (3, 4)
    assert meta["next"] is meta["previous"] is None
    assert len(content["response"]["objects"]) == 3
    assert all("resource_uri" in row for row in content["response"]["objects"])


def test_a_session_past_90_days_can_be_fetched_but_not_listed(
    account: SimulatedAccount,
) -> None:
    old = account.marked[Mark.PAST_LISTING]

    assert _ask(account, "GET", f"{SESSIONS}/{old}").status == 200
    since = "created_time__gte=2025-11-01 00:00&created_time__lt=2025-11-30 00:00"
    content = _content(_ask(account, "GET", SESSIONS, since))
    assert content["response"]["objects"] == []
    assert content["response"]["meta"]["total_count"] == 0


def test_a_list_that_asks_for_too_much_is_400(account: SimulatedAccount) -> None:
    reply = _ask(account, "GET", SESSIONS, "limit=21")

    assert reply.status == 400
    assert "limit" in _content(reply)["error"]


def test_one_session_comes_back_a_minute_after_it_was_expired(
    account: SimulatedAccount, clock: _Clock
) -> None:
    session = account.session(account.marked[Mark.COMES_BACK])
    assert session is not None
    before = {s.session_uuid for s in account.sessions}
    _ask(account, "DELETE", f"{SESSIONS}/{session.session_uuid}")
    clock.now += timedelta(seconds=59)
    assert {s.session_uuid for s in account.sessions} == before

    clock.now += timedelta(seconds=1)

    new = account.sessions[0]
    assert new.session_uuid not in before
    assert new.status_at(clock.now) == "active"
    assert new.created_time == clock.now
    assert (new.first_party, new.second_party, new.virtual_number) == (
        session.first_party,
        session.second_party,
        session.virtual_number,
    )
    assert account.status_of(session.session_uuid) == "expired"
    _ask(account, "DELETE", f"{SESSIONS}/{new.session_uuid}")
    clock.now += timedelta(minutes=1)
    assert account.sessions[0].session_uuid not in {*before, new.session_uuid}


def test_a_session_that_is_to_come_cannot_be_expired_yet(
    account: SimulatedAccount, clock: _Clock
) -> None:
    later = replace(
        account.sessions[0],
        session_uuid=SessionUuid(UNKNOWN),
        created_time=NOON + timedelta(minutes=1),
        expiry_time=NOON + timedelta(hours=1),
    )
    account.put(later)

    assert account.session(UNKNOWN) is None
    assert account.status_of(UNKNOWN) is None
    assert _ask(account, "DELETE", f"{SESSIONS}/{UNKNOWN}").status == 404
    clock.now += timedelta(minutes=1)
    assert account.session(UNKNOWN) == later


def test_every_answer_has_an_api_id_of_its_own(account: SimulatedAccount) -> None:
    replies = [_ask(account, "GET", ACCOUNT) for _ in range(5)]

    assert len({_content(reply)["api_id"] for reply in replies}) == 5


def test_every_request_is_kept_as_it_came(account: SimulatedAccount) -> None:
    requests = [
        _request("GET", ACCOUNT),
        replace(_request("DELETE", SESSIONS), is_signed_in=False, body=b"{}"),
    ]

    for request in requests:
        account.receive(request)

    assert account.requests == tuple(requests)


def test_the_headers_of_a_request_are_found_in_any_case() -> None:
    request = replace(_request("GET", "/"), headers=(("accept", "a"), ("accept", "b")))

    assert request.header("Accept") == "a"
    assert request.header("content-type") is None


def test_wrong_credentials_are_401_as_text(account: SimulatedAccount) -> None:
    refused = account.receive(replace(_request("GET", ACCOUNT), is_signed_in=False))

    assert refused is not None
    assert refused.status == 401
    assert ("content-type", "text/html; charset=utf-8") in refused.headers
    assert b"Could not verify your access level" in refused.body


def test_another_auth_id_in_the_path_is_401(account: SimulatedAccount) -> None:
    path = "/v1/Account/MAPRACTICE0000007Q2Y/Masking/Session"

    refused = account.receive(_request("GET", path))

    assert refused is not None
    assert refused.status == 401
    assert account.receive(_request("GET", "/elsewhere")) is None


def test_over_the_limit_is_429_without_effect(clock: _Clock) -> None:
    account = SimulatedAccount(clock=clock, rate_limit=RateLimit(2, clock=lambda: 0.0))
    unknown = replace(_request("GET", ACCOUNT), is_signed_in=False)
    account.receive(unknown)

    replies = [account.receive(_request("GET", ACCOUNT)) for _ in range(3)]

    assert [reply and reply.status for reply in replies] == [None, None, 429]


def test_a_fault_of_a_test_goes_before_that_of_a_mark(
    account: SimulatedAccount,
) -> None:
    slow = _request("DELETE", f"{SESSIONS}/{account.marked[Mark.SLOW]}")
    mine = Fault(delay_before_seconds=1)
    account.fault = lambda request: mine if request is slow else None

    assert account.fault_for(slow) is mine
    assert account.fault_for(_request("GET", ACCOUNT)) is NO_FAULT
    account.fault = None
    assert account.fault_for(slow).delay_after_seconds > 0


def test_the_latency_is_human_and_can_be_none_at_all(clock: _Clock) -> None:
    usual = SimulatedAccount(clock=clock)
    none = SimulatedAccount(clock=clock, conduct=Conduct(latency_seconds=(0, 0)))

    assert all(0.06 <= usual.latency() <= 0.16 for _ in range(100))
    assert none.latency() == 0


def test_the_clock_is_that_of_this_computer_unless_another_is_given() -> None:
    assert abs(SimulatedAccount(count=0).now - datetime.now(UTC)) < timedelta(minutes=1)
