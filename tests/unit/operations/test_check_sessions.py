from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.errors import TokenRefusedError
from masking_console.models.account import AuthToken
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.check_sessions import CheckEvent, CheckSessions
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import (
    Bench,
    bench,
    open_ids,
    plivos,
    quick_account,
    renewed,
    reply,
    script,
)

NO_CREDIT = "Plivo answered 402: insufficient credit"
UNKNOWN = SessionUuid("9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917")


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


async def check(
    opened: Bench, ids: list[SessionUuid]
) -> dict[SessionUuid, list[CheckedSession]]:
    told: dict[SessionUuid, list[CheckedSession]] = {uuid: [] for uuid in ids}
    operation = CheckSessions(opened.connections)

    def take(event: CheckEvent) -> None:
        assert isinstance(event, CheckedSession)
        told[event.session_uuid].append(event)

    await operation.run(opened.account, ids, take)
    return told


async def test_every_session_is_told_twice_first_that_it_is_asked_for(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = [
        *open_ids(simulated, 30),
        simulated.marked[Mark.IN_CALL],
        simulated.marked[Mark.EXPIRED],
        simulated.marked[Mark.UNKNOWN_STATUS],
        UNKNOWN,
    ]
    async with bench(simulated, tmp_path) as opened:
        told = await check(opened, ids)

    assert all(rows[0].state is CheckState.CHECKING for rows in told.values())
    assert all(len(rows) == 2 for rows in told.values())
    states = [told[uuid][1].state for uuid in ids]
    assert states[:30] == [CheckState.ACTIVE] * 30
    assert states[30:] == [
        CheckState.IN_CALL,
        CheckState.EXPIRED,
        CheckState.OTHER,
        CheckState.NOT_FOUND,
    ]
    assert all(told[uuid][1].checked_at is not None for uuid in ids)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (reply(500), "answered 500, not in Plivo's form"),
        (plivos(500, error="internal"), "Plivo error 500"),
        (reply(404), "answered 404, not in Plivo's form"),
        (plivos(402, error="insufficient credit"), NO_CREDIT),
        (reply(301), "redirected, not followed"),
        (Fault(ending=Ending.DROPPED), "the connection broke"),
        (Fault(ending=Ending.SILENT), "no answer in time"),
    ],
)
async def test_a_check_that_fails_says_why(
    simulated: SimulatedAccount, tmp_path: Path, fault: Fault, reason: str
) -> None:
    (uuid,) = open_ids(simulated, 1)
    simulated.fault = lambda _request: renewed(fault)
    async with bench(simulated, tmp_path) as opened:
        told = await check(opened, [uuid])

    assert told[uuid][1].state is CheckState.NOT_CHECKED
    assert told[uuid][1].reason == reason


async def test_a_429_is_waited_for_and_asked_again(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    limited = reply(429, b"", ("retry-after", "0"))
    simulated.fault = script("GET", limited, limited)
    async with bench(simulated, tmp_path) as opened:
        told = await check(opened, [uuid])

    assert told[uuid][1].state is CheckState.ACTIVE
    assert opened.sent("GET") == [uuid] * 3


@pytest.mark.parametrize(("status", "words"), [(401, "401"), (403, "403")])
async def test_a_refused_sign_in_ends_the_check_and_every_row_says_so(
    simulated: SimulatedAccount, tmp_path: Path, status: int, words: str
) -> None:
    ids = open_ids(simulated, 60)
    simulated.fault = lambda _request: reply(status, b"no")
    told: list[CheckEvent] = []
    async with bench(simulated, tmp_path) as opened:
        operation = CheckSessions(opened.connections)
        with pytest.raises(TokenRefusedError, match=words):
            await operation.run(opened.account, ids, told.append)
    last = {e.session_uuid: e for e in told if isinstance(e, CheckedSession)}

    assert len(opened.sent("GET")) <= 16
    assert {row.state for row in last.values()} == {CheckState.NOT_CHECKED}
    assert {row.reason for row in last.values()} == {"sign-in refused"}
    assert set(last) == set(ids)


async def test_connections_are_one_an_account_and_anew_for_a_new_token(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        connections, account = opened.connections, opened.account
        assert connections.link(account) is None
        client = connections.client(account)
        assert connections.client(account) is client
        renewed = replace(account, auth_token=AuthToken("another"))
        anew = connections.client(renewed)
        assert anew is not client
        assert anew.pace is client.pace
        link = connections.link(renewed)
        assert link is not None
        assert (link.is_online, link.elapsed_ms, link.closed_for) == (None, None, 0)
        details = await connections.check_account(account)
        assert details.name == "Practice Logistics"


async def test_nothing_is_asked_where_there_is_nothing_to_check(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        assert await check(opened, []) == {}

    assert simulated.requests == ()
