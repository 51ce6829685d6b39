"""Campaigns: tests that do one thing over and over, with another seed, moment or text.

By itself a share of each campaign runs, spread evenly over the whole;
``MASKING_CONSOLE_CAMPAIGNS=whole`` runs all of it. The last lines of a run say how much
of which campaign there was.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

IS_WHOLE = os.environ.get("MASKING_CONSOLE_CAMPAIGNS") == "whole"

campaign = pytest.mark.campaign
"""Marks a test that is one: ``pytest -m campaign`` runs all of them."""

taken: dict[str, tuple[int, int]] = {}
"""Share of each campaign that this process has taken, and the whole."""

Case = TypeVar("Case")


def share(name: str, cases: Sequence[Case], least: int) -> Sequence[Case]:
    """Return every case of a campaign, or a few, the first and the last among them."""
    if IS_WHOLE or least >= len(cases):
        taken[name] = len(cases), len(cases)
        return cases
    taken[name] = least, len(cases)
    step = (len(cases) - 1) / (least - 1) if least > 1 else 0
    return [cases[round(number * step)] for number in range(least)]


def examples(name: str, whole: int, least: int) -> int:
    """Return how many made-up examples a property is tried with."""
    count = whole if IS_WHOLE else least
    taken[name] = count, whole
    return count
