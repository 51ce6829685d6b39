"""The simulated account on loopback, and the real console in a real terminal on it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from masking_console.practice.exchange import PRACTICE_AUTH_ID, PRACTICE_TOKEN
from masking_console.practice.server import LoopbackServer, listen
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.terminal import Terminal

PATIENCE_SECONDS = 20
DEAF_SECONDS = 0.8
PERSON_SECONDS = 0.1


@contextmanager
def announcing(account: SimulatedAccount) -> Iterator[list[str]]:
    """Serve the account in a thread; yields the lines that were announced."""
    announced: list[str] = []
    is_listening = threading.Event()

    def announce(line: str) -> None:
        announced.append(line)
        if len(announced) == len(("URL", "Auth ID", "token")):
            is_listening.set()

    with listen(0) as listener:
        server = LoopbackServer(account, announce)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert is_listening.wait(PATIENCE_SECONDS)
            yield announced
        finally:
            server.handle_exit(signal.SIGINT, None)
            thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


@contextmanager
def serving(account: SimulatedAccount) -> Iterator[str]:
    """Serve the account in a thread; yields its URL."""
    with announcing(account) as announced:
        yield announced[0]


def program_environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which the program touches this folder alone."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "MASKING_CONSOLE_STATE_DIR": str(folder / "state"),
        "MASKING_CONSOLE_CONFIG_DIR": str(folder / "config"),
        **more,
    }


@contextmanager
def console_terminal(
    url: str, folder: Path, *arguments: str, size: tuple[int, int] = (100, 30)
) -> Iterator[Terminal]:
    """Start the real program on the environment's account, in a terminal of its own."""
    command = [sys.executable, "-m", "masking_console", *arguments]
    command += ["--account", "env", "--api-url", url]
    signed_in = program_environment(
        folder, PLIVO_AUTH_ID=str(PRACTICE_AUTH_ID), PLIVO_AUTH_TOKEN=PRACTICE_TOKEN
    )
    with Terminal(command, environment=signed_in, size=size) as terminal:
        terminal.wait_for("journal ok", timeout=PATIENCE_SECONDS)
        terminal.wait_for("ENV", timeout=PATIENCE_SECONDS)
        yield terminal


def type_as_a_person(terminal: Terminal, *keys: str) -> None:
    """Send keys with the pauses that a person makes."""
    for key in keys:
        terminal.send(key)
        time.sleep(PERSON_SECONDS)
    time.sleep(PERSON_SECONDS)


def confirm(terminal: Terminal, question: str, phrase: str) -> None:
    """Open the review, wait for its question, and type the phrase until it is taken.

    On a machine that is held up, two keys of a person come as one burst, and the review
    is right to ask for them again.
    """
    type_as_a_person(terminal, "X")
    terminal.wait_for(question, timeout=PATIENCE_SECONDS)
    time.sleep(DEAF_SECONDS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "to go ahead" in terminal.screen_text():
        assert time.monotonic() < deadline, terminal.screen_text()
        type_as_a_person(terminal, *phrase)
        type_as_a_person(terminal, "\r")
        with suppress(TimeoutError):
            terminal.wait_for(lambda text: "to go ahead" not in text, timeout=2.0)
            break
        # A field that was locked takes a first character only after a look.
        time.sleep(2 * DEAF_SECONDS)
