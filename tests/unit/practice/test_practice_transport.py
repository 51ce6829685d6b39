import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    Message,
    ReceivedRequest,
    Reply,
)
from masking_console.practice.faults import Ending, Fault, FaultHook, Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.server import practice_app
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.practice.transport import PracticeTransport

SESSIONS = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session"
FOREVER = 60.0


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@asynccontextmanager
async def _client(
    account: SimulatedAccount, read_seconds: float | None = 5.0
) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        auth=(PRACTICE_AUTH_ID, PRACTICE_TOKEN),
        base_url="https://practice.invalid",
        timeout=read_seconds,
        transport=PracticeTransport(practice_app(account)),
    ) as client:
        yield client


def _always(fault: Fault) -> FaultHook:
    return lambda _request: fault


def _path(account: SimulatedAccount, mark: Mark = Mark.WITH_PINS) -> str:
    return f"{SESSIONS}/{account.marked[mark]}"


def _status(account: SimulatedAccount) -> str | None:
    return account.status_of(account.marked[Mark.WITH_PINS])


async def _until(is_true: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if is_true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It never came true.")


async def test_a_request_is_answered_and_kept_exactly_as_it_was_sent(
    account: SimulatedAccount,
) -> None:
    async with _client(account) as client:
        reply = await client.get(f"{SESSIONS}/", params={"status": "active"})

    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["response"]["meta"]["total_count"] > 20
    (request,) = account.requests
    assert (request.method, request.path) == ("GET", f"{SESSIONS}/")
    assert request.query == "status=active"
    assert request.body == b""
    assert request.header("host") == "practice.invalid"
    assert request.header("content-type") is None


async def test_the_credentials_are_not_kept(account: SimulatedAccount) -> None:
    async with _client(account) as client:
        await client.get(SESSIONS)
        refused = await client.get(SESSIONS, auth=(PRACTICE_AUTH_ID, "real-token"))

    assert refused.status_code == 401
    assert [request.is_signed_in for request in account.requests] == [True, False]
    assert {request.header("authorization") for request in account.requests} == {
        "Basic"
    }


async def test_a_path_is_kept_as_it_was_encoded(account: SimulatedAccount) -> None:
    async with _client(account) as client:
        reply = await client.request("DELETE", f"{SESSIONS}/a%2Fb", json={"a": 1})

    assert reply.status_code == 404
    assert account.requests[0].path == f"{SESSIONS}/a%2Fb"
    assert account.requests[0].body == b'{"a":1}'


async def test_a_target_that_is_a_whole_url_is_the_same_path(
    account: SimulatedAccount,
) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    for target, path in (
        (f"http://127.0.0.1:8080{_path(account)}", _path(account)),
        ("HTTPS://practice.invalid", "/"),
    ):
        scope = {
            "type": "http",
            "method": "GET",
            "path": target,
            "raw_path": target.encode(),
            "query_string": b"",
            "headers": [],
        }
        await practice_app(account)(scope, receive, send)
        assert account.requests[-1].path == path
    assert [each["status"] for each in sent if "status" in each] == [401, 401]


async def test_a_request_whose_client_leaves_before_its_end_has_no_effect(
    account: SimulatedAccount,
) -> None:
    came: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return came.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await practice_app(account)({"type": "http"}, receive, send)

    assert not came
    assert not sent
    assert not account.requests


async def test_a_callback_makes_the_answer_asynchronous(
    account: SimulatedAccount,
) -> None:
    async with _client(account) as client:
        url = {"callback_url": "https://example.com/x"}
        reply = await client.delete(_path(account), params=url)

    assert reply.status_code == 202
    assert reply.json()["message"] == "async api spawned"
    assert _status(account) == "expired"


async def test_a_fault_can_have_its_effect_after_its_answer(
    account: SimulatedAccount,
) -> None:
    late = Fault(has_effect=False, reply=Reply(500), effect_after_seconds=0.05)
    account.fault = _always(late)

    async with _client(account) as client:
        reply = await client.delete(_path(account))
        assert _status(account) == "active"
        await _until(lambda: _status(account) == "expired")

    assert reply.status_code == 500


async def test_inside_the_console_no_answer_comes_twice(
    account: SimulatedAccount,
) -> None:
    async with _client(account) as client:
        reply = await client.delete(_path(account, Mark.TWICE))

    assert reply.json()["message"] == "Session expired"


async def test_before_the_first_answer_there_is_none_to_copy(
    account: SimulatedAccount,
) -> None:
    async with _client(account) as client:
        reply = await client.delete(_path(account, Mark.COPY))

    assert reply.status_code == 502


async def test_an_answer_takes_its_latency() -> None:
    account = SimulatedAccount(conduct=Conduct(latency_seconds=(0.05, 0.05)))
    loop = asyncio.get_running_loop()
    async with _client(account) as client:
        started = loop.time()
        await client.get(SESSIONS)

        assert loop.time() - started >= 0.045


async def test_a_fault_can_answer_anything_instead(account: SimulatedAccount) -> None:
    body = Reply(502, b"<html>bad gateway", (("content-type", "text/html"), ("x", "y")))
    account.fault = _always(Fault(has_effect=False, reply=body))

    async with _client(account) as client:
        reply = await client.delete(_path(account))

    assert (reply.status_code, reply.content) == (502, b"<html>bad gateway")
    assert reply.headers["x"] == "y"
    assert _status(account) == "active"


async def test_a_fault_can_answer_an_error_after_the_effect(
    account: SimulatedAccount,
) -> None:
    account.fault = _always(Fault(reply=Reply(503)))

    async with _client(account) as client:
        reply = await client.delete(_path(account))

    assert reply.status_code == 503
    assert _status(account) == "expired"


@pytest.mark.parametrize(
    ("has_effect", "status"), [(True, "expired"), (False, "active")]
)
async def test_a_dropped_connection_is_an_error_of_the_protocol(
    account: SimulatedAccount, has_effect: bool, status: str
) -> None:
    account.fault = _always(Fault(has_effect=has_effect, ending=Ending.DROPPED))

    async with _client(account) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.delete(_path(account))

    assert _status(account) == status


async def test_a_lost_answer_ends_in_the_clients_time_out(
    account: SimulatedAccount,
) -> None:
    path = _path(account, Mark.LOST_ANSWER)

    async with _client(account, read_seconds=0.05) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.delete(path)

        again = await client.delete(path)

    assert again.json()["error"] == "Session already expired"


async def test_a_request_that_has_left_is_carried_out_though_nobody_waits(
    account: SimulatedAccount,
) -> None:
    account.fault = _always(Fault(delay_before_seconds=0.1))

    async with _client(account, read_seconds=0.02) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.delete(_path(account))
        assert _status(account) == "active"
        await _until(lambda: _status(account) == "expired")

    assert _status(account) == "expired"


async def test_closing_ends_what_still_runs(account: SimulatedAccount) -> None:
    account.fault = _always(Fault(delay_before_seconds=FOREVER))

    async with _client(account, read_seconds=0.02) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.delete(_path(account))

    assert len(asyncio.all_tasks()) == 1
    assert _status(account) == "active"


async def test_a_cancelled_client_is_told_at_once(account: SimulatedAccount) -> None:
    async with _client(account, read_seconds=None) as client:
        waiting = asyncio.create_task(client.delete(_path(account, Mark.LOST_ANSWER)))
        await _until(lambda: len(account.requests) == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await _until(lambda: len(asyncio.all_tasks()) == 1)


async def test_a_fault_hook_sees_each_request_once(account: SimulatedAccount) -> None:
    seen: list[ReceivedRequest] = []
    account.fault = seen.append

    async with _client(account) as client:
        await client.get(SESSIONS)
        await client.get(SESSIONS, auth=("MA", "wrong"))

    assert seen == [account.requests[0]]
