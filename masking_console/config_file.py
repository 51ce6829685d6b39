"""One `config.toml`: decoded strictly, or refused in one sentence."""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import msgspec

from masking_console.config_keys import Audit, Combine, Team, Values, allowed, keys_of
from masking_console.errors import ConfigFileError, InputError
from masking_console.models.account import (
    RESERVED_NAMES,
    AccountName,
    AuthId,
    CommandAccount,
)
from masking_console.models.cause import TicketPattern
from masking_console.models.phone_number import COUNTRIES
from masking_console.models.plain_text import plain_text
from masking_console.paths import (
    UnsafePathError,
    is_absent,
    is_ours_alone,
    link_to_nothing,
    open_guarded,
)
from masking_console.settings import checked_api_url, checked_audit_target

LARGEST_FILE = 1024 * 1024
"""Bytes."""
_PLACE = re.compile(r" - at `\$\.([a-z_.]+)")
_LINE = re.compile(
    r"^(.*?) \(at (?:(line \d+), column \d+|end of document)\)$", re.DOTALL
)


class Source(Enum):
    """Place of a value, from the strictest on."""

    SYSTEM = "system"
    """The file of administrators, for everybody on this computer."""
    USER = "user"
    """The operator's own file."""
    ENVIRONMENT = "environment"
    """A variable of the environment."""
    FLAG = "flag"
    """An option of the command line."""
    DEFAULT = "default"
    """Not set anywhere."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Content of the file; without one, the defaults."""

    path: Path
    """Its path, whether it exists or not."""
    source: Source = Source.USER
    """Its owner."""
    exists: bool = False
    """Whether there is one."""
    values: Values = field(default_factory=Values)
    """Every key, as it applies."""
    given: frozenset[str] = frozenset()
    """Dotted keys of the file."""
    keymap: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The operator's own keys, by the id of their binding."""
    accounts: tuple[CommandAccount, ...] = ()
    """The accounts whose tokens come from commands."""
    ticket_pattern: TicketPattern | None = None
    """The pattern of `values`, ready to match."""


def read_config(path: Path) -> ConfigFile:
    """Return what the operator's own file says; where there is none, the defaults.

    Raises:
        ConfigFileError: it cannot be read, or something in it is wrong.
    """
    return _read(path, Source.USER, _open)


def read_system_config(
    path: Path, open_file: Callable[[Path], int] = open_guarded
) -> ConfigFile:
    """Return the rules of administrators; where there is no file, none.

    A file that cannot be read is never taken for one that is not there.

    Args:
        path: the file.
        open_file: opens it, and refuses what others than administrators can write.

    Raises:
        ConfigFileError: it cannot be read, others can write it, or something in it is
            wrong.
    """
    return _read(path, Source.SYSTEM, open_file)


def _read(path: Path, source: Source, open_file: Callable[[Path], int]) -> ConfigFile:
    found = _text_of(path, open_file)
    if found is None:
        return ConfigFile(path, source)
    text, is_private = found
    try:
        decoded = _decoded(path, source, text)
    except RecursionError:
        raise problem(path, "its tables are nested too deeply") from None
    if (decoded.accounts or decoded.values.team.token_command) and not is_private:
        raise problem(
            path,
            "it has a token_command, so nobody else may read or write it: "
            "make it yours and chmod 600 it",
        )
    return decoded


def problem(path: Path, what: str) -> ConfigFileError:
    """Return the one sentence on what is wrong with the file."""
    return ConfigFileError(f"{plain_text(str(path), limit=200)}: {what}.")


def _open(path: Path) -> int:
    # Before it is opened: opening a pipe waits for its writer for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnsafePathError("it is not a file")
    return os.open(path, os.O_RDONLY)


def _text_of(path: Path, open_file: Callable[[Path], int]) -> tuple[str, bool] | None:
    """Return the text, and whether nobody else can read or write it."""
    if is_absent(path):
        return None
    try:
        with open(open_file(path), "rb") as file:  # noqa: PTH123 - a descriptor
            content = file.read(LARGEST_FILE + 1)
            is_private = is_ours_alone(file.fileno())
    except UnsafePathError as error:
        raise problem(path, str(error)) from None
    except OSError:
        # A link that leads nowhere was meant to lead to rules that now do not apply.
        _refuse_links_to_nothing(path)
        raise problem(path, "it cannot be read; check its rights") from None
    if len(content) > LARGEST_FILE:
        raise problem(path, "it is larger than 1 MB")
    try:
        return content.decode("utf-8-sig"), is_private
    except UnicodeDecodeError:
        raise problem(path, "it is not a text in UTF-8") from None


def _refuse_links_to_nothing(path: Path) -> None:
    link = link_to_nothing(path)
    if link is not None:
        name = plain_text(link.name, limit=60)
        raise problem(path, f"{name} is a link that leads nowhere")


def _decoded(path: Path, source: Source, text: str) -> ConfigFile:
    try:
        table = tomllib.loads(text)
    except ValueError as error:
        _refuse_syntax(path, error)
    _check_names(path, table)
    if source is Source.SYSTEM:
        _check_rules(path, table)
    try:
        values = msgspec.convert(table, Values)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        key = place[1] if place is not None else ""
        raise problem(path, f"{key} must be {allowed()[key]}") from None
    _check_values(path, values)
    # In one form, so that two places that say the same are seen to.
    values = msgspec.structs.replace(
        values,
        country=values.country.upper(),
        api_url=checked_api_url(values.api_url),
    )
    return ConfigFile(
        path=path,
        source=source,
        exists=True,
        values=values,
        given=frozenset(_dotted(table)),
        keymap=MappingProxyType(dict(_keymap(path, values.keys))),
        accounts=_accounts(path, values),
        ticket_pattern=_ticket_pattern(path, values),
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
        if name in names or name.startswith(("keys.", "accounts.")):
            continue
        (nearest,) = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        shown = plain_text(name, limit=60)
        raise problem(path, f'there is no key "{shown}"; the nearest is "{nearest}"')


def _check_rules(path: Path, table: Mapping[str, Any]) -> None:
    """Check what concerns the system's file alone."""
    keys = keys_of(Values)
    for name in table:
        if keys[name].combine is Combine.OWN:
            raise problem(path, f"{name} is each operator's own; remove it here")
    if table.get("ticket_pattern") and not table.get("ticket_hint"):
        words = 'in words for people, such as "like OPS-4812"'
        raise problem(path, f"ticket_pattern needs a ticket_hint, {words}")


def _dotted(table: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Return the keys of a table and of the tables in it, dotted."""
    for name, value in table.items():
        yield f"{before}{name}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{before}{name}.")


def _check_values(path: Path, values: Values) -> None:
    """Check what the types alone cannot say."""
    for key in ("theme", "ticket_pattern", "ticket_hint", "operator_name"):
        text = getattr(values, key)
        if plain_text(text) != text:
            raise problem(path, f"{key} has a character that cannot be shown")
    try:
        checked_api_url(values.api_url)
    except InputError as error:
        words = str(error).rstrip(".")
        raise problem(path, f"api_url cannot be used; {words}") from None
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
    _check_audit(path, values.audit)
    _check_team(path, values.team)


def _check_team(path: Path, values: Team) -> None:
    command = values.token_command
    if command and not Path(command[0]).is_absolute():
        words = "must begin with a whole path such as /usr/bin/op"
        raise problem(path, f"team.token_command {words}")
    if any(plain_text(part, limit=4096) != part for part in command):
        words = "has a character that cannot be shown, or is too long"
        raise problem(path, f"team.token_command {words}")


def _check_audit(path: Path, values: Audit) -> None:
    try:
        for text in values.to:
            checked_audit_target(text)
    except InputError as error:
        raise problem(path, f"audit.to cannot be used; {error}") from None


def _accounts(path: Path, values: Values) -> tuple[CommandAccount, ...]:
    found: dict[str, CommandAccount] = {}
    for name, account in values.accounts.items():
        where = f"accounts.{plain_text(name, limit=40)}"
        try:
            made = CommandAccount(
                AccountName(name), AuthId(account.auth_id), account.token_command
            )
        except InputError as error:
            words = str(error).rstrip(".")
            raise problem(path, f"{where} cannot be used; {words}") from None
        if name.casefold() in RESERVED_NAMES | found.keys():
            raise problem(path, f"{where} has a name that is taken")
        program = account.token_command[0]
        if not Path(program).is_absolute():
            words = "must begin with a whole path such as /usr/bin/op"
            raise problem(path, f"{where}: token_command {words}")
        if any(plain_text(part, limit=4096) != part for part in account.token_command):
            words = "has a character that cannot be shown, or is too long"
            raise problem(path, f"{where}: token_command {words}")
        found[name.casefold()] = made
    return tuple(found.values())


def _ticket_pattern(path: Path, values: Values) -> TicketPattern | None:
    text = values.ticket_pattern
    if values.ticket_hint and not text:
        raise problem(path, "ticket_hint needs the ticket_pattern that it describes")
    try:
        return TicketPattern.of(text, values.ticket_hint) if text else None
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
