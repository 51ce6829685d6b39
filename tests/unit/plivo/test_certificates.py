import os
import ssl
import subprocess
from pathlib import Path

import pytest

from masking_console.models.plain_text import PlainText
from masking_console.models.reach import (
    SYSTEM_STORE,
    CertificateFault,
    SettingFault,
    ShownCertificate,
    UnusableSetting,
)
from masking_console.plivo.certificates import (
    RefusedCertificateError,
    Trust,
    _first_shown,
    load_trust,
    shown_certificate,
)
from tests.support.certificates import Authority


def handshake(trust: Trust, server: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """Let both sides talk in memory; return the client's side, or raise its error."""
    assert trust.context is not None
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = trust.context.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours


def refused(trust: Trust, server: ssl.SSLContext, host: str) -> RefusedCertificateError:
    with pytest.raises(RefusedCertificateError) as caught:
        handshake(trust, server, host)
    return caught.value


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def folder(authority: Authority, tmp_path: Path) -> Path:
    """A folder of issuers as OpenSSL looks into it."""
    hashed = tmp_path / "hashed"
    hashed.mkdir()
    named = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority.file],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    (hashed / f"{named.stdout.strip()}.0").write_bytes(authority.file.read_bytes())
    return hashed


@pytest.mark.parametrize("is_checked_by_system", [False, True])
def test_every_context_checks_certificate_and_host(is_checked_by_system: bool) -> None:
    trust = load_trust({}, is_checked_by_system=is_checked_by_system)

    assert trust.context is not None
    assert trust.context.verify_mode is ssl.CERT_REQUIRED
    assert trust.context.check_hostname is True
    assert trust.context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (trust.variables, trust.ignored, trust.problem) == ((), (), None)


@pytest.mark.parametrize("is_checked_by_system", [False, True])
def test_what_this_computer_does_not_trust_is_refused_by_name(
    authority: Authority, is_checked_by_system: bool
) -> None:
    trust = load_trust({}, is_checked_by_system=is_checked_by_system)

    error = refused(trust, authority.server("api.plivo.com"), "api.plivo.com")

    assert error.fault is CertificateFault.UNKNOWN_ISSUER
    assert error.certificate is not None
    assert error.certificate.issuer == "Corp Inspection CA (Example Corp)"


@pytest.mark.parametrize("bundle", [None, "", "nonsense"])
def test_a_computer_that_trusts_nobody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    if bundle is not None:
        (tmp_path / "bundle.pem").write_text(bundle)
    # Where truststore looks, if OpenSSL itself knows no place.
    places = [str(tmp_path / "bundle.pem")]
    monkeypatch.setattr("truststore._openssl._CA_FILE_CANDIDATES", places)

    trust = load_trust({}, is_checked_by_system=False)

    assert trust.context is None
    assert trust.problem == UnusableSetting(SYSTEM_STORE, SettingFault.EMPTY_STORE)


def test_a_store_in_a_folder_alone_is_one(
    authority: Authority, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))

    trust = load_trust({}, is_checked_by_system=False)

    handshake(trust, authority.server("127.0.0.1"), "127.0.0.1")


def test_the_issuers_of_this_computer_are_read_once() -> None:
    context = load_trust({}, is_checked_by_system=False).context

    # No context of truststore's own, which would read them at every connection.
    assert type(context) is ssl.SSLContext


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_variable_takes_the_place_of_the_system(
    authority: Authority, folder: Path, variable: str
) -> None:
    path = authority.file if variable == "SSL_CERT_FILE" else folder
    trust = load_trust({variable: str(path)}, is_checked_by_system=True)

    tls = handshake(trust, authority.server("api.plivo.com"), "api.plivo.com")

    assert trust.variables == (variable,)
    found = shown_certificate(tls)
    assert found is not None
    assert found.issuer == "Corp Inspection CA (Example Corp)"
    assert found.hosts == ("api.plivo.com",)
    assert found.since is not None
    assert found.until is not None


def test_both_variables_count(
    authority: Authority, folder: Path, tmp_path: Path
) -> None:
    other = Authority.made(tmp_path / "other", "Another CA")
    named = {"SSL_CERT_FILE": str(other.file), "SSL_CERT_DIR": str(folder)}
    trust = load_trust(named)

    for issuer in (authority, other):
        handshake(trust, issuer.server("127.0.0.1"), "127.0.0.1")


def test_one_of_several_folders_is_enough(authority: Authority, folder: Path) -> None:
    value = os.pathsep.join(["/nonexistent", str(folder)])

    trust = load_trust({"SSL_CERT_DIR": value})

    handshake(trust, authority.server("127.0.0.1"), "127.0.0.1")


def test_empty_variables_say_nothing() -> None:
    trust = load_trust({"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""})

    assert (trust.variables, trust.problem) == ((), None)


@pytest.mark.parametrize(
    ("variable", "name", "fault"),
    [
        ("SSL_CERT_FILE", "missing", SettingFault.NO_FILE),
        ("SSL_CERT_FILE", "", SettingFault.NO_FILE),
        ("SSL_CERT_FILE", "x" * 5_000, SettingFault.NO_FILE),
        ("SSL_CERT_FILE", "notes.txt", SettingFault.NO_CERTIFICATES),
        ("SSL_CERT_DIR", "missing", SettingFault.NO_FOLDER),
        ("SSL_CERT_DIR", "notes.txt", SettingFault.NO_FOLDER),
    ],
)
def test_what_names_no_certificates_is_named(
    tmp_path: Path, variable: str, name: str, fault: SettingFault
) -> None:
    (tmp_path / "notes.txt").write_text("nothing")

    trust = load_trust({variable: str(tmp_path / name)})

    assert trust.context is None
    assert trust.problem is not None
    assert (trust.problem.variable, trust.problem.fault) == (variable, fault)


def test_a_usable_variable_is_taken_beside_one_that_is_not(
    authority: Authority, tmp_path: Path
) -> None:
    named = {
        "SSL_CERT_FILE": str(authority.file),
        "SSL_CERT_DIR": str(tmp_path / "missing"),
    }

    trust = load_trust(named)

    assert trust.problem is None
    assert trust.variables == ("SSL_CERT_FILE",)
    assert [each.variable for each in trust.ignored] == ["SSL_CERT_DIR"]


def test_an_old_authority_without_key_usage_is_refused_as_python_3_13_does(
    tmp_path: Path,
) -> None:
    old = Authority.made(tmp_path, "Old CA", has_key_usage=False)
    trust = load_trust({"SSL_CERT_FILE": str(old.file)})
    assert trust.context is not None
    trust.context.verify_flags |= ssl.VERIFY_X509_STRICT

    error = refused(trust, old.server("127.0.0.1"), "127.0.0.1")

    assert error.fault is CertificateFault.AGAINST_THE_RULES
    assert "key usage" in error.words
    assert error.certificate is not None
    assert error.certificate.issuer == "Old CA (Example Corp)"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (-67602, CertificateFault.OTHER_HOST),
        (-67818, CertificateFault.EXPIRED),
        (0x800B0109, CertificateFault.UNKNOWN_ISSUER),
        (0x800B0101, CertificateFault.EXPIRED),
        (92, CertificateFault.AGAINST_THE_RULES),
        (4711, CertificateFault.OTHER),
    ],
)
def test_the_numbers_of_every_platform_are_known(
    code: int, fault: CertificateFault
) -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = code, "no\x1b[31m +1 202 555 0140"

    found = RefusedCertificateError(error, None)

    assert found.fault is fault
    assert found.words == "no\ufffd[31m (number)"
    assert found.certificate is None


@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ((), ""),
        (((("organizationName", "Only Org"),),), "Only Org"),
        (((("organizationName", "Org"),), (("commonName", "Org CA"),)), "Org CA"),
        (((("commonName", "a\x1b]0;x\x07[/b]"),),), "a\ufffd]0;x\ufffd[/b]"),
    ],
)
def test_an_issuer_is_plain_text(issuer: tuple[object, ...], words: str) -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    shown = {"issuer": issuer, "notBefore": "nonsense"}

    found = RefusedCertificateError(error, shown).certificate

    assert found is not None
    assert found == ShownCertificate(issuer=PlainText(words))


def test_a_certificate_that_cannot_be_had_is_none() -> None:
    context = load_trust({}).context
    assert context is not None
    tls = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x")

    assert _first_shown(tls) is None
