"""The httpx clients behind `PlivoClient`: one for each request in flight."""

import ssl
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx

from masking_console import __version__
from masking_console.settings import Settings, is_loopback

USER_AGENT = f"masking-console/{__version__}"

TransportFactory = Callable[[], httpx.AsyncBaseTransport]
"""Makes the transport of one connection, where it is not the network."""


class HttpClients:
    """Clients with one connection each, and one TLS context for all.

    httpcore looks through all its connections at every request, which costs three times
    the CPU when many requests share a client.
    """

    def __init__(
        self, settings: Settings, new_transport: TransportFactory | None = None
    ) -> None:
        self._settings = settings
        self._new_transport = new_transport
        self._tls: ssl.SSLContext | None = None
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []

    def take(self) -> httpx.AsyncClient:
        """Return a client that nobody uses; give it back afterwards."""
        return self._idle.pop() if self._idle else self._new_client()

    def give_back(self, client: httpx.AsyncClient) -> None:
        """Let the client be taken again."""
        self._idle.append(client)

    async def aclose(self) -> None:
        """Close every connection."""
        closing, self._all, self._idle = self._all, [], []
        for client in closing:
            await client.aclose()

    def _new_client(self) -> httpx.AsyncClient:
        timeouts = self._settings.timeouts
        # http is only for loopback, which must not go through a proxy: that would
        # carry the credentials off this computer in clear.
        host = urlsplit(self._settings.api_url).hostname or ""
        client = httpx.AsyncClient(
            auth=None,
            # Nothing is kept from one answer for the next request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
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
            transport=self._new_transport() if self._new_transport else None,
            trust_env=not is_loopback(host),
            verify=self._tls_context(),
        )
        self._all.append(client)
        return client

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls
