import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from masking_console.errors import InputError
from masking_console.models.expiry import Evidence, ExpiryOutcome
from masking_console.operations.connections import Connections
from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    ReceivedRequest,
)
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.server import listen, serve
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.settings import Timeouts, checked_api_url
from tests.support.practice_service import announcing
from tests.support.runs import bench, open_ids, plivos, quick_account

SESSIONS = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session"
SERVE = "from masking_console.practice.server import serve; serve(0, print)"
PATIENCE_SECONDS = 20


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@pytest.fixture
def client(account: SimulatedAccount) -> Iterator[httpx.Client]:
    with (
        announcing(account) as (url, auth_id, token),
        httpx.Client(
            base_url=url, auth=(auth_id, token), timeout=10, trust_env=False
        ) as client,
    ):
        yield client


def test_what_is_announced_is_all_that_a_client_needs(
    account: SimulatedAccount,
) -> None:
    with announcing(account) as announced:
        url, auth_id, token = announced
        reply = httpx.get(
            f"{url}/v1/Account/{auth_id}/", auth=(auth_id, token), trust_env=False
        )

    assert reply.json()["auth_id"] == auth_id
    assert url.startswith("http://127.0.0.1:")
    assert len(announced) == 3


def test_list_get_expire_and_expire_again(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    path = f"{SESSIONS}/{account.marked[Mark.WITH_PINS]}"

    for end in ("", "/"):
        listed = client.get(SESSIONS + end, params={"status": "active"})
        assert len(listed.json()["response"]["objects"]) == 20
        assert client.get(path + end).json()["response"]["status"] == "active"
    assert client.delete(path).json()["message"] == "Session expired"
    again = client.delete(f"{path}/")

    assert (again.status_code, again.json()["error"]) == (
        400,
        "Session already expired",
    )
    assert client.get(path).json()["response"]["status"] == "expired"


def test_a_wrong_token_and_an_unknown_id(client: httpx.Client) -> None:
    refused = client.get(SESSIONS, auth=(PRACTICE_AUTH_ID, "wrong"))
    unknown = client.get(f"{SESSIONS}/00000000-0000-4000-8000-000000000000")

    assert refused.status_code == 401
    assert refused.headers["content-type"].startswith("text/html")
    assert unknown.status_code == 404
    assert unknown.json()["error"] == "not found"


def test_a_delete_of_the_collection_is_405_and_changes_nothing(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    before = account.sessions

    for end in ("", "/"):
        assert client.delete(SESSIONS + end).status_code == 405

    assert account.sessions == before


def test_the_301st_request_in_five_seconds_is_429() -> None:
    # The limiter's own clock stands still, so that a slow machine changes nothing.
    account = SimulatedAccount(
        conduct=Conduct(latency_seconds=(0, 0)), rate_limit=RateLimit(clock=lambda: 0.0)
    )
    with (
        announcing(account) as (url, *credentials),
        httpx.Client(
            base_url=url, auth=(credentials[0], credentials[1]), trust_env=False
        ) as client,
    ):
        path = f"/v1/Account/{PRACTICE_AUTH_ID}"
        statuses = [client.get(path).status_code for _ in range(301)]

    assert statuses == [200] * 300 + [429]


@pytest.mark.parametrize(
    ("has_effect", "status"), [(True, "expired"), (False, "active")]
)
def test_a_dropped_answer_is_a_lost_connection_without_a_byte(
    account: SimulatedAccount, client: httpx.Client, has_effect: bool, status: str
) -> None:
    session_uuid = account.marked[Mark.WITH_PINS]
    account.fault = lambda _request: Fault(has_effect=has_effect, ending=Ending.DROPPED)

    other = socket.create_connection((client.base_url.host, client.base_url.port or 0))

    with other:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.delete(f"{SESSIONS}/{session_uuid}")

        assert account.status_of(session_uuid) == status
        other.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert other.recv(1024).startswith(b"HTTP/1.1 401")
    account.fault = None
    assert client.get(SESSIONS).status_code == 200


def test_a_silent_session_is_expired_and_answers_nothing(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    session_uuid = account.marked[Mark.LOST_ANSWER]

    with pytest.raises(httpx.ReadTimeout):
        client.delete(f"{SESSIONS}/{session_uuid}", timeout=0.3)

    assert account.status_of(session_uuid) == "expired"


def test_one_answer_comes_twice_on_its_connection(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    path = f"{SESSIONS}/{account.marked[Mark.TWICE]}"
    sign_in = httpx.BasicAuth(PRACTICE_AUTH_ID, PRACTICE_TOKEN)
    request = httpx.Request("DELETE", client.base_url.join(path))
    signed = next(sign_in.auth_flow(request))
    head = f"DELETE {path} HTTP/1.1\r\nHost: x\r\n"
    head += f"Authorization: {signed.headers['authorization']}\r\n\r\n"

    with socket.create_connection(
        (client.base_url.host, client.base_url.port or 0), PATIENCE_SECONDS
    ) as raw:
        raw.sendall(head.encode())
        received = b""
        while received.count(b"Session expired") < 2:
            received += raw.recv(65_536)

    first, second = received.split(b"HTTP/1.1 200")[1:]
    assert first.rpartition(b"\r\n\r\n")[2] == second.rpartition(b"\r\n\r\n")[2]


async def test_an_answer_that_comes_twice_is_not_taken_for_the_next_sessions(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    doubled, (failing,) = simulated.marked[Mark.TWICE], open_ids(simulated, 1)

    def fault(request: ReceivedRequest) -> Fault | None:
        is_meant = request.method == "DELETE" and request.path.endswith(failing)
        return plivos(500, error="internal server error") if is_meant else None

    simulated.fault = fault
    async with bench(simulated, tmp_path) as opened:
        with announcing(simulated) as announced:
            settings = replace(
                opened.settings,
                api_url=checked_api_url(announced[0]),
                timeouts=Timeouts(),
            )
            opened.connections = Connections(settings)
            summary = await opened.run([doubled, failing])
            await opened.connections.aclose()

    first, second = summary.results
    assert (first.outcome, first.evidence) == (ExpiryOutcome.EXPIRED, Evidence.ANSWER)
    assert (second.outcome, second.evidence) == (ExpiryOutcome.OPEN, Evidence.LOOK)
    assert second.detail == "Plivo error 500, 3 times; open when looked at"
    assert simulated.status_of(failing) == "active"


def test_serving_ends_quietly_on_a_signal() -> None:
    announced: list[str] = []

    def announce(line: str) -> None:
        announced.append(line)
        if line == PRACTICE_TOKEN:
            signal.raise_signal(signal.SIGINT)

    serve(0, announce)

    assert announced[1:] == [PRACTICE_AUTH_ID, PRACTICE_TOKEN]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_ends_cleanly_on_ctrl_c_and_sigterm(number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        url, auth_id, token = (process.stdout.readline().strip() for _ in range(3))
        reply = httpx.get(f"{url}{SESSIONS}", auth=(auth_id, token), trust_env=False)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert reply.status_code == 200
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_that_is_taken_or_impossible_is_bad_input() -> None:
    with listen(0) as taken:
        for port in (taken.getsockname()[1], 70_000):
            with pytest.raises(InputError, match=f"Port {port} cannot be used"):
                serve(port, print)


def test_without_uvicorn_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "masking_console.practice.server")

    with pytest.raises(InputError, match=r"pip install 'masking-console\[server\]'"):
        serve(0, print)
