import asyncio
import threading
from collections.abc import Iterator

import pytest

from masking_console.operations.engine import Emit, Engine, Stream


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.start()
    yield made
    made.close()


async def test_work_runs_in_a_thread_of_its_own(engine: Engine) -> None:
    async def work() -> str:
        return threading.current_thread().name

    assert await engine.call(work()) == "engine"


async def test_items_come_in_order_and_then_the_stream_ends(engine: Engine) -> None:
    async def work(emit: Emit[int]) -> None:
        for number in range(1000):
            emit(number)
            if number % 100 == 0:
                await asyncio.sleep(0)

    items = [item async for items in engine.stream(work) for item in items]

    assert items == list(range(1000))


async def test_a_listener_that_was_held_up_finds_everything_at_once(
    engine: Engine,
) -> None:
    done = threading.Event()

    async def work(emit: Emit[int]) -> None:
        for number in range(5000):
            emit(number)
        done.set()

    stream = engine.stream(work)
    await asyncio.to_thread(done.wait, 5)
    batches = [items async for items in stream]

    assert len(batches[0]) == 5000


async def test_what_comes_within_a_moment_comes_in_one_list(engine: Engine) -> None:
    async def work(emit: Emit[int]) -> None:
        for number in range(100):
            emit(number)
            await asyncio.sleep(0.001)

    lists = [items async for items in engine.stream(work)]

    assert [item for items in lists for item in items] == list(range(100))
    assert len(lists) < 30


async def test_what_the_work_raises_comes_after_its_items(engine: Engine) -> None:
    async def work(emit: Emit[int]) -> None:
        emit(1)
        raise KeyError("no")

    items: list[int] = []
    with pytest.raises(KeyError):
        async for some in engine.stream(work):
            items += some

    assert items == [1]


async def test_a_cancelled_stream_ends_and_so_does_its_work(engine: Engine) -> None:
    is_cancelled = threading.Event()

    async def work(emit: Emit[int]) -> None:
        emit(1)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            is_cancelled.set()
            raise

    stream = engine.stream(work)
    async for _items in stream:
        stream.cancel()

    assert await asyncio.to_thread(is_cancelled.wait, 5)


async def test_a_stream_without_work_is_empty() -> None:
    stream: Stream[int] = Stream()
    stream.cancel()

    assert [items async for items in stream] == []


def test_work_goes_on_when_its_listener_has_gone(engine: Engine) -> None:
    go_on, done = threading.Event(), threading.Event()

    async def work(emit: Emit[int]) -> None:
        while not go_on.is_set():
            await asyncio.sleep(0.005)
        emit(1)
        done.set()

    async def listen_for_a_moment() -> None:
        engine.stream(work)

    asyncio.run(listen_for_a_moment())
    go_on.set()

    assert done.wait(5)


def test_closing_cancels_what_still_runs_and_waits_for_its_end() -> None:
    engine = Engine()
    engine.start()
    started, last_words = threading.Event(), threading.Event()

    async def work() -> None:
        try:
            started.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            last_words.set()

    engine.submit(work())
    assert started.wait(5)
    engine.close()

    assert last_words.is_set()
    engine.close()


def test_the_last_thing_to_run_comes_after_everything_else_has_ended() -> None:
    engine = Engine()
    engine.start()
    order: list[str] = []
    started = threading.Event()

    async def work() -> None:
        try:
            started.set()
            await asyncio.sleep(60)
        finally:
            order.append("work")

    async def last() -> None:
        order.append("last")

    engine.submit(work())
    assert started.wait(5)
    engine.close(last)

    assert order == ["work", "last"]


async def test_what_nobody_waits_for_is_not_printed_over_the_screen(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    async def lose() -> None:
        context = {"message": "s3cr3t", "exception": ValueError("s3cr3t")}
        asyncio.get_running_loop().call_exception_handler(context)

    await engine.call(lose())
    assert caplog.records == []
