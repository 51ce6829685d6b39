from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.models.listing import Wanted
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault, FaultHook
from masking_console.practice.listing import Conduct, FilterConduct
from masking_console.practice.rate_limit import RateLimit
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.large_account import find
from tests.support.runs import plivos, renewed, reply, script

EVERYTHING = Wanted()
NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


def account(count: int = 300, **conduct: object) -> SimulatedAccount:
    # A clock that stands still: else a session may end between reading and comparing.
    return SimulatedAccount(
        count=count,
        clock=lambda: NOW,
        conduct=Conduct((0.0, 0.0), **conduct),  # type: ignore[arg-type]
        rate_limit=RateLimit(limit=None),
    )


def open_within_90_days(simulated: SimulatedAccount) -> set[str]:
    oldest = simulated.now - timedelta(days=90)
    return {
        session.session_uuid
        for session in simulated.sessions
        if simulated.status_of(session.session_uuid) != "expired"
        and session.created_time > oldest
    }


def ids(found: list[MaskingSession]) -> set[str]:
    return {str(session.session_uuid) for session in found}


@pytest.mark.parametrize("conduct", list(FilterConduct))
async def test_a_number_is_found_whatever_plivo_does_with_the_filter(
    tmp_path: Path, conduct: FilterConduct
) -> None:
    simulated = account(number_filters=conduct)
    one = next(
        simulated.session(uuid) for uuid in sorted(open_within_90_days(simulated))
    )
    assert one is not None
    wanted = Wanted.of(f"+{one.virtual_number.removeprefix('+')}")
    found, end = await find(simulated, tmp_path, wanted)

    expected = {
        uuid
        for uuid in open_within_90_days(simulated)
        for session in [simulated.session(uuid)]
        if session is not None
        and wanted.number
        in {session.first_party, session.second_party, session.virtual_number}
    }
    assert one.session_uuid in expected
    assert ids(found) == expected
    assert end.is_complete


async def test_a_part_of_an_id_is_found(tmp_path: Path) -> None:
    simulated = account()
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
    simulated = account(100)
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
    simulated = account(200)
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
    simulated = account(60)
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
    simulated = account(200)

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
    simulated = account(50)
    simulated.fault = lambda _request: reply(
        200, b'{"meta": {"total_count": 3}, "objects": []}'
    )
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert found == []
    assert end.problems[0] == "Window 1 kept changing."


async def test_a_later_page_that_fails_leaves_its_window_open(tmp_path: Path) -> None:
    simulated = account(300)
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


def unless_glanced(request: ReceivedRequest, faults: FaultHook) -> Fault:
    """Return the next fault, but nothing for the quick look at what is active."""
    is_glance = "status=active" in request.query
    return (None if is_glance else faults(request)) or listed(0)


async def test_what_is_active_comes_first_and_is_not_called_complete(
    tmp_path: Path,
) -> None:
    simulated = account(300)
    simulated.fault = lambda request: (
        None if "status=active" in request.query else reply(500)
    )
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert {each.status for each in found} == {SessionStatus.ACTIVE}
    assert not end.is_complete
    assert end.proved == 0


async def test_rows_that_grow_too_old_meanwhile_are_no_gap(tmp_path: Path) -> None:
    simulated = account(0)
    faults = script("GET", listed(2, 1, 2), listed(1, 1), listed(1, 1))
    simulated.fault = lambda request: unless_glanced(request, faults)
    found, end = await find(simulated, tmp_path, EVERYTHING)

    assert len(found) == 2
    assert end.is_complete


async def test_a_count_that_fails_is_made_up_for_by_a_second_pass(
    tmp_path: Path,
) -> None:
    simulated = account(0)
    faults = script("GET", listed(1, 1), *[reply(500)] * 4)
    simulated.fault = lambda request: unless_glanced(request, faults)
    _found, end = await find(simulated, tmp_path, EVERYTHING)

    assert end.is_complete
