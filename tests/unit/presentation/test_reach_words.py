from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import PlainText
from masking_console.models.reach import (
    CertificateFault,
    ConnectionReport,
    Obstacle,
    ProxyPlace,
    SettingFault,
    ShownCertificate,
    Unreached,
    UnusableSetting,
)
from masking_console.presentation.display import place_words
from masking_console.presentation.reach import (
    ignored_words,
    reach_words,
    report_lines,
    short_words,
)
from masking_console.settings import (
    PLIVO_API_URL,
    PRACTICE_API_URL,
    ApiUrl,
    Settings,
)

HOST = PlainText("api.plivo.com")
PROXY = ProxyPlace("http", PlainText("proxy.corp"), 3128, "HTTPS_PROXY")
CERTIFICATE = ShownCertificate(
    PlainText("Corp CA (Corp)"),
    (PlainText("other.example"),),
    datetime(2026, 1, 2, tzinfo=UTC),
    datetime(2026, 3, 4, tzinfo=UTC),
)
PORT = UnusableSetting("HTTPS_PROXY", SettingFault.PORT)


@pytest.mark.parametrize(
    ("obstacle", "directly", "at_proxy"),
    [
        (
            Obstacle.NAME,
            "the name api.plivo.com was not found",
            "the name of the proxy proxy.corp (HTTPS_PROXY) was not found",
        ),
        (
            Obstacle.REFUSED,
            "api.plivo.com refused the connection",
            "the proxy proxy.corp (HTTPS_PROXY) refused the connection",
        ),
        (
            Obstacle.TIME,
            "no connection to api.plivo.com in time",
            "no connection to the proxy proxy.corp (HTTPS_PROXY) in time",
        ),
        (
            Obstacle.NETWORK,
            "there is no way to the network of api.plivo.com",
            "there is no way to the network of the proxy proxy.corp (HTTPS_PROXY)",
        ),
        (
            Obstacle.BROKEN,
            "api.plivo.com broke the connection off",
            "the proxy proxy.corp (HTTPS_PROXY) broke the connection off",
        ),
        (
            Obstacle.TLS,
            "api.plivo.com speaks no TLS that is accepted here",
            "the proxy proxy.corp (HTTPS_PROXY) speaks no TLS that is accepted here",
        ),
        (
            Obstacle.NO_PROXY,
            "api.plivo.com does not answer as a proxy",
            "the proxy proxy.corp (HTTPS_PROXY) does not answer as a proxy",
        ),
        (
            Obstacle.OTHER,
            "no connection to api.plivo.com",
            "no connection to the proxy proxy.corp (HTTPS_PROXY)",
        ),
    ],
)
def test_every_obstacle_names_whose_it_is(
    obstacle: Obstacle, directly: str, at_proxy: str
) -> None:
    through = f"{directly}, through the proxy proxy.corp (HTTPS_PROXY)"
    proxied = Unreached(obstacle, HOST, PROXY)

    assert reach_words(Unreached(obstacle, HOST)) == directly
    assert reach_words(proxied) == through
    assert reach_words(replace(proxied, is_at_proxy=True)) == at_proxy


def test_a_proxys_no_has_its_number() -> None:
    wants = Unreached(Obstacle.PASSWORD, HOST, PROXY, is_at_proxy=True, status=407)
    given = replace(wants, proxy=replace(PROXY, has_login=True))
    declined = replace(wants, obstacle=Obstacle.DECLINED, status=502)

    proxy = "the proxy proxy.corp (HTTPS_PROXY)"
    assert (
        reach_words(wants) == f"{proxy} wants a user name and password (answered 407)"
    )
    assert reach_words(given) == (
        f"{proxy} refuses its user name and password (answered 407)"
    )
    assert reach_words(declined) == (
        f"{proxy} makes no connection to api.plivo.com (answered 502)"
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (CertificateFault.EXPIRED, "it has expired on 2026-03-04"),
        (CertificateFault.NOT_YET_VALID, "it is not valid yet, but from 2026-01-02 on"),
        (CertificateFault.OTHER_HOST, "it is for another host, other.example"),
        (CertificateFault.SELF_SIGNED, "it is self-signed"),
        (CertificateFault.UNKNOWN_ISSUER, "its issuer is not trusted"),
        (
            CertificateFault.AGAINST_THE_RULES,
            "it or its issuer's is not made by the rules (no key usage)",
        ),
        (CertificateFault.REVOKED, "it was revoked"),
        (CertificateFault.OTHER, "it is not trusted"),
    ],
)
def test_a_refused_certificate_has_reason_and_issuer(
    fault: CertificateFault, words: str
) -> None:
    found = Unreached(
        Obstacle.CERTIFICATE,
        HOST,
        refused=fault,
        said=PlainText("no key usage"),
        certificate=CERTIFICATE,
    )
    unknown = replace(found, certificate=None, said=PlainText(""))

    start = "the certificate of api.plivo.com is refused: "
    assert reach_words(found) == f"{start}{words}; issued by Corp CA (Corp)"
    assert reach_words(unknown).startswith(start)
    assert "issued by" not in reach_words(unknown)


def test_the_variables_that_name_the_trusted_issuers_are_named() -> None:
    found = Unreached(
        Obstacle.CERTIFICATE, HOST, trust=("SSL_CERT_FILE", "SSL_CERT_DIR")
    )

    assert reach_words(found) == (
        "the certificate of api.plivo.com is refused: it is not trusted; "
        "only the certificates of SSL_CERT_FILE and SSL_CERT_DIR are trusted"
    )


@pytest.mark.parametrize("fault", list(SettingFault))
def test_a_setting_says_what_to_do(fault: SettingFault) -> None:
    setting = UnusableSetting("ALL_PROXY", fault, PlainText("socks"))
    barred = Unreached(Obstacle.SETTING, HOST, setting=setting)

    assert reach_words(barred).startswith("ALL_PROXY (socks) cannot be used: ")
    assert ignored_words(setting).startswith("ALL_PROXY (socks) is ignored: ")
    assert short_words(barred) == "ALL_PROXY cannot be used"


@pytest.mark.parametrize(
    ("unreached", "words"),
    [
        (Unreached(Obstacle.NAME, HOST), "name not found"),
        (
            Unreached(Obstacle.NAME, HOST, PROXY, is_at_proxy=True),
            "proxy: name not found",
        ),
        (
            Unreached(Obstacle.PASSWORD, HOST, PROXY, is_at_proxy=True),
            "proxy wants a password",
        ),
        (
            Unreached(Obstacle.CERTIFICATE, HOST, refused=CertificateFault.EXPIRED),
            "certificate expired",
        ),
    ],
)
def test_the_line_at_the_top_says_it_in_a_few_words(
    unreached: Unreached, words: str
) -> None:
    assert short_words(unreached) == words


def test_the_words_can_be_kept_as_they_are() -> None:
    address = replace(PROXY, host=PlainText("10.20.30.40"))
    for obstacle in Obstacle:
        for is_at_proxy in (True, False):
            words = reach_words(Unreached(obstacle, HOST, address, is_at_proxy))
            assert fit_to_keep(words) == words


REPORT = ConnectionReport(
    api_url=PLIVO_API_URL,
    is_plivos=True,
    proxy=None,
    ignored=(),
    trust=(),
    addresses=(PlainText("192.0.2.1"), PlainText("2001:db8::1")),
    unreached=None,
    elapsed_ms=61,
    status=404,
)


def test_a_report_that_finds_nothing_wrong() -> None:
    found = replace(REPORT, certificate=CERTIFICATE, clock_ahead=timedelta(seconds=1))

    assert report_lines(found) == (
        ("base URL", "https://api.plivo.com"),
        ("proxy", "none"),
        ("trusts", "what this computer trusts"),
        ("address", "192.0.2.1, 2001:db8::1"),
        ("answer", "404 after 61 ms"),
        ("certificate", "issued by Corp CA (Corp), until 2026-03-04"),
        ("clock", "as the answer's"),
    )


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(420, "420 s ahead of the answer's"), (-7, "7 s behind the answer's")],
)
def test_a_report_of_all_that_can_be_wrong(ahead: int, words: str) -> None:
    proxy = ProxyPlace("http", PlainText("::1"), 3128, "HTTPS_PROXY", has_login=True)
    found = replace(
        REPORT,
        api_url="https://plivo.example",
        is_plivos=False,
        proxy=proxy,
        ignored=(replace(PORT, variable="ALL_PROXY"),),
        trust=("SSL_CERT_FILE",),
        addresses=(),
        status=None,
        unreached=Unreached(Obstacle.REFUSED, HOST, proxy, is_at_proxy=True),
        certificate=ShownCertificate(PlainText("Corp CA")),
        clock_ahead=timedelta(seconds=ahead),
    )

    assert report_lines(found) == (
        ("base URL", "https://plivo.example (not Plivo's)"),
        ("proxy", "http://[::1]:3128, from HTTPS_PROXY, with user name and password"),
        ("ignored", "ALL_PROXY is ignored: its port is no number from 1 to 65535."),
        ("trusts", "certificates of SSL_CERT_FILE"),
        ("address", "not found"),
        (
            "answer",
            "none after 61 ms: the proxy ::1 (HTTPS_PROXY) refused the connection",
        ),
        ("certificate", "issued by Corp CA"),
        ("clock", words),
    )


def test_a_report_of_an_answer_that_broke_off() -> None:
    lines = dict(report_lines(replace(REPORT, status=None, proxy=PROXY)))

    assert lines["answer"] == "none after 61 ms: the connection broke"
    assert lines["proxy"] == "http://proxy.corp:3128, from HTTPS_PROXY"


@pytest.mark.parametrize(
    ("url", "room", "words"),
    [
        (PLIVO_API_URL, 80, ""),
        ("https://API.plivo.com:443", 80, ""),
        ("https://api.plivo.com.", 80, ""),
        ("https://api.plivo.com:8443", 80, "NOT PLIVO: api.plivo.com:8443"),
        ("https://api.plivo.com/x", 80, "NOT PLIVO: api.plivo.com/x"),
        ("http://127.0.0.1:8080", 80, "NOT PLIVO: 127.0.0.1:8080"),
        ("https://api.plivo.com.evil.example", 30, "NOT PLIVO: ...com.evil.example"),
        ("https://api.plivo.com.evil.example", -5, "NOT PLIVO: ....example"),
    ],
)
def test_a_base_url_that_is_not_plivos_is_named(
    url: str, room: int, words: str
) -> None:
    settings = Settings(Path("unused"), api_url=ApiUrl(url))
    practice = replace(settings, api_url=ApiUrl(PRACTICE_API_URL), practice=True)

    assert place_words(settings, room) == words
    assert place_words(practice, room) == ""
