"""Settings, decided once at start and frozen."""

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
"""Version, which is in each path here and in the base URL of Plivo's documentation."""
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
    """Time limits of the parts of one request, in seconds."""

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
    """Time zone of shown times; the journal and exports are in UTC."""

    UTC = "utc"
    """Coordinated universal time."""
    LOCAL = "local"
    """The time zone of this computer."""


class SignStyle(Enum):
    """Style of the sign of an outcome."""

    PLAIN = "plain"
    """ASCII, which every terminal and every font has."""
    UNICODE = "unicode"
    """Symbols of one cell."""


class ShowNumbers(Enum):
    """Condition for phone numbers in full."""

    NEVER = "never"
    """Not even when asked."""
    ASK = "ask"
    """On request, for a minute, and recorded."""
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
    """Its kind."""
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
    """Targets of the journal's entries."""

    targets: tuple[AuditTarget, ...] = ()
    """All of them; each gets every entry."""
    facility: int = 10
    """The facility of syslog messages, by its number."""


class TeamRequire(Enum):
    """Entry that must be on the team's server before a DELETE leaves; strict first."""

    INTENT = "intent"
    """The intent of that DELETE."""
    NOTHING = "nothing"
    """Nothing: entries go there when they can."""


class HistoryScope(Enum):
    """Scope of the history."""

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
    """Entry that must be there before a DELETE leaves."""
    token_command: tuple[str, ...] = ()
    """A command that prints the password; empty where libpq finds one itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is decided before the first screen."""

    journal_path: Path
    """The journal's file."""
    api_url: ApiUrl = ApiUrl(PLIVO_API_URL)
    """URL of the API."""
    practice: bool = False
    """Whether the simulated account is used, and nothing leaves this computer."""
    read_only: bool = False
    """Whether nothing may be expired."""
    account_name: str | None = None
    """The account to use from the start."""
    share: float = 0.5
    """The part of Plivo's 300 requests in 5 s that this program takes; at most 1."""
    second_look_seconds: float = 60.0
    """Time between the end of a run and the second look."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    """Waiting times."""
    confirmation: ConfirmationRules = field(default_factory=ConfirmationRules)
    """Rules for what the operator is asked."""
    protected: frozenset[AccountName] = frozenset()
    """The accounts on which writes are off at the start."""
    idle_writes_off_minutes: int = 15
    """Minutes without a key after which writes are off again."""
    time_zone: TimeZone = TimeZone.UTC
    """Time zone of shown times."""
    signs: SignStyle = SignStyle.PLAIN
    """Style of outcomes."""
    theme: str = ""
    """The name of the colors; empty for the default ones."""
    history_days: int = 400
    """Days that the history goes back unless it is asked for more."""
    operator_name: str = ""
    """The operator's name, beside the user of the operating system; may be empty."""
    cause_rules: CauseRules = field(default_factory=CauseRules)
    """Requirements for a ticket."""
    show_numbers: ShowNumbers = ShowNumbers.ASK
    """Condition for phone numbers in full."""
    audit: AuditRules = field(default_factory=AuditRules)
    """Targets of the journal's entries."""
    team: TeamRules | None = None
    """Server with the entries of all consoles; None for one console by itself."""
    history_scope: HistoryScope = HistoryScope.LOCAL
    """Scope of the history, unless a command gives another."""
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
