"""What can be set, decided once at start and frozen."""

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NewType
from urllib.parse import urlsplit

from masking_console.errors import InputError
from masking_console.models.account import AccountName, CommandAccount
from masking_console.models.cause import CauseRules
from masking_console.models.expiry import ConfirmationRules

_PLAIN_URL = re.compile(
    r"https?://[A-Za-z0-9.:\[\]-]+(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]*)*",
    re.IGNORECASE,
)
_VERSION = "/v1"
"""Plivo's documentation writes it into the base URL; here it stands in each path."""
_OWN_PATH = re.compile(r"/(?:v1|account|masking)(?:/|$)", re.IGNORECASE)
_HTTPS_PORT = 443
PLIVO_API_URL = "https://api.plivo.com"
PRACTICE_API_URL = "https://practice.invalid"
_SYSLOG_URL = re.compile(r"syslog\+(?:tls|tcp)://[A-Za-z0-9.:\[\]-]+/?")
_SYSLOG_PORTS = {"syslog+tls": 6514, "syslog+tcp": 601}

ApiUrl = NewType("ApiUrl", str)
"""A base URL that `checked_api_url` has accepted; it has no trailing slash."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each part of one request may take, in seconds."""

    connect: float = 5.0
    """Name resolution, TCP and TLS."""
    read: float = 15.0
    """The wait for the next piece of the answer."""
    write: float = 10.0
    """The wait for the next piece of the request to leave."""
    pool: float = 5.0
    """The wait for a free connection."""
    total: float = 30.0
    """One request from first to last byte, however slowly it drips."""


class TimeZone(Enum):
    """In which time zone times are shown; the journal and exports are in UTC."""

    UTC = "utc"
    """Coordinated universal time."""
    LOCAL = "local"
    """The time zone of this computer."""


class SignStyle(Enum):
    """How the sign of an outcome is drawn."""

    PLAIN = "plain"
    """ASCII, which every terminal and every font has."""
    UNICODE = "unicode"
    """Symbols of one cell."""


class ShowNumbers(Enum):
    """When phone numbers are shown in full."""

    NEVER = "never"
    """Not even when asked."""
    ASK = "ask"
    """When asked, for a minute, recorded."""
    ALWAYS = "always"
    """As soon as a session is opened, recorded."""


class AuditKind(Enum):
    """The ways in which the journal's entries leave for elsewhere."""

    FILE = "file"
    """A file of JSON Lines, which is appended to."""
    LOCAL = "syslog"
    """The syslog of this computer, through its socket."""
    TLS = "syslog+tls"
    """A syslog server, with TLS."""
    TCP = "syslog+tcp"
    """A syslog server on this computer, without TLS."""


@dataclass(frozen=True, slots=True)
class AuditTarget:
    """One place to which every entry of the journal is sent."""

    kind: AuditKind
    """How it is sent."""
    text: str
    """The target as it was configured; the mark of what was sent belongs to it."""
    path: Path | None = None
    """The file or the socket; None for the syslog socket that the system has."""
    host: str = ""
    """The name or address of a server."""
    port: int = 0
    """Its port."""


@dataclass(frozen=True, slots=True)
class AuditRules:
    """Where the journal's entries are sent."""

    targets: tuple[AuditTarget, ...] = ()
    """All of them; each gets every entry."""
    facility: int = 10
    """The facility of syslog messages, by its number."""


class TeamRequire(Enum):
    """What must be on the team's server before a DELETE leaves; strict first."""

    INTENT = "intent"
    """The intent of that DELETE."""
    NOTHING = "nothing"
    """Nothing: entries go there when they can."""


class HistoryScope(Enum):
    """Whose history is shown."""

    LOCAL = "local"
    """The journal of this computer."""
    TEAM = "team"
    """The entries of all consoles, from the team's server."""


@dataclass(frozen=True, slots=True)
class TeamRules:
    """The PostgreSQL server on which a team keeps one history."""

    service: str
    """The name of a service in ``pg_service.conf``."""
    require: TeamRequire = TeamRequire.NOTHING
    """What must be there before a DELETE leaves."""
    token_command: tuple[str, ...] = ()
    """A command that prints the password; empty where libpq finds one itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is decided before the first screen."""

    journal_path: Path
    """The journal's file."""
    api_url: ApiUrl = ApiUrl(PLIVO_API_URL)
    """Where the API lives."""
    practice: bool = False
    """Whether the simulated account is used, and nothing leaves this computer."""
    read_only: bool = False
    """Whether nothing may be expired."""
    account_name: str | None = None
    """The account to use from the start."""
    share: float = 0.5
    """The part of Plivo's 300 requests in 5 s that this program takes; at most 1."""
    second_look_seconds: float = 60.0
    """How long after the end of a run its sessions are looked at once more."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    """How long to wait."""
    confirmation: ConfirmationRules = field(default_factory=ConfirmationRules)
    """When the operator is asked what."""
    protected: frozenset[AccountName] = frozenset()
    """The accounts on which writes are off at the start."""
    idle_writes_off_minutes: int = 15
    """After so long without a key, writes are off again."""
    time_zone: TimeZone = TimeZone.UTC
    """How times are shown."""
    signs: SignStyle = SignStyle.PLAIN
    """How outcomes are drawn."""
    theme: str = ""
    """The name of the colors; empty for the default ones."""
    history_days: int = 400
    """How far back the history goes unless it is asked for more."""
    operator_name: str = ""
    """The operator's name, beside the user of the operating system; may be empty."""
    cause_rules: CauseRules = field(default_factory=CauseRules)
    """What a ticket must be."""
    show_numbers: ShowNumbers = ShowNumbers.ASK
    """When phone numbers are shown in full."""
    audit: AuditRules = field(default_factory=AuditRules)
    """Where the journal's entries are sent."""
    team: TeamRules | None = None
    """Where the entries of all consoles are; None for one console by itself."""
    history_scope: HistoryScope = HistoryScope.LOCAL
    """Whose history is shown, unless a command says."""
    country: str = ""
    """Two letters of the country whose national phone numbers are read, or nothing."""
    accounts: tuple[CommandAccount, ...] = ()
    """The accounts whose tokens come from commands."""
    keymap: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The operator's own keys, by the id of their binding."""


def checked_api_url(text: str) -> ApiUrl:
    """Return the URL without its trailing slash, and without a ``/v1`` at its end.

    Raises:
        InputError: it is neither https nor http to a loopback address, or it carries
            a user name, a query, a fragment or a part of the path that is added to it.
    """
    problem = InputError(
        "The API URL must be https://, or http:// to a loopback address."
    )
    try:
        parts = urlsplit(text.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise problem from None
    if not host or parts.username is not None or parts.query or parts.fragment:
        raise problem
    if parts.scheme == "http" and not is_loopback(host):
        raise problem
    words = text.strip().rstrip("/")
    if parts.path.rstrip("/").endswith(_VERSION):
        words = words.removesuffix(_VERSION).rstrip("/")
    if _OWN_PATH.search(urlsplit(words).path):
        raise InputError("Give the API URL without /v1 and what comes after it.")
    # What is added to it must stay a path: `#` or `?` at its end would cut that off,
    # even with nothing behind, and `..` would lead elsewhere.
    if parts.scheme not in {"http", "https"} or not _PLAIN_URL.fullmatch(text.strip()):
        raise problem
    return ApiUrl(words)


def checked_audit_target(text: str) -> AuditTarget:
    """Return where entries of the journal are to be sent.

    Raises:
        InputError: it is neither an absolute path nor an address of a syslog.
    """
    if text == AuditKind.LOCAL.value:
        return AuditTarget(AuditKind.LOCAL, text)
    if text.startswith("syslog:"):
        return AuditTarget(
            AuditKind.LOCAL, text, _absolute(text.removeprefix("syslog:"))
        )
    if "://" not in text:
        return AuditTarget(AuditKind.FILE, text, _absolute(text))
    host, port = "", 0
    if _SYSLOG_URL.fullmatch(text):
        with suppress(ValueError):
            parts = urlsplit(text)
            port = parts.port or _SYSLOG_PORTS[parts.scheme]
            # What cannot be looked up as a name is none.
            host = (parts.hostname or "").encode("idna").decode()
    if not host:
        raise InputError(
            "an audit target is an absolute path, syslog, syslog:/path/of/a/socket, "
            "syslog+tls://host:6514, or syslog+tcp:// to a loopback address"
        )
    kind = AuditKind(text.partition(":")[0])
    if kind is AuditKind.TCP and not is_loopback(host):
        raise InputError(
            "syslog+tcp:// must lead to a loopback address; use syslog+tls://"
        )
    return AuditTarget(kind, text, host=host, port=port)


def _absolute(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise InputError("the path of an audit target must be absolute, without ~")
    return path


def foreign_place(api_url: ApiUrl) -> str:
    """Return host, port and path of a base URL that is not Plivo's; nothing of its."""
    parts, plivos = urlsplit(api_url), urlsplit(PLIVO_API_URL)
    is_plivos_host = (parts.hostname or "").rstrip(".") == plivos.hostname
    if is_plivos_host and parts.port in {None, _HTTPS_PORT} and not parts.path:
        return ""
    return f"{parts.netloc}{parts.path}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this computer."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
