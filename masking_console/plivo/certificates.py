"""The certificates that are trusted: those of this computer, or of the environment.

One TLS context serves all connections. It is built beside the event loop: reading all
issuers of a computer takes up to a tenth of a second.
"""

import os
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import PlainText
from masking_console.models.reach import (
    SYSTEM_STORE,
    CertificateFault,
    SettingFault,
    ShownCertificate,
    UnusableSetting,
)

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""OpenSSL's own variables; one that is set takes the place of the system's store."""
_MOST_HOSTS = 3
_LONGEST_NAME = 80

_AS_PYTHON = (
    ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    if sys.version_info >= (3, 13)
    else ssl.VerifyFlags(0)
)
"""Flags of `ssl.create_default_context` since Python 3.13."""

_FAULTS = {
    # OpenSSL, x509_vfy.h.
    9: CertificateFault.NOT_YET_VALID,
    10: CertificateFault.EXPIRED,
    2: CertificateFault.UNKNOWN_ISSUER,
    18: CertificateFault.SELF_SIGNED,
    19: CertificateFault.UNKNOWN_ISSUER,
    20: CertificateFault.UNKNOWN_ISSUER,
    21: CertificateFault.UNKNOWN_ISSUER,
    23: CertificateFault.REVOKED,
    62: CertificateFault.OTHER_HOST,
    64: CertificateFault.OTHER_HOST,
    **dict.fromkeys((25, 26, 32, 66, 67, 68), CertificateFault.AGAINST_THE_RULES),
    # From X509_V_ERR_INVALID_CA to X509_V_ERR_EC_KEY_EXPLICIT_PARAMS.
    **dict.fromkeys(range(79, 95), CertificateFault.AGAINST_THE_RULES),
    # macOS, SecBase.h.
    -67602: CertificateFault.OTHER_HOST,
    -67818: CertificateFault.EXPIRED,
    -67819: CertificateFault.NOT_YET_VALID,
    -67820: CertificateFault.REVOKED,
    -67843: CertificateFault.UNKNOWN_ISSUER,
    # Windows, winerror.h.
    0x800B0101: CertificateFault.EXPIRED,
    0x800B0109: CertificateFault.UNKNOWN_ISSUER,
    0x800B010A: CertificateFault.UNKNOWN_ISSUER,
    0x800B010C: CertificateFault.REVOKED,
    0x800B010F: CertificateFault.OTHER_HOST,
    0x80092010: CertificateFault.REVOKED,
}


@dataclass(frozen=True, slots=True)
class Trust:
    """The issuers that are trusted, and where they were read from."""

    context: ssl.SSLContext | None
    """Checks every certificate; None where there is a problem."""
    variables: tuple[str, ...] = ()
    """The variables that name the issuers; none: those of this computer."""
    ignored: tuple[UnusableSetting, ...] = ()
    """Variables that cannot be used, beside one that can."""
    problem: UnusableSetting | None = None
    """The reason for which nobody can be trusted."""


class RefusedCertificateError(ssl.SSLCertVerificationError):
    """A certificate was refused; the error knows which."""

    def __init__(self, error: ssl.SSLCertVerificationError, shown: Any) -> None:  # noqa: ANN401 - whatever `ssl` has
        super().__init__(*error.args)
        code = getattr(error, "verify_code", 0)
        self.fault = _FAULTS.get(code, CertificateFault.OTHER)
        """The reason, by the verifier's own number."""
        self.words = fit_to_keep(getattr(error, "verify_message", ""), limit=120)
        """The reason in the verifier's own words; may be empty."""
        self.certificate = _facts(shown)
        """The certificate; None where that cannot be known."""


def trust_nobody() -> ssl.SSLContext:
    """Return the context for what needs no TLS: it costs nothing, and accepts none."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def load_trust(
    environment: Mapping[str, str],
    *,
    is_checked_by_system: bool = sys.platform in {"darwin", "win32"},
) -> Trust:
    """Return the issuers that are trusted; reads files, and takes its time.

    Args:
        environment: the environment variables.
        is_checked_by_system: whether the operating system checks certificates itself,
            as macOS and Windows do; elsewhere OpenSSL does.
    """
    named = [name for name in _VARIABLES if environment.get(name)]
    if not named:
        return _system_trust(is_checked_by_system=is_checked_by_system)
    usable: list[str] = []
    unusable: list[UnusableSetting] = []
    context = _context_of_openssl()
    for name in named:
        fault = _load(context, name, environment[name])
        if fault is None:
            usable.append(name)
        else:
            part = fit_to_keep(environment[name], limit=_LONGEST_NAME)
            unusable.append(UnusableSetting(name, fault, part))
    if not usable:
        return Trust(None, problem=unusable[0])
    return Trust(context, tuple(usable), tuple(unusable))


def _system_trust(*, is_checked_by_system: bool) -> Trust:
    """Return that what this computer trusts is trusted."""
    empty = UnusableSetting(SYSTEM_STORE, SettingFault.EMPTY_STORE)
    try:
        context = _system_context(is_checked_by_system=is_checked_by_system)
    except OSError:
        # Such as a bundle of issuers without one in it.
        return Trust(None, problem=empty)
    if not is_checked_by_system and _trusts_nobody(context):
        return Trust(None, problem=empty)
    return Trust(context)


def _trusts_nobody(context: ssl.SSLContext) -> bool:
    """Return whether there are no issuers, neither in a file nor in a folder."""
    if context.cert_store_stats()["x509"]:
        return False
    # What is in a folder is read as it is needed.
    folders = filter(None, [ssl.get_default_verify_paths().capath])
    return not any(path for each in folders for path in Path(each).glob("*.[0-9]"))


def _system_context(*, is_checked_by_system: bool) -> ssl.SSLContext:
    """Return a context that checks certificates by this computer's store."""
    # Imported late: it is needed by the first request alone.
    import truststore  # noqa: PLC0415

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # It reads all issuers anew for every connection (measured: 35 to 95 ms, in the
    # event loop). Where OpenSSL checks, the context inside has read them by now, and
    # is all that is needed.
    inner = context.wrap_bio(
        ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost"
    ).context
    _keep_refused(inner)
    if is_checked_by_system:
        return context
    inner.verify_flags |= _AS_PYTHON
    return inner


def _context_of_openssl() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= _AS_PYTHON
    _keep_refused(context)
    return context


def _load(context: ssl.SSLContext, name: str, value: str) -> SettingFault | None:
    """Trust the issuers in a file or in folders; return why that is not possible."""
    is_folder = name == "SSL_CERT_DIR"
    nothing = SettingFault.NO_FOLDER if is_folder else SettingFault.NO_FILE
    # OpenSSL takes several folders, and looks into them at each connection.
    folders = [Path(each) for each in value.split(os.pathsep) if each]
    try:
        if is_folder and any(folder.is_dir() for folder in folders):
            context.load_verify_locations(capath=value)
        elif not is_folder and Path(value).is_file():
            context.load_verify_locations(cafile=value)
        else:
            return nothing
    except ssl.SSLError:
        return SettingFault.NO_CERTIFICATES
    except OSError:
        return nothing
    return None


def _keep_refused(context: ssl.SSLContext) -> None:
    """Let the context's connections tell which certificate they have refused."""

    class KeepingObject(context.sslobject_class):  # type: ignore[name-defined,misc]
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLCertVerificationError as error:
                raise RefusedCertificateError(error, _first_shown(self)) from error

    context.sslobject_class = KeepingObject


def _first_shown(connection: ssl.SSLObject) -> Any:  # noqa: ANN401 - whatever `ssl` has
    """Return the certificate that the other side has shown, as `ssl` describes it."""
    try:
        # A certificate that was refused can be had in no public way before Python 3.13,
        # and read in none after it.
        chain = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # noqa: SLF001
        return chain[0].get_info()
    except (AttributeError, LookupError, TypeError, ValueError, ssl.SSLError):
        return None


def shown_certificate(connection: ssl.SSLObject) -> ShownCertificate | None:
    """Return the certificate of a connection that was accepted."""
    return _facts(connection.getpeercert() or _first_shown(connection))


def _facts(shown: Any) -> ShownCertificate | None:  # noqa: ANN401 - whatever `ssl` has
    if not isinstance(shown, Mapping):
        return None
    hosts = [str(value) for _kind, value in shown.get("subjectAltName", ())]
    return ShownCertificate(
        issuer=_issuer(shown),
        hosts=tuple(
            fit_to_keep(host, limit=_LONGEST_NAME) for host in hosts[:_MOST_HOSTS]
        ),
        since=_time(shown.get("notBefore")),
        until=_time(shown.get("notAfter")),
    )


def _issuer(shown: Mapping[str, Any]) -> PlainText:
    """Return the issuer's name, with its organization where that says more."""
    parts = {key: value for group in shown.get("issuer", ()) for key, value in group}
    name = str(parts.get("commonName", ""))
    organization = str(parts.get("organizationName", ""))
    if name and organization and organization not in name:
        name = f"{name} ({organization})"
    return fit_to_keep(name or organization, limit=_LONGEST_NAME)


def _time(text: Any) -> datetime | None:  # noqa: ANN401 - whatever `ssl` has
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
    except (AttributeError, TypeError, ValueError, OSError, OverflowError):
        return None
