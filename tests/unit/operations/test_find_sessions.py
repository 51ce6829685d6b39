import asyncio
import itertools
import re
from datetime import timedelta
from pathlib import Path

import pytest

from masking_console.models.listing import (
    ListProgress,
    Wanted,
)
from masking_console.models.masking_session import SessionStatus
from masking_console.operations import list_window
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Ending, Fault, FaultHook
from masking_console.practice.listing import Conduct, FilterConduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from tests.support.large_account import find
from tests.support.runs import plivos, renewed, reply, script
from tests.support.still_account import (
    NOW,
    events_of,
    ids,
    still_account,
)

EVERYTHING = Wanted()
NUMBER = Wanted.of("+919812345678")


def open_within_90_days(simulated: SimulatedAccount) -> set[str]:
    oldest = simulated.now - timedelta(days=90)
    return {
        session.session_uuid
        for session in simulated.sessions
        if simulated.status_of(session.session_uuid) != "expired"
        and session.created_time > oldest
    }


@pytest.mark.parametrize("conduct", list(FilterConduct))
async def test_a_number_is_found_whatever_plivo_does_with_the_filter(
    tmp_path: Path, conduct: FilterConduct
) -> None:
    simulated = still_account(number_filters=conduct)
    one = next(
        simulated.session(uuid) for uuid in sorted(open_within_90_days(simulated))
    )
    assert one is not None
    wanted = Wanted.of(f"+{one.virtual_number.removeprefix('+')}")
    found, end = await find(simulated, tmp_path, wanted)

    oldest = simulated.now - timedelta(days=90)
    expected = {
        str(each.session_uuid)
        for each in simulated.sessions
        if one.virtual_number
        in {each.first_party, each.second_party, each.virtual_number}
        and each.created_time > oldest
    }
    assert one.session_uuid in expected
    assert expected - open_within_90_days(simulated)
    assert ids(found) == expected
    is_open = [each.status is not SessionStatus.EXPIRED for each in found]
    assert is_open == sorted(is_open, reverse=True)
    assert end.is_complete


async def test_a_part_of_an_id_is_found(tmp_path: Path) -> None:
    simulated = still_account()
    uuid = min(open_within_90_days(simulated))
    found, end = await find(simulated, tmp_path, Wanted.of(uuid[:13]))

    assert ids(found) == {uuid}
    assert end.is_complete


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (reply(500), "failed (answered 500, not in Plivo's form)"),
        (reply(200, b"{}"), "failed (answered 200, not in Plivo's form)"),
        (plivos(400, error="no"), "failed (Plivo answered 400: no)"),
        (Fault(has_effect=False, ending=Ending.DROPPED), "failed (the connection"),
        (
            reply(200, b'{"meta": {"total_count": 1}, "objects": [{}]}'),
            "held rows that cannot be read",
        ),
    ],
)
async def test_a_window_that_cannot_be_read_is_named(
    tmp_path: Path, fault: Fault, why: str
) -> None:
    simulated = still_account(100)
    second = f"{simulated.now - timedelta(days=60):%Y-%m-%d}"
    simulated.fault = lambda request: (
        renewed(fault) if f"created_time__gte={second}" in request.query else None
    )
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert not end.is_complete
    assert end.proved == 2
    (problem,) = end.problems
    assert problem.startswith(f"Window 2 {why}")
    assert ids(found) <= open_within_90_days(simulated)


async def test_a_page_that_fails_once_is_read_again(tmp_path: Path) -> None:
    simulated = still_account(200)
    seen: set[str] = set()

    def first_time(request: ReceivedRequest) -> Fault | None:
        is_new = request.query not in seen
        seen.add(request.query)
        return reply(429, b"", ("retry-after", "0")) if is_new else None

    simulated.fault = first_time
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert ids(found) == open_within_90_days(simulated)
    assert end.is_complete


async def test_a_service_that_ignores_the_time_is_not_called_complete(
    tmp_path: Path,
) -> None:
    simulated = still_account(60)
    body = (
        b'{"meta": {"total_count": 1}, "objects": [{"session_uuid": '
        b'"c28b77d4-21e7-43bd-9447-04bfee92e651", "status": "active", '
        b'"created_time": "2020-01-01 00:00:00 +0000 UTC"}]}'
    )
    simulated.fault = lambda _request: reply(200, body)
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert len(found) == 1
    assert not end.is_complete
    assert "held sessions of another time" in end.problems[0]


async def test_a_service_that_gives_no_total_is_read_to_its_last_page(
    tmp_path: Path,
) -> None:
    simulated = still_account(200)

    def without_total(request: ReceivedRequest) -> Fault:
        answer = simulated.answer(request)
        return replace_total(answer.body, b"null")

    def replace_total(body: bytes, total: bytes) -> Fault:
        head, _, tail = body.partition(b'"total_count":')
        rest = tail.lstrip(b" 0123456789")
        return reply(200, head + b'"total_count":' + total + rest)

    simulated.fault = without_total
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert ids(found) == open_within_90_days(simulated)
    assert end.is_complete


async def test_a_total_that_never_fits_is_said(tmp_path: Path) -> None:
    simulated = still_account(50)
    simulated.fault = lambda _request: reply(
        200, b'{"meta": {"total_count": 3}, "objects": []}'
    )
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert found == []
    assert end.problems[0] == "Window 1 kept changing."


async def test_a_later_page_that_fails_leaves_its_window_open(tmp_path: Path) -> None:
    simulated = still_account(300)
    simulated.fault = lambda request: (
        reply(500) if "offset=20" in request.query.split("&") else None
    )
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert not end.is_complete
    assert end.problems[0] == "Window 1 failed (answered 500, not in Plivo's form)."
    assert found


def listed(total: int, *numbers: int) -> Fault:
    objects = ", ".join(
        f'{{"session_uuid": "00000000-0000-4000-8000-{number:012d}", '
        '"status": "active"}'
        for number in numbers
    )
    body = f'{{"meta": {{"total_count": {total}}}, "objects": [{objects}]}}'
    return reply(200, body.encode())


async def test_what_is_active_comes_first_and_is_not_called_complete(
    tmp_path: Path,
) -> None:
    simulated = still_account(300)
    simulated.fault = lambda request: (
        None if "status=active" in request.query else reply(500)
    )
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert {each.status for each in found} == {SessionStatus.ACTIVE}
    assert not end.is_complete
    assert end.proved == 0


async def test_rows_that_grow_too_old_meanwhile_are_no_gap(tmp_path: Path) -> None:
    simulated = still_account(0)
    newest = script(
        "GET",
        *[listed(22, *range(20)), listed(22, 20, 21)],
        *[listed(21, *range(20)), listed(21, *range(20)), listed(21, 20)],
    )
    simulated.fault = lambda request: in_the_newest_window(request, simulated, newest)
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert len(found) == 22
    assert end.is_complete


async def test_a_count_that_fails_is_made_up_for_by_a_second_pass(
    tmp_path: Path,
) -> None:
    simulated = still_account(0)
    newest = script(
        "GET",
        *[listed(21, *range(20)), listed(21, 20), *[reply(500)] * 4],
        *[listed(21, *range(20)), listed(21, 20), *[reply(500)] * 4],
    )
    simulated.fault = lambda request: in_the_newest_window(request, simulated, newest)
    _found, end = await find(simulated, tmp_path, EVERYTHING)

    assert end.is_complete


async def test_a_count_with_rows_that_cannot_be_read_proves_nothing(
    tmp_path: Path,
) -> None:
    simulated = still_account(0)
    unreadable = reply(200, b'{"meta": {"total_count": 21}, "objects": [{}]}')
    newest = script("GET", listed(21, *range(20)), listed(21, 20), unreadable)
    simulated.fault = lambda request: in_the_newest_window(request, simulated, newest)
    _found, end = await find(simulated, tmp_path, EVERYTHING)

    assert end.problems == ("Window 1 held rows that cannot be read.",)


def in_the_newest_window(
    request: ReceivedRequest, simulated: SimulatedAccount, faults: FaultHook
) -> Fault:
    """Return the next fault; the other windows are empty, and nothing is active."""
    newest = f"{simulated.now - timedelta(days=30):%Y-%m-%d}"
    is_it = f"created_time__gte={newest}" in request.query
    is_glance = "status=active" in request.query
    return (faults(request) if is_it and not is_glance else None) or listed(0)


async def test_one_answer_that_holds_all_it_counts_needs_no_second_one(
    tmp_path: Path,
) -> None:
    simulated = still_account(0)
    _found, end = await find(simulated, tmp_path, NUMBER)

    assert end.is_complete
    # Three filters in three windows.
    assert len(simulated.requests) == 9
    assert len({each.query for each in simulated.requests}) == 9


async def test_filters_and_windows_are_read_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = SimulatedAccount(
        count=0,
        clock=lambda: NOW,
        conduct=Conduct((0.3, 0.3)),
        rate_limit=RateLimit(limit=None),
    )
    answer, there = simulated.answer, list[int]()

    def answered(request: ReceivedRequest) -> Reply:
        there.append(len(simulated.requests))
        return answer(request)

    monkeypatch.setattr(simulated, "answer", answered)
    _found, end = await find(simulated, tmp_path, NUMBER)

    assert end.is_complete
    # All had left before the first was answered.
    assert there == [9] * 9


@pytest.mark.parametrize("is_total_given", [True, False])
@pytest.mark.parametrize("is_active", [True, False])
async def test_a_list_that_ignores_the_offset_ends(
    tmp_path: Path, is_total_given: bool, is_active: bool
) -> None:
    simulated = still_account(300, obeys_offset=False)

    def without_total(request: ReceivedRequest) -> Fault:
        body = simulated.answer(request).body
        return reply(200, re.sub(rb'"total_count":\s*\d+', b'"total_count":null', body))

    if not is_total_given:
        simulated.fault = without_total
    wanted = EVERYTHING if is_active else Wanted.of("00000000-")
    found, end = await find(simulated, tmp_path, wanted)

    assert not end.is_complete
    assert "Window 1 repeats its pages." in end.problems
    assert len(simulated.requests) < 200
    assert bool(found) is is_active


@pytest.mark.parametrize("body", [b"[]", b"[{}]"])
async def test_a_total_beyond_all_measure_is_not_believed(
    tmp_path: Path, body: bytes
) -> None:
    simulated = still_account(0)
    answer = b'{"meta": {"total_count": 99999999999}, "objects": %s}'
    simulated.fault = lambda _request: reply(200, answer % body)
    _found, end = await asyncio.wait_for(
        find(simulated, tmp_path, Wanted.of("00000000-")), 60.0
    )

    assert not end.is_complete
    assert end.proved == 0


async def test_a_list_without_an_end_is_not_read_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_window, "LONGEST", 60)
    simulated = still_account(0)
    for total in ("null", "1000"):
        simulated.fault = endless(total)
        found, end = await find(simulated, tmp_path, EVERYTHING)

        assert "Window 1 has more than 60 sessions." in end.problems
        assert len(found) >= 60


def endless(total: str) -> FaultHook:
    numbers = itertools.count()

    def fault(_request: ReceivedRequest) -> Fault:
        objects = ", ".join(
            f'{{"session_uuid": "00000000-0000-4000-8000-{next(numbers):012d}", '
            '"status": "active"}'
            for _ in range(20)
        )
        body = f'{{"meta": {{"total_count": {total}}}, "objects": [{objects}]}}'
        return reply(200, body.encode())

    return fault


async def test_nothing_read_is_told_from_nothing_found(tmp_path: Path) -> None:
    simulated = still_account(0)
    _found, end = await find(simulated, tmp_path, NUMBER)
    assert (end.is_anything_read, end.is_rate_limited) == (True, False)

    simulated.fault = lambda _request: reply(500)
    _found, end = await find(simulated, tmp_path, NUMBER)
    assert (end.is_anything_read, end.is_rate_limited, end.proved) == (False, False, 0)
    assert len(end.problems) == 3

    simulated.fault = lambda _request: reply(429, b"", ("retry-after", "0"))
    _found, end = await find(simulated, tmp_path, NUMBER)
    assert (end.is_anything_read, end.is_rate_limited) == (False, True)


async def test_progress_counts_the_windows_that_are_read(tmp_path: Path) -> None:
    simulated = still_account(60)
    events = await events_of(simulated, tmp_path, EVERYTHING)

    progress = [each for each in events if isinstance(each, ListProgress)]
    assert (progress[0].windows_read, progress[0].windows) == (0, 3)
    assert progress[-1].windows_read == 3
    assert progress[-1].read == len(simulated.sessions) - sum(
        each.created_time < NOW - timedelta(days=90) for each in simulated.sessions
    )
