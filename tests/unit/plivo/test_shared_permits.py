"""Five consoles on one account take its share together, and never more."""

import asyncio
import os
import struct
from collections import Counter
from pathlib import Path

import pytest

from masking_console.operations.connections import Connections
from masking_console.paths import try_lock, unlock
from masking_console.plivo.pacing import ACCOUNT_LIMIT, WINDOW_SECONDS, Pace
from masking_console.plivo.shared_permits import (
    HELD_SECONDS,
    SLOTS,
    STUCK_SECONDS,
    SharedPermits,
)
from masking_console.practice.exchange import practice_account
from masking_console.settings import Settings
from tests.simulation.virtual_time import virtually
from tests.unit.plivo.test_pacing import most_in_a_window


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pace.bin"


@pytest.mark.parametrize("consoles", [1, 2, 5])
def test_consoles_on_one_account_use_its_share_and_no_more(
    path: Path, consoles: int
) -> None:
    arrivals: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        paces = [
            Pace(0.5, shared=SharedPermits(path, loop.time)) for _ in range(consoles)
        ]

        async def worker(pace: Pace) -> None:
            while loop.time() < until:
                async with pace.permit():
                    arrivals.append(loop.time())
                    await asyncio.sleep(0.15)

        until = loop.time() + 60.0
        await asyncio.gather(*(worker(pace) for pace in paces for _ in range(10)))
        for pace in paces:
            pace.close()

    virtually(run)

    permits = ACCOUNT_LIMIT // 2
    assert most_in_a_window(arrivals) <= permits
    windows = Counter(int((at - arrivals[0]) // WINDOW_SECONDS) for at in arrivals)
    # A permit comes back a window after its answer: 5.15 s for each.
    allowed = permits * WINDOW_SECONDS / (WINDOW_SECONDS + 0.15)
    whole = [windows[number] for number in range(1, 11)]
    assert sum(whole) >= 0.95 * allowed * len(whole)


def test_a_slot_is_free_a_window_after_its_answer(path: Path, clock: Clock) -> None:
    first, second = SharedPermits(path, clock), SharedPermits(path, clock)
    assert first.take(1) is None
    assert second.take(1) == HELD_SECONDS
    first.give_back(WINDOW_SECONDS)
    assert second.take(1) == WINDOW_SECONDS
    clock.now += WINDOW_SECONDS
    assert second.take(1) is None
    first.close()
    second.close()


def test_the_slots_of_a_console_that_was_killed_become_free(
    path: Path, clock: Clock
) -> None:
    killed = SharedPermits(path, clock)
    assert killed.take(1) is None
    killed.close()
    clock.now += HELD_SECONDS
    other = SharedPermits(path, clock)
    assert other.take(1) is None
    other.close()


def test_a_computer_that_was_started_anew_has_all_its_slots(
    path: Path, clock: Clock
) -> None:
    far = clock.now + 1_000_000
    path.write_bytes(struct.pack(f"<{SLOTS + 1}d", *[far] * (SLOTS + 1)))
    permits = SharedPermits(path, clock)
    assert permits.take(1) is None
    permits.close_gate(clock.now + 5)
    assert permits.take(2) == 5
    permits.close()


def test_a_429_of_one_closes_the_gate_for_all(path: Path) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        mine, others = (Pace(0.5, shared=SharedPermits(path, loop.time)) for _ in "ab")
        wait = mine.refused(7.0)
        started = loop.time()
        async with others.permit():
            assert loop.time() - started == pytest.approx(wait, abs=0.01)
        mine.close()
        others.close()
        others.close()

    virtually(run)


def test_a_gate_that_is_closed_for_longer_stays_closed(
    path: Path, clock: Clock
) -> None:
    permits = SharedPermits(path, clock)
    permits.close_gate(clock.now + 20)
    permits.close_gate(clock.now + 5)
    assert permits.take(1) == 20
    permits.close()


def test_a_lock_that_nobody_gives_back_leaves_a_third(path: Path, clock: Clock) -> None:
    permits = SharedPermits(path, clock)
    pace = Pace(0.5, clock, permits)
    assert pace.per_second == 30
    hanging = os.open(path, os.O_RDWR)
    try_lock(hanging)
    assert permits.take(150) is not None
    assert pace.per_second == 30
    clock.now += 2 * STUCK_SECONDS
    assert pace.per_second == 10
    assert permits.take(150) is None
    permits.give_back(WINDOW_SECONDS)
    permits.give_back(WINDOW_SECONDS)

    unlock(hanging)
    assert permits.take(150) is None
    assert pace.per_second == 30
    os.close(hanging)
    permits.close()


async def test_each_account_has_a_file_of_its_own_and_practice_has_none(
    tmp_path: Path,
) -> None:
    account = practice_account()
    folder = tmp_path / "state"
    found: list[Path] = []
    for settings, count in (
        (Settings(folder / "no" / "journal.db"), 0),
        (Settings(folder / "journal.db", practice=True), 0),
        (Settings(folder / "journal.db"), 1),
    ):
        folder.mkdir(exist_ok=True)
        connections = Connections(settings)
        connections.client(account)
        await connections.aclose()
        found = list(folder.glob("pace-*.bin"))
        assert len(found) == count
    assert found[0].stat().st_mode & 0o777 == 0o600
    assert str(account.auth_id) not in found[0].name
