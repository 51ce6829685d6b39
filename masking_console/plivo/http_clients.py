"""The httpx clients behind `PlivoClient`: one for each request in flight."""

import asyncio
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from masking_console import __version__
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.reach import ConnectionReport
from masking_console.plivo.certificates import shown_certificate, trust_nobody
from masking_console.plivo.network import Network, Way, httpx_proxy
from masking_console.plivo.unreached import STRANGE_PROXY, Progress
from masking_console.settings import foreign_place

USER_AGENT = f"masking-console/{__version__}"

LOCATION = "masking_console.location"
"""The key of a response's extensions under which a redirect's place is kept."""

_LARGEST_KEPT = 60_000
"""Bytes of a body after which a connection is used again.

The layers below read 65,536 bytes at once; only what is longer can leave something
between two of them, where nobody looks. A page of 20 sessions has about 40,000.
"""


class HttpClients:
    """Clients with one connection each, and one way for all.

    httpcore looks through all its connections at every request, which costs three times
    the CPU when many requests share a client.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []

    def take(self, way: Way) -> httpx.AsyncClient:
        """Return a client that nobody uses; give it back afterwards."""
        return self._idle.pop() if self._idle else self._new_client(way)

    def give_back(self, client: httpx.AsyncClient) -> None:
        """Let the client be taken again."""
        self._idle.append(client)

    def has_leftovers(
        self, client: httpx.AsyncClient, response: httpx.Response, body_size: int
    ) -> bool:
        """Return whether there may be bytes behind an answer that was read to its end.

        What comes later, the pool sees when the connection is taken up again: it closes
        one on which there is anything to read.
        """
        if self._network.new_transport is not None:
            return False
        if body_size > _LARGEST_KEPT:
            return True
        stream = response.extensions["network_stream"]
        return _tls_holds_more(stream) or any(
            _parser_holds_more(each) for each in self._connections(client)
        )

    async def throw_away(self, client: httpx.AsyncClient) -> None:
        """Close the client's connection; its next request makes a new one."""
        if self._network.new_transport is None:
            for connection in self._connections(client):
                await connection.aclose()

    def _connections(
        self, client: httpx.AsyncClient
    ) -> list[httpcore.AsyncConnectionInterface]:
        url = httpx.URL(self._network.settings.api_url)
        # httpx has no public way to the pool of its transport.
        pool: httpcore.AsyncConnectionPool = client._transport_for_url(url)._pool  # type: ignore[attr-defined]  # noqa: SLF001
        return pool.connections

    async def aclose(self) -> None:
        """Close every connection."""
        closing, self._all, self._idle = self._all, [], []
        for client in closing:
            await client.aclose()

    def _new_client(self, way: Way) -> httpx.AsyncClient:
        timeouts = self._network.settings.timeouts
        new_transport = self._network.new_transport
        client = httpx.AsyncClient(
            auth=None,
            # Nothing is kept from one answer for the next request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            event_hooks={"response": [_keep_location]},
            follow_redirects=False,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": USER_AGENT,
            },
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=httpx.Timeout(
                connect=timeouts.connect,
                read=timeouts.read,
                write=timeouts.write,
                pool=timeouts.pool,
            ),
            proxy=httpx_proxy(way),
            transport=new_transport() if new_transport else None,
            # The environment has been read, once and for the one base URL.
            trust_env=False,
            verify=way.trust.context or trust_nobody(),
        )
        self._all.append(client)
        return client


async def _keep_location(response: httpx.Response) -> None:
    """Put the place of a redirect aside: httpx would make a request for it."""
    response.extensions[LOCATION] = response.headers.pop("Location", "")


def _parser_holds_more(connection: httpcore.AsyncConnectionInterface) -> bool:
    """Return whether bytes were read behind an answer, or the connection is at its end.

    A connection that cannot be looked into counts as one that does.
    """
    try:
        # There is no public way to what the parser has read and not yet used.
        http11: Any = connection._connection  # type: ignore[attr-defined]  # noqa: SLF001
        unused, is_at_end = http11._h11_state.trailing_data  # noqa: SLF001
    except AttributeError:
        return True
    return bool(unused) or is_at_end


def _tls_holds_more(stream: httpcore.AsyncNetworkStream) -> bool:
    """Return whether a TLS record came with the last one and is not decrypted yet."""
    tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
    try:
        if tls is not None:
            # It reads from memory alone, and raises this where there is nothing.
            tls.read(1)
            return True
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return False


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
