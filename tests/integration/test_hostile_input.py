"""Pastes, bursts of keys and hostile text against the real program in a real pty."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.faults import Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.campaigns import campaign, share
from tests.support.practice_service import (
    DEAF_SECONDS,
    PATIENCE_SECONDS,
    confirm,
    console_terminal,
    serving,
    type_as_a_person,
)
from tests.support.runs import open_ids
from tests.support.terminal import Terminal

UNKNOWN = "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917"
HOSTILE = (
    f"{UNKNOWN}\r\n\x1b y\r1\r2\r3 practice\r\x1b[<0;50;20M\x1b[<0;50;20m"
    "\x1b[13~yyyy\t\r\t\r 3\r2\r\x1bOP\x00 * u X \x1b[200~ y\r"
)
KEYS = f"{UNKNOWN}\r3\rX y y\r\ryyy 3 env\r{UNKNOWN}\r"
ALTERED_TERMINAL = re.compile(
    "\x1b\\](?:0|2|8|52|1337);|\x1bP(?!=)|\x1b_|\x1b\\^|[\x80-\x9f\u202e\u2066]"
)


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@pytest.fixture
def ids(account: SimulatedAccount) -> list[SessionUuid]:
    return open_ids(account, 3)


@pytest.fixture
def terminal(
    account: SimulatedAccount, ids: list[SessionUuid], tmp_path: Path
) -> Iterator[Terminal]:
    with serving(account) as url, console_terminal(url, tmp_path, *ids) as opened:
        opened.wait_for("3 ticked", timeout=PATIENCE_SECONDS)
        yield opened


def settle(terminal: Terminal) -> str:
    """Wait until nothing changes any more, and return the screen."""
    before = ""
    for _ in range(50):
        time.sleep(0.25)
        now = terminal.screen_text()
        if now.splitlines()[1:] == before.splitlines()[1:]:
            break
        before = now
    return terminal.screen_text()


def deletes(account: SimulatedAccount) -> int:
    return sum(request.method == "DELETE" for request in account.requests)


def hostile_paste(terminal: Terminal) -> None:
    terminal.paste(HOSTILE)


def burst_of_keys(terminal: Terminal) -> None:
    terminal.send(KEYS)


def bare_id_as_keys(terminal: Terminal) -> None:
    terminal.send(UNKNOWN)


ATTACKS = [hostile_paste, burst_of_keys, bare_id_as_keys]


@campaign
@pytest.mark.parametrize(
    ("pane", "attack"),
    share("attacks on panes", list(product(["1", "2", "3"], ATTACKS)), 3),
)
def test_into_a_pane_nothing_that_would_be_hit_changes(
    account: SimulatedAccount, terminal: Terminal, pane: str, attack: object
) -> None:
    type_as_a_person(terminal, pane)
    assert callable(attack)
    attack(terminal)
    screen = settle(terminal)

    assert "3 ticked" in screen
    assert "Expire 3 sessions" not in screen
    assert deletes(account) == 0


@campaign
@pytest.mark.parametrize("attack", share("attacks on a review", ATTACKS, 1))
def test_into_the_review_nothing_is_confirmed(
    account: SimulatedAccount, terminal: Terminal, attack: object
) -> None:
    type_as_a_person(terminal, "X")
    terminal.wait_for("Type 3 to go ahead", timeout=PATIENCE_SECONDS)
    time.sleep(DEAF_SECONDS)
    assert callable(attack)
    attack(terminal)
    settle(terminal)

    assert deletes(account) == 0


@campaign
@pytest.mark.parametrize(
    "attack", share("attacks on a review of one", ATTACKS[::-1], 1)
)
def test_into_the_review_of_one_session_nothing_is_confirmed(
    account: SimulatedAccount, terminal: Terminal, attack: object
) -> None:
    type_as_a_person(terminal, "u", " ", "X")
    terminal.wait_for("Press y", timeout=PATIENCE_SECONDS)
    time.sleep(DEAF_SECONDS)
    assert callable(attack)
    attack(terminal)
    settle(terminal)

    assert deletes(account) == 0


@pytest.mark.parametrize("attack", ATTACKS)
def test_into_the_accounts_and_the_form_nothing_is_saved_or_sent(
    account: SimulatedAccount, terminal: Terminal, attack: object
) -> None:
    asked = len(account.requests)
    type_as_a_person(terminal, "P")
    terminal.wait_for("Accounts", timeout=PATIENCE_SECONDS)
    assert callable(attack)
    attack(terminal)
    settle(terminal)
    type_as_a_person(terminal, "n")
    attack(terminal)
    settle(terminal)

    assert deletes(account) == 0
    assert len(account.requests) == asked


def test_into_the_finished_panel_nothing_more_is_expired(
    account: SimulatedAccount, terminal: Terminal
) -> None:
    confirm(terminal, "Type 3 to go ahead", "3")
    terminal.wait_for("Done. 3 sessions", timeout=PATIENCE_SECONDS)
    for attack in ATTACKS:
        attack(terminal)
        settle(terminal)

    assert deletes(account) == 3


def test_hostile_text_from_plivo_and_pastes_stays_plain_text(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    evil = (
        "\x1b]0;owned\x07\x1b]52;c;ZXZpbA==\x07[red]x[/red][/x]\u202e\u2066\nX\x9b31m"
    )
    marked = account.marked[Mark.HOSTILE_TEXT]
    session = account.session(marked)
    assert session is not None
    account.put(replace(session, second_party=evil, open_word=f"odd{evil}"))
    unknown_status = account.marked[Mark.UNKNOWN_STATUS]
    with serving(account) as url, console_terminal(url, tmp_path) as terminal:
        start = len(terminal.raw_output)
        terminal.paste(f"{evil} {marked} {evil}\n{unknown_status}")
        terminal.wait_for("2 ids", timeout=PATIENCE_SECONDS)
        terminal.wait_for("open", timeout=PATIENCE_SECONDS)
        settle(terminal)
        type_as_a_person(terminal, " ", "X")
        terminal.wait_for("Expire 1 session", timeout=PATIENCE_SECONDS)
        settle(terminal)
        written = terminal.raw_output[start:].decode("utf-8", "replace")

    assert ALTERED_TERMINAL.search(written) is None
