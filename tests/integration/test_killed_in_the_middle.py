"""The console, the service or the disk is gone in the middle of a run.

Whenever that happens, the journal and the account must tell the same afterwards.
"""

import asyncio
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from masking_console.journal.entry_reader import read_rows
from masking_console.journal.reading import read_contents
from masking_console.models.expiry import ExpiryOutcome, RunEnd
from masking_console.models.history import BatchRecord
from masking_console.models.run_events import RunEvent
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.expire_sessions import WORKERS
from masking_console.operations.resume_batches import ResumeBatches
from masking_console.practice.server import LoopbackServer, listen
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.campaigns import campaign, share
from tests.support.practice_service import (
    PATIENCE_SECONDS,
    confirm,
    console_terminal,
    serving,
)
from tests.support.runs import Bench, bench, open_ids
from tests.support.watched_runs import (
    WatchedAccount,
    agree,
    batches,
    intents,
    probe,
    resume,
    wait_for_end,
    wait_for_start,
)

U = ExpiryOutcome
KILLS = [
    *(pytest.param(signal.SIGKILL, seed, id=f"kill-{seed}") for seed in range(50)),
    *(pytest.param(signal.SIGTERM, seed, id=f"term-{seed}") for seed in range(50, 53)),
    *(pytest.param(signal.SIGHUP, seed, id=f"hup-{seed}") for seed in range(53, 56)),
]


def chances(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - moments, no secrets


def agree_after_a_kill(
    account: WatchedAccount, folder: Path, ids: Sequence[SessionUuid]
) -> None:
    """Assert that nothing is lost, nothing is unknown, and nothing was sent twice."""
    (record,) = batches(folder)
    agree(account, record, ids)
    arrived = Counter(account.deletes)
    assert arrived <= intents(folder, record)
    assert set(arrived.values()) <= {1}
    for each in record.sessions:
        assert (each.outcome is U.EXPIRED) == (each.session_uuid in arrived)
        if each.outcome is U.OPEN:
            assert each.result.detail == "a later look: open"
    assert record.unknown == ()
    if record.end == RunEnd.COMPLETED.value:
        # Killed between the last entry and its own end.
        assert record.off == len(ids)
    else:
        assert record.end == RunEnd.INTERRUPTED.value


@campaign
@pytest.mark.parametrize(("number", "seed"), share("kills of a run", KILLS, 4))
def test_a_killed_run_is_told_as_it_was_after_the_next_start(
    tmp_path: Path, number: signal.Signals, seed: int
) -> None:
    chance = chances(seed)
    # Counted in requests, so that a slow machine is hit in the middle as well.
    nth, moment_after = chance.randrange(190), chance.uniform(0.0, 0.05)
    account = WatchedAccount(nth)
    ids = open_ids(account, 200)
    with serving(account) as url:
        with probe("hurry", url, tmp_path, ids) as first:
            wait_for_start(first)
            if nth:
                assert account.nth_has_come.wait(PATIENCE_SECONDS)
            time.sleep(moment_after)
            first.send_signal(number)
            assert first.wait(PATIENCE_SECONDS) == -number
        resume(account, url, tmp_path)

    agree_after_a_kill(account, tmp_path, ids)


def remove(state: Path) -> None:
    for each in state.glob("journal.db*"):
        each.unlink()


def move(state: Path) -> None:
    for each in state.glob("journal.db*"):
        each.rename(state.with_name(each.name))


def move_the_folder(state: Path) -> None:
    state.rename(state.with_name("elsewhere"))


def remove_the_note(state: Path) -> None:
    (state / "journal.db-head").unlink()


KEPT: dict[Callable[[Path], None], str] = {
    move: ".",
    move_the_folder: "elsewhere",
    remove_the_note: "state",
}


@pytest.mark.parametrize(
    "deed", [remove, move, move_the_folder, remove_the_note], ids=lambda f: f.__name__
)
@campaign
@pytest.mark.parametrize("seed", share("hands on the files", range(4), 1))
def test_hands_on_the_files_stop_a_run_and_what_it_has_sent_is_told(
    tmp_path: Path, deed: Callable[[Path], None], seed: int
) -> None:
    chance = chances(seed)
    nth = chance.randrange(10, 130)
    account = WatchedAccount(nth)
    ids = open_ids(account, 200)
    with serving(account) as url, probe("hurry", url, tmp_path, ids) as console:
        wait_for_start(console)
        assert account.nth_has_come.wait(PATIENCE_SECONDS)
        time.sleep(chance.uniform(0.0, 0.05))
        deed(tmp_path / "state")
        so_far = len(account.deletes)
        wait_for_end(console)

    # What is on its way goes on, one for each worker; nothing follows it.
    sent = Counter(account.deletes)
    assert len(sent) <= so_far + WORKERS
    assert len(sent) < len(ids)
    assert set(sent.values()) == {1}
    place = KEPT.get(deed)
    if place is not None:
        kept = tmp_path / place
        (record,) = read_contents(kept / "journal.db").batches
        assert record.ended_at is None
        assert sent <= Counter(
            row.session_uuid
            for row in read_rows(kept / "journal.db")
            if row.event == "expire.intended"
        )
        agree(account, record, ids)


@campaign
@pytest.mark.parametrize("seed", share("kills of a console", range(3), 1))
def test_a_console_that_is_killed_in_its_terminal_leaves_nothing_unknown(
    tmp_path: Path, seed: int
) -> None:
    account = WatchedAccount(chances(seed).randrange(2, 36))
    ids = open_ids(account, 40)
    with serving(account) as url:
        with console_terminal(url, tmp_path, *ids) as terminal:
            terminal.wait_for("40 ticked", timeout=PATIENCE_SECONDS)
            confirm(terminal, "Expire 40 sessions", "40 env")
            assert account.nth_has_come.wait(PATIENCE_SECONDS)
            terminal.signal(signal.SIGKILL)
            assert terminal.wait_exit() == -signal.SIGKILL
        resume(account, url, tmp_path)

    agree_after_a_kill(account, tmp_path, ids)


@contextmanager
def service_on(port: int, account: SimulatedAccount) -> Iterator[str]:
    """Serve the account until the block ends, and then drop every connection."""
    announced: list[str] = []
    is_listening = threading.Event()

    def announce(line: str) -> None:
        announced.append(line)
        is_listening.set()

    with listen(port) as listener:
        server = LoopbackServer(account, announce)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert is_listening.wait(PATIENCE_SECONDS)
        loop = server.servers[0].get_loop()
        try:
            yield announced[0]
        finally:
            loop.call_soon_threadsafe(pull_the_plug, server)
            thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def pull_the_plug(server: LoopbackServer) -> None:
    for each in server.servers:
        each.close()
    for connection in server.server_state.connections:
        connection.transport.abort()
    # The second time means at once.
    server.handle_exit(signal.SIGINT, None)
    server.handle_exit(signal.SIGINT, None)


@campaign
@pytest.mark.parametrize("seed", share("services that go down", range(4), 1))
def test_a_run_outlives_a_service_that_goes_down_and_comes_back(
    tmp_path: Path, seed: int
) -> None:
    chance = chances(seed)
    account = WatchedAccount(chance.randrange(20, 170))
    ids = open_ids(account, 200)
    with ExitStack() as stack:
        with service_on(0, account) as url:
            run = stack.enter_context(probe("hurry", url, tmp_path, ids))
            assert account.nth_has_come.wait(PATIENCE_SECONDS)
            down_at = time.monotonic()
        before = len(account.deletes)
        time.sleep(chance.uniform(0.0, 1.0))
        with service_on(int(url.rpartition(":")[2]), account):
            down_seconds = time.monotonic() - down_at
            assert wait_for_end(run) == ["RUNNING", "FINISHED"]

    (record,) = batches(tmp_path)
    agree(account, record, ids)
    assert record.end == RunEnd.COMPLETED.value
    assert before < 200 <= len(account.deletes)
    assert Counter(account.deletes) <= intents(tmp_path, record)
    assert account.in_vain == []
    # Unknown is a session whose third look, two seconds after the first, failed too.
    assert not record.unknown or down_seconds > 2.0


def test_two_consoles_at_once_keep_one_whole_journal(tmp_path: Path) -> None:
    account = WatchedAccount()
    ids = open_ids(account, 120)
    mine, yours = ids[:60], ids[60:]
    with (
        serving(account) as url,
        probe("expire", url, tmp_path, mine) as first,
        probe("expire", url, tmp_path, yours) as second,
    ):
        for each in (first, second):
            assert wait_for_end(each) == ["RUNNING", "FINISHED"]

    records = batches(tmp_path)
    assert len(records) == 2
    for record in records:
        is_mine = record.sessions[0].session_uuid == mine[0]
        agree(account, record, mine if is_mine else yours)
        assert record.end == RunEnd.COMPLETED.value
        assert record.off == 60
        assert set(intents(tmp_path, record).values()) == {1}
    assert sorted(account.deletes) == sorted(ids)


async def fill_the_disk_soon(opened: Bench, pages: int) -> None:
    """Let the journal grow by some pages and no more."""

    def limit() -> None:
        connection = opened.journal._file._opened()
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {now + pages}")

    await opened.journal.open()
    await opened.journal._in_thread(limit)


@campaign
@pytest.mark.parametrize("pages", share("full disks", range(3, 19), 4))
async def test_a_full_disk_stops_a_run_and_hides_nothing_of_it(
    tmp_path: Path, pages: int
) -> None:
    account = WatchedAccount()
    ids = open_ids(account, 60)
    async with bench(account, tmp_path) as opened:
        await fill_the_disk_soon(opened, pages)
        async with asyncio.timeout(PATIENCE_SECONDS):
            summary = await opened.run(ids)
    sent = account.deletes

    (record,) = batches(tmp_path)
    assert summary.end is RunEnd.JOURNAL_FAILED
    assert Counter(sent) <= intents(tmp_path, record)
    agree(account, BatchRecord.of(summary), ids)
    agree(account, record, ids)

    # A new connection has no such limit: there is room on the disk again.
    async with bench(account, tmp_path) as later:
        resuming = ResumeBatches(later.connections, later.journal)
        events: list[RunEvent] = []
        for found in await resuming.find(later.account):
            await resuming.run(later.account, found, events.append)

    (record,) = batches(tmp_path)
    agree(account, record, ids)
    assert account.deletes == sent
    assert record.unknown == ()
