import json
import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from masking_console.cli.options import load_settings
from masking_console.config_file import LARGEST_FILE, ConfigFile, read_config
from masking_console.config_keys import allowed
from masking_console.config_layers import Configuration, read_configuration
from masking_console.errors import ConfigFileError, ExitCode
from masking_console.models.account import AccountName
from masking_console.models.expiry import ConfirmationRules
from masking_console.paths import is_absent
from masking_console.presentation.examination import as_toml
from masking_console.settings import Settings, ShowNumbers, SignStyle, TimeZone

EVERYTHING = """
share = 1
max_batch = 200
protected = ["acme-prod", "zeta"]
idle_writes_off = 5
time_zone = "local"
signs = "unicode"
theme = "nord"
history_days = 30
operator_name = "Marta K."
ticket_required = true
ticket_per_batch = true
ticket_pattern = 'OPS-\\d+'
ticket_hint = "like OPS-4812"
read_only = true
api_url = "https://api.example.com/v1/"
show_numbers = "never"
country = "in"

[confirm]
count_from = 1
name_from = 10

[audit]
to = ["/var/log/audit.jsonl", "syslog", "syslog", "syslog+tls://siem.example.com"]
facility = "audit"

[team]
service = "masking"
require = "intent"
token_command = ["/usr/bin/op", "read", "op://db/password"]

[history]
scope = "team"

[keys]
queue.check = "f5"
"queue.sort" = ["f6", "ctrl+o"]
"""


TEAM_COMMAND = ["/usr/bin/op", "read", "op://db/password"]


def config(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    return path


def alone(path: Path) -> Configuration:
    """Return the configuration where there is this file and no other."""
    return read_configuration(path, path.parent / "system" / "config.toml")


def refusal(path: Path) -> str:
    with pytest.raises(ConfigFileError) as caught:
        read_config(path)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    words = str(caught.value)
    assert words.startswith(f"{path}: ")
    assert words.endswith(".")
    assert "\n" not in words
    return words.removeprefix(f"{path}: ")


def test_without_a_file_the_defaults_apply(tmp_path: Path) -> None:
    found = alone(tmp_path / "config.toml")
    base = Settings(journal_path=tmp_path)

    assert found.user == ConfigFile(tmp_path / "config.toml")
    assert found.on(base) == base


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
def test_every_key_is_read(tmp_path: Path, before: bytes) -> None:
    found = alone(config(tmp_path, before + EVERYTHING.encode()))
    base = Settings(journal_path=tmp_path, account_name="acme")

    chosen = found.on(base)

    assert chosen.account_name == "acme"
    assert chosen.read_only
    assert chosen.api_url == "https://api.example.com"
    assert chosen.confirmation == ConfirmationRules(
        count_from=1, name_from=10, max_batch=200
    )
    assert chosen.share == 1.0
    assert chosen.protected == {AccountName("acme-prod"), AccountName("zeta")}
    assert chosen.idle_writes_off_minutes == 5
    assert chosen.time_zone is TimeZone.LOCAL
    assert chosen.signs is SignStyle.UNICODE
    assert chosen.theme == "nord"
    assert chosen.history_days == 30
    assert chosen.operator_name == "Marta K."
    assert chosen.cause_rules.ticket_required
    (pattern,) = chosen.cause_rules.ticket_patterns
    assert (pattern.text, pattern.hint) == (r"OPS-\d+", "OPS-4812")
    assert chosen.cause_rules.ticket_per_batch
    assert chosen.show_numbers is ShowNumbers.NEVER
    assert chosen.country == "IN"
    assert [each.text for each in chosen.audit.targets] == [
        "/var/log/audit.jsonl",
        "syslog",
        "syslog+tls://siem.example.com",
    ]
    assert chosen.audit.facility == 13
    assert chosen.keymap == {"queue.check": ("f5",), "queue.sort": ("f6", "ctrl+o")}


def test_what_is_printed_is_a_configuration_that_says_the_same(tmp_path: Path) -> None:
    found = alone(config(tmp_path, EVERYTHING))
    printed = as_toml(found)

    assert "op://db/password" not in printed
    assert "# the password of the team's server from /usr/bin/op" in printed
    command = f"[team]\ntoken_command = {json.dumps(TEAM_COMMAND)}\n"
    again = alone(config(tmp_path, printed.replace("[team]\n", command)))
    assert again.values == replace(found, values=again.values).values
    assert again.on(Settings(tmp_path)) == found.on(Settings(tmp_path))
    assert "share = 1.0  # user" in printed
    assert "# default" not in printed
    defaults = as_toml(alone(tmp_path / "none.toml"))
    assert "# user" not in defaults
    assert tomllib.loads(defaults)["confirm"] == {"count_from": 2, "name_from": 26}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("shares = 1", 'there is no key "shares"; the nearest is "share".'),
        (
            "[confirm]\ncont_from = 1",
            'there is no key "confirm.cont_from"; the nearest is "confirm.count_from".',
        ),
        (
            "count_from = 1",
            'there is no key "count_from"; the nearest is "confirm.count_from".',
        ),
        ('"\\u001b[31m" = 1', 'there is no key "�[31m"; the nearest is "'),
        (
            '[audit]\nto = ["~/x.jsonl"]',
            (
                "audit.to cannot be used; "
                "the path of an audit target must be absolute, without ~."
            ),
        ),
        (
            '[team]\ntoken_command = ["op"]',
            "team.token_command must begin with a whole path such as /usr/bin/op.",
        ),
        (
            '[team]\ntoken_command = ["/op", "\\u001b"]',
            "team.token_command has a character that cannot be shown, or is too long.",
        ),
        (
            '[team]\nservice = "host=elsewhere"',
            (
                "team.service must be the name of a service in pg_service.conf, "
                'such as "masking".'
            ),
        ),
        (
            '[audit]\nfacility = "kern"',
            (
                'audit.facility must be "user", "auth", "authpriv", "audit" or '
                '"local0" to "local7".'
            ),
        ),
        ("share = 0.01", "share must be a number from 0.05 to 1.0."),
        ("share = nan", "share must be a number from 0.05 to 1.0."),
        ("share = true", "share must be a number from 0.05 to 1.0."),
        ("max_batch = 0", "max_batch must be a whole number from 1 to 10000."),
        ("max_batch = 1e3", "max_batch must be a whole number from 1 to 10000."),
        ("max_batch = 1" + "0" * 40, "max_batch must be a whole number"),
        ("confirm = 2", "confirm must be a table with count_from and name_from."),
        (
            "confirm.count_from = 27",
            "confirm.count_from must be a whole number from 1 to 26.",
        ),
        (
            "confirm.name_from = 101",
            "confirm.name_from must be a whole number from confirm.count_from to 100.",
        ),
        (
            "confirm = {count_from = 9, name_from = 8}",
            "confirm.name_from must be a whole number from confirm.count_from to 100.",
        ),
        (
            'protected = "acme"',
            'protected must be a list of account names such as ["acme"].',
        ),
        ("protected = [1]", "protected must be a list of account names"),
        (
            'protected = ["a b"]',
            "protected has a name that is none; A name has 2 to 20 letters",
        ),
        ("idle_writes_off = 0", "idle_writes_off must be minutes, a whole number"),
        ('time_zone = "CET"', 'time_zone must be "utc" or "local".'),
        ('signs = "emoji"', 'signs must be "plain" or "unicode".'),
        ("theme = 1979-05-27", "theme must be a name of at most 40 characters."),
        (f"theme = '{'x' * 41}'", "theme must be a name of at most 40 characters."),
        ('theme = "\\u202e"', "theme has a character that cannot be shown."),
        ("history_days = -1", "history_days must be a whole number from 1 to 36500."),
        (f"operator_name = '{'x' * 61}'", "operator_name must be a name of at most"),
        ('operator_name = "\\u202e"', "operator_name has a character that cannot be"),
        ("ticket_required = 1", "ticket_required must be true or false."),
        ('api_url = "ftp://x"', "api_url cannot be used; The API URL must be https://"),
        ("api_url = 4", "api_url must be https://, or http:// to a loopback"),
        ("read_only = 1", "read_only must be true or false."),
        ('ticket_hint = "\\u0007"', "ticket_hint has a character that cannot"),
        (f"ticket_hint = '{'x' * 61}'", 'ticket_hint must be words such as "like '),
        ("ticket_hint = 'OPS-1'", "ticket_hint needs the ticket_pattern that it"),
        ("ticket_per_batch = 1", "ticket_per_batch must be true or false."),
        ("ticket_pattern = 4", "ticket_pattern must be a regular expression"),
        (
            'ticket_pattern = "("',
            "ticket_pattern cannot be used: it is no regular expression.",
        ),
        ('ticket_pattern = "\\u0007"', "ticket_pattern has a character that cannot"),
        ('show_numbers = "yes"', 'show_numbers must be "never", "ask" or "always".'),
        ('country = "UK"', 'country must be the two letters of a country such as "IN"'),
        ('country = "India"', "country must be the two letters"),
        ("country = 91", "country must be the two letters"),
        ('keys = "f5"', "keys must be a table of keys such as queue.check"),
        (
            "keys.queue.check = 5",
            'keys.queue.check must be a key such as "f5", or a list of keys.',
        ),
        ("keys.queue.check = []", "keys.queue.check must be a key"),
        ('keys.queue.check = [""]', "keys.queue.check must be a key"),
        ("\n\nshare = ", "the last line is not valid TOML (Invalid value)."),
        ("\nshare = x\n", "line 2 is not valid TOML (Invalid value)."),
        (
            "share = 1\nshare = 1\n",
            "line 2 is not valid TOML (Cannot overwrite a value).",
        ),
        ("share = 1" + "0" * 5000, "it is not valid TOML (a bad value)."),
        pytest.param(
            "theme = " + "[" * 9000, "its tables are nested too deeply.", id="deep"
        ),
        (b"theme = '\xff'", "it is not a text in UTF-8."),
        (b"\xff\xfes\x00", "it is not a text in UTF-8."),
        pytest.param(b"#" * (LARGEST_FILE + 1), "it is larger than 1 MB.", id="large"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_and_key(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    assert refusal(config(tmp_path, content)).startswith(words)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.mkdir()
    assert refusal(path) == "it is not a file."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    os.mkfifo(path)
    assert refusal(path) == "it is not a file."


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    words = refusal(tmp_path / "folder" / "config.toml")
    assert words == "it cannot be read; check its rights."


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.sampled_from(EVERYTHING.splitlines()))
@example("[[confirm]]")
@example("keys.keys.x = {y = 'f5'}")
@example("keys = {}\n")
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    try:
        content = text.encode()
    except UnicodeEncodeError:
        return
    path = config(tmp_path, content)
    try:
        found = read_config(path)
    except ConfigFileError as error:
        words = str(error)
    else:
        assert found == alone(path).user
        words = as_toml(alone(path)).replace("\n", "")
    assert re.search(r"[\x00-\x1f\x7f]", words) is None


def test_every_key_says_what_it_may_be() -> None:
    names = allowed()

    assert {"share", "confirm", "confirm.name_from", "keys"} <= names.keys()
    assert all(names.values())


@pytest.mark.parametrize("part", ["config.toml", "folder"])
def test_a_link_that_leads_nowhere_is_refused(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    if part == "folder":
        folder.symlink_to(tmp_path / "unmounted")
    else:
        folder.mkdir()
        (folder / "config.toml").symlink_to(tmp_path / "unmounted" / "config.toml")
    monkeypatch.setenv("MASKING_CONSOLE_CONFIG_DIR", str(folder))

    words = f"{part} is a link that leads nowhere"
    with pytest.raises(ConfigFileError, match=re.escape(words)):
        read_config(folder / "config.toml")
    with pytest.raises(ConfigFileError, match=re.escape(words)):
        load_settings()


def test_a_link_that_leads_somewhere_is_read(tmp_path: Path) -> None:
    (tmp_path / "kept.toml").write_text("max_batch = 7\n", encoding="utf-8")
    (tmp_path / "config.toml").symlink_to(tmp_path / "kept.toml")
    assert read_config(tmp_path / "config.toml").values.max_batch == 7


def test_only_what_is_certainly_not_there_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_absent(tmp_path / "none" / "config.toml")
    (tmp_path / "file").touch()
    assert not is_absent(tmp_path / "file")
    assert not is_absent(tmp_path / "file" / "config.toml")
    monkeypatch.setenv("MASKING_CONSOLE_CONFIG_DIR", str(tmp_path / "file"))
    with pytest.raises(ConfigFileError, match="it cannot be read"):
        load_settings()


ACCOUNT = """
[accounts.acme]
auth_id = "MAACME00000000007Q2X"
token_command = ["/usr/bin/op", "read", "op://vault/acme"]
"""


def private(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_an_account_may_have_a_command_for_its_token(tmp_path: Path) -> None:
    (found,) = read_config(private(tmp_path, ACCOUNT)).accounts

    assert (found.name, found.auth_id.tail) == ("acme", "MA..7Q2X")
    assert found.command == ("/usr/bin/op", "read", "op://vault/acme")
    assert "vault" not in repr(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_file_with_a_command_is_its_owners_alone(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigFileError, match="make it yours and chmod 600 it"):
        read_config(private(tmp_path, ACCOUNT, mode))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"/usr/bin/op"', '"op"', "must begin with a whole path such as /usr/bin/op"),
        ('"read"', '"re\\u001bad"', "has a character that cannot be shown"),
        ("acme]", "practice]", "accounts.practice has a name that is taken"),
        ("acme]", "Env]", "accounts.Env has a name that is taken"),
        ("acme]", "'4 you']", "accounts.4 you cannot be used"),
        ("MAACME", "XXACME", "accounts.acme cannot be used"),
        ("token_command", "token_commando", "accounts must be a table for each"),
        (
            '["/usr/bin/op", "read", "op://vault/acme"]',
            "[]",
            "accounts must be a table",
        ),
    ],
)
def test_a_command_that_cannot_be_meant_stops_the_start(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(ConfigFileError) as caught:
        read_config(private(tmp_path, ACCOUNT.replace(old, new)))
    assert words in str(caught.value)
    assert "vault" not in str(caught.value)
