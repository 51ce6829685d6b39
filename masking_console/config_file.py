"""`config.toml`: decoded strictly, or refused in one sentence."""

import difflib
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NoReturn, get_type_hints

import msgspec
from msgspec import Meta

from masking_console.errors import ConfigFileError, InputError
from masking_console.models.account import AccountName
from masking_console.models.cause import CauseRules
from masking_console.models.confirmation_rules import ConfirmationRules
from masking_console.models.countries import COUNTRIES
from masking_console.models.plain_text import plain_text
from masking_console.models.ticket_pattern import LONGEST_PATTERN, TicketPattern
from masking_console.paths import link_to_nothing
from masking_console.settings import (
    AuditRules,
    Settings,
    ShowNumbers,
    SignStyle,
    TimeZone,
    checked_audit_target,
)

LARGEST_FILE = 1024 * 1024
"""Bytes."""
_RULES = ConfirmationRules()
_PLACE = re.compile(r" - at `\$\.([a-z_.]+)")
_LINE = re.compile(
    r"^(.*?) \(at (?:(line \d+), column \d+|end of document)\)$", re.DOTALL
)


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From how many sessions on the operator must type what."""

    count_from: Annotated[
        int, Meta(ge=1, le=26, description="a whole number from 1 to 26")
    ] = _RULES.count_from
    """From here on their number."""
    name_from: Annotated[
        int,
        Meta(ge=1, le=100, description="a whole number from confirm.count_from to 100"),
    ] = _RULES.name_from
    """From here on the account's name as well."""


class Facility(Enum):
    """The facilities of syslog under which an audit is usually kept."""

    USER = "user"
    AUTH = "auth"
    AUTHPRIV = "authpriv"
    AUDIT = "audit"
    LOCAL0 = "local0"
    LOCAL1 = "local1"
    LOCAL2 = "local2"
    LOCAL3 = "local3"
    LOCAL4 = "local4"
    LOCAL5 = "local5"
    LOCAL6 = "local6"
    LOCAL7 = "local7"

    @property
    def number(self) -> int:
        """Return its number in RFC 5424."""
        named = {"user": 1, "auth": 4, "authpriv": 10, "audit": 13}
        return named.get(self.value) or 16 + int(self.value[-1])


class Audit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where every entry of the journal is sent."""

    to: Annotated[
        tuple[str, ...],
        Meta(
            max_length=8,
            description='a list such as ["/var/log/x.jsonl"], ["syslog"] or '
            '["syslog+tls://host:6514"]',
        ),
    ] = ()
    """The targets; each gets every entry."""
    facility: Annotated[
        Facility,
        Meta(description='"user", "auth", "authpriv", "audit" or "local0" to "local7"'),
    ] = Facility.AUTHPRIV
    """The facility of syslog messages."""


class Values(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of the file, with its default; the descriptions say what it may be."""

    share: Annotated[
        float, Meta(ge=0.05, le=1.0, description="a number from 0.05 to 1.0")
    ] = 0.5
    """The part of Plivo's rate limit that this program takes."""
    max_batch: Annotated[
        int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")
    ] = _RULES.max_batch
    """More sessions than this are refused at once."""
    protected: Annotated[
        tuple[str, ...],
        Meta(max_length=100, description='a list of account names such as ["acme"]'),
    ] = ()
    """Accounts on which writes are off at the start."""
    idle_writes_off: Annotated[
        int, Meta(ge=1, le=480, description="minutes, a whole number from 1 to 480")
    ] = 15
    """Minutes without a key after which writes are off again."""
    time_zone: Annotated[TimeZone, Meta(description='"utc" or "local"')] = TimeZone.UTC
    """How times are shown; the journal and exports are in UTC."""
    signs: Annotated[SignStyle, Meta(description='"plain" or "unicode"')] = (
        SignStyle.PLAIN
    )
    """How the sign of an outcome is drawn."""
    theme: Annotated[
        str, Meta(max_length=40, description="a name of at most 40 characters")
    ] = ""
    """The name of the colors; empty for the default ones."""
    history_days: Annotated[
        int, Meta(ge=1, le=36_500, description="a whole number from 1 to 36500")
    ] = 400
    """How far back the history goes without a filter; nothing is ever removed."""
    ticket_required: Annotated[bool, Meta(description="true or false")] = False
    """Whether nothing is expired without a ticket."""
    ticket_pattern: Annotated[
        str,
        Meta(
            description="a regular expression for a whole ticket, "
            f"of at most {LONGEST_PATTERN} characters"
        ),
    ] = ""
    """What a ticket looks like; empty for anything."""
    show_numbers: Annotated[
        ShowNumbers, Meta(description='"never", "ask" or "always"')
    ] = ShowNumbers.ASK
    """When phone numbers are shown in full."""
    country: Annotated[
        str, Meta(description='the two letters of a country such as "IN", or ""')
    ] = ""
    """The country whose national phone numbers are read; there is no default."""
    confirm: Annotated[
        Confirm, Meta(description="a table with count_from and name_from")
    ] = Confirm()
    """When the operator must type what."""
    audit: Annotated[Audit, Meta(description="a table with to and facility")] = Audit()
    """Where every entry of the journal is sent."""
    keys: Annotated[
        dict[str, Any], Meta(description='a table of keys such as queue.check = "f5"')
    ] = {}
    """Keys of your own, by the id of their binding."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What the file says; without one, the defaults."""

    path: Path
    """Where it is, or would be."""
    values: Values = field(default_factory=Values)
    """Every key, as it applies."""
    given: frozenset[str] = frozenset()
    """The dotted keys that stand in the file."""
    keymap: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The operator's own keys, by the id of their binding."""
    ticket_pattern: TicketPattern | None = None
    """The pattern of `values`, ready to match."""
    audit: AuditRules = field(default_factory=AuditRules)
    """Where the journal's entries are sent, ready to use."""

    def on(self, settings: Settings) -> Settings:
        """Return the settings with what the file says in them."""
        values = self.values
        return replace(
            settings,
            share=values.share,
            confirmation=ConfirmationRules(
                count_from=values.confirm.count_from,
                name_from=values.confirm.name_from,
                max_batch=values.max_batch,
            ),
            protected=frozenset(map(AccountName, values.protected)),
            idle_writes_off_minutes=values.idle_writes_off,
            time_zone=values.time_zone,
            signs=values.signs,
            theme=values.theme,
            history_days=values.history_days,
            cause_rules=CauseRules(values.ticket_required, self.ticket_pattern),
            show_numbers=values.show_numbers,
            audit=self.audit,
            country=values.country.upper(),
            keymap=self.keymap,
        )


def read_config(path: Path) -> ConfigFile:
    """Return what the file says; where there is none, the defaults.

    Raises:
        ConfigFileError: it cannot be read, or something in it is wrong.
    """
    text = _text_of(path)
    if text is None:
        return ConfigFile(path)
    try:
        return _decoded(path, text)
    except RecursionError:
        raise problem(path, "its tables are nested too deeply") from None


def problem(path: Path, what: str) -> ConfigFileError:
    """Return the one sentence on what is wrong with the file."""
    return ConfigFileError(f"{plain_text(str(path), limit=200)}: {what}.")


def allowed() -> Mapping[str, str]:
    """Return every key of the file, dotted, with what its value may be."""
    return dict(_allowed(Values))


def _allowed(
    struct: type[msgspec.Struct], before: str = ""
) -> Iterator[tuple[str, str]]:
    for name, hint in get_type_hints(struct, include_extras=True).items():
        (meta,) = (each for each in hint.__metadata__ if isinstance(each, Meta))
        yield f"{before}{name}", str(meta.description)
        if hint.__origin__ in {Confirm, Audit}:
            yield from _allowed(hint.__origin__, f"{name}.")


def _text_of(path: Path) -> str | None:
    try:
        # Before it is opened: opening a pipe waits for its writer for ever.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise problem(path, "it is not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        # A link that leads nowhere was meant to lead to rules that now do not apply.
        _refuse_links_to_nothing(path)
        return None
    except OSError:
        raise problem(path, "it cannot be read; check its rights") from None
    if len(content) > LARGEST_FILE:
        raise problem(path, "it is larger than 1 MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise problem(path, "it is not a text in UTF-8") from None


def _refuse_links_to_nothing(path: Path) -> None:
    link = link_to_nothing(path)
    if link is not None:
        name = plain_text(link.name, limit=60)
        raise problem(path, f"{name} is a link that leads nowhere")


def _decoded(path: Path, text: str) -> ConfigFile:
    try:
        table = tomllib.loads(text)
    except ValueError as error:
        _refuse_syntax(path, error)
    _check_names(path, table)
    try:
        values = msgspec.convert(table, Values)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        key = place[1] if place is not None else ""
        raise problem(path, f"{key} must be {allowed()[key]}") from None
    _check_values(path, values)
    return ConfigFile(
        path=path,
        values=values,
        given=frozenset(_dotted(table)),
        keymap=MappingProxyType(dict(_keymap(path, values.keys))),
        ticket_pattern=_ticket_pattern(path, values.ticket_pattern),
        audit=_audit_rules(path, values.audit),
    )


def _refuse_syntax(path: Path, error: ValueError) -> NoReturn:
    """Say where the text is no TOML; a number too long to read has no place."""
    found = _LINE.match(str(error))
    what, line = (found[1], found[2]) if found is not None else ("a bad value", None)
    where = line or ("the last line" if found is not None else "it")
    raise problem(path, f"{where} is not valid TOML ({plain_text(what, limit=80)})")


def _check_names(path: Path, table: Mapping[str, Any]) -> None:
    names = allowed()
    for name in _dotted(table):
        if name in names or name.startswith("keys."):
            continue
        (nearest,) = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        shown = plain_text(name, limit=60)
        raise problem(path, f'there is no key "{shown}"; the nearest is "{nearest}"')


def _dotted(table: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Return the keys of a table and of the tables in it, dotted."""
    for name, value in table.items():
        yield f"{before}{name}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{name}.")


def _check_values(path: Path, values: Values) -> None:
    """Check what the types alone cannot say."""
    texts = {"theme": values.theme, "ticket_pattern": values.ticket_pattern}
    for key, text in texts.items():
        if plain_text(text) != text:
            raise problem(path, f"{key} has a character that cannot be shown")
    if values.country and values.country.upper() not in COUNTRIES:
        raise problem(path, f"country must be {allowed()['country']}")
    try:
        for name in values.protected:
            AccountName(name)
    except InputError as error:
        words = str(error).rstrip(".")
        raise problem(path, f"protected has a name that is none; {words}") from None
    if values.confirm.name_from < values.confirm.count_from:
        key = "confirm.name_from"
        raise problem(path, f"{key} must be {allowed()[key]}")


def _audit_rules(path: Path, values: Audit) -> AuditRules:
    try:
        targets = tuple(map(checked_audit_target, dict.fromkeys(values.to)))
    except InputError as error:
        raise problem(path, f"audit.to: {error}") from None
    return AuditRules(targets, values.facility.number)


def _ticket_pattern(path: Path, text: str) -> TicketPattern | None:
    try:
        return TicketPattern.of(text) if text else None
    except InputError as error:
        raise problem(path, f"ticket_pattern cannot be used: {error}") from None


def _keymap(
    path: Path, table: Mapping[str, Any], before: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in table.items():
        binding_id = f"{before}{name}"
        if isinstance(value, dict):
            yield from _keymap(path, value, f"{binding_id}.")
            continue
        keys = value if isinstance(value, list) else [value]
        if not keys or not all(isinstance(key, str) and key for key in keys):
            shown = plain_text(binding_id, limit=60)
            words = 'a key such as "f5", or a list of keys'
            raise problem(path, f"keys.{shown} must be {words}")
        yield binding_id, tuple(keys)
