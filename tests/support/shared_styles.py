"""Textual's style sheets, parsed once in a process instead of once for each app."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation


@contextmanager
def shared_styles() -> Iterator[None]:
    """Let all apps have the same rules where source and variables are the same.

    Parsing them was a quarter of what it takes to open a console. Rules are never
    changed, and what cannot be parsed is not kept. A set of rules is found by its
    identity, as before, but without a call of Python's for each of some five hundred.
    """
    parsed: dict[object, list[RuleSet]] = {}
    parse = Stylesheet._parse_rules

    def parse_once(
        sheet: Stylesheet,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        how = (css, read_from, is_default_rules, tie_breaker, scope)
        key = (how, frozenset(sheet._variables.items()))
        if key not in parsed:
            parsed[key] = parse(sheet, *how)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        patch.setattr(RuleSet, "__hash__", object.__hash__)
        yield
