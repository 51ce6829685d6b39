import os
import pty
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from masking_console.errors import RefusedError
from masking_console.linear.terminal_question import typed_answer

PATIENCE_SECONDS = 20.0


@dataclass
class Person:
    """Sits at the other end of a pseudo terminal."""

    master: int
    terminal: int
    answers: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    seen: str = ""

    def sees(self, words: str, times: int = 1) -> None:
        while self.seen.count(words) < times:
            self.seen += os.read(self.master, 4096).decode()

    def types(self, text: str) -> None:
        for key in text:
            time.sleep(0.05)
            os.write(self.master, key.encode())

    def pastes(self, text: str) -> None:
        os.write(self.master, text.encode())


@contextmanager
def asked() -> Iterator[Person]:
    """Ask for ``2 env`` in a thread, with a person at the terminal."""
    master, terminal = pty.openpty()
    person = Person(master, terminal)

    def ask() -> None:
        try:
            person.answers.append(
                typed_answer("Sure?", "2 env", lambda text: text == "2 env", terminal)
            )
        except RefusedError as error:
            person.refusals.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    os.write(master, b"2 env\n")  # typed ahead
    thread.start()
    try:
        person.sees("Sure? ")
        yield person
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    finally:
        os.close(terminal)
        os.close(master)


def test_a_person_says_yes_and_what_was_typed_ahead_does_not() -> None:
    with asked() as person:
        person.types("2 em\x7fnv\n")

    assert (person.answers, person.refusals) == (["2 env"], [])


@pytest.mark.parametrize(
    "text",
    ["2 env\n", "2 env\nrm -rf\n", "\x1b[200~2 env\x1b[201~\n", "2 env\n2 env"],
)
def test_no_paste_says_yes(text: str) -> None:
    with asked() as person:
        for number in range(3):
            person.sees("Sure? ", number + 1)
            person.pastes(text)

    assert person.answers == []
    assert person.refusals == ["Not confirmed. Nothing was sent."]


def test_a_paste_is_told_and_the_person_may_type_it() -> None:
    with asked() as person:
        person.pastes("2 env\n")
        person.sees("Type it key by key.")
        person.sees("Sure? ", 2)
        person.types("2 env\n")

    assert person.answers == ["2 env"]


def test_a_wrong_answer_is_asked_again_and_enter_alone_cancels() -> None:
    with asked() as person:
        person.types("3 env\n")
        person.sees("That is not 2 env. Enter alone cancels.")
        person.sees("Sure? ", 2)
        person.types("\n")

    assert person.answers == []
    assert person.refusals == ["Cancelled. Nothing was sent."]


def test_a_terminal_that_goes_away_is_a_no() -> None:
    master, terminal = pty.openpty()
    refused: list[str] = []

    def ask() -> None:
        try:
            typed_answer("Sure?", "2 env", lambda _text: True, terminal)
        except RefusedError as error:
            refused.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    person = Person(master, terminal)
    person.sees("Sure? ")
    os.close(master)
    thread.join(PATIENCE_SECONDS)
    os.close(terminal)

    assert refused == ["Cancelled. Nothing was sent."]
