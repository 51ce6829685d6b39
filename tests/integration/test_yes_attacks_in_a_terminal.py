"""Breaks that need a real terminal: times that the input thread cannot know."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.practice_service import (
    DEAF_SECONDS,
    PATIENCE_SECONDS,
    console_terminal,
    serving,
    type_as_a_person,
)
from tests.support.runs import open_ids
from tests.support.terminal import Terminal


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@pytest.fixture
def terminal(account: SimulatedAccount, tmp_path: Path) -> Iterator[Terminal]:
    ids = open_ids(account, 1)
    with serving(account) as url, console_terminal(url, tmp_path, *ids) as opened:
        opened.wait_for("1 ticked", timeout=PATIENCE_SECONDS)
        yield opened


@pytest.fixture
def review(terminal: Terminal) -> Terminal:
    type_as_a_person(terminal, "X")
    terminal.wait_for("Press y to go ahead", timeout=PATIENCE_SECONDS)
    time.sleep(DEAF_SECONDS)
    return terminal


def deletes(account: SimulatedAccount) -> int:
    time.sleep(1.5)
    return sum(request.method == "DELETE" for request in account.requests)


def test_escape_behind_a_yes_takes_it_back(
    account: SimulatedAccount, review: Terminal
) -> None:
    review.send("y")
    time.sleep(0.36)
    review.send("\x1b")
    assert deletes(account) == 0


def test_a_start_mark_that_a_link_has_cut_takes_a_yes_back(
    account: SimulatedAccount, review: Terminal
) -> None:
    review.send("y")
    time.sleep(0.1)
    review.send("\x1b[200")
    time.sleep(0.7)
    review.send("~a header\x1b[201~")
    assert deletes(account) == 0


def test_time_in_which_the_process_was_stopped_is_no_silence(
    account: SimulatedAccount, review: Terminal
) -> None:
    review.send("r")
    time.sleep(0.03)
    review.signal(signal.SIGSTOP)
    time.sleep(0.1)
    # 0.13 s behind the key before it, and read 0.8 s behind it.
    review.send("y")
    time.sleep(0.7)
    review.signal(signal.SIGCONT)
    assert deletes(account) == 0


def test_a_stop_does_not_end_a_paste(
    account: SimulatedAccount, terminal: Terminal
) -> None:
    terminal.send("\x1b[200~a header \x1b[201~")
    time.sleep(0.03)
    terminal.signal(signal.SIGSTOP)
    time.sleep(0.03)
    terminal.send("X\x1b[201~")
    time.sleep(0.3)
    terminal.signal(signal.SIGCONT)
    time.sleep(1.0)
    assert "Press y" not in terminal.screen_text()
    assert deletes(account) == 0


def test_a_strange_report_behind_a_paste_does_not_end_the_console(
    account: SimulatedAccount, review: Terminal
) -> None:
    review.paste("a header \x1b[201~\x1b[121;1:3u")
    time.sleep(1.0)
    assert "stopped because of" not in review.raw_output.decode("utf-8", "replace")
    assert deletes(account) == 0
