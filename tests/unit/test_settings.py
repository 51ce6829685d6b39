from collections.abc import Callable
from pathlib import Path

import pytest

from masking_console import paths
from masking_console.errors import InputError
from masking_console.settings import (
    AuditKind,
    AuditTarget,
    checked_api_url,
    checked_audit_target,
    is_loopback,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://api.plivo.com", "https://api.plivo.com"),
        ("https://api.plivo.com/", "https://api.plivo.com"),
        (" https://proxy.example/plivo/ ", "https://proxy.example/plivo"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("http://localhost:1", "http://localhost:1"),
    ],
)
def test_https_and_loopback_are_taken(text: str, expected: str) -> None:
    assert checked_api_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.plivo.com",
        "http://api.plivo.com",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://user:pass@api.plivo.com",
        "http://0x7f.1",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://",
        "https://a:99999",
        "https://[::1",
        "https://api.plivo.com?x=1",
        "https://api.plivo.com#x",
        "https://exämple.com",
    ],
)
def test_everything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="must be https"):
        checked_api_url(text)


def test_loopback_is_this_computer_alone() -> None:
    assert is_loopback("localhost")
    assert is_loopback("::1")
    assert not is_loopback("8.8.8.8")
    assert not is_loopback("localhost.evil.example")


def test_folders_are_the_platforms_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert paths.state_dir() == tmp_path / "state"
    assert paths.config_dir() == tmp_path / "config"
    assert paths.journal_path(practice=True).name == "practice-journal.db"
    monkeypatch.delenv("MASKING_CONSOLE_STATE_DIR")
    monkeypatch.delenv("MASKING_CONSOLE_CONFIG_DIR")
    assert paths.state_dir().name == "masking-console"
    assert paths.config_dir().name == "masking-console"
    assert paths.journal_path(practice=False).name == "journal.db"


@pytest.mark.parametrize(
    "ending",
    ["#", "?", "/..", "/../x", "/./x", "/%2e%2e", "/a b", "\t.evil", "/\r\nX: y", ";b"],
)
def test_what_would_change_the_path_behind_it_is_no_api_url(ending: str) -> None:
    with pytest.raises(InputError, match="must be https"):
        checked_api_url(f"https://proxy.example{ending}/v1")
    with pytest.raises(InputError, match="must be https"):
        checked_api_url(f"https://proxy.example/plivo{ending}/x")
    if ending in {"#", "?"}:
        with pytest.raises(InputError, match="must be https"):
            checked_api_url(f"https://proxy.example{ending}")


def test_an_api_url_may_have_a_path_of_its_own() -> None:
    url = "https://proxy.example:8443/plivo/..v1/a.b_c~d-e"
    assert checked_api_url(f"{url}/") == url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://api.plivo.com/v1", "https://api.plivo.com"),
        ("https://api.plivo.com/v1/", "https://api.plivo.com"),
        ("https://proxy.example/plivo/v1", "https://proxy.example/plivo"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
        ("https://v1", "https://v1"),
        ("https://proxy.example/plivo-v1", "https://proxy.example/plivo-v1"),
    ],
)
def test_a_version_at_the_end_is_the_one_that_is_added(
    text: str, expected: str
) -> None:
    assert checked_api_url(text) == expected


@pytest.mark.parametrize(
    "path", ["/v1/v1", "/V1", "/v1/Account", "/v1/Account/MAEXAMPLE", "/account/x"]
)
def test_what_is_added_to_the_url_is_refused_in_it(path: str) -> None:
    with pytest.raises(InputError, match="without /v1 and what comes after"):
        checked_api_url(f"https://api.plivo.com{path}")


@pytest.mark.parametrize("path", ["rel", "~/x", "../x", "$HOME/x", " /x"])
@pytest.mark.parametrize(
    ("variable", "ask"),
    [
        ("MASKING_CONSOLE_STATE_DIR", paths.state_dir),
        ("MASKING_CONSOLE_CONFIG_DIR", paths.config_dir),
    ],
)
def test_a_folder_that_depends_on_where_one_is_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    variable: str,
    ask: Callable[[], Path],
) -> None:
    monkeypatch.setenv(variable, path)

    with pytest.raises(paths.PathVariableError) as caught:
        ask()

    assert str(caught.value) == (
        f'{variable} must be an absolute path, written in full, and is "{path}".'
    )


@pytest.mark.parametrize("variable", ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"])
def test_a_standard_folder_never_depends_on_where_one_is(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("MASKING_CONSOLE_STATE_DIR")
    monkeypatch.delenv("MASKING_CONSOLE_CONFIG_DIR")
    monkeypatch.setenv(variable, "rel")

    assert paths.state_dir().is_absolute()
    assert paths.config_dir().is_absolute()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("/var/log/x", AuditTarget(AuditKind.FILE, "/var/log/x", Path("/var/log/x"))),
        ("syslog", AuditTarget(AuditKind.LOCAL, "syslog")),
        (
            "syslog:/run/x",
            AuditTarget(AuditKind.LOCAL, "syslog:/run/x", Path("/run/x")),
        ),
        (
            "syslog+tls://siem.example.com",
            AuditTarget(
                AuditKind.TLS,
                "syslog+tls://siem.example.com",
                host="siem.example.com",
                port=6514,
            ),
        ),
        (
            "syslog+tcp://[::1]:1601/",
            AuditTarget(
                AuditKind.TCP, "syslog+tcp://[::1]:1601/", host="::1", port=1601
            ),
        ),
    ],
)
def test_an_audit_target_is_a_path_or_a_syslog(text: str, target: AuditTarget) -> None:
    assert checked_audit_target(text) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "audit.jsonl",
        "~/audit.jsonl",
        "syslog:log",
        "syslog+udp://127.0.0.1",
        "syslog+tcp://siem.example.com",
        "syslog+tcp://0.0.0.0",
        "syslog+tls://",
        "syslog+tls://u:p@siem.example.com",
        "syslog+tls://siem..example.com",
        f"syslog+tls://{'x' * 70}.example.com",
        "syslog+tls://siem.example.com:x",
        "syslog+tls://siem.example.com:99999",
        "syslog+tls://siem.example.com/path",
        "https://siem.example.com",
    ],
)
def test_what_is_no_audit_target_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        checked_audit_target(text)
