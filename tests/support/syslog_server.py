"""A small syslog server on this computer, which can be away, hang or cut off."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class SyslogServer:
    """Takes messages behind their lengths; one connection after the other."""

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self.content = b""
        """Every byte that was received."""
        self.connections = 0
        self.unread = 0
        """So many connections are closed without a look at what was sent."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def messages(self) -> list[bytes]:
        return list(split(self.content))

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                if self.unread:
                    self.unread -= 1
                elif self._context is None:
                    self._take(connection)
                else:
                    tls = self._context.wrap_socket(connection, server_side=True)
                    with tls:
                        self._take(tls)
                        tls.unwrap()

    def _take(self, connection: socket.socket) -> None:
        while piece := connection.recv(65536):
            self.content += piece


def split(content: bytes) -> Iterator[bytes]:
    """Yield the messages that stand behind their lengths."""
    while content:
        length, _, content = content.partition(b" ")
        yield content[: int(length)]
        content = content[int(length) :]


@contextmanager
def syslog_server(
    context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[SyslogServer]:
    server = SyslogServer(context, port)
    try:
        yield server
    finally:
        server.close()


def make_certificates(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return an authority's file, and the context of a server that it trusts."""
    authority_key, authority = _certificate("Test CA", None, None)
    key, certificate = _certificate("localhost", authority, authority_key)
    authority_path, chain_path = folder / "ca.pem", folder / "server.pem"
    authority_path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain_path)
    return authority_path, context


def _certificate(
    name: str,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey | None,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    is_authority = issuer is None
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
        )
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    signer = issuer_key or key
    own = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(own, False)
    return key, builder.sign(signer, hashes.SHA256())
