"""Requests to the practice server by hand: with curl, and as no library sends them."""

import base64
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from masking_console.practice.exchange import PRACTICE_AUTH_ID, PRACTICE_TOKEN
from masking_console.practice.faults import Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.practice_service import announcing

SESSIONS = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session"
PATIENCE_SECONDS = 20


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@pytest.fixture(scope="module")
def untouched() -> Iterator[tuple[SimulatedAccount, str]]:
    """An account that all odd requests go to, and its URL; none may change it."""
    account = SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))
    with announcing(account) as (url, *_):
        yield account, url


@pytest.fixture
def client(account: SimulatedAccount) -> Iterator[httpx.Client]:
    with (
        announcing(account) as (url, auth_id, token),
        httpx.Client(
            base_url=url, auth=(auth_id, token), timeout=10, trust_env=False
        ) as client,
    ):
        yield client


def raw(url: str, target: str, body: bytes = b"", *, announced: int = -1) -> bytes:
    """Return the answer to a request line that no client library would send."""
    credentials = f"{PRACTICE_AUTH_ID}:{PRACTICE_TOKEN}".encode()
    head = (
        f"{target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Basic {base64.b64encode(credentials).decode()}\r\n"
        f"Content-Length: {len(body) if announced < 0 else announced}\r\n\r\n"
    )
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as wire:
        wire.sendall(head.encode("latin-1") + body)
        if announced >= 0:
            wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65_536), b""))


MARKED = SimulatedAccount(count=0).marked[Mark.WITH_PINS]
"""An active session; its id comes from the seed."""
IN_PERCENT = "".join(f"%{ord(letter):02x}" for letter in MARKED)


# What Plivo does with most of these is not known. The server is strict, so that a
# client that depends on leniency is found out; only an encoded id is taken as the id.
@pytest.mark.parametrize(
    ("target", "status"),
    [
        *(
            (f"{method} {SESSIONS}", 405)
            for method in ("PUT", "PATCH", "FROB", "delete")
        ),
        *((f"{method} {SESSIONS}/", 405) for method in ("HEAD", "OPTIONS", "DELETE")),
        *(
            (f"{method} {SESSIONS}/{MARKED}", 405)
            for method in ("HEAD", "POST", "TRACE")
        ),
        (f"DELETE {SESSIONS}//", 404),
        (f"DELETE {SESSIONS}//{MARKED}/", 404),
        (f"DELETE {SESSIONS}/%20", 404),
        (f"DELETE {SESSIONS}/%2F", 404),
        (f"DELETE {SESSIONS}/%00", 404),
        (f"DELETE {SESSIONS}/%ff%fe", 404),
        (f"DELETE {SESSIONS}/.", 404),
        (f"DELETE {SESSIONS}/../../Call/", 404),
        (f"DELETE {SESSIONS}/..%2F..%2FCall", 404),
        (f"DELETE {SESSIONS}/{MARKED.upper()}", 404),
        (f"DELETE {SESSIONS}/{'a' * 100_000}", 404),
        (f"GET {SESSIONS}/{IN_PERCENT}", 200),
        (f"GET {SESSIONS}/{MARKED}?x=%zz&%%%", 200),
        (f"GET {SESSIONS}?limit={'1' * 50_000}", 400),
        (f"GET {SESSIONS}?created_time=0000-01-01+00:00", 400),
        (f"GET {SESSIONS}?created_time__lt=9999-12-31+23:59", 400),
        (f"GET {SESSIONS.lower()}", 404),
        (f"GET http://127.0.0.1{SESSIONS}", 200),
        ("OPTIONS *", 404),
        ("CONNECT 127.0.0.1:80", 404),
    ],
    ids=lambda each: str(each)[:70].replace(f"/v1/Account/{PRACTICE_AUTH_ID}", ""),
)
def test_an_odd_request_gets_a_documented_answer_and_expires_nothing(
    untouched: tuple[SimulatedAccount, str], target: str, status: int
) -> None:
    account, url = untouched
    received = len(account.requests)
    before = {s.session_uuid: s.was_expired for s in account.sessions}

    head, _, body = raw(url, target).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\ncontent-type: application/json\r\n" in head + b"\r\n"
    assert (b"\r\nallow: GET" in head) == (status == 405)
    if target.startswith("HEAD"):
        assert body == b""
    else:
        assert json.loads(body)["api_id"]
    assert {s.session_uuid: s.was_expired for s in account.sessions} == before
    assert len(account.requests) == received + 1


def test_what_is_no_request_at_all_is_400_and_the_server_goes_on(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    assert raw(str(client.base_url), f"GET {SESSIONS}\xe9").startswith(b"HTTP/1.1 400")
    assert account.requests == ()
    assert client.get(SESSIONS).status_code == 200


def test_of_a_large_body_the_beginning_is_remembered(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    body = b"{" * 3_000_000

    created = client.post(SESSIONS, content=body)
    expired = client.request("DELETE", f"{SESSIONS}/{MARKED}", content=body)

    assert (created.status_code, expired.status_code) == (405, 200)
    assert [request.body for request in account.requests] == [body[:65_536]] * 2


def test_a_request_whose_body_never_comes_has_no_effect(
    account: SimulatedAccount, client: httpx.Client
) -> None:
    target = f"DELETE {SESSIONS}/{MARKED}"

    raw(str(client.base_url), target, b"x", announced=1000)

    assert account.status_of(MARKED) == "active"
    assert client.get(SESSIONS).status_code == 200


def curl(*arguments: str) -> tuple[int, str, dict[str, object] | str]:
    """Return status, content type and body, as `curl` shows them."""
    program = shutil.which("curl")
    if program is None:
        assert "CI" not in os.environ, "curl is missing"
        pytest.skip("curl is not installed")
    options = ["-q", "-sS", "--noproxy", "*", "-m", str(PATIENCE_SECONDS)]
    ending = ["-w", "\n%{http_code} %{content_type}"]
    shown = subprocess.run(
        [program, *options, *ending, *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    body, _, end = shown.rpartition("\n")
    status, _, kind = end.partition(" ")
    is_json = kind == "application/json"
    return int(status), kind, json.loads(body) if is_json else body


def test_curl_lists_gets_and_expires(account: SimulatedAccount) -> None:
    with announcing(account) as (url, auth_id, token):
        item = f"{url}{SESSIONS}/{MARKED}"
        user = ("-u", f"{auth_id}:{token}")
        listed = curl(*user, f"{url}{SESSIONS}/?status=active&limit=2")
        seen = curl(*user, item)
        expired = curl(*user, "-X", "DELETE", item)
        again = curl(*user, "-X", "DELETE", item)

    assert [answer[:2] for answer in (listed, seen, expired, again)] == [
        *[(200, "application/json")] * 3,
        (400, "application/json"),
    ]
    assert isinstance(expired[2], dict)
    assert expired[2].keys() == {"api_id", "message"}
    assert expired[2]["message"] == "Session expired"
    assert isinstance(again[2], dict)
    assert again[2].keys() == {"api_id", "error"}
    assert again[2]["error"] == "Session already expired"


def test_curl_is_refused_as_documented(account: SimulatedAccount) -> None:
    before = account.sessions
    with announcing(account) as (url, auth_id, token):
        user = ("-u", f"{auth_id}:{token}")
        sessions = url + SESSIONS
        stranger = curl(
            "-u", f"{auth_id}:wrong", "-X", "DELETE", f"{sessions}/{MARKED}"
        )
        nobody = curl("-X", "DELETE", f"{sessions}/{MARKED}")
        unknown = curl(*user, "-X", "DELETE", f"{sessions}/{auth_id}")
        collection = curl(*user, "-X", "DELETE", f"{sessions}/")
        created = curl(*user, "--json", '{"first_party": "1"}', sessions)

    assert [answer[0] for answer in (stranger, nobody)] == [401, 401]
    assert stranger[1] == "text/html; charset=utf-8"
    answers = (unknown, collection, created)
    assert [answer[0] for answer in answers] == [404, 405, 405]
    for answer in answers:
        assert isinstance(answer[2], dict)
        assert answer[2].keys() == {"api_id", "error"}
    assert account.sessions == before
