import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from masking_console.errors import (
    InvalidAuthIdError,
    InvalidSessionUuidError,
    PlivoUnavailableError,
    RefusedError,
    TokenRefusedError,
)
from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from masking_console.models.expiry import Batch, RecordedIntent
from masking_console.models.reach import Obstacle, SettingFault
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import Verdict
from masking_console.plivo.client import LARGEST_BODY, PlivoClient
from masking_console.plivo.details import ListQuery
from masking_console.plivo.http_clients import USER_AGENT
from masking_console.plivo.network import Network
from masking_console.plivo.pacing import Pace
from masking_console.settings import Settings, Timeouts, checked_api_url
from tests.support.runs import plan_of

UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
ACCOUNT = Account(
    AccountName("acme"), AuthId("MAEXAMPLE0000000044T"), AuthToken("s3cret-t0ken")
)
PATH = f"/v1/Account/{ACCOUNT.auth_id}/Masking/Session/{UUID}"
EXPIRED = b'{"api_id": "a1", "message": "Session expired"}'

Answerer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def http(
    content: bytes, status: str = "200 OK", headers: str = "", length: int | None = None
) -> Answerer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        size = len(content) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        if length is not None:
            writer.close()

    return answer


async def with_new_ids(writer: asyncio.StreamWriter) -> None:
    await http(b'{"api_id": "%s", "message": "Hello"}' % uuid4().hex.encode())(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def stay_silent(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await asyncio.sleep(0.05)


@dataclass
class Server:
    url: str
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def serving(
    answer: Answerer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    opened = Server("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.connections += 1
        try:
            while True:
                opened.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    opened.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield opened
    finally:
        server.close()


@asynccontextmanager
async def client_of(url: str, account: Account = ACCOUNT) -> AsyncIterator[PlivoClient]:
    settings = Settings(
        journal_path=Path("unused"),
        api_url=checked_api_url(url),
        timeouts=Timeouts(connect=1.0, read=0.15, total=0.3),
    )
    async with PlivoClient(account, settings, Pace(1.0)) as client:
        yield client


def intent(sequence: int = 1, account: Account = ACCOUNT) -> RecordedIntent:
    plan = plan_of(account, [UUID])
    return RecordedIntent(Batch("B-1", plan.confirm("y")), UUID, 1, sequence)


async def test_a_delete_is_exactly_as_documented() -> None:
    async with serving(http(EXPIRED)) as server, client_of(server.url) as client:
        answer = await client.expire_session(intent())

    assert answer.verdict is Verdict.EXPIRED
    assert answer.api_id == "a1"
    (head,) = server.heads
    line, *headers = head.decode().strip().split("\r\n")
    assert line == f"DELETE {PATH} HTTP/1.1"
    named = dict(header.split(": ", 1) for header in headers)
    assert named.pop("Host") == server.url.removeprefix("http://")
    assert named == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "User-Agent": USER_AGENT,
        "Authorization": ACCOUNT.auth_token.basic_authorization(ACCOUNT.auth_id),
    }


async def test_no_cookie_goes_along_with_the_next_request() -> None:
    baker = http(EXPIRED, headers="Set-Cookie: who=me; Path=/\r\n")
    async with serving(baker) as server, client_of(server.url) as client:
        for sequence in (1, 2):
            await client.expire_session(intent(sequence))

    assert len(server.heads) == 2
    assert not any(b"cookie" in head.lower() for head in server.heads)


async def test_an_intent_is_good_for_one_request_on_its_own_account() -> None:
    other = replace(ACCOUNT, auth_id=AuthId("MAOTHER000000000000X"))
    async with serving(http(EXPIRED)) as server, client_of(server.url) as client:
        await client.expire_session(intent())
        with pytest.raises(RefusedError):
            await client.expire_session(intent())
        with pytest.raises(RefusedError):
            await client.expire_session(intent(2, other))

    assert len(server.heads) == 1


async def test_a_forged_id_is_refused_before_anything_is_sent() -> None:
    forged_uuid = str.__new__(SessionUuid, "../../Call/")
    forged_auth_id = str.__new__(AuthId, "../Account")
    async with serving(http(EXPIRED)) as server:
        async with client_of(server.url) as client:
            for uuid in (forged_uuid, str.__new__(SessionUuid, "")):
                with pytest.raises(InvalidSessionUuidError):
                    await client.get_session(uuid)
        async with client_of(
            server.url, replace(ACCOUNT, auth_id=forged_auth_id)
        ) as client:
            with pytest.raises(InvalidAuthIdError):
                await client.get_session(UUID)

    assert server.heads == []


@pytest.mark.parametrize(
    ("answerer", "verdict", "detail"),
    [
        (
            http(EXPIRED, "301 Moved", "Location: /other\r\n"),
            Verdict.REDIRECTED,
            "redirected to /other, not followed",
        ),
        (
            http(b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"),
            Verdict.REDIRECTED,
            "redirected to http://127.0.0.1/, not followed",
        ),
        (
            http(b"", "307 Over There", "Location: http://[::1\r\n"),
            Verdict.REDIRECTED,
            "redirected to an address that cannot be read, not followed",
        ),
        (hang_up, Verdict.UNCLEAR, "the connection broke"),
        (stay_silent, Verdict.UNCLEAR, "no answer in time"),
        (drip, Verdict.UNCLEAR, "no answer in time"),
        (http(EXPIRED, length=9999), Verdict.UNCLEAR, "the connection broke"),
        (
            http(b" " * (LARGEST_BODY + 1)),
            Verdict.UNCLEAR,
            "the answer is too large",
        ),
        (
            http(gzip.compress(EXPIRED), headers="Content-Encoding: gzip\r\n"),
            Verdict.UNCLEAR,
            None,
        ),
        (http(b"", "429 Slow", "Retry-After: 7\r\n"), Verdict.RATE_LIMITED, "Slow"),
    ],
)
async def test_what_a_bad_answer_to_a_delete_comes_to(
    answerer: Answerer, verdict: Verdict, detail: str | None
) -> None:
    async with serving(answerer) as server, client_of(server.url) as client:
        answer = await client.expire_session(intent())

        assert answer.verdict is verdict
        assert detail is None or answer.detail == detail
        assert len(server.heads) == 1
        is_limited = verdict is Verdict.RATE_LIMITED
        assert (client.pace.closed_for > 5) == is_limited


async def test_no_connection_is_not_sent_and_offline() -> None:
    async with serving(http(EXPIRED)) as server:
        url = server.url
    async with client_of(url) as client:
        answer = await client.expire_session(intent())

        assert answer.verdict is Verdict.NOT_SENT
        assert answer.detail == "connection refused"
        assert client.is_online is False
        look = await client.get_session(UUID)
        assert look.verdict is Verdict.NOT_SENT
        with pytest.raises(PlivoUnavailableError, match="could not be reached"):
            await client.get_account()


async def test_connections_are_kept_alive_and_not_shared() -> None:
    async with serving(with_new_ids) as server, client_of(server.url) as client:
        for _ in range(3):
            await client.get_session(UUID)
        assert server.connections == 1
        assert client.is_online is True
        assert client.latest_elapsed_ms is not None


async def test_a_request_under_way_says_how_long_it_has_waited() -> None:
    may_answer, seconds = asyncio.Event(), 10.0

    async def when_told(writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await http(EXPIRED)(writer)

    async with serving(when_told) as server, client_of(server.url) as client:
        client._stopwatch = lambda: seconds
        assert client.waiting_ms == 0
        request = asyncio.create_task(client.get_session(UUID))
        while not server.heads:
            await asyncio.sleep(0)
        seconds += 4.1
        assert client.waiting_ms == 4_100
        may_answer.set()
        await request
        assert client.waiting_ms == 0


async def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        await with_new_ids(writer)

    async with serving(slowly) as server, client_of(server.url) as client:
        await asyncio.gather(*(client.get_session(UUID) for _ in range(4)))
        assert server.connections == 4
        await client.get_session(UUID)
        assert server.connections == 4


SUB = replace(ACCOUNT, auth_id=AuthId("SAEXAMPLE0000000044T"))


@pytest.mark.parametrize(
    ("content", "status", "account", "error", "words"),
    [
        (
            b"no",
            "401 Unauthorized",
            ACCOUNT,
            TokenRefusedError,
            (
                "Answered 401, not in Plivo's form: no. "
                "Check the Auth ID and the token, and the network in between."
            ),
        ),
        (
            b'{"api_id": "a1", "error": "authentication failed"}',
            "401 Unauthorized",
            ACCOUNT,
            TokenRefusedError,
            (
                "Plivo answered 401: authentication failed. "
                "Check the Auth ID and the token."
            ),
        ),
        (
            b'{"api_id": "a1", "error": "IP address is not whitelisted"}',
            "403 Forbidden",
            ACCOUNT,
            TokenRefusedError,
            (
                "Plivo answered 403: IP address is not whitelisted. This network's "
                "address may not be allowed. Ask who manages the account."
            ),
        ),
        (
            b'{"api_id": "a1", "error": "no"}',
            "401 Unauthorized",
            SUB,
            TokenRefusedError,
            (
                "Plivo answered 401: no. Check the Auth ID and the token. "
                "A sub-account (SA...) may need its main account (MA...)."
            ),
        ),
        (b"{}", "500 Error", ACCOUNT, PlivoUnavailableError, None),
        (b'{"message": "Log in"}', "200 OK", ACCOUNT, PlivoUnavailableError, None),
        (
            b'{"api_id": "a1", "auth_id": "MAOTHER000000000000X"}',
            "200 OK",
            ACCOUNT,
            PlivoUnavailableError,
            (
                "The answer cannot be used (answered 200, but about something else). "
                "Try again."
            ),
        ),
    ],
)
async def test_an_account_that_cannot_be_used_is_said(
    content: bytes,
    status: str,
    account: Account,
    error: type[Exception],
    words: str | None,
) -> None:
    async with (
        serving(http(content, status)) as server,
        client_of(server.url, account) as client,
    ):
        with pytest.raises(error) as caught:
            await client.get_account()

    assert words in {None, str(caught.value)}


async def test_an_account_is_described() -> None:
    async with (
        serving(http(b'{"api_id": "a1", "name": "Acme"}')) as server,
        client_of(server.url) as client,
    ):
        assert (await client.get_account()).name == "Acme"

    assert server.heads[0].startswith(f"GET /v1/Account/{ACCOUNT.auth_id}/ ".encode())


async def test_a_loopback_address_never_goes_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with serving(http(EXPIRED)) as server, client_of(server.url) as client:
        assert (await client.expire_session(intent())).verdict is Verdict.EXPIRED


async def test_https_goes_through_the_proxy_which_sees_no_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(http(b"", "407 Proxy Authentication Required")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client_of("https://api.plivo.com") as client:
            answer = await client.expire_session(intent())

    assert answer.verdict is Verdict.NOT_SENT
    assert answer.unreached is not None
    assert answer.unreached.obstacle is Obstacle.PASSWORD
    assert proxy.heads[0].startswith(b"CONNECT api.plivo.com:443 ")
    assert b"authorization" not in b"".join(proxy.heads).lower()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("SSL_CERT_FILE", "/nonexistent", SettingFault.NO_FILE),
        ("HTTPS_PROXY", "gopher://who:hunter2@proxy.example", SettingFault.KIND),
        ("HTTPS_PROXY", "http://who:hunter2@proxy.example:port", SettingFault.PORT),
    ],
)
async def test_an_environment_that_cannot_be_used_is_named_and_sends_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, fault: SettingFault
) -> None:
    monkeypatch.setenv(name, value)
    async with client_of("https://api.plivo.com") as client:
        await client.warm_up()
        answer = await client.expire_session(intent())

    assert answer.verdict is Verdict.NOT_SENT
    assert answer.unreached is not None
    assert answer.unreached.setting is not None
    assert answer.unreached.setting.variable == name
    assert answer.unreached.setting.fault is fault
    assert "hunter2" not in f"{answer!r} {vars(client)!r}"


async def test_a_connection_that_takes_too_long_is_not_sent() -> None:
    def new_transport() -> httpx.MockTransport:
        def handler(_request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectTimeout("")

        return httpx.MockTransport(handler)

    settings = Settings(journal_path=Path("unused"))
    network = Network(settings, new_transport)
    async with PlivoClient(ACCOUNT, settings, Pace(1.0), network) as client:
        answer = await client.expire_session(intent())

    assert answer.verdict is Verdict.NOT_SENT
    assert answer.unreached is not None
    assert answer.unreached.obstacle is Obstacle.TIME


async def test_the_token_is_in_no_repr() -> None:
    async with (
        serving(http(b"no", "401 No")) as server,
        client_of(server.url) as client,
    ):
        with pytest.raises(TokenRefusedError) as caught:
            await client.get_account()
        words = f"{client!r} {vars(client)!r} {caught.value!r} {intent()!r}"

    assert "s3cret" not in words
    assert ACCOUNT.auth_token.basic_authorization(ACCOUNT.auth_id) not in words


async def test_a_list_without_an_answer_is_no_page() -> None:
    async with serving(hang_up) as server, client_of(server.url) as client:
        answer, page = await client.list_sessions(ListQuery())

    assert (answer.verdict, page) == (Verdict.UNCLEAR, None)


async def test_a_shape_without_an_answer_has_no_status() -> None:
    async with serving(hang_up) as server, client_of(server.url) as client:
        shape = await client.shape_of_list(ListQuery())

    assert (shape.status, shape.lines) == (None, ())


async def test_a_detail_without_an_answer_is_none() -> None:
    async with serving(hang_up) as server, client_of(server.url) as client:
        answer, detail = await client.get_detail(UUID)

    assert (answer.verdict, detail) == (Verdict.UNCLEAR, None)
