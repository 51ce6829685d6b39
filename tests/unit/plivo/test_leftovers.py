"""Answers that nobody asked for, on a real connection: none is taken for an answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from masking_console.models.expiry import Batch, RecordedIntent
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import SeenAnswers, Verdict
from masking_console.plivo.client import PlivoClient
from masking_console.plivo.http_clients import _parser_holds_more, _tls_holds_more
from masking_console.plivo.pacing import Pace
from masking_console.settings import Settings, Timeouts, checked_api_url
from tests.support.runs import plan_of

UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
ACCOUNT = Account(
    AccountName("acme"), AuthId("MAEXAMPLE0000000044T"), AuthToken("s3cret-t0ken")
)
ERROR = b'{"api_id": "e%d", "error": "internal"}'


def message(content: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def chunked(content: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)


def expired(number: int = 1) -> bytes:
    return b'{"api_id": "a%d", "message": "Session expired"}' % number


def failed(number: int) -> bytes:
    return message(ERROR % number, "500 Error")


@dataclass
class Server:
    """Answers the n-th request with the n-th script; then with errors."""

    scripts: list[Callable[[asyncio.StreamWriter], None]]
    url: str = ""
    connections: int = 0
    requests: int = 0
    errors: "count[int]" = field(default_factory=count)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                if self.requests <= len(self.scripts):
                    self.scripts[self.requests - 1](writer)
                else:
                    writer.write(failed(next(self.errors)))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    *scripts: Callable[[asyncio.StreamWriter], None],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Server]:
    opened = Server(list(scripts))
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    opened.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield opened
    finally:
        server.close()


@asynccontextmanager
async def client_of(
    url: str, seen: SeenAnswers | None = None
) -> AsyncIterator[PlivoClient]:
    settings = Settings(
        journal_path=Path("unused"),
        api_url=checked_api_url(url),
        timeouts=Timeouts(connect=5.0, read=5.0, total=10.0),
    )
    async with PlivoClient(ACCOUNT, settings, Pace(1.0), seen=seen) as client:
        yield client


def intent(sequence: int) -> RecordedIntent:
    plan = plan_of(ACCOUNT, [UUID])
    return RecordedIntent(Batch("B-1", plan.confirm("y")), UUID, 1, sequence)


async def verdicts(client: PlivoClient, times: int) -> list[Verdict]:
    return [
        (await client.expire_session(intent(number))).verdict for number in range(times)
    ]


def writing(*pieces: bytes) -> Callable[[asyncio.StreamWriter], None]:
    return lambda writer: writer.writelines(pieces)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for this computer's loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    path.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(pem)
    )
    return path


@pytest.fixture(params=["plain", "tls"])
def tls(
    request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext | None:
    """Protocol of the server, whose certificate the client trusts."""
    if request.param == "plain":
        return None
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize(
    "pieces",
    [
        [message(expired()) + message(expired())],
        [message(expired()), message(expired())],
        [message(expired()) + message(expired(2))],
        [message(expired()), message(expired(2))],
        [message(expired()) + message(expired())[:40]],
        [message(expired()) + message(expired(2)) + message(expired(3))],
        [message(expired()) + b"\r\n"],
        [message(expired()) + b"surprise"],
        [chunked(expired()) + chunked(expired(2))],
        [chunked(expired()), message(expired(2))],
    ],
)
async def test_what_comes_behind_an_answer_at_once_answers_nothing(
    pieces: list[bytes], tls: ssl.SSLContext | None
) -> None:
    async with (
        serving(writing(*pieces), tls=tls) as server,
        client_of(server.url) as client,
    ):
        found = await verdicts(client, 2)

    assert found == [Verdict.EXPIRED, Verdict.UNCLEAR]
    assert (server.connections, server.requests) == (2, 2)


@pytest.mark.parametrize("late_seconds", [0.0, 0.001, 0.01, 0.05])
@pytest.mark.parametrize("copy", [expired(), expired(2)])
async def test_what_comes_late_answers_nothing(
    late_seconds: float, copy: bytes, tls: ssl.SSLContext | None
) -> None:
    sent = asyncio.Event()

    def late(writer: asyncio.StreamWriter) -> None:
        def send() -> None:
            writer.write(message(copy))
            sent.set()

        writer.write(message(expired()))
        asyncio.get_running_loop().call_later(late_seconds, send)

    async with serving(late, tls=tls) as server, client_of(server.url) as client:
        first = await client.expire_session(intent(1))
        await sent.wait()
        # Loopback delivers within the call that sends; nothing is read in between.
        second = await client.expire_session(intent(2))

    assert first.verdict is Verdict.EXPIRED
    assert second.verdict is Verdict.UNCLEAR
    assert second.detail == "Plivo error 500"
    assert (server.connections, server.requests) == (2, 2)


async def test_a_copy_that_comes_while_the_next_answer_is_waited_for_proves_nothing(
    tls: ssl.SSLContext | None,
) -> None:
    async with (
        serving(
            writing(message(expired())), writing(message(expired())), tls=tls
        ) as server,
        client_of(server.url) as client,
    ):
        first, second, third = [
            await client.expire_session(intent(number)) for number in range(3)
        ]

    assert first.verdict is Verdict.EXPIRED
    assert second.verdict is Verdict.UNCLEAR
    assert second.http_status is None
    assert second.detail == "the answer to an earlier request came once more"
    # What is still to come on that connection answers the second request.
    assert third.detail == "Plivo error 500"
    assert server.connections == 2


async def test_an_answer_without_an_id_is_the_last_of_its_connection() -> None:
    async with (
        serving(writing(message(b"<html></html>", "502 Bad Gateway"))) as server,
        client_of(server.url) as client,
    ):
        await verdicts(client, 3)

    assert server.connections == 2


async def test_what_is_too_long_to_be_read_at_once_is_the_last_of_its_connection(
    tls: ssl.SSLContext | None,
) -> None:
    content = b'{"api_id": "a1", "message": "%s"}' % (b"x" * 65_000)
    async with (
        serving(writing(message(content)), tls=tls) as server,
        client_of(server.url) as client,
    ):
        await verdicts(client, 2)

    assert server.connections == 2


async def test_a_clean_connection_is_used_again(tls: ssl.SSLContext | None) -> None:
    scripts = [writing(message(expired(number))) for number in range(5)]
    async with serving(*scripts, tls=tls) as server, client_of(server.url) as client:
        found = await verdicts(client, 5)

    assert found == [Verdict.EXPIRED] * 5
    assert server.connections == 1


async def test_a_server_that_ends_the_connection_is_asked_on_another_one(
    tls: ssl.SSLContext | None,
) -> None:
    def close(writer: asyncio.StreamWriter) -> None:
        writer.write(message(expired()))
        writer.close()

    async with serving(close, tls=tls) as server, client_of(server.url) as client:
        await verdicts(client, 2)

    assert (server.connections, server.requests) == (2, 2)


async def test_an_answer_is_known_on_every_connection_of_the_process() -> None:
    seen = SeenAnswers()
    found = []
    for _ in range(2):
        async with (
            serving(writing(message(expired()))) as server,
            client_of(server.url, seen) as client,
        ):
            found += await verdicts(client, 1)

    assert found == [Verdict.EXPIRED, Verdict.UNCLEAR]


def test_the_latest_answers_are_remembered() -> None:
    seen = SeenAnswers(remembered=2)

    assert [seen.has_come_before(each) for each in "abab"] == [False, False, True, True]
    assert not seen.has_come_before("c")
    assert not seen.has_come_before("a")
    assert not seen.has_come_before("")
    assert not seen.has_come_before("")


def test_a_connection_that_cannot_be_looked_into_is_not_kept() -> None:
    assert _parser_holds_more(object())  # type: ignore[arg-type] # of another version


def test_a_tls_connection_that_fails_is_not_kept() -> None:
    class Broken(httpcore.AsyncNetworkStream):
        def get_extra_info(self, info: str) -> "Broken":
            assert info == "ssl_object"
            return self

        def read(self, _count: int) -> bytes:  # type: ignore[override] # of an SSLObject
            raise ssl.SSLZeroReturnError

    assert _tls_holds_more(Broken())
