"""The way to Plivo: the proxy to take, and the network of the computer."""

import asyncio
import os
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

import httpx

from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.reach import (
    SYSTEM_SETTINGS,
    Obstacle,
    ProxyPlace,
    SettingFault,
    Unreached,
    UnusableSetting,
)
from masking_console.plivo.certificates import Trust, load_trust, trust_nobody
from masking_console.plivo.unreached import Progress, unreached_by
from masking_console.settings import ApiUrl, Settings, is_loopback

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""The kinds of proxies that can be used, with the port of one that names none."""
_HTTPS_PORT = 443
_MOST_PORT = 65_535
_LONGEST_NAME = 253
_LONGEST_SOCKS_WORD = 255
"""Bytes of a user name or a password that SOCKS has room for."""

_NAME = re.compile(r"[a-z0-9_.-]+")
_PLACE = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[^:]*))?")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/?#\\]")
"""Characters that would end a proxy's host, name or password before its end."""
_EXCEPTION = re.compile(
    r"(?:https://|all://)?(?P<host>\[[^\[\]]+\](?:/\d+)?|[^:/]*(?:/\d+)?)(?::(?P<port>\d+))?/?"
)

Proxies = Callable[[], Mapping[str, str]]
"""Returns the proxies that the system is set to, by the scheme of the URL."""

# Elsewhere there are none but those of the environment.
_system_proxies: Proxies = getproxies if sys.platform in {"darwin", "win32"} else dict


@dataclass(frozen=True, slots=True)
class Login:
    """The name and the password for a proxy."""

    user: str = field(repr=False)
    """The user name."""
    password: str = field(repr=False)
    """The password."""


@dataclass(frozen=True, slots=True)
class Route:
    """The decision: through which proxy, or directly, or not at all."""

    proxy: ProxyPlace | None = None
    """The proxy; None: directly."""
    login: Login | None = None
    """The name and the password that the variable holds."""
    ignored: tuple[UnusableSetting, ...] = ()
    """Variables that cannot be used, beside which one was found that can."""
    problem: UnusableSetting | None = None
    """The reason for which there is no way: a variable that cannot be used, alone."""


def find_route(
    api_url: ApiUrl,
    environment: Mapping[str, str],
    system_proxies: Proxies = _system_proxies,
) -> Route:
    """Return the way to the base URL.

    It never leads directly where a proxy is asked for that cannot be used: what has no
    proxy on purpose has an empty variable, or an entry in ``NO_PROXY``.
    """
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    # What is on this computer is never asked for through another one, which would take
    # the credentials off it.
    if is_loopback(host):
        return Route()
    named = {kind: _values(kind, environment) for kind in ("https", "all", "no")}
    if not any(value for name, value in environment.items() if _is_about_proxies(name)):
        system = system_proxies()
        named = {
            kind: ((SYSTEM_SETTINGS, system[kind]),) if system.get(kind) else ()
            for kind in named
        }
    exceptions = " ".join(value for _name, value in named["no"][:1])
    if is_excepted(host, parts.port or _HTTPS_PORT, exceptions):
        return Route()
    return _chosen(named["https"], named["all"])


def _is_about_proxies(name: str) -> bool:
    return name.lower().endswith("_proxy")


def _values(kind: str, environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables of a kind that say something, the small-letter one first.

    As everywhere, one in small letters that is empty takes the others back.
    """
    small = f"{kind}_proxy"
    if small in environment and not environment[small].strip():
        return ()
    names = sorted(
        (name for name in environment if name.lower() == small),
        key=lambda name: name != small,
    )
    found = ((name, environment[name].strip()) for name in names)
    return tuple((name, value) for name, value in found if value)


def _chosen(*kinds: tuple[tuple[str, str], ...]) -> Route:
    """Return the first proxy that can be used, and what cannot."""
    chosen: tuple[ProxyPlace, Login | None] | None = None
    unusable: list[UnusableSetting] = []
    for named in kinds:
        is_needed = chosen is None
        for name, value in named:
            read = read_proxy(name, value)
            if not isinstance(read, UnusableSetting):
                chosen = chosen or read
                break
            # Nobody needs a package for a proxy that is not asked.
            if is_needed or read.fault is not SettingFault.NEEDS_SOCKS:
                unusable.append(read)
    if chosen is not None:
        return Route(*chosen, ignored=tuple(unusable))
    return Route(problem=unusable[0]) if unusable else Route()


def read_proxy(
    variable: str, value: str
) -> "tuple[ProxyPlace, Login | None] | UnusableSetting":
    """Return the proxy that a variable names, or why it cannot be used."""
    head, separator, rest = value.partition("://")
    kind = head.lower() if separator else "http"
    words, at, place = (rest if separator else value).rpartition("@")
    place = place.removesuffix("/")
    # First of all, because otherwise a part of the password may pass for a host.
    if _FORBIDDEN.search(words + place):
        return UnusableSetting(variable, SettingFault.CHARACTERS)
    if kind not in _PORTS:
        is_socks = re.fullmatch(r"socks(?:4a?)?", kind) is not None
        part = plain_text(kind) if is_socks else PlainText("")
        return UnusableSetting(variable, SettingFault.KIND, part)
    fault, host, port = _read_place(place)
    if fault is not None:
        return UnusableSetting(variable, fault)
    login = _read_login(words) if at and words else None
    if kind.startswith("socks"):
        fault = _fault_of_socks(login)
        if fault is not None:
            return UnusableSetting(variable, fault)
    has_login = login is not None
    return ProxyPlace(kind, host, port or _PORTS[kind], variable, has_login), login


def _read_place(place: str) -> tuple[SettingFault | None, PlainText, int]:
    """Return host and port; 0 where there is no port."""
    none = PlainText("")
    found = _PLACE.fullmatch(place)
    if found is None:
        return SettingFault.ADDRESS, none, 0
    if not found["host"]:
        return SettingFault.NO_HOST, none, 0
    host = _host(found["host"])
    if host is None:
        return SettingFault.ADDRESS, none, 0
    port = found["port"] or "0"
    is_number = port.isascii() and port.isdecimal() and len(port) < len("100000")
    if not is_number or int(port) > _MOST_PORT or (found["port"] and not int(port)):
        return SettingFault.PORT, none, 0
    return None, host, int(port)


def _host(text: str) -> PlainText | None:
    """Return a name or an address as a connection takes it; None for what is none."""
    if text.startswith("["):
        address = _address(text[1:-1])
        is_usable = isinstance(address, IPv6Address) and not address.scope_id
        return plain_text(str(address)) if is_usable else None
    try:
        name = text.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    is_name = len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)
    return plain_text(name) if is_name else None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _read_login(words: str) -> Login:
    user, _colon, password = words.partition(":")
    return Login(unquote(user), unquote(password))


def _fault_of_socks(login: Login | None) -> SettingFault | None:
    """Return why a SOCKS proxy cannot be used, or nothing."""
    words = (login.user, login.password) if login else ()
    if any(len(word.encode()) > _LONGEST_SOCKS_WORD for word in words):
        return SettingFault.CHARACTERS
    return None if find_spec("socksio") else SettingFault.NEEDS_SOCKS


def is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Return whether a value of ``NO_PROXY`` names a host.

    Entries are names, which stand for all below them as well, addresses, networks such
    as ``10.0.0.0/8``, each with a port or without, and ``*``. What cannot be read names
    nothing.
    """
    return any(
        entry == "*" or _names(entry, host, port) for entry in _entries(exceptions)
    )


def _entries(exceptions: str) -> Iterator[str]:
    return (entry for entry in re.split(r"[,;\s]+", exceptions.lower()) if entry)


def _names(entry: str, host: str, port: int) -> bool:
    if _is_in_network(entry, host):
        return True
    found = _EXCEPTION.fullmatch(entry)
    if found is None or (found["port"] and int(found["port"]) != port):
        return False
    named = found["host"].replace("[", "").replace("]", "")
    if _is_in_network(named, host):
        return True
    name, own = named.removeprefix("*").rstrip("."), host.rstrip(".")
    if name.startswith("."):
        return own.endswith(name)
    return bool(name) and f".{own}".endswith(f".{name}")


def _is_in_network(text: str, host: str) -> bool:
    address = _address(host)
    if address is None:
        return False
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address in network or (mapped is not None and mapped in network)


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
    """Issuers that are trusted."""

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
        """Settings of this start."""
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
