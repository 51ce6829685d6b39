"""Several places say something: the stricter one counts, and it is said which."""

import os
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from masking_console.config_file import ConfigFile, Source
from masking_console.config_keys import Combine, Values, keys_of
from masking_console.config_layers import (
    Asked,
    Configuration,
    Layer,
    combined,
    read_configuration,
)
from masking_console.errors import ConfigFileError, InputError
from masking_console.models.account import AccountName
from masking_console.paths import open_guarded
from masking_console.presentation.examination import as_toml
from masking_console.settings import PRACTICE_API_URL, ApiUrl, Settings, ShowNumbers


@pytest.fixture
def say(tmp_path: Path) -> Callable[..., Configuration]:
    """Both files and the wishes of a call, as they apply."""

    def said(
        system: str = "", user: str = "", asked: Asked | None = None
    ) -> Configuration:
        paths = tmp_path / "system.toml", tmp_path / "user.toml"
        for path, text in zip(paths, (system, user), strict=True):
            path.write_text(text, encoding="utf-8")
        opens = partial(open_guarded, owner=os.geteuid(), top=tmp_path)
        return read_configuration(paths[1], paths[0], asked or Asked(), opens)

    return said


Say = Callable[..., Configuration]


@pytest.mark.parametrize(
    ("system", "user", "key", "value", "words"),
    [
        ("share = 0.2", "share = 0.9", "share", 0.2, "system, can only be made strict"),
        ("share = 0.9", "share = 0.2", "share", 0.2, "the system's 0.9"),
        ("max_batch = 50", "max_batch = 5000", "max_batch", 50, "user: 5000 does not"),
        # A default is no rule: the lead may allow more than it.
        ("max_batch = 5000", "", "max_batch", 5000, "system, can only"),
        ("idle_writes_off = 5", "idle_writes_off = 9", "idle_writes_off", 5, "user: 9"),
        ("read_only = true", "read_only = false", "read_only", True, "user: fal"),
        ("read_only = false", "read_only = true", "read_only", True, "system's"),
        ("ticket_required = true", "ticket_required = false", "ticket_required", True,
         "system"),
        ("ticket_per_batch = true", "ticket_per_batch = false", "ticket_per_batch",
         True, "system"),
        ('show_numbers = "ask"', 'show_numbers = "always"', "show_numbers",
         ShowNumbers.ASK, 'user: "always" does not count'),
        ('show_numbers = "ask"', 'show_numbers = "never"', "show_numbers",
         ShowNumbers.NEVER, "user; stricter than the system's \"ask\""),
        ('protected = ["acme"]', 'protected = ["zeta", "ACME"]', "protected",
         ("zeta", "ACME"), "system and user"),
        ('country = "IN"', 'country = "DE"', "country", "IN",
         'system, locked; user: "DE" does not count'),
        ('country = "IN"', 'country = "in"', "country", "IN", "system, locked"),
        ("", 'country = "DE"', "country", "DE", "user"),
        ('api_url = "https://a.example"', 'api_url = "https://b.example"', "api_url",
         "https://a.example", 'locked; user: "https://b.example" does not count'),
        ("ticket_pattern = 'OPS-\\d+'\nticket_hint = 'OPS-1'", "ticket_pattern = '.*4'",
         "ticket_pattern", r"OPS-\d+", 'user: ".*4" counts as well'),
    ],
)  # fmt: skip
def test_the_stricter_value_counts_and_it_is_said_whose_it_is(
    say: Say, system: str, user: str, key: str, value: object, words: str
) -> None:
    found = say(system, user)

    if key == "protected":
        assert {*map(str.casefold, found.values.protected)} == {"acme", "zeta"}
    else:
        assert getattr(found.values, key) == value
    (line,) = (
        line for line in as_toml(found).splitlines() if line.startswith(f"{key} =")
    )
    assert words in line


def test_the_rules_on_confirming_combine_each_for_itself(say: Say) -> None:
    found = say("[confirm]\ncount_from = 2\nname_from = 30", "[confirm]\nname_from = 5")

    assert (found.values.confirm.count_from, found.values.confirm.name_from) == (2, 5)
    shown = as_toml(found)
    assert "count_from = 2  # system, can only be made stricter" in shown
    assert "name_from = 5  # user" in shown
    assert "stricter than the system's 30" in shown
    looser = say("[confirm]\ncount_from = 1\nname_from = 1", "confirm.name_from = 90")
    assert looser.values.confirm.name_from == 1


def test_without_rules_the_operators_file_may_be_looser_than_the_defaults(
    say: Say,
) -> None:
    assert say("", "max_batch = 9000\nshare = 1.0").values.max_batch == 9000


def test_options_and_variables_only_tighten(say: Say, tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    read_only = say("", "read_only = false", Asked(read_only=True))

    assert read_only.on(settings).read_only
    assert "read_only = true  # flag; user: false does not" in as_toml(read_only)
    assert say("read_only = true", "").on(settings).read_only
    url = Asked(api_url="https://c.example/v1")
    other = say("", 'api_url = "https://b.example"', url)
    other.refuse_what_is_locked()
    assert other.on(settings).api_url == "https://c.example"
    assert 'api_url = "https://c.example"  # flag' in as_toml(other)


@pytest.mark.parametrize(
    ("from_environment", "name"),
    [(False, "--api-url"), (True, "MASKING_CONSOLE_API_URL")],
)
def test_an_option_or_variable_against_a_lock_is_refused(
    say: Say, tmp_path: Path, from_environment: bool, name: str
) -> None:
    lock = 'api_url = "https://a.example"'
    asked = Asked(api_url="https://c.example", is_url_from_environment=from_environment)
    found = say(lock, "", asked)

    with pytest.raises(ConfigFileError) as caught:
        found.refuse_what_is_locked()
    where = tmp_path / "system.toml"
    assert str(caught.value) == f"{where}: it sets api_url, and {name} cannot differ."
    same = Asked(api_url="https://a.example/")
    say(lock, 'api_url = "https://z.example"', same).refuse_what_is_locked()
    with pytest.raises(InputError, match="must be https"):
        say("", "", Asked(api_url="ftp://c.example"))


def test_practice_obeys_the_rules_and_can_still_be_practiced(
    say: Say, tmp_path: Path
) -> None:
    found = say('read_only = true\nmax_batch = 5\napi_url = "https://a.example"')
    practice = Settings(tmp_path, api_url=ApiUrl(PRACTICE_API_URL), practice=True)

    settings = found.on(practice)

    assert settings.api_url == PRACTICE_API_URL
    assert not settings.read_only
    assert settings.confirmation.max_batch == 5
    assert found.on(Settings(tmp_path)).read_only


def test_protected_accounts_of_both_files_are_protected(
    say: Say, tmp_path: Path
) -> None:
    found = say('protected = ["acme", "eu"]', 'protected = ["zeta"]')
    names = {AccountName(name) for name in ("acme", "eu", "zeta")}
    assert found.on(Settings(tmp_path)).protected == names


def test_both_patterns_have_to_match_and_each_has_its_hint(
    say: Say, tmp_path: Path
) -> None:
    found = say(
        "ticket_pattern = 'OPS-\\d+'\nticket_hint = 'like OPS-4812'",
        "ticket_pattern = '.*48.*'\nticket_hint = 'with 48'",
    )
    rules = found.on(Settings(tmp_path)).cause_rules
    assert [each.hint for each in rules.ticket_patterns] == ["OPS-4812", "with 48"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shar = 1", 'there is no key "shar"; the nearest is "share".'),
        ('theme = "nord"', "theme is each operator's own; remove it here."),
        ('[keys]\nqueue.check = "f5"', "keys is each operator's own; remove it here."),
        ('time_zone = "utc"', "time_zone is each operator's own; remove it here."),
        ("ticket_pattern = 'OPS-\\d+'", "ticket_pattern needs a ticket_hint, in words"),
        (
            "ticket_pattern = '(a*)*'\nticket_hint = 'a'",
            "ticket_pattern cannot be used",
        ),
        ("max_batch = 0", "max_batch must be a whole number from 1 to 10000."),
        ("max_batch = ", "the last line is not valid TOML"),
    ],
)
def test_a_system_file_with_a_fault_stops_the_console(
    say: Say, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigFileError) as caught:
        say(text)
    assert str(caught.value).startswith(f"{tmp_path / 'system.toml'}: {words}")


def test_a_system_file_that_cannot_be_read_is_no_missing_one(tmp_path: Path) -> None:
    def denied(_path: Path) -> int:
        raise PermissionError

    (tmp_path / "system.toml").touch()
    with pytest.raises(ConfigFileError, match="it cannot be read; check its rights"):
        read_configuration(tmp_path / "user", tmp_path / "system.toml", Asked(), denied)


def test_a_system_file_that_is_not_there_makes_no_rule(tmp_path: Path) -> None:
    found = read_configuration(tmp_path / "user", tmp_path / "none" / "config.toml")
    assert found.values == Values()
    assert not found.system.exists


def test_every_key_says_how_it_combines() -> None:
    def look(table: type[msgspec.Struct]) -> None:
        for name, key in keys_of(table).items():
            is_each = key.combine is Combine.EACH
            assert not is_each or key.table is not None, name
            if key.table is not None:
                look(key.table)

    look(Values)

    class Forgetful(msgspec.Struct):
        kept: Annotated[int, Meta(description="a number")] = 1

    with pytest.raises(ValueError, match="unpack"):
        keys_of(Forgetful)


class Target(msgspec.Struct, frozen=True):
    """Such as a section of another part of this program."""

    file: Annotated[str, Combine.LOCKED, Meta(description="a path")] = ""
    is_on: Annotated[bool, Combine.TRUE, Meta(description="true or false")] = False


class Other(Values, frozen=True):
    """A configuration with another such section, which is locked as a whole."""

    target: Annotated[Target, Combine.LOCKED, Meta(description="a table")] = Target()


def test_a_section_is_locked_as_a_whole_once_it_is_set() -> None:
    mine = Layer(Source.USER, Other(target=Target("mine", True)), frozenset({"target"}))
    rule = Layer(Source.SYSTEM, Other(target=Target("theirs")), frozenset({"target"}))

    values, standings = combined([rule, mine], Other)
    assert values.target == Target("theirs")
    assert standings["target"].is_locked
    assert standings["target"].lost == ((Source.USER, Target("mine", True)),)
    show = Configuration(
        ConfigFile(Path("a")),
        ConfigFile(Path("b")),
        values,
        standings,
    )
    words = 'system, locked; user: {file = "mine", is_on = true} does not count'
    assert f'[target]\nfile = "theirs"  # {words}\n' in as_toml(show)
    values, standings = combined([mine], Other)
    assert values.target == Target("mine", True)
    assert not standings["target"].is_locked


_NUMBERS = {"share": st.floats(0.05, 1), "max_batch": st.integers(1, 10_000)}
_GIVEN: dict[str, st.SearchStrategy[Any]] = {
    **_NUMBERS,
    "idle_writes_off": st.integers(1, 480),
    "read_only": st.booleans(),
    "ticket_required": st.booleans(),
    "ticket_per_batch": st.booleans(),
    "show_numbers": st.sampled_from(ShowNumbers),
    "protected": st.lists(st.sampled_from(["acme", "eu", "zeta"])).map(tuple),
    "country": st.sampled_from(["", "IN", "DE"]),
}
_PLACES = st.fixed_dictionaries({}, optional=_GIVEN)


@given(_PLACES, _PLACES)
def test_no_place_loosens_what_the_system_gives(
    rules: dict[str, Any], wishes: dict[str, Any]
) -> None:
    system = Layer(Source.SYSTEM, Values(**rules), frozenset(rules))
    user = Layer(Source.USER, Values(**wishes), frozenset(wishes))

    values, standings = combined([system, user], Values)

    for name, rule in rules.items():
        value = getattr(values, name)
        assert standings[name].is_rule
        if isinstance(rule, bool):
            assert value >= rule
        elif isinstance(rule, tuple):
            assert set(value) >= set(rule)
        elif isinstance(rule, ShowNumbers):
            order = list(ShowNumbers)
            assert order.index(value) <= order.index(rule)
        elif isinstance(rule, str):
            assert value == rule
        else:
            assert value <= rule
    for name in wishes.keys() - rules.keys():
        is_together = name == "protected"
        assert is_together or getattr(values, name) == wishes[name]


def test_what_is_shown_is_a_configuration_that_says_the_same(say: Say) -> None:
    system = 'max_batch = 50\nprotected = ["acme"]\nread_only = true'
    found = say(system, 'max_batch = 90\nprotected = ["eu"]\ntime_zone = "local"')

    again = say(system, as_toml(found))

    assert again.values == found.values
    assert tomllib.loads(as_toml(again)) == tomllib.loads(as_toml(found))
