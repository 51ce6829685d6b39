"""What can be set, decided once at start and frozen."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NewType
from urllib.parse import urlsplit

from masking_console.errors import InputError
from masking_console.models.expiry import ConfirmationRules

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
    idle_writes_off_minutes: int = 15
    """How long a protected account may be left alone before its writes go off."""
    theme: str = ""
    """The name of a theme; empty for the usual one."""
    second_look_seconds: float = 60.0
    """How long after the end of a run its sessions are looked at once more."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    """How long to wait."""
    confirmation: ConfirmationRules = field(default_factory=ConfirmationRules)
    """When the operator is asked what."""


def checked_api_url(text: str) -> ApiUrl:
    """Return the URL without its trailing slash.

    Raises:
        InputError: it is neither https nor http to a loopback address, or it carries
            a user name, a query or a fragment.
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
    if parts.scheme not in {"http", "https"} or not text.isascii():
        raise problem
    return ApiUrl(text.strip().rstrip("/"))


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this computer."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
