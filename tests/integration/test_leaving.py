"""The console is told to leave, or its terminal goes away, in the middle of a run."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from masking_console.journal.reading import read_contents, verify_file
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.practice_service import (
    PATIENCE_SECONDS,
    confirm,
    console_terminal,
    serving,
    type_as_a_person,
)
from tests.support.runs import open_ids, quick_account
from tests.support.terminal import Terminal

LEAVES_WITHIN = 8.0
"""The console takes at most five seconds; a loaded machine a little more."""
EXPIRED, NOT_SENT = ExpiryOutcome.EXPIRED, ExpiryOutcome.NOT_SENT


@pytest.fixture
def account() -> SimulatedAccount:
    return quick_account()


def deletes(account: SimulatedAccount) -> int:
    return sum(request.method == "DELETE" for request in account.requests)


def wait_until(is_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(terminal: Terminal, count: int) -> None:
    terminal.wait_for(f"{count} ticked", timeout=PATIENCE_SECONDS)
    confirm(terminal, f"Expire {count} sessions", str(count))


def slowed(account: SimulatedAccount, seconds: float) -> None:
    def fault(request: ReceivedRequest) -> Fault | None:
        is_delete = request.method == "DELETE"
        return Fault(delay_before_seconds=seconds) if is_delete else None

    account.fault = fault


def journalled(folder: Path) -> BatchRecord:
    path = folder / "state" / "journal.db"
    assert verify_file(path).is_whole
    (record,) = read_contents(path).batches
    return record


def agree(account: SimulatedAccount, record: BatchRecord) -> None:
    """Assert that the journal and the account tell the same."""
    for each in record.sessions:
        status = account.status_of(each.session_uuid)
        assert status == ("expired" if each.outcome is EXPIRED else "active")
        assert each.outcome in {EXPIRED, NOT_SENT}


def terminate(terminal: Terminal) -> None:
    terminal.signal(signal.SIGTERM)


def hang_up(terminal: Terminal) -> None:
    terminal.signal(signal.SIGHUP)


@pytest.mark.parametrize(
    ("leave", "end"),
    [
        (terminate, "signal"),
        (hang_up, "terminal closed"),
        (Terminal.hang_up, "terminal closed"),
    ],
)
def test_what_is_in_flight_is_finished_and_the_rest_is_not_sent(
    account: SimulatedAccount,
    tmp_path: Path,
    leave: Callable[[Terminal], None],
    end: str,
) -> None:
    ids = open_ids(account, 15)
    slowed(account, 0.4)
    with (
        serving(account) as url,
        console_terminal(url, tmp_path, *ids) as terminal,
    ):
        start(terminal, 15)
        wait_until(lambda: deletes(account) >= 3)
        leave(terminal)
        assert terminal.wait_exit(LEAVES_WITHIN) == 130
        if leave is not Terminal.hang_up:
            terminal.wait_output_end()
            assert b"\x1b[?1049l" in terminal.raw_output, "the screen is given back"
            assert b"\x1b[?2004l" in terminal.raw_output, "pastes are plain again"
        record = journalled(tmp_path)

    assert record.end == end
    assert 3 <= record.off < 15
    agree(account, record)


def test_a_request_without_an_answer_becomes_unknown_and_is_found_again(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(account, 5)
    account.fault = lambda request: (
        Fault(ending=Ending.SILENT) if request.method == "DELETE" else None
    )
    with serving(account) as url:
        with console_terminal(url, tmp_path, *ids) as terminal:
            start(terminal, 5)
            wait_until(lambda: deletes(account) == 1)
            terminate(terminal)
            assert terminal.wait_exit(LEAVES_WITHIN) == 130
        record = journalled(tmp_path)
        assert record.unknown == (ids[0],)
        assert record.count(NOT_SENT) == 4
        assert record.end == ""

        account.fault = None
        with console_terminal(url, tmp_path) as terminal:
            terminal.wait_for("1 not settled: U", timeout=PATIENCE_SECONDS)
            type_as_a_person(terminal, "U")
            terminal.wait_for("1 unknown, 4 not sent", timeout=PATIENCE_SECONDS)
            type_as_a_person(terminal, "t")
            terminal.wait_for("1 of 5 is expired, 4", timeout=PATIENCE_SECONDS)
            type_as_a_person(terminal, "r")
            terminal.wait_for("4 ticked", timeout=PATIENCE_SECONDS)
            type_as_a_person(terminal, "q")
            assert terminal.wait_exit(LEAVES_WITHIN) == 0

    record = journalled(tmp_path)
    assert (record.end, record.off, record.unknown) == ("interrupted", 1, ())
    assert deletes(account) == 1


def test_a_terminal_that_stops_reading_changes_nothing_about_the_run(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(account, 25)
    slowed(account, 0.2)
    with (
        serving(account) as url,
        console_terminal(url, tmp_path, *ids, size=(160, 50)) as terminal,
    ):
        start(terminal, 25)
        wait_until(lambda: deletes(account) >= 2)
        terminal.hold()
        wait_until(lambda: deletes(account) == 25)
        time.sleep(0.5)
        terminal.hold(is_held=False)
        terminal.wait_for("Done. 25 sessions", timeout=PATIENCE_SECONDS)
        record = journalled(tmp_path)

    assert record.off == 25
    assert {account.status_of(uuid) for uuid in ids} == {"expired"}


def test_a_terminal_that_does_not_read_keeps_nobody_from_leaving(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    ids: list[SessionUuid] = open_ids(account, 25)
    slowed(account, 0.3)
    with (
        serving(account) as url,
        console_terminal(url, tmp_path, *ids, size=(200, 60)) as terminal,
    ):
        start(terminal, 25)
        wait_until(lambda: deletes(account) >= 2)
        terminal.hold()
        # Until the pseudo terminal is full, and the screen's event loop stands still.
        for _ in range(30):
            terminal.send("L")
            time.sleep(0.06)
        sent = deletes(account)
        terminate(terminal)
        assert terminal.wait_exit(LEAVES_WITHIN) == 130
        record = journalled(tmp_path)

    assert deletes(account) <= sent + 1
    agree(account, record)
