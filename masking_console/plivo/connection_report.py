"""An examination of the way to the base URL, for whoever looks for what is wrong.

It asks for the base URL itself, without credentials, over the proxy and with the
certificates of every other request. Any answer is a good one.
"""

import asyncio
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.reach import ConnectionReport
from masking_console.plivo.certificates import shown_certificate
from masking_console.plivo.http_clients import HttpClients
from masking_console.plivo.network import Network, Way
from masking_console.plivo.unreached import STRANGE_PROXY, Progress
from masking_console.settings import foreign_place

_MOST_ADDRESSES = 4


async def examine(network: Network) -> ConnectionReport:
    """Return what is found on the way to the base URL; whatever fails is in it."""
    way = await network.way()
    report = _of_way(network, way)
    if way.problem is not None:
        return replace(report, unreached=network.barred(way, way.problem))
    report = replace(report, addresses=await _addresses(report))
    clients, progress, started = HttpClients(network), Progress(), time.perf_counter()
    try:
        async with asyncio.timeout(network.settings.timeouts.total):
            answered = await _ask(clients.take(way), report, progress)
    except (httpx.HTTPError, OSError, *STRANGE_PROXY) as error:
        await progress.close()
        ended = network.ended(way, error, progress) if progress.is_unsent else None
        answered = replace(report, unreached=ended)
    finally:
        await clients.aclose()
    return replace(answered, elapsed_ms=round((time.perf_counter() - started) * 1000))


async def _ask(
    client: httpx.AsyncClient, report: ConnectionReport, progress: Progress
) -> ConnectionReport:
    """Return the report with the answer to one request in it."""
    steps = {"trace": progress.follow}
    async with client.stream("GET", f"{report.api_url}/", extensions=steps) as response:
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream else None
        return replace(
            report,
            status=response.status_code,
            certificate=None if tls is None else shown_certificate(tls),
            clock_ahead=_clock_ahead(response.headers.get("Date", "")),
        )


def _clock_ahead(date: str) -> timedelta | None:
    """Return how far this computer's clock is ahead; None where nobody says."""
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    # Such a date is always in UTC, whether it says so or not.
    return datetime.now(UTC) - then.replace(tzinfo=UTC)


def _of_way(network: Network, way: Way) -> ConnectionReport:
    """Return what is known before anything is asked."""
    api_url = network.settings.api_url
    return ConnectionReport(
        api_url=api_url,
        is_plivos=not foreign_place(api_url),
        proxy=way.route.proxy,
        ignored=way.ignored,
        trust=way.trust.variables,
        addresses=(),
        unreached=None,
        elapsed_ms=0,
    )


async def _addresses(report: ConnectionReport) -> tuple[PlainText, ...]:
    """Return the addresses of the host that is connected to first."""
    host = report.proxy.host if report.proxy else urlsplit(report.api_url).hostname
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        # Such as a name with a part of 64 letters. The attempt that follows says so.
        return ()
    addresses = dict.fromkeys(plain_text(str(each[4][0])) for each in found)
    return tuple(addresses)[:_MOST_ADDRESSES]
