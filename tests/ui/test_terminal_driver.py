import asyncio
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper

import pytest
from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.message import Message

from masking_console.errors import ExitCode
from masking_console.ui.terminal import InputStalled, console_driver_class

if sys.platform == "win32":
    pytest.skip("Windows has a driver of its own", allow_module_level=True)

import fcntl
import signal
import struct
import termios

from masking_console.ui.terminal.driver import WholePasteDriver, _LastingOutput


class PipedDriver(WholePasteDriver):
    """The driver with a pipe for a terminal; keeps what it would send to the app."""

    def __init__(self, app: App[None]) -> None:
        super().__init__(app)
        self.fileno, self.keyboard = os.pipe()
        self.received: list[Message] = []

    def process_message(self, message: Message) -> None:
        self.received.append(message)

    def type_and_wait(self, data: bytes) -> None:
        """Write, and return when the driver has read it."""
        os.write(self.keyboard, data)
        while struct.unpack("i", fcntl.ioctl(self.fileno, termios.FIONREAD, b"1234"))[
            0
        ]:
            pass


@contextmanager
def signals_kept() -> Iterator[None]:
    numbers = [signal.SIGTSTP, signal.SIGCONT]
    before = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def reading(driver: PipedDriver) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=driver._run_input_thread)
    thread.start()
    try:
        yield thread
    finally:
        driver.exit_event.set()
        thread.join()
        os.close(driver.fileno)


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    with signals_kept():
        yield


async def test_bytes_that_come_one_by_one_are_one_paste_and_then_keys() -> None:
    driver = PipedDriver(App())
    stream = b"\x1b[200~\xe2\x82\xacy\r\xff\x00\x1b[A\xf0\x9f\x1b[201~\xc3\xa9"
    with reading(driver):
        for byte in stream:
            driver.type_and_wait(bytes([byte]))
    os.close(driver.keyboard)

    _began, paste, key = driver.received
    assert isinstance(paste, events.Paste)
    assert isinstance(key, events.Key)
    assert paste.text == "€y\r\ufffd\x00\x1b[A\ufffd"
    assert key.character == "é"


class StoppedSelector(selectors.SelectSelector):
    """Stops the process once, right before or right behind a look for input."""

    stop: Callable[[], None]
    looks: int

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout)
        type(self).looks -= 1
        if not self.looks:
            self.stop()
        return found


@pytest.mark.parametrize("looks", range(1, 7))
async def test_a_key_that_came_while_the_process_was_stopped_is_told_of_wherever(
    monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    driver = PipedDriver(App())
    stopped = threading.Event()

    def stop() -> None:
        os.write(driver.keyboard, b"y")
        time.sleep(0.3)
        stopped.set()

    monkeypatch.setattr(StoppedSelector, "stop", staticmethod(stop), raising=False)
    monkeypatch.setattr(StoppedSelector, "looks", looks, raising=False)
    monkeypatch.setattr(selectors, "SelectSelector", StoppedSelector)
    with reading(driver):
        assert await asyncio.to_thread(stopped.wait, 10)
        async with asyncio.timeout(10):
            while not any(isinstance(each, events.Key) for each in driver.received):
                await asyncio.sleep(0.01)
    os.close(driver.keyboard)

    assert len(driver.received) == 2
    stall, key = driver.received
    assert isinstance(stall, InputStalled)
    assert isinstance(key, events.Key)
    assert key.time - stall.since > 0.3


class ExitingApp(App[None]):
    """Notes that it is asked to exit."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        super().exit(result, return_code, message)
        self.asked.set()


class LeavingApp(App[None]):
    """Notes that the terminal is gone instead of exiting."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    def terminal_closed(self) -> None:
        self.told.set()


async def test_the_end_of_input_ends_the_thread_and_the_app() -> None:
    app = ExitingApp()
    async with app.run_test():
        driver = PipedDriver(app)
        with reading(driver) as thread:
            os.close(driver.keyboard)
            await asyncio.to_thread(thread.join)
            await asyncio.wait_for(app.asked.wait(), 10)
    assert app.return_code == ExitCode.STOPPED


async def test_an_app_with_a_way_to_leave_is_told_that_the_terminal_is_gone() -> None:
    app = LeavingApp()
    async with app.run_test():
        driver = PipedDriver(app)
        with reading(driver):
            os.close(driver.keyboard)
            await asyncio.wait_for(app.told.wait(), 10)
    assert app.return_code is None


async def test_a_terminal_that_hung_up_ends_the_input() -> None:
    app = LeavingApp()
    async with app.run_test():
        driver = PipedDriver(app)
        os.close(driver.keyboard)
        os.close(driver.fileno)
        # Reading this side after the other is closed gives EIO instead of nothing.
        driver.fileno, other = os.openpty()
        os.close(other)
        with reading(driver):
            await asyncio.wait_for(app.told.wait(), 10)


async def test_a_terminal_without_data_after_all_is_not_at_its_end() -> None:
    driver = PipedDriver(App())
    os.set_blocking(driver.fileno, False)
    assert driver._read() == b""
    os.close(driver.keyboard)
    os.close(driver.fileno)


class BrokenDriver(PipedDriver):
    def process_message(self, message: Message) -> None:
        raise LookupError(str(message))


class NotingApp(App[None]):
    """Notes an exception instead of showing it."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[Exception] = []
        self.noted = asyncio.Event()

    def _handle_exception(self, error: Exception) -> None:
        self.errors.append(error)
        self.noted.set()


async def test_a_failure_in_the_input_thread_reaches_the_app() -> None:
    app = NotingApp()
    async with app.run_test():
        driver = BrokenDriver(app)
        with reading(driver):
            os.write(driver.keyboard, b"x")
            await asyncio.wait_for(app.noted.wait(), 10)
        os.close(driver.keyboard)
    assert [type(error) for error in app.errors] == [LookupError]


def test_output_to_a_terminal_that_is_gone_goes_nowhere_and_raises_nothing() -> None:
    reader, writer = os.pipe()
    binary = open(writer, "wb")  # noqa: PTH123, SIM115 - closed by the wrapper
    with TextIOWrapper(binary, encoding="utf-8", write_through=False) as file:
        output = _LastingOutput(file)
        assert output.fileno() == writer
        output.write("before")
        os.close(reader)
        output.flush()
        assert output.write("x" * 100_000) == 100_000
        output.flush()


def test_a_write_that_fails_at_once_is_taken_as_written() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    binary = open(writer, "wb")  # noqa: PTH123, SIM115 - closed by the wrapper
    with TextIOWrapper(binary, encoding="utf-8", write_through=True) as file:
        assert _LastingOutput(file).write("x" * 100_000) == 100_000


def test_the_driver_for_this_platform_is_ours() -> None:
    assert console_driver_class() is WholePasteDriver
