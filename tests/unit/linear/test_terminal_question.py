import os
import pty
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from masking_console.errors import RefusedError
from masking_console.linear.prompt import TypedLine, typed_answer
from masking_console.models.consent import Refusal, Silence

PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.7


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

    def types(self, text: str, seconds: float = 0.17) -> None:
        """Look for a moment, then type."""
        time.sleep(LOOK_SECONDS)
        for key in text:
            os.write(self.master, key.encode())
            time.sleep(seconds)

    def pastes(self, text: str) -> None:
        os.write(self.master, text.encode())


@contextmanager
def asked(phrase: str = "2 env") -> Iterator[Person]:
    """Ask for a phrase in a thread, with a person at the terminal."""
    master, terminal = pty.openpty()
    person = Person(master, terminal)

    def ask() -> None:
        try:
            person.answers.append(typed_answer("Sure?", phrase, terminal))
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
        person.types("2 EN\x7fnv\n")

    assert (person.answers, person.refusals) == (["2 env"], [])


@pytest.mark.parametrize(
    "text",
    ["2 env\n", "2 env\nrm -rf\n", "\x1b[200~2 env\x1b[201~\n", "2 env\n2 env", "2\n"],
)
@pytest.mark.parametrize("looks", [0.0, LOOK_SECONDS])
def test_no_paste_says_yes(text: str, looks: float) -> None:
    with asked() as person:
        for number in range(3):
            person.sees("Sure? ", number + 1)
            time.sleep(looks)
            person.pastes(text)

    assert person.answers == []
    assert person.refusals == ["Not confirmed. Nothing was sent."]


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.16])
def test_a_text_that_is_typed_by_a_machine_says_no_yes(seconds: float) -> None:
    with asked("2 env") as person:
        person.types("2 env-west 2 env\n2 env\n", seconds)
        person.sees("Sure? ", 2)
        os.write(person.master, b"\n")

    assert person.answers == []
    assert person.refusals == ["Cancelled. Nothing was sent."]


def test_what_follows_the_enter_takes_the_yes_back() -> None:
    with asked() as person:
        person.types("2 env\n2 ")
        person.sees("That is not 2 env")
        person.sees("Sure? ", 2)
        os.write(person.master, b"\x04")

    assert (person.answers, len(person.refusals)) == ([], 1)


def test_a_paste_is_told_and_the_person_may_type_it() -> None:
    with asked() as person:
        time.sleep(LOOK_SECONDS)
        person.pastes("2 env\n")
        person.sees("type it key by key. Dictating, or using a switch? Use --confirm.")
        person.sees("Sure? ", 2)
        person.types("2 env\n")

    assert person.answers == ["2 env"]


def test_an_early_enter_keeps_what_was_typed() -> None:
    with asked() as person:
        person.types("2 en")
        os.write(person.master, b"v")
        time.sleep(0.05)
        os.write(person.master, b"\n")
        person.sees("press Enter once more")
        time.sleep(0.2)
        os.write(person.master, b"\n")

    assert person.answers == ["2 env"]


def test_a_wrong_answer_is_asked_again_and_enter_alone_cancels() -> None:
    with asked() as person:
        person.types("3")
        person.sees("That is not 2 env. Enter alone cancels.")
        person.sees("Sure? ", 2)
        person.types("\n")

    assert person.answers == []
    assert person.refusals == ["Cancelled. Nothing was sent."]


def test_half_an_answer_is_asked_again() -> None:
    with asked() as person:
        person.types("2 e\n")
        person.sees("That is not 2 env.")
        person.sees("Sure? ", 2)
        person.types("\n")

    assert person.answers == []


def test_a_terminal_that_goes_away_is_a_no() -> None:
    master, terminal = pty.openpty()
    refused: list[str] = []

    def ask() -> None:
        try:
            typed_answer("Sure?", "2 env", terminal)
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


def line_of(phrase: str = "12 env") -> TypedLine:
    line = TypedLine(phrase, Silence())
    line.shown(0.0)
    return line


def typed(line: TypedLine, text: str, start: float = 1.0, gap: float = 0.2) -> str:
    return "".join(
        line.take(key.encode(), start + number * gap) for number, key in enumerate(text)
    )


def test_a_line_can_be_mended_and_given_up() -> None:
    line = line_of()

    assert typed(line, "12") == "12"
    assert line.take(b"\x7f", 2.0) == "\b \b"
    assert (line.text, line.take(b"\x15", 2.2), line.text) == ("1", "\b \b", "")
    assert line.take(b"\x7f", 2.4) == ""
    line.take(b"\x04", 3.0)
    assert (line.is_given_up, line.is_over) == (True, False)


def test_a_line_waits_for_the_silence_behind_it() -> None:
    line = line_of()
    assert line.seconds_left(0.5) is None
    typed(line, "12 env\n")
    assert line.seconds_left(2.3) == pytest.approx(0.3)
    line.settle(2.3)
    assert not line.is_over
    line.settle(2.6)
    assert (line.is_over, line.refusal, line.text) == (True, None, "12 env")
    assert line.take(b"x", 3.0) == ""


def test_a_program_that_stood_still_asks_again() -> None:
    line = line_of()
    typed(line, "12 env\n")
    line.settle(90.0)

    assert line.refusal is Refusal.HELD_UP
