"""An authority of the tests' own, and the good and bad certificates it issues."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_DAY = timedelta(days=1)
_PEM = serialization.Encoding.PEM


def _name(name: str, organization: str = "") -> x509.Name:
    parts = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    if organization:
        oid = x509.NameOID.ORGANIZATION_NAME
        parts.insert(0, x509.NameAttribute(oid, organization))
    return x509.Name(parts)


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass
class Authority:
    """Issues certificates; its own is in `file`."""

    file: Path
    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(
        cls,
        folder: Path,
        name: str = "Corp Inspection CA",
        organization: str = "Example Corp",
        *,
        has_key_usage: bool = True,
    ) -> "Authority":
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        named = _name(name, organization)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(named)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * _DAY)
            .not_valid_after(now + 30 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
            )
        )
        if has_key_usage:
            builder = builder.add_extension(_SIGNS_CERTIFICATES, True)
        certificate = builder.sign(key, hashes.SHA256())
        file = folder / "authority.pem"
        file.write_bytes(certificate.public_bytes(_PEM))
        return cls(file, named, key, certificate)

    def server(
        self,
        *hosts: str,
        since: timedelta = -_DAY,
        until: timedelta = _DAY,
        is_self_signed: bool = False,
    ) -> ssl.SSLContext:
        """Return the context of a server for these hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        named, now = _name("a server"), datetime.now(UTC)
        signer = key if is_self_signed else self.key
        builder = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(named if is_self_signed else self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + since)
            .not_valid_after(now + until)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(host) for host in hosts]),
                False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                False,
            )
        )
        certificate = builder.sign(signer, hashes.SHA256())
        file = self.file.with_name(f"server-{certificate.serial_number}.pem")
        file.write_bytes(
            key.private_bytes(
                _PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(_PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
