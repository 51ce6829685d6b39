"""Thousands of random runs of the real expiry, on a service where all goes wrong.

``MASKING_CONSOLE_SEED=1234 pytest tests/simulation`` runs one of them alone.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from masking_console.models.expiry import ExpiryOutcome
from tests.simulation.promises import check, story
from tests.simulation.shelf import Shelf, journal_shelf
from tests.simulation.troubles import Weather
from tests.simulation.world import OFF, World
from tests.support.campaigns import campaign, share

SEEDS = 2_000
SEEDS_IN_A_CHUNK = 50
WHOLE = [range(at, at + SEEDS_IN_A_CHUNK) for at in range(0, SEEDS, SEEDS_IN_A_CHUNK)]
NAMED = os.environ.get("MASKING_CONSOLE_SEED")
RARE = {
    "expired in a sleep, after an unclear answer": 788,
    "stopped while it was looked at after a sleep": 624,
}
"""Seeds of what happens in fewer than one run of 500."""
CHUNKS = (
    share("simulated runs, by fifties", WHOLE, 4)
    if NAMED is None
    else [range(int(NAMED), int(NAMED) + 1)]
)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """One journal for many runs, as on an operator's computer."""
    with journal_shelf() as made:
        yield made


def run(seed: int, shelf: Shelf) -> None:
    world = World(seed, shelf)
    # How much still fits into a full file depends on what is in it already.
    own = journal_shelf() if world.is_disk_full else nullcontext(shelf)
    with own as world.shelf:
        world.live()
        check(world)
        assert not world.problems, story(world)
        assert shelf is world.shelf or not world.shelf.broken_chain()


@campaign
@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"from {seeds[0]}")
def test_every_run_keeps_every_promise(seeds: range, shelf: Shelf) -> None:
    for seed in seeds:
        run(seed, shelf)
    assert not shelf.broken_chain()


@pytest.mark.parametrize("seed", RARE.values(), ids=RARE)
def test_a_rare_run_keeps_every_promise(seed: int, shelf: Shelf) -> None:
    run(seed, shelf)


def test_where_nothing_goes_wrong_each_session_takes_one_request(shelf: Shelf) -> None:
    for seed in range(20):
        world = World(seed, shelf, Weather((), 0.0), is_calm=True)
        world.live()
        check(world)
        assert not world.problems, story(world)
        assert world.summary is not None
        # A large batch ends where its first session is not on this account.
        sent = [each for each in world.summary.results if each.attempts]
        there = [each for each in sent if each.outcome is not ExpiryOutcome.NOT_FOUND]
        assert {each.outcome for each in there} <= OFF
        assert {each.attempts for each in sent} == {1}
        # What is not on this account is looked at once: a look had found it before.
        assert len(world.arrivals) == 2 * len(sent) - len(there)
