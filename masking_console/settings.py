"""What can be set, decided once at start and frozen."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NewType
from urllib.parse import urlsplit

from masking_console.errors import InputError
from masking_console.models.account import AccountName, CommandAccount
from masking_console.models.cause import CauseRules
from masking_console.models.confirmation_rules import ConfirmationRules

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
