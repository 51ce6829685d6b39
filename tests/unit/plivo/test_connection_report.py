import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from masking_console.models.reach import ConnectionReport, Obstacle
from masking_console.operations.wiring import build_operations
from masking_console.plivo.http_clients import examine
from masking_console.plivo.network import Network
from masking_console.settings import ApiUrl, Settings, Timeouts
from tests.support.certificates import Authority
from tests.support.proxies import http_proxy, listening, saying

PLIVO = "https://api.plivo.com"


def answer(date: str) -> bytes:
    return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n%s\r\n" % date.encode()


@asynccontextmanager
async def plivo_behind_a_proxy(
    folder: Path, date: str, heard: list[bytes]
) -> AsyncIterator[dict[str, str]]:
    """Serve both; yields the environment that leads there."""
    authority = Authority.made(folder)
    tls = authority.server("api.plivo.com")
    async with (
        listening(saying(answer(date)), tls) as plivo,
        listening(http_proxy(plivo, heard)) as port,
    ):
        yield {
            "HTTPS_PROXY": f"http://me:hunter2@127.0.0.1:{port}",
            "ALL_PROXY": "socks://127.0.0.1",
            "SSL_CERT_FILE": str(authority.file),
        }


async def report(environment: dict[str, str], url: str = PLIVO) -> ConnectionReport:
    timeouts = Timeouts(connect=5.0, read=5.0, total=10.0)
    settings = Settings(Path("unused"), api_url=ApiUrl(url), timeouts=timeouts)
    return await examine(Network(settings, environment=environment))


async def test_a_report_says_all_that_is_on_the_way(tmp_path: Path) -> None:
    heard: list[bytes] = []
    slow = format_datetime(datetime.now(UTC) - timedelta(minutes=7), usegmt=True)
    date = f"Date: {slow}\r\n"
    async with plivo_behind_a_proxy(tmp_path, date, heard) as environment:
        found = await report(environment)

    assert found.unreached is None
    assert (found.status, found.is_plivos) == (404, True)
    assert found.proxy is not None
    assert (found.proxy.variable, found.addresses) == ("HTTPS_PROXY", ("127.0.0.1",))
    assert [each.variable for each in found.ignored] == ["ALL_PROXY"]
    assert found.trust == ("SSL_CERT_FILE",)
    assert found.certificate is not None
    assert found.certificate.issuer == "Corp Inspection CA (Example Corp)"
    assert found.clock_ahead is not None
    assert timedelta(minutes=6) < found.clock_ahead < timedelta(minutes=8)
    assert "hunter2" not in repr(found)
    assert heard[0].startswith(b"CONNECT api.plivo.com:443 ")


@pytest.mark.parametrize("date", ["", "Date: yesterday\r\n"])
async def test_an_answer_without_a_date_says_nothing_of_the_clock(
    tmp_path: Path, date: str
) -> None:
    async with plivo_behind_a_proxy(tmp_path, date, []) as environment:
        assert (await report(environment)).clock_ahead is None


async def test_an_examination_carries_no_credentials() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(""))

    async with listening(talk) as port:
        found = await report({}, f"http://127.0.0.1:{port}")

    assert heard[0].startswith(b"GET / HTTP/1.1\r\n")
    assert b"authorization" not in heard[0].lower()
    assert (found.status, found.certificate, found.is_plivos) == (404, None, False)


async def test_what_ended_the_way_is_in_the_report(tmp_path: Path) -> None:
    async with listening(saying(b"HTTP/1.1 407 No\r\n\r\n")) as port:
        declined = await report({"HTTPS_PROXY": f"http://127.0.0.1:{port}"})
    barred = await report({"SSL_CERT_FILE": str(tmp_path / "missing")})

    assert declined.unreached is not None
    assert declined.unreached.obstacle is Obstacle.PASSWORD
    assert barred.unreached is not None
    assert barred.unreached.obstacle is Obstacle.SETTING


async def test_an_answer_that_breaks_off_is_no_obstacle_on_the_way() -> None:
    async with listening(saying(b"")) as port:
        found = await report({}, f"http://127.0.0.1:{port}")

    assert (found.unreached, found.status) == (None, None)


async def test_a_host_without_an_address_has_none() -> None:
    found = await report({}, "https://" + "a" * 64 + ".invalid")

    assert found.addresses == ()
    assert found.unreached is not None
    assert found.unreached.obstacle is Obstacle.NAME


async def test_a_warm_up_needs_no_account(tmp_path: Path) -> None:
    async with listening(saying(answer(""))) as port:
        url = ApiUrl(f"http://127.0.0.1:{port}")
        operations = build_operations(Settings(tmp_path / "j.db", api_url=url), {})
        try:
            assert await operations.warm_up(None) == ()
        finally:
            await asyncio.to_thread(operations.close)
