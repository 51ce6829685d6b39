import asyncio
from collections import Counter, deque
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from masking_console.plivo.pacing import ACCOUNT_LIMIT, WINDOW_SECONDS, Pace


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time: the clock jumps instead."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._now = max(self._now, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def virtually(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


def most_in_a_window(times: list[float]) -> int:
    most, window = 0, deque[float]()
    for time in sorted(times):
        window.append(time)
        while window[0] <= time - WINDOW_SECONDS:
            window.popleft()
        most = max(most, len(window))
    return most


async def worker(
    pace: Pace, work: list[int], starts: list[float], ends: list[float]
) -> None:
    loop = asyncio.get_running_loop()
    while work:
        work.pop()
        async with pace.permit():
            starts.append(loop.time())
            await asyncio.sleep(0.05 + len(work) * 7 % 36 / 100)
            ends.append(loop.time())


@pytest.mark.parametrize("share", [0.5, 1.0, 0.1, 0.001, 7.0])
def test_no_window_sees_more_requests_than_there_are_permits(share: float) -> None:
    async def run() -> None:
        pace = Pace(share)
        permits = max(1, int(ACCOUNT_LIMIT * min(share, 1.0)))
        work = list(range(3 * permits + 1))
        starts: list[float] = []
        ends: list[float] = []
        await asyncio.gather(*(worker(pace, work, starts, ends) for _ in range(30)))

        assert most_in_a_window(starts) <= permits
        assert most_in_a_window(ends) <= permits
        assert pace.per_second == permits / WINDOW_SECONDS

    virtually(run())


def test_a_thousand_requests_at_the_whole_limit_meet_no_429_and_take_little_more() -> (
    None
):
    async def run() -> None:
        pace = Pace(1.0)
        work = list(range(1000))
        starts: list[float] = []
        ends: list[float] = []
        await asyncio.gather(*(worker(pace, work, starts, ends) for _ in range(40)))

        fixed = max(
            sum(int(time // WINDOW_SECONDS) == window for time in starts)
            for window in range(10)
        )
        assert fixed <= ACCOUNT_LIMIT
        assert most_in_a_window(starts) <= ACCOUNT_LIMIT
        optimum = 1000 / (ACCOUNT_LIMIT / WINDOW_SECONDS)
        assert max(ends) <= 1.15 * optimum

    virtually(run())


def test_permits_go_out_in_order_and_apart_from_each_other() -> None:
    async def run() -> None:
        pace = Pace(0.5)
        order: list[tuple[int, float]] = []

        async def one(number: int) -> None:
            async with pace.permit():
                order.append((number, asyncio.get_running_loop().time()))

        await asyncio.gather(*(one(number) for number in range(10)))

        assert [number for number, _ in order] == list(range(10))
        gaps = [b - a for (_, a), (_, b) in pairwise(order)]
        assert min(gaps) == pytest.approx(1 / 40)

    virtually(run())


def test_a_429_closes_the_gate_for_everybody_and_one_probe_opens_it() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(1.0)
        async with pace.permit():
            assert pace.refused(2.0) == 2.0
        starts: list[float] = []
        answered = asyncio.Event()

        async def one() -> None:
            async with pace.permit():
                starts.append(loop.time())
                await answered.wait()
                pace.accepted()

        waiting = [asyncio.create_task(one()) for _ in range(3)]
        await asyncio.sleep(4.0)
        assert starts == [2.0]
        assert pace.closed_for == 0
        answered.set()
        await asyncio.gather(*waiting)

        assert starts[1] >= 4.0
        assert pace.per_second == ACCOUNT_LIMIT / 2 / WINDOW_SECONDS
        await asyncio.sleep(15 + 10)
        assert pace.per_second == pytest.approx((150 + 2 * 14) / 5, abs=1)
        await asyncio.sleep(200)
        assert pace.per_second == ACCOUNT_LIMIT / WINDOW_SECONDS

    virtually(run())


def test_the_wait_grows_with_each_refusal_and_starts_anew_after_an_answer() -> None:
    async def run() -> None:
        pace = Pace(1.0)
        waits = []
        for _ in range(8):
            waits.append(pace.refused(None))
            await asyncio.sleep(pace.closed_for)
        assert waits == sorted(waits) or max(waits) >= 30
        assert 1.0 <= waits[0] <= 1.25
        assert 30 <= waits[-1] <= 37.5
        pace.accepted()
        assert pace.refused(None) <= 1.25

    virtually(run())


def test_late_answers_to_requests_from_before_change_nothing() -> None:
    async def run() -> None:
        pace = Pace(1.0)
        first = pace.refused(None)
        assert pace.refused(None) == first
        pace.accepted()
        assert pace.closed_for == first
        assert pace.refused(5.0) == 5.0

    virtually(run())


def test_a_waiter_that_gives_up_loses_no_permit() -> None:
    async def run() -> None:
        pace = Pace(1 / 300)
        await pace.take()
        waiter = asyncio.create_task(pace.take())
        await asyncio.sleep(1)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        pace.give_back()
        async with asyncio.timeout(6):
            await pace.take()

    virtually(run())


def test_the_clock_can_be_given() -> None:
    assert Pace(0.5, clock=lambda: 1.0).closed_for == 0.0


@pytest.mark.parametrize("is_fixed", [True, False])
@pytest.mark.parametrize("neighbor_paces_itself", [True, False])
def test_a_neighbor_with_the_other_half_of_the_limit_meets_no_429(
    is_fixed: bool, neighbor_paces_itself: bool
) -> None:
    """Two consoles at their defaults, or one beside 29.5 even requests a second."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        arrivals: list[float] = []

        async def request() -> None:
            await asyncio.sleep(0.03)
            arrivals.append(loop.time())
            await asyncio.sleep(0.05)

        async def paced(pace: Pace, work: list[int]) -> None:
            while work:
                work.pop()
                async with pace.permit():
                    await request()

        async def even() -> None:
            for _ in range(900):
                tasks.append(asyncio.create_task(request()))
                await asyncio.sleep(1 / 29.5)

        tasks: list[asyncio.Task[None]] = []
        ours, theirs = Pace(0.5), Pace(0.5)
        works = list(range(900)), list(range(900))
        neighbors = (
            [paced(theirs, works[1]) for _ in range(20)]
            if neighbor_paces_itself
            else [even()]
        )
        await asyncio.gather(*(paced(ours, works[0]) for _ in range(20)), *neighbors)
        await asyncio.gather(*tasks)

        assert len(arrivals) == 1800
        if is_fixed:
            windows = Counter(time // WINDOW_SECONDS for time in arrivals)
            assert max(windows.values()) <= ACCOUNT_LIMIT
        else:
            assert most_in_a_window(arrivals) <= ACCOUNT_LIMIT

    virtually(run())
