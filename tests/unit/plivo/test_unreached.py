"""Each way in which a request does not get through, over real sockets and real TLS."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from masking_console.models.expiry import Batch, RecordedIntent
from masking_console.models.plain_text import PlainText
from masking_console.models.reach import (
    CertificateFault,
    Obstacle,
    ProxyPlace,
    SettingFault,
    Unreached,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.client import PlivoClient
from masking_console.plivo.network import Network
from masking_console.plivo.pacing import Pace
from masking_console.plivo.unreached import Progress, Step, unreached_by
from masking_console.settings import ApiUrl, Settings, Timeouts
from tests.support.certificates import Authority
from tests.support.proxies import (
    Talk,
    http_proxy,
    listening,
    saying,
    socks_proxy,
)
from tests.support.runs import plan_of

UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
ACCOUNT = Account(
    AccountName("acme"), AuthId("MAEXAMPLE0000000044T"), AuthToken("s3cret-t0ken")
)
PLIVO = "https://api.plivo.com"
QUICK = Timeouts(connect=0.2, read=0.2, total=1.0)
NO_ANSWER = Timeouts(connect=5.0, read=0.8, total=10.0)
PATIENT = Timeouts(connect=5.0, read=5.0, total=10.0)
BODY = b'{"api_id": "a1", "message": "Session expired"}'
EXPIRED = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


async def delete(
    url: str, timeouts: Timeouts = PATIENT, **environment: str
) -> tuple[Answer, str]:
    """Send the DELETE of a plan; return the answer, and the client's representation."""
    settings = Settings(Path("unused"), api_url=ApiUrl(url), timeouts=timeouts)
    plan = plan_of(ACCOUNT, [UUID])
    intent = RecordedIntent(Batch("B-1", plan.confirm("y")), UUID, 1, 1)
    network = Network(settings, environment=environment)
    async with PlivoClient(ACCOUNT, settings, Pace(1.0), network) as client:
        answer = await client.expire_session(intent)
        assert (client.is_online is False) == (answer.verdict is Verdict.NOT_SENT)
        assert client.unreached == answer.unreached
        return answer, f"{answer!r} {vars(client)!r} {await network.way()!r}"


async def unreached(
    url: str, timeouts: Timeouts = PATIENT, **environment: str
) -> Unreached:
    """Return why the DELETE of a plan was not sent."""
    answer, _ = await delete(url, timeouts, **environment)
    assert answer.verdict is Verdict.NOT_SENT
    assert answer.unreached is not None
    return answer.unreached


@asynccontextmanager
async def plivo_behind(
    authority: Authority, talk: Talk | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve what passes for Plivo at a port of this computer."""
    context = tls or authority.server("api.plivo.com")
    async with listening(talk or saying(EXPIRED), context) as port:
        yield port


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


# Directly.


async def test_a_refused_connection() -> None:
    found = await unreached(f"https://127.0.0.1:{free_port()}")

    assert (found.obstacle, found.host) == (Obstacle.REFUSED, "127.0.0.1")
    assert (found.proxy, found.is_at_proxy) == (None, False)


async def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    assert (await unreached(PLIVO)).obstacle is Obstacle.NAME


async def test_a_server_that_takes_no_part_in_tls_is_waited_for_no_longer() -> None:
    async with listening(saying(b"", waits=True)) as port:
        found = await unreached(f"https://127.0.0.1:{port}", QUICK)

    assert found.obstacle is Obstacle.TIME


async def test_a_server_without_tls() -> None:
    async with listening(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        found = await unreached(f"https://127.0.0.1:{port}")

    assert found.obstacle is Obstacle.TLS


async def test_a_server_that_closes_in_the_middle_of_tls() -> None:
    async with listening(saying(b"")) as port:
        found = await unreached(f"https://127.0.0.1:{port}")

    assert found.obstacle is Obstacle.BROKEN


async def test_a_network_that_leads_nowhere() -> None:
    way_out, progress = OSError(errno.ENETUNREACH, "no route"), Progress()
    await progress.follow("connection.connect_tcp.started", {})
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("both", [way_out, OSError(errno.EIO, "x")])

    found = unreached_by(error, progress, host=PlainText("x"), proxy=None, trust=())

    assert found.obstacle is Obstacle.NETWORK


async def test_of_several_addresses_the_one_that_answered_counts() -> None:
    progress, error = Progress(), httpx.ConnectError("All connection attempts failed")
    await progress.follow("connection.connect_tcp.started", {})
    attempts = [OSError(errno.ENETUNREACH, "v6"), ConnectionRefusedError("v4")]
    error.__cause__ = ExceptionGroup("both", attempts)

    found = unreached_by(error, progress, host=PlainText("x"), proxy=None, trust=())

    assert found.obstacle is Obstacle.REFUSED


async def test_a_failure_that_nobody_knows_is_just_no_connection() -> None:
    error = httpx.ConnectError("something new")
    error.__cause__ = error

    found = unreached_by(error, Progress(), host=PlainText("x"), proxy=None, trust=())

    assert found.obstacle is Obstacle.OTHER


@pytest.mark.parametrize(
    ("hosts", "since", "until", "is_self_signed", "fault"),
    [
        (("127.0.0.1",), -20, -10, False, CertificateFault.EXPIRED),
        (("127.0.0.1",), 10, 20, False, CertificateFault.NOT_YET_VALID),
        (("other.example",), -1, 1, False, CertificateFault.OTHER_HOST),
        (("127.0.0.1",), -1, 1, True, CertificateFault.SELF_SIGNED),
    ],
)
async def test_a_bad_certificate_is_refused_and_named(
    authority: Authority,
    hosts: tuple[str, ...],
    since: int,
    until: int,
    is_self_signed: bool,
    fault: CertificateFault,
) -> None:
    tls = authority.server(
        *hosts,
        since=timedelta(days=since),
        until=timedelta(days=until),
        is_self_signed=is_self_signed,
    )
    async with plivo_behind(authority, tls=tls) as port:
        found = await unreached(
            f"https://127.0.0.1:{port}", SSL_CERT_FILE=str(authority.file)
        )

    assert found.obstacle is Obstacle.CERTIFICATE
    assert found.refused is fault
    assert found.trust == ("SSL_CERT_FILE",)
    assert found.certificate is not None
    issuer = "a server" if is_self_signed else "Corp Inspection CA (Example Corp)"
    assert found.certificate.issuer == issuer
    assert found.certificate.hosts == hosts
    assert found.said


async def test_an_issuer_that_nobody_has_named_is_refused_and_named(
    authority: Authority, tmp_path: Path
) -> None:
    other = Authority.made(tmp_path, "Another CA")
    async with plivo_behind(authority, tls=other.server("127.0.0.1")) as port:
        url = f"https://127.0.0.1:{port}"
        named = await unreached(url, SSL_CERT_FILE=str(authority.file))
        system = await unreached(url)

    for found in (named, system):
        assert found.refused is CertificateFault.UNKNOWN_ISSUER
        assert found.certificate is not None
        assert found.certificate.issuer == "Another CA (Example Corp)"
    assert (named.trust, system.trust) == (("SSL_CERT_FILE",), ())


async def test_a_good_certificate_is_accepted(authority: Authority) -> None:
    tls = authority.server("127.0.0.1")
    async with plivo_behind(authority, tls=tls) as port:
        answer, _ = await delete(
            f"https://127.0.0.1:{port}", SSL_CERT_FILE=str(authority.file)
        )

    assert answer.verdict is Verdict.EXPIRED
    assert answer.unreached is None


# Through a proxy by HTTP.


async def test_a_tunnel_leads_to_plivo_and_the_proxy_sees_no_credentials(
    authority: Authority,
) -> None:
    heard: list[bytes] = []
    async with (
        plivo_behind(authority) as plivo,
        listening(http_proxy(plivo, heard)) as port,
    ):
        answer, shown = await delete(
            PLIVO,
            HTTPS_PROXY=f"http://me:hunter2@127.0.0.1:{port}",
            SSL_CERT_FILE=str(authority.file),
        )

    assert answer.verdict is Verdict.EXPIRED
    assert heard[0].startswith(b"CONNECT api.plivo.com:443 ")
    # "me:hunter2", which is the proxy's; Plivo's own went into the tunnel.
    assert b"Proxy-Authorization: Basic bWU6aHVudGVyMg==" in heard[0]
    assert b"\r\nAuthorization" not in heard[0]
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("answer", "obstacle", "status"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required", Obstacle.PASSWORD, 407),
        (b"HTTP/1.1 403 Forbidden", Obstacle.DECLINED, 403),
        (b"HTTP/1.1 502 Bad Gateway", Obstacle.DECLINED, 502),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://login/",
            Obstacle.DECLINED,
            302,
        ),
    ],
)
async def test_a_proxy_that_says_no(
    answer: bytes, obstacle: Obstacle, status: int
) -> None:
    talk = saying(answer + b"\r\nContent-Length: 0\r\n\r\n")
    async with listening(talk) as port:
        found = await unreached(PLIVO, HTTPS_PROXY=f"http://127.0.0.1:{port}")

    assert (found.obstacle, found.status) == (obstacle, status)
    assert found.is_at_proxy
    assert found.host == "api.plivo.com"
    assert found.proxy == ProxyPlace(
        "http", PlainText("127.0.0.1"), port, "HTTPS_PROXY"
    )


@pytest.mark.parametrize("answer", [b"", b"\x00\x01garbage\r\n\r\n", b"HTTP/1.1 2"])
async def test_what_does_not_answer_as_a_proxy(answer: bytes) -> None:
    async with listening(saying(answer)) as port:
        found = await unreached(PLIVO, ALL_PROXY=f"http://127.0.0.1:{port}")

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.NO_PROXY, True)


async def test_a_proxy_that_never_answers_has_sent_nothing() -> None:
    async with listening(saying(b"", waits=True)) as port:
        found = await unreached(PLIVO, QUICK, HTTPS_PROXY=f"http://127.0.0.1:{port}")

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.TIME, True)


async def test_a_proxy_that_is_not_there() -> None:
    found = await unreached(PLIVO, https_proxy=f"127.0.0.1:{free_port()}")

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.REFUSED, True)
    assert found.proxy is not None
    assert found.proxy.variable == "https_proxy"


async def test_the_name_of_a_proxy_without_an_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    found = await unreached(PLIVO, HTTPS_PROXY="http://proxy.example:8080")

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.NAME, True)


async def test_a_certificate_behind_a_proxy_is_not_the_proxys_own(
    authority: Authority, tmp_path: Path
) -> None:
    other = Authority.made(tmp_path, "Inspector")
    async with (
        plivo_behind(authority, tls=other.server("api.plivo.com")) as plivo,
        listening(http_proxy(plivo, [])) as port,
    ):
        found = await unreached(
            PLIVO,
            HTTPS_PROXY=f"http://127.0.0.1:{port}",
            SSL_CERT_FILE=str(authority.file),
        )

    assert found.refused is CertificateFault.UNKNOWN_ISSUER
    assert not found.is_at_proxy
    assert found.proxy is not None
    assert found.certificate is not None
    assert found.certificate.issuer == "Inspector (Example Corp)"


@pytest.mark.parametrize(
    ("later", "obstacle"),
    [(saying(b""), Obstacle.BROKEN), (saying(b"no TLS\r\n"), Obstacle.TLS)],
)
async def test_a_tunnel_to_nothing_good_has_sent_nothing(
    later: Talk, obstacle: Obstacle
) -> None:
    async with (
        listening(later) as plivo,
        listening(http_proxy(plivo, [])) as port,
    ):
        found = await unreached(PLIVO, HTTPS_PROXY=f"http://127.0.0.1:{port}")

    assert (found.obstacle, found.is_at_proxy) == (obstacle, False)


@pytest.mark.parametrize("waits", [True, False])
async def test_what_was_sent_into_a_tunnel_is_unknown(
    authority: Authority, waits: bool
) -> None:
    talk = saying(b"", waits=waits)
    async with (
        plivo_behind(authority, talk) as plivo,
        listening(http_proxy(plivo, [])) as port,
    ):
        answer, _ = await delete(
            PLIVO,
            NO_ANSWER if waits else PATIENT,
            HTTPS_PROXY=f"http://127.0.0.1:{port}",
            SSL_CERT_FILE=str(authority.file),
        )

    assert answer.verdict is Verdict.UNCLEAR
    assert answer.unreached is None
    words = "no answer in time" if waits else "the connection broke"
    assert answer.detail == words


async def test_a_proxy_with_tls_is_held_to_the_same_trust(
    authority: Authority, tmp_path: Path
) -> None:
    heard: list[bytes] = []
    good = authority.server("127.0.0.1")
    bad = Authority.made(tmp_path, "Stranger").server("127.0.0.1")
    file = str(authority.file)
    async with plivo_behind(authority) as plivo:
        talk = http_proxy(plivo, heard)
        async with listening(talk, good) as port, listening(talk, bad) as other:
            answer, _ = await delete(
                PLIVO, HTTPS_PROXY=f"https://127.0.0.1:{port}", SSL_CERT_FILE=file
            )
            found = await unreached(
                PLIVO, HTTPS_PROXY=f"https://127.0.0.1:{other}", SSL_CERT_FILE=file
            )

    assert answer.verdict is Verdict.EXPIRED
    assert len(heard) == 1
    assert (found.obstacle, found.is_at_proxy) == (Obstacle.CERTIFICATE, True)
    assert found.certificate is not None
    assert found.certificate.issuer == "Stranger (Example Corp)"


async def test_a_proxy_without_tls_where_tls_is_asked_for() -> None:
    async with listening(saying(b"HTTP/1.1 400 Bad\r\n\r\n")) as port:
        found = await unreached(PLIVO, HTTPS_PROXY=f"https://127.0.0.1:{port}")

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.TLS, True)


# Through a proxy by SOCKS.


@pytest.mark.parametrize("login", [None, (b"me", b"hunter2")])
async def test_a_socks_proxy_leads_to_plivo(
    authority: Authority, login: tuple[bytes, bytes] | None
) -> None:
    heard: list[bytes] = []
    words = "me:hunter2@" if login else ""
    async with (
        plivo_behind(authority) as plivo,
        listening(socks_proxy(plivo, heard, login)) as port,
    ):
        answer, shown = await delete(
            PLIVO,
            ALL_PROXY=f"socks5h://{words}127.0.0.1:{port}",
            SSL_CERT_FILE=str(authority.file),
        )

    assert answer.verdict is Verdict.EXPIRED
    # The name goes to the proxy; it is not looked up here.
    assert heard == [b"api.plivo.com:443"]
    assert "hunter2" not in shown


@pytest.mark.parametrize("words", ["", "me:wrong@"])
async def test_a_socks_proxy_that_wants_another_sign_in(words: str) -> None:
    async with listening(socks_proxy(1, [], (b"me", b"hunter2"))) as port:
        url = f"socks5://{words}127.0.0.1:{port}"
        found = await unreached(PLIVO, ALL_PROXY=url)

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.PASSWORD, True)


@pytest.mark.parametrize(
    ("answer", "obstacle"),
    [
        (b"", Obstacle.NO_PROXY),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Obstacle.NO_PROXY),
        (b"\x05", Obstacle.NO_PROXY),
        (b"\x05\x09", Obstacle.NO_PROXY),
    ],
)
async def test_what_does_not_answer_as_a_socks_proxy(
    answer: bytes, obstacle: Obstacle
) -> None:
    async with listening(saying(answer)) as port:
        found = await unreached(PLIVO, ALL_PROXY=f"socks5://127.0.0.1:{port}")

    assert (found.obstacle, found.is_at_proxy) == (obstacle, True)


async def test_a_socks_proxy_that_makes_no_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readexactly(5)
        writer.write(b"\x05\x05\x00\x01\x7f\x00\x00\x01\x00\x00")

    async with listening(talk) as port:
        found = await unreached(PLIVO, ALL_PROXY=f"socks5://127.0.0.1:{port}")

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.DECLINED, True)


async def test_a_socks_proxy_that_never_answers_has_sent_nothing() -> None:
    async with listening(saying(b"", waits=True)) as port:
        url = f"socks5://127.0.0.1:{port}"
        found = await unreached(PLIVO, QUICK, ALL_PROXY=url)

    assert (found.obstacle, found.is_at_proxy) == (Obstacle.TIME, True)


# What bars the way, and what does not.


async def test_an_unusable_variable_bars_the_way_by_name() -> None:
    found = await unreached(PLIVO, HTTPS_PROXY="http://me:hunter2@proxy:port")

    assert found.obstacle is Obstacle.SETTING
    assert found.setting is not None
    assert (found.setting.variable, found.setting.fault) == (
        "HTTPS_PROXY",
        SettingFault.PORT,
    )


async def test_a_file_that_comes_later_opens_the_way(tmp_path: Path) -> None:
    settings = Settings(Path("unused"), api_url=ApiUrl(PLIVO))
    file = tmp_path / "later.pem"
    network = Network(settings, environment={"SSL_CERT_FILE": str(file)})
    assert (await network.way()).problem is not None

    file.write_bytes(Authority.made(tmp_path / "new").file.read_bytes())

    way = await network.way()
    assert way.problem is None
    assert await network.way() is way
    assert network.find() is way


async def test_an_error_of_ours_is_not_taken_for_a_proxys() -> None:
    def new_transport() -> httpx.MockTransport:
        def handler(_request: httpx.Request) -> httpx.Response:
            raise ValueError("a defect")

        return httpx.MockTransport(handler)

    settings = Settings(Path("unused"), api_url=ApiUrl(PLIVO))
    network = Network(settings, new_transport)
    async with PlivoClient(ACCOUNT, settings, Pace(1.0), network) as client:
        with pytest.raises(ValueError, match="a defect"):
            await client.get_session(UUID)


async def test_a_request_that_has_begun_to_leave_is_never_called_unsent() -> None:
    progress = Progress()
    for event in ("connection.connect_tcp.started", "connection.start_tls.started"):
        await progress.follow(event, {})
        assert progress.is_unsent
    request = httpx.Request("DELETE", PLIVO)

    await progress.follow("http11.send_request_headers.started", {"request": request})

    assert progress.step is Step.SENDING
    assert not progress.is_unsent
