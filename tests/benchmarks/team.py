"""Ships to a real PostgreSQL, and asks a team's history what is asked the next day.

``uv run python -m tests.benchmarks.team [ENTRIES]`` prints what shipping costs a local
append, how many entries are shipped a second, what ``require = "intent"`` costs at 0
and at 20 ms a round trip, and how long each question takes with so many entries.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing import Process
from pathlib import Path
from uuid import UUID

from masking_console.journal.journal import Journal
from masking_console.journal.seals import SealedRow
from masking_console.models.history_query import HistoryQuery
from masking_console.models.journal_entry import JournalEntry
from masking_console.operations.read_history import print_history
from masking_console.team.connection import TeamServer
from masking_console.team.searching import TeamHistory
from masking_console.team.shipper import GATHER_SECONDS, Shipper
from masking_console.team.store import TeamStore
from tests.support.chains import batch_entries, new_chain, sealed
from tests.support.postgres import Team, new_team, running_cluster

ENTRIES = 1_000_000
SESSIONS = 10
"""Of a batch, which then has 22 entries."""
TIMES = 9
APPENDED = 1_500
INTENDED = 200
CHAINS = 20
WRITERS = 4
_SETTINGS = (
    "listen_addresses = ''",
    "max_connections = 120",
    "shared_buffers = 1GB",
    "max_wal_size = 8GB",
    "log_min_messages = fatal",
)


def main() -> None:
    """Print all of it."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(running_cluster(_SETTINGS))
        os.environ["PGSERVICEFILE"] = str(folder / "services")
        team = stack.enter_context(new_team(cluster, folder / "services"))
        asyncio.run(_append(team, folder))
        asyncio.run(_intend(team, folder, 0.0))
        with _slow_line(team, 0.010):
            asyncio.run(_intend(team, folder, 0.020))
        _ship_at_once(team)
        fill(team, entries)
        _ask(team, entries)


async def _append(team: Team, folder: Path) -> None:
    """Compare appends without and with shipping, in turns of one run."""
    without, with_it = [], []
    journal = Journal(folder / "without" / "j.db")
    shipped = folder / "with" / "j.db"
    shipper = Shipper(shipped, TeamStore(TeamServer(team.rules())), GATHER_SECONDS)
    shipping = Journal(shipped, worked=shipper.wake)
    shipper.start()
    for _ in range(APPENDED // 100):
        without += await _timed(journal, 100)
        with_it += await _timed(shipping, 100)
    await asyncio.to_thread(shipping.close)
    await asyncio.to_thread(journal.close)
    shipper.begin_to_close()
    await asyncio.to_thread(shipper.wait_closed, 30)
    own, other = (statistics.median(each) * 1000 for each in (without, with_it))
    _say(f"append: {own:.2f} ms, with shipping {other:.2f} ms: {other / own:.2f} x")


async def _timed(journal: Journal, count: int) -> list[float]:
    found = []
    for number in range(count):
        start = time.perf_counter()
        await journal.acknowledge("1-abc", f"reason {number}")
        found.append(time.perf_counter() - start)
    return found


async def _intend(team: Team, folder: Path, round_trip: float) -> None:
    """Append, and wait until the server has it, as with ``require = "intent"``."""
    path = folder / f"intent-{round_trip}" / "j.db"
    shipper = Shipper(path, TeamStore(TeamServer(team.rules())), 0)
    journal = Journal(path, worked=shipper.wake)
    await journal.acknowledge("1-abc", "first")
    shipper.start()
    await shipper.until_shipped(1)
    waits = []
    for number in range(INTENDED):
        start = time.perf_counter()
        await journal.acknowledge("1-abc", f"reason {number}")
        await shipper.until_shipped(number + 2)
        waits.append(time.perf_counter() - start)

    await asyncio.to_thread(journal.close)
    shipper.begin_to_close()
    await asyncio.to_thread(shipper.wait_closed, 30)
    p50, p95 = (statistics.quantiles(waits, n=20)[each] * 1000 for each in (9, 18))
    words = f"intent on the server, {round_trip * 1000:.0f} ms round trip"
    _say(f"{words}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def fill(team: Team, entries: int) -> None:
    """Ship so many entries, as several consoles do, one after the other."""
    batches = entries // (2 * SESSIONS + 2)
    seconds, shipped, number = 0.0, 0, 0
    with closing(TeamStore(TeamServer(team.rules(), 600))) as store:
        for chain_number in range(CHAINS):
            chain = new_chain()
            store.head(chain)
            last: SealedRow | None = None
            for _ in range(0, batches // CHAINS, 90):
                rows = sealed(_some(number, chain_number), last)
                number += 90
                last = rows[-1]
                start = time.perf_counter()
                store.ship(chain, rows)
                seconds += time.perf_counter() - start
                shipped += len(rows)
            store.anchor(0)
    _say(f"one console, {shipped} entries: {shipped / seconds:.0f} a second")
    size = "SELECT pg_size_pretty(pg_database_size(current_database()))"
    team.sql("lead", "ANALYZE")
    _say(f"the database: {team.sql('lead', size)[0][0]}")


def _ship_at_once(team: Team) -> None:
    """Ship the journals of several consoles at once, each by a thread of its own."""
    journals: list[list[list[SealedRow]]] = []
    for console in range(WRITERS):
        last: SealedRow | None = None
        journals.append([])
        for group in range(20):
            first = -90 * (console * 20 + group + 1)
            journals[-1].append(sealed(_some(first, console), last))
            last = journals[-1][-1][-1]

    def ship(groups: list[list[SealedRow]]) -> None:
        with closing(TeamStore(TeamServer(team.rules(), 600))) as store:
            chain = new_chain()
            store.head(chain)
            for rows in groups:
                store.ship(chain, rows)

    threads = [threading.Thread(target=ship, args=(each,)) for each in journals]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    shipped = sum(len(rows) for groups in journals for rows in groups)
    _say(f"{WRITERS} consoles at once: {shipped / seconds:.0f} entries a second")


def _some(number: int, chain: int) -> Iterator[JournalEntry]:
    for batch in range(number, number + 90):
        ids = [uuid(batch * SESSIONS + each) for each in range(SESSIONS)]
        outcome = "unknown" if batch % 1000 == 0 else "expired"
        operator = f"person{chain % 12}"
        yield from batch_entries(batch, ids, outcome, operator=operator)


def uuid(number: int) -> str:
    """Return an id that is spread over all ids."""
    spread = number * 0x9E3779B97F4A7C15 % (1 << 64)
    return str(UUID(int=(spread << 64 | spread) % (1 << 128), version=4))


def _ask(team: Team, entries: int) -> None:
    batch = entries // (2 * SESSIONS + 2) // 2
    with closing(TeamHistory(TeamServer(team.rules("ben"), 600))) as history:
        session = uuid(batch * SESSIONS)
        queries = {
            "first page": HistoryQuery(),
            "session": HistoryQuery(session=session),
            "beginning of a session": HistoryQuery(session=session[:8]),
            "ticket": HistoryQuery(ticket=f"OPS-{batch}"),
            "no such ticket": HistoryQuery(ticket="NONE-1"),
            "operator": HistoryQuery(operator="person7"),
            "account": HistoryQuery(account="acme"),
            "rare outcome": HistoryQuery(outcome="unknown"),
            "common outcome": HistoryQuery(outcome="expired"),
            "operator and outcome": HistoryQuery(operator="person7", outcome="unknown"),
            "words": HistoryQuery(words=(f"ops-{batch}",)),
        }
        for name, query in queries.items():
            _say(f"{name}: {_median(lambda q=query: history.page(q)):.1f} ms")  # type: ignore[misc]
        story = _median(lambda: print_history(history, "table", 1, session=session))
        _say(f"who expired this session and why: {story:.1f} ms")


def _median(ask: Callable[[], object]) -> float:
    ask()
    times = []
    for _ in range(TIMES):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


@contextmanager
def _slow_line(team: Team, delay: float) -> Iterator[None]:
    """Lead the services through a line that holds each piece up."""
    socket = str(team.cluster.folder / ".s.PGSQL.5432")
    folder = Path(tempfile.mkdtemp(prefix="mcsl"))
    process = Process(target=_run_line, args=(socket, str(folder), delay), daemon=True)
    process.start()
    while not (folder / ".s.PGSQL.5432").exists():
        time.sleep(0.02)
    team.use(str(folder), team.database)
    try:
        yield
    finally:
        process.terminate()
        process.join()
        team.use(str(team.cluster.folder), team.database)


def _run_line(server: str, folder: str, delay: float) -> None:
    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while piece := await reader.read(1 << 16):
            loop.call_later(delay, writer.write, piece)
        loop.call_later(delay, writer.close)

    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_unix_connection(server)
        with suppress(OSError):
            await asyncio.gather(pipe(reader, back), pipe(there, writer))

    async def serve() -> None:
        line = await asyncio.start_unix_server(connected, f"{folder}/.s.PGSQL.5432")
        await line.serve_forever()

    asyncio.run(serve())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
