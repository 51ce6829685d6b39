import time
from pathlib import Path

import pytest

from masking_console.practice.exchange import PRACTICE_AUTH_ID, PRACTICE_TOKEN
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.practice_service import (
    DEAF_SECONDS,
    PATIENCE_SECONDS,
    confirm,
    console_terminal,
    serving,
    type_as_a_person,
)
from tests.support.runs import open_ids

SESSIONS = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session"


@pytest.fixture
def account() -> SimulatedAccount:
    return SimulatedAccount(conduct=Conduct(latency_seconds=(0, 0)))


@pytest.mark.parametrize("size", [(100, 30), (80, 24)])
def test_exactly_the_reviewed_ids_are_expired_once_as_documented(
    account: SimulatedAccount, tmp_path: Path, size: tuple[int, int]
) -> None:
    ids = open_ids(account, 8)
    unticked, reviewed = ids[0], ids[1:]
    with (
        serving(account) as url,
        console_terminal(url, tmp_path, size=size) as terminal,
    ):
        terminal.paste("from the log:\n" + "\n".join(ids) + "\n" + ids[3])
        terminal.wait_for("8 ticked", timeout=PATIENCE_SECONDS)
        type_as_a_person(terminal, " ")
        terminal.wait_for("7 ticked", timeout=PATIENCE_SECONDS)
        confirm(terminal, "Expire 7 sessions on ENV?", "7")
        terminal.wait_for("Done. 7 sessions are expired.", timeout=PATIENCE_SECONDS)
        type_as_a_person(terminal, "\x1b")
        time.sleep(0.3)
        type_as_a_person(terminal, "q")
        terminal.wait_for("q quits", timeout=PATIENCE_SECONDS)
        time.sleep(DEAF_SECONDS)
        type_as_a_person(terminal, "q")
        assert terminal.wait_exit() == 0
        assert PRACTICE_TOKEN.encode() not in terminal.raw_output

    deletes = [each for each in account.requests if each.method == "DELETE"]
    paths = [each.path for each in deletes]
    wanted = [f"{SESSIONS}/{uuid}" for uuid in reviewed]
    # The first one goes alone; up to four at a time arrive in any order.
    assert paths[0] == wanted[0]
    assert sorted(paths) == sorted(wanted)
    assert account.status_of(unticked) == "active"
    for request in deletes:
        assert request.query == ""
        assert request.body == b""
        assert request.header("authorization") == "Basic"
        assert request.header("accept") == "application/json"
        assert (request.header("user-agent") or "").startswith("masking-console/")
        assert request.header("content-type") is None
        assert request.header("content-length") is None
    others = {each.method for each in account.requests} - {"DELETE"}
    assert others == {"GET"}
    assert all(each.path.startswith(SESSIONS + "/") for each in account.requests)


def test_a_lost_answer_ends_as_expired_after_a_look(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    (only,) = open_ids(account, 1)
    account.fault = lambda request: (
        Fault(ending=Ending.DROPPED) if request.method == "DELETE" else None
    )
    with serving(account) as url, console_terminal(url, tmp_path, only) as terminal:
        terminal.wait_for("1 ticked", timeout=PATIENCE_SECONDS)
        type_as_a_person(terminal, "X")
        terminal.wait_for("Press y", timeout=PATIENCE_SECONDS)
        time.sleep(DEAF_SECONDS)
        type_as_a_person(terminal, "y")
        terminal.wait_for("confirmed by a look", timeout=PATIENCE_SECONDS)
        terminal.wait_for("Done. 1 session is expired.", timeout=PATIENCE_SECONDS)

    assert [each.method for each in account.requests] == ["GET", "DELETE", "GET"]


def test_a_session_in_call_is_not_ticked_by_itself(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    in_call = account.marked[Mark.IN_CALL]
    with serving(account) as url, console_terminal(url, tmp_path, in_call) as terminal:
        terminal.wait_for("1 in call, not ticked", timeout=PATIENCE_SECONDS)
        type_as_a_person(terminal, "*", "X")
        terminal.wait_for("Nothing is ticked", timeout=PATIENCE_SECONDS)
