"""The page of `doctor`: parts, each with what was found and whether all is well."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from masking_console.config_file import Source
from masking_console.config_keys import keys_of
from masking_console.config_layers import Configuration, Standing
from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import plain_text
from masking_console.presentation.display import day_and_second

_HIDDEN = "token_command"
"""A key whose value is not printed: an argument may be somebody's secret."""


def as_toml(config: Configuration) -> str:
    """Return every value that applies, as a file with comments on where it is from.

    It is itself a configuration that says the same, on the same computer.
    """
    # Not as they stand in the file: an argument may be somebody's secret.
    lines = [
        f"# account {each.name}: {each.auth_id.tail}, its token from {each.program}"
        for each in config.user.accounts
    ]
    command = config.values.team.token_command
    if command:
        program = plain_text(command[0], limit=200)
        lines.append(f"# the password of the team's server from {program}")
    lines += _table(config.values, config)
    lines += ["", "[keys]"]
    lines += [
        f"{json.dumps(plain_text(binding_id))} = {_toml(keys)}  # user"
        for binding_id, keys in config.user.keymap.items()
    ]
    return "\n".join(lines) + "\n"


def _table(
    table: msgspec.Struct,
    config: Configuration,
    name: str = "",
    whole: Standing | None = None,
) -> Iterator[str]:
    """Yield the lines of a table, then those of the tables in it.

    Args:
        table: the values.
        config: what is known of them.
        name: of the table.
        whole: where all of it comes from, where its keys do not combine each.
    """
    tables = []
    for key, facts in keys_of(type(table)).items():
        if key == _HIDDEN:
            continue
        value = getattr(table, key)
        standing = whole or config.standings.get(f"{name}.{key}" if name else key)
        if facts.table is not None:
            tables.append((key, value, standing))
        elif standing is not None and not isinstance(value, dict):
            yield f"{key} = {_toml(value)}  # {_words(standing)}"
    for key, value, standing in tables:
        yield from ("", f"[{key}]")
        yield from _table(value, config, key, standing)


def _words(standing: Standing) -> str:
    """Say where a value comes from, and what became of other ones."""
    words = " and ".join(source.value for source in standing.sources)
    if standing.is_locked:
        words += ", locked"
    elif standing.is_rule and Source.SYSTEM in standing.sources:
        words += ", can only be made stricter"
    words += "".join(
        f"; {source.value}: {_toml(each)} counts as well"
        for source, each in standing.beside
    )
    for source, each in standing.lost:
        if source is Source.SYSTEM:
            words += f"; stricter than the system's {_toml(each)}"
        else:
            words += f"; {source.value}: {_toml(each)} does not count"
    return words


def _toml(value: Any) -> str:  # noqa: ANN401 - of any key
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, msgspec.Struct):
        inside = msgspec.structs.asdict(value).items()
        return f"{{{', '.join(f'{key} = {_toml(each)}' for key, each in inside)}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # Control characters are taken out, so a JSON string is one of TOML as well.
        return json.dumps(plain_text(value), ensure_ascii=False)
    return json.dumps(value)


_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page."""

    name: str
    """Its heading."""
    lines: tuple[tuple[str, str], ...]
    """Labels, and the words on each."""
    problem: str = ""
    """Problem, in a sentence; empty where all is well."""


def page(parts: Iterable[Part], now: datetime, home: Path) -> str:
    """Return the page: one line harmless text each, the home folder as ``~``."""
    lines = [
        f"masking-console doctor, {day_and_second(now)}",
        "It has no token, no phone number and no session id in it, and may be pasted.",
    ]
    for part in parts:
        lines += ["", f"{part.name}: {'LOOK HERE' if part.problem else 'fine'}"]
        lines += [f"  ! {part.problem}"] if part.problem else []
        lines += [
            f"  {label:<14} {words}" if label else f"  {words}"
            for label, words in part.lines
        ]
    return "\n".join(_harmless(line, home) for line in lines)


def fit_lines(lines: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return lines from outside without numbers and tokens."""
    return tuple((label, fit_to_keep(words, limit=200)) for label, words in lines)


def _harmless(line: str, home: Path) -> str:
    # A service that has no home has the root for one.
    if home.is_absolute() and len(home.parts) > 1:
        line = line.replace(str(home), "~")
    return plain_text(line, limit=_LONGEST_LINE)
