from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking_console.models.plain_text import PlainText
from masking_console.models.reach import (
    SYSTEM_SETTINGS,
    ProxyPlace,
    SettingFault,
    UnusableSetting,
)
from masking_console.plivo import network
from masking_console.plivo.network import (
    Route,
    find_route,
    is_excepted,
    read_proxy,
)
from masking_console.settings import ApiUrl, checked_api_url

PLIVO = checked_api_url("https://api.plivo.com")
GOOD = "http://proxy.example:3128"


def route(**environment: str) -> Route:
    return find_route(PLIVO, environment, dict)


def place(found: Route) -> tuple[str, str, int, str]:
    assert found.proxy is not None
    proxy = found.proxy
    return proxy.kind, proxy.host, proxy.port, proxy.variable


def test_without_a_variable_the_way_is_direct() -> None:
    assert route(PATH="/bin", HTTP_PROXY=GOOD) == Route()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HTTPS_PROXY": GOOD}, ("http", "proxy.example", 3128, "HTTPS_PROXY")),
        ({"https_proxy": GOOD}, ("http", "proxy.example", 3128, "https_proxy")),
        ({"Https_Proxy": GOOD}, ("http", "proxy.example", 3128, "Https_Proxy")),
        ({"ALL_PROXY": GOOD}, ("http", "proxy.example", 3128, "ALL_PROXY")),
        (
            {"ALL_PROXY": "http://other", "HTTPS_PROXY": GOOD},
            ("http", "proxy.example", 3128, "HTTPS_PROXY"),
        ),
        (
            {"HTTPS_PROXY": "http://other", "https_proxy": GOOD},
            ("http", "proxy.example", 3128, "https_proxy"),
        ),
        ({"HTTPS_PROXY": "proxy"}, ("http", "proxy", 80, "HTTPS_PROXY")),
        ({"HTTPS_PROXY": "proxy:81/"}, ("http", "proxy", 81, "HTTPS_PROXY")),
        ({"HTTPS_PROXY": "  http://proxy:  "}, ("http", "proxy", 80, "HTTPS_PROXY")),
        ({"HTTPS_PROXY": "HTTPS://PROXY"}, ("https", "proxy", 443, "HTTPS_PROXY")),
        ({"HTTPS_PROXY": "http://[::1]:81"}, ("http", "::1", 81, "HTTPS_PROXY")),
        ({"HTTPS_PROXY": "socks5://p"}, ("socks5", "p", 1080, "HTTPS_PROXY")),
        ({"ALL_PROXY": "socks5h://p:9"}, ("socks5h", "p", 9, "ALL_PROXY")),
        (
            {"HTTPS_PROXY": "http://bücher.example"},
            ("http", "xn--bcher-kva.example", 80, "HTTPS_PROXY"),
        ),
    ],
)
def test_the_variable_that_counts_is_read_and_named(
    environment: dict[str, str], expected: tuple[str, str, int, str]
) -> None:
    assert place(route(**environment)) == expected


def test_an_empty_variable_in_small_letters_takes_the_other_back() -> None:
    assert route(https_proxy=" ", HTTPS_PROXY=GOOD) == Route()


def test_an_empty_variable_says_nothing() -> None:
    assert place(route(HTTPS_PROXY="", ALL_PROXY=GOOD))[3] == "ALL_PROXY"


def test_name_and_password_are_decoded_and_in_no_repr() -> None:
    found = route(HTTPS_PROXY="http://m%40x:p%2Fw%20@proxy:81")

    assert found.login is not None
    assert (found.login.user, found.login.password) == ("m@x", "p/w ")
    assert found.proxy is not None
    assert found.proxy.has_login
    assert "p/w" not in repr(found)
    assert "m@x" not in repr(found)


def test_an_at_sign_in_a_password_does_not_end_it() -> None:
    found = route(HTTPS_PROXY="http://me:p@ss@proxy")

    assert found.login is not None
    assert found.login.password == "p@ss"
    assert place(found)[1] == "proxy"


def test_an_empty_sign_in_is_none() -> None:
    assert route(HTTPS_PROXY="http://@proxy").login is None


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("http://", SettingFault.NO_HOST),
        ("http://:8080", SettingFault.NO_HOST),
        ("://proxy", SettingFault.KIND),
        ("ftp://proxy", SettingFault.KIND),
        ("socks4://proxy", SettingFault.KIND),
        ("socks://proxy", SettingFault.KIND),
        ('"http://proxy"', SettingFault.KIND),
        ("http://proxy:port", SettingFault.PORT),
        ("http://proxy:0", SettingFault.PORT),
        ("http://proxy:65536", SettingFault.PORT),
        ("http://proxy:-1", SettingFault.PORT),
        ("http://proxy:٣", SettingFault.PORT),
        ("http://proxy:" + "1" * 5000, SettingFault.PORT),
        ("http://[::1", SettingFault.ADDRESS),
        ("http://::1:8080", SettingFault.ADDRESS),
        ("http://[fe80::1%eth0]:8080", SettingFault.ADDRESS),
        ("http://[nonsense]", SettingFault.ADDRESS),
        ("http://[127.0.0.1]", SettingFault.ADDRESS),
        ("http://a b", SettingFault.ADDRESS),
        ("http://a..b", SettingFault.ADDRESS),
        ("http://" + "a" * 64, SettingFault.ADDRESS),
        ("http://" + "a." * 150, SettingFault.ADDRESS),
        ("http://pro\x07xy", SettingFault.CHARACTERS),
        ("http://proxy/wpad.dat", SettingFault.CHARACTERS),
        ("http://proxy?x", SettingFault.CHARACTERS),
        ("http://me:12#34@proxy:81", SettingFault.CHARACTERS),
        ("http://me:12/34@proxy:81", SettingFault.CHARACTERS),
        ("me:pa://ss@proxy", SettingFault.KIND),
        ("socks5://me:" + "x" * 256 + "@proxy", SettingFault.CHARACTERS),
    ],
)
def test_what_cannot_be_used_is_named_without_its_value(
    value: str, fault: SettingFault
) -> None:
    found = route(HTTPS_PROXY=value)

    assert found.problem is not None
    assert (found.problem.variable, found.problem.fault) == ("HTTPS_PROXY", fault)
    assert found.problem.part in {"", "socks", "socks4"}
    assert found.proxy is None


@pytest.mark.parametrize("other", ["socks://proxy", "http://proxy:port"])
def test_a_usable_variable_is_taken_beside_one_that_is_not(other: str) -> None:
    found = route(HTTPS_PROXY=GOOD, ALL_PROXY=other)

    assert place(found)[3] == "HTTPS_PROXY"
    assert [each.variable for each in found.ignored] == ["ALL_PROXY"]
    assert found.problem is None


def test_another_variable_steps_in_for_one_that_cannot_be_used() -> None:
    found = route(HTTPS_PROXY="socks://p", ALL_PROXY=GOOD)
    spelled = route(https_proxy="http://p:x", HTTPS_PROXY=GOOD, ALL_PROXY=GOOD)

    assert place(found)[3] == "ALL_PROXY"
    assert [each.variable for each in found.ignored] == ["HTTPS_PROXY"]
    assert place(spelled)[3] == "HTTPS_PROXY"
    assert [each.variable for each in spelled.ignored] == ["https_proxy"]


def test_a_proxy_that_cannot_be_used_never_makes_the_way_direct() -> None:
    found = route(HTTPS_PROXY="http://p:x", ALL_PROXY="socks4a://p")

    assert found.proxy is None
    assert found.problem is not None
    assert found.problem.variable == "HTTPS_PROXY"


def test_socks_needs_its_package_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "find_spec", lambda _name: None)

    assert route(ALL_PROXY="socks5://p").problem == UnusableSetting(
        "ALL_PROXY", SettingFault.NEEDS_SOCKS
    )
    # Nobody is bothered about a proxy that is not needed.
    assert route(ALL_PROXY="socks5://p", HTTPS_PROXY=GOOD).ignored == ()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_what_is_on_this_computer_is_asked_directly(host: str) -> None:
    url, environment = ApiUrl(f"https://{host}:8443"), {"HTTPS_PROXY": GOOD}

    assert find_route(url, environment | {"ALL_PROXY": "http://p:x"}, dict) == Route()


HOSTILE = "10.0.0.0/8, [::1] ,fe80::/10,[fe80::1%eth0],, ::1 , 10.0.0.0/99, %%, [, a/b"


def test_exceptions_that_name_other_hosts_stop_nothing() -> None:
    found = route(HTTPS_PROXY=GOOD, NO_PROXY=HOSTILE)

    assert place(found)[3] == "HTTPS_PROXY"
    assert found.ignored == ()


def test_an_exception_makes_the_way_direct_whatever_the_proxy_is() -> None:
    assert route(HTTPS_PROXY="http://p:x", NO_PROXY="x, api.plivo.com") == Route()
    assert route(HTTPS_PROXY=GOOD, no_proxy="*", NO_PROXY="x") == Route()
    assert route(HTTPS_PROXY=GOOD, no_proxy="", NO_PROXY="*").proxy is not None


@pytest.mark.parametrize(
    ("host", "exceptions", "expected"),
    [
        ("api.plivo.com", "*", True),
        ("api.plivo.com", "x *", True),
        ("api.plivo.com", "plivo.com", True),
        ("api.plivo.com", ".plivo.com", True),
        ("api.plivo.com", "*.plivo.com", True),
        ("api.plivo.com", "API.PLIVO.COM.", True),
        ("api.plivo.com", "api.plivo.com:443", True),
        ("api.plivo.com", "https://api.plivo.com/", True),
        ("api.plivo.com", "api.plivo.com:80", False),
        ("api.plivo.com", "http://api.plivo.com", False),
        ("api.plivo.com", "livo.com", False),
        ("api.plivo.com", ".api.plivo.com", False),
        ("api.plivo.com", "com.evil", False),
        ("api.plivo.com", "", False),
        ("api.plivo.com", ":443", False),
        ("api.plivo.com", "0.0.0.0/0,::/0", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3", "10.1.2.3:80", False),
        ("10.1.2.3", "10.1.2.77/24", True),
        ("10.1.2.3", "192.168.0.0/16,fe80::/10", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("fe80::1", "fe80::/10", True),
        ("fe80::1", "[fe80::1]", True),
        ("fe80::1", "[fe80::]/10", True),
        ("fe80::1", "[fe80::1]:443", True),
        ("fe80::1", "[fe80::1]:80", False),
        ("2001:db8::1", "fe80::/10", False),
    ],
)
def test_exceptions_are_names_addresses_networks_and_all(
    host: str, exceptions: str, expected: bool
) -> None:
    assert is_excepted(host, 443, exceptions) is expected


def test_the_system_is_asked_only_where_no_variable_says_anything() -> None:
    system: Mapping[str, str] = {"https": "http://system.example:8080"}

    asked = find_route(PLIVO, {"HTTPS_PROXY": ""}, lambda: system)
    unasked = find_route(PLIVO, {"NO_PROXY": "x"}, lambda: system)

    host = PlainText("system.example")
    assert asked.proxy == ProxyPlace("http", host, 8080, SYSTEM_SETTINGS)
    assert unasked == Route()


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_value_is_a_crash_and_no_password_is_kept(value: str, words: str) -> None:
    for text in (value, f"http://me:hunter2{value}@proxy{words}"):
        read = read_proxy("HTTPS_PROXY", text)
        place = read if isinstance(read, UnusableSetting) else read[0]
        assert "hunter2" not in repr(place)
    is_excepted("api.plivo.com", 443, value)
    is_excepted("10.1.2.3", 443, value)
