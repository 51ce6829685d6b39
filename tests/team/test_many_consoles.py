"""Many consoles at once, a pooler, kills, and a server that comes and goes."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from masking_console.journal.entry_reader import read_last
from masking_console.models.history_query import HistoryQuery
from masking_console.team.connection import TeamServer
from masking_console.team.searching import TeamHistory
from masking_console.team.store import TeamStore
from masking_console.team.verification import verify_team
from tests.support.campaigns import campaign, examples
from tests.support.chains import batch_entries, new_chain, sealed
from tests.support.postgres import (
    LEAD,
    Team,
    account_of_tests,
    skip_or_fail,
    unprivileged,
)
from tests.support.server_troubles import TROUBLES
from tests.support.shipping import here, on_server, shipping, until, write
from tests.team.test_history import ship, written

WRITERS = 50


@contextmanager
def pgbouncer(team: Team) -> Iterator[None]:
    """Lead all services through a pooler in transaction mode."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        skip_or_fail("pgbouncer")
        return
    folder = Path(tempfile.mkdtemp(prefix="mcpb"))
    folder.chmod(0o755)
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\nteam = host={team.cluster.folder} dbname={team.database}\n"
        f"[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\n"
        f"auth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\n"
        "default_pool_size = 2\nlogfile = /dev/null\n",
        encoding="utf-8",
    )
    users = "".join(f'"{name}" ""\n' for name in ("asha", "ben", "chen"))
    (folder / "users").write_text(users, encoding="utf-8")
    if os.geteuid() == 0:
        shutil.chown(folder, account_of_tests())
    process = subprocess.Popen(
        unprivileged([program, str(config)]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until((folder / ".s.PGSQL.6432").exists)
        team.use(str(folder), "team", 6432)
        yield
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def test_everything_works_through_a_pooler_in_transaction_mode(
    own_team: Team, tmp_path: Path
) -> None:
    journals = {name: tmp_path / name / "j.db" for name in ("asha", "ben")}
    with pgbouncer(own_team):
        for path in journals.values():
            write(path, 5)
        with (
            shipping(journals["asha"], own_team, "asha") as first,
            shipping(journals["ben"], own_team, "ben") as second,
        ):
            for _ in range(12):
                for path, shipper in zip(
                    journals.values(), (first, second), strict=True
                ):
                    write(path, 4)
                    shipper.wake()
            until(lambda: first.state.shipped == second.state.shipped == 53)
            assert first.newest_anchor

        with closing(TeamServer(own_team.rules("ben"))) as server:
            found = verify_team(server, journals["ben"], lambda _count: None)
        assert (found.is_whole, found.entries, found.compared) == (True, 106, 53)

    for path in journals.values():
        assert on_server(own_team, path) == here(path)
    owners = own_team.sql(LEAD, "SELECT shipped_by FROM team.chain ORDER BY 1")
    assert owners == [("asha",), ("ben",)]


def test_fifty_writers_at_once_each_have_a_chain_that_is_whole(
    team: Team, tmp_path: Path
) -> None:
    rows = sealed(each for number in range(6) for each in batch_entries(number))
    problems: list[Exception] = []

    def ship_all() -> None:
        chain = new_chain()
        try:
            with closing(TeamStore(TeamServer(team.rules(), 60))) as store:
                store.head(chain)
                for start in range(0, len(rows), 4):
                    store.ship(chain, rows[start : start + 4])
                    store.anchor(0)
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=ship_all) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not problems
    with closing(TeamServer(team.rules("ben"))) as server:
        found = verify_team(server, tmp_path / "none.db", lambda _count: None)
        batches = TeamHistory(server).matching(HistoryQuery(outcome="expired"))
    assert found.is_whole
    assert (found.chains, found.entries) == (WRITERS, WRITERS * len(rows))
    assert len(batches) == WRITERS * 6


_CONSOLE = """
import asyncio, sys
from pathlib import Path
from masking_console.operations.wiring import build_operations
from masking_console.settings import Settings, TeamRules

operations = build_operations(
    Settings(Path(sys.argv[1]), team=TeamRules("asha")), {}
)
async def write():
    number = 0
    while True:
        number += 1
        await operations._journal.acknowledge("1-abc", f"reason {number}")
        print(number, flush=True)
asyncio.run(write())
"""


@campaign
def test_a_console_killed_between_append_and_ship_loses_nothing(
    team: Team, tmp_path: Path
) -> None:
    path = tmp_path / "state" / "journal.db"
    rng = random.Random(1)  # noqa: S311 - the same moments every time
    written_for_sure = 0
    for _ in range(examples("consoles killed while they ship", 12, 3)):
        console = subprocess.Popen(
            [sys.executable, "-c", _CONSOLE, str(path)], stdout=subprocess.PIPE
        )
        assert console.stdout is not None
        console.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.8))
        console.send_signal(signal.SIGKILL)
        rest = console.stdout.read().split()
        console.wait()
        console.stdout.close()
        written_for_sure += max(1, len(rest))

    ship(path, team, "asha")

    assert on_server(team, path) == here(path)
    assert read_last(path).sequence >= written_for_sure


@campaign
def test_a_server_cut_restarted_full_and_slow_at_random_ends_equal_to_the_journals(
    own_team: Team, tmp_path: Path
) -> None:
    journals = {name: tmp_path / name / "j.db" for name in ("asha", "ben")}
    rng = random.Random(7)  # noqa: S311 - the same troubles every time
    over = threading.Event()

    def trouble() -> None:
        for _ in range(examples("troubles of a team's server", 20, 6)):
            time.sleep(rng.uniform(0.05, 0.4))
            rng.choice(TROUBLES)(own_team, rng.uniform(0.0, 0.8))
        over.set()

    troubling = threading.Thread(target=trouble)
    with (
        shipping(journals["asha"], own_team, "asha") as first,
        shipping(journals["ben"], own_team, "ben") as second,
    ):
        troubling.start()
        while not over.is_set():
            for path, shipper in zip(journals.values(), (first, second), strict=True):
                write(path, 3)
                shipper.wake()
        troubling.join()
        for path, shipper in zip(journals.values(), (first, second), strict=True):
            last = read_last(path).sequence
            until(lambda s=shipper, n=last: s.state.shipped == n, 60)  # type: ignore[misc]

    for path in journals.values():
        assert on_server(own_team, path) == here(path)


def test_a_clock_that_is_wrong_changes_no_chain_and_only_the_order(
    team: Team, tmp_path: Path
) -> None:
    import msgspec  # noqa: PLC0415 - of this test alone

    right = list(batch_entries(1, operator="asha"))
    late = [
        msgspec.structs.replace(each, at=each.at + timedelta(days=400))
        for each in batch_entries(2, operator="ben")
    ]
    ship(written(tmp_path / "ben" / "j.db", late), team, "ben")
    ship(written(tmp_path / "asha" / "j.db", right), team, "asha")

    with closing(TeamServer(team.rules("chen"))) as server:
        found = TeamHistory(server).matching(HistoryQuery())
        report = verify_team(server, tmp_path / "none.db", lambda _count: None)

    assert [each.operator for each in found] == ["ben", "asha"]
    assert report.is_whole
    (shipped,) = team.sql(
        LEAD, "SELECT max(shipped_at) - min(shipped_at) FROM team.entry"
    )
    assert shipped[0] < timedelta(hours=1)


async def test_the_event_loop_goes_on_while_the_server_hangs(
    own_team: Team, tmp_path: Path
) -> None:
    path = tmp_path / "j.db"
    await asyncio.to_thread(write, path, 1)
    with shipping(path, own_team) as shipper:
        await asyncio.to_thread(until, lambda: shipper.state.shipped == 1)
        await asyncio.to_thread(own_team.cluster.freeze)
        try:
            await asyncio.to_thread(write, path, 1)
            shipper.wake()
            waiting = asyncio.create_task(shipper.until_shipped(2))
            beats = 0
            while beats < 50:
                await asyncio.sleep(0.01)
                beats += 1
            assert not waiting.done()
        finally:
            await asyncio.to_thread(own_team.cluster.thaw)
        await waiting
