"""The way to the base URL: one proxy and one TLS context for all clients."""

import asyncio
import os
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from masking_console.models.plain_text import plain_text
from masking_console.models.reach import (
    Obstacle,
    ProxyPlace,
    Unreached,
    UnusableSetting,
)
from masking_console.plivo.certificates import Trust, load_trust, trust_nobody
from masking_console.plivo.proxies import Route, find_route
from masking_console.plivo.unreached import Progress, unreached_by
from masking_console.settings import Settings

TransportFactory = Callable[[], httpx.AsyncBaseTransport]
"""Makes the transport of one connection, where it is not the network."""

InWords = Callable[[Unreached], str]
"""Says why Plivo was not reached."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way that was found."""

    route: Route
    """Through which proxy."""
    trust: Trust
    """Which issuers are trusted."""

    @property
    def problem(self) -> UnusableSetting | None:
        """The setting that bars it."""
        return self.route.problem or self.trust.problem

    @property
    def ignored(self) -> tuple[UnusableSetting, ...]:
        """The settings that cannot be used, and bar nothing."""
        return self.route.ignored + self.trust.ignored


class Network:
    """Finds the way once, beside the event loop; for any thread."""

    def __init__(
        self,
        settings: Settings,
        new_transport: TransportFactory | None = None,
        environment: Mapping[str, str] | None = None,
        in_words: InWords = lambda unreached: unreached.obstacle.value,
    ) -> None:
        self.settings = settings
        """What was decided at start."""
        self.new_transport = new_transport
        """Makes transports, where nothing goes over the network."""
        self.in_words = in_words
        """Says why Plivo was not reached."""
        self._environment = os.environ if environment is None else environment
        self._turn = threading.Lock()
        self._way: Way | None = None
        parts = urlsplit(settings.api_url)
        self.host = plain_text(parts.hostname or "")
        """The host of the base URL."""
        if new_transport is not None or parts.scheme == "http":
            # http is only for loopback, which must not go through a proxy: that would
            # carry the credentials off this computer in clear.
            self._way = Way(Route(), Trust(trust_nobody()))

    async def way(self) -> Way:
        """Return the way; the first time it is looked for in another thread."""
        if self._way is None:
            return await asyncio.to_thread(self.find)
        return self._way

    def find(self) -> Way:
        """Return the way; reads files the first time, and blocks."""
        with self._turn:
            if self._way is not None:
                return self._way
            route = find_route(self.settings.api_url, self._environment)
            way = Way(route, load_trust(self._environment))
            if way.problem is None:
                # A file that is not there may come yet, so a problem is not kept.
                self._way = way
            return way

    def barred(self, way: Way, setting: UnusableSetting) -> Unreached:
        """Return that there is no way, because of a setting."""
        return Unreached(
            Obstacle.SETTING, self.host, trust=way.trust.variables, setting=setting
        )

    def ended(self, way: Way, error: Exception, progress: Progress) -> Unreached:
        """Return what has ended an attempt before its request had left."""
        return unreached_by(
            error,
            progress,
            host=self.host,
            proxy=way.route.proxy,
            trust=way.trust.variables,
        )


def httpx_proxy(way: Way) -> httpx.Proxy | None:
    """Return the proxy as httpx takes it."""
    place, login = way.route.proxy, way.route.login
    if place is None:
        return None
    return httpx.Proxy(
        httpx.URL(scheme=place.kind, host=place.host, port=place.port),
        auth=(login.user, login.password) if login else None,
        ssl_context=_for_proxy(place, way.trust.context),
    )


def _for_proxy(
    place: ProxyPlace, context: ssl.SSLContext | None
) -> ssl.SSLContext | None:
    # httpcore refuses a context for a proxy without TLS.
    return context if place.kind == "https" else None
