"""The page of `doctor`: parts, each with what was found and whether all is well."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import plain_text
from masking_console.presentation.display import day_and_second

_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page."""

    name: str
    """Its heading."""
    lines: tuple[tuple[str, str], ...]
    """Labels, and the words on each."""
    problem: str = ""
    """What is wrong, in a sentence; empty where all is well."""


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
