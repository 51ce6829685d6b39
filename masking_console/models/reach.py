"""The way to Plivo: what it leads through, and why it ended before Plivo.

Nothing in here holds a proxy's user name or password: what names a proxy names its
host, its port and the variable it was read from.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from masking_console.models.plain_text import PlainText

SYSTEM_SETTINGS = "the system's proxy settings"
"""The source of a proxy that no environment variable names."""
SYSTEM_STORE = "this computer's store of trusted issuers"
"""Store that is trusted where no environment variable names another."""


class Obstacle(Enum):
    """The kind of thing that ended the way to Plivo; nothing of a request had left."""

    CERTIFICATE = "certificate refused"
    """A certificate was shown that this computer does not accept."""
    TLS = "no TLS"
    """The other side speaks no TLS, or none that this computer accepts."""
    NAME = "name not found"
    """The host has no address."""
    REFUSED = "connection refused"
    """The host is there, and takes no connection at this port."""
    TIME = "no connection in time"
    """A step before the request took too long."""
    NETWORK = "network unreachable"
    """This computer has no way to the host's network."""
    BROKEN = "connection broken"
    """The connection was closed before the request could leave."""
    PASSWORD = "proxy wants a password"  # noqa: S105 - an obstacle in words
    """The proxy answered 407, or refused the user name and password it was given."""
    DECLINED = "refused by the proxy"
    """The proxy was reached, and makes no connection to the host."""
    NO_PROXY = "no answer of a proxy"
    """The server at the proxy's address does not answer as a proxy does."""
    SETTING = "unusable setting"
    """An environment variable names a proxy or a file that cannot be used."""
    OTHER = "no connection"
    """Anything else."""


class CertificateFault(Enum):
    """The reason for which a certificate is refused."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    OTHER_HOST = "for another host"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown issuer"
    AGAINST_THE_RULES = "against the rules"
    """A certificate that is not made as RFC 5280 asks, such as without key usage."""
    REVOKED = "revoked"
    OTHER = "not trusted"


class SettingFault(Enum):
    """The reason for which an environment variable cannot be used."""

    NO_HOST = "no host"
    PORT = "port"
    ADDRESS = "address"
    CHARACTERS = "characters"
    """Characters such as a ``#`` in a password, which must be written ``%23``."""
    KIND = "kind of proxy"
    NEEDS_SOCKS = "needs a package"
    NO_FILE = "no file"
    NO_FOLDER = "no folder"
    NO_CERTIFICATES = "no certificates"
    EMPTY_STORE = "empty store"
    """This computer trusts nobody: no issuers are installed."""


@dataclass(frozen=True, slots=True)
class UnusableSetting:
    """A setting that cannot be used; its value is kept nowhere."""

    variable: str
    """The variable's name, as it is spelled in the environment, or `SYSTEM_STORE`."""
    fault: SettingFault
    """The reason."""
    part: PlainText = PlainText("")
    """The part of the value that is at fault and no secret: a kind or a path."""


@dataclass(frozen=True, slots=True)
class ProxyPlace:
    """A proxy, without user name and password."""

    kind: str
    """``http``, ``https``, ``socks5`` or ``socks5h``."""
    host: PlainText
    """Its name or address."""
    port: int
    """Its port."""
    variable: str
    """The environment variable that names it, or `SYSTEM_SETTINGS`."""
    has_login: bool = False
    """Whether a user name or a password is given with it."""


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """The facts of a certificate that a server has shown."""

    issuer: PlainText = PlainText("")
    """Issuer; empty where that cannot be known."""
    hosts: tuple[PlainText, ...] = ()
    """The hosts it is for; the first few."""
    since: datetime | None = None
    """The beginning of its validity."""
    until: datetime | None = None
    """The end of its validity."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """The end of a way to Plivo; nothing of a request had left by then."""

    obstacle: Obstacle
    """Obstacle that ended it."""
    host: PlainText
    """The host that was to be reached."""
    proxy: ProxyPlace | None = None
    """The proxy that the way leads through."""
    is_at_proxy: bool = False
    """Whether the way ended at the proxy itself."""
    status: int | None = None
    """The status code that a proxy answered."""
    refused: CertificateFault | None = None
    """The reason for which a certificate was refused."""
    said: PlainText = PlainText("")
    """The verifier's own words on that; may be empty."""
    certificate: ShownCertificate | None = None
    """The certificate that was refused; None where that cannot be known."""
    trust: tuple[str, ...] = ()
    """The environment variables that name the trusted issuers; none: the system's."""
    setting: UnusableSetting | None = None
    """The setting, where that is the obstacle."""


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """Report on the way to Plivo; it holds no secrets."""

    api_url: str
    """The base URL that was asked."""
    is_plivos: bool
    """Whether that is Plivo's own."""
    proxy: ProxyPlace | None
    """The proxy that the way leads through."""
    ignored: tuple[UnusableSetting, ...]
    """Settings that cannot be used, beside which a usable one was found."""
    trust: tuple[str, ...]
    """The environment variables that name the trusted issuers; none: the system's."""
    addresses: tuple[PlainText, ...]
    """The addresses of the host, or of the proxy where there is one."""
    unreached: Unreached | None
    """Reason for no answer; None where one came, or it broke off."""
    elapsed_ms: int
    """The time from the first step to the answer, or to the end of the attempt."""
    status: int | None = None
    """The status code of the answer; without credentials, any status is good."""
    certificate: ShownCertificate | None = None
    """The certificate of an answer over TLS."""
    clock_ahead: timedelta | None = None
    """Lead of this computer's clock over the answer's ``Date``."""
