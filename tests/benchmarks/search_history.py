"""Asks a journal of 220,000 entries what is asked the next day.

``uv run python tests/benchmarks/search_history.py [ENTRIES]`` prints how long each
question takes, how long the preparation of an older journal, and what an entry costs.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

# After the path, because the support belongs to the tests.
from masking_console.journal.entry_file import EntryFile  # noqa: E402
from masking_console.journal.journal import Journal  # noqa: E402
from masking_console.journal.reading import read_attempts  # noqa: E402
from masking_console.journal.seals import (  # noqa: E402
    FIRST_SEAL,
    Head,
    HeadNote,
    seal,
)
from masking_console.journal.searching import (  # noqa: E402
    read_page,
    read_session_events,
)
from masking_console.models.expiry import (  # noqa: E402
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
)
from masking_console.models.history_query import HistoryQuery  # noqa: E402
from masking_console.models.journal_entry import (  # noqa: E402
    JournalEntry,
    JournalEvent,
)
from masking_console.models.session_uuid import SessionUuid  # noqa: E402
from masking_console.practice.exchange import practice_account  # noqa: E402
from tests.support.runs import plan_of  # noqa: E402

ENTRIES = 220_000
SESSIONS = 10
"""Of a batch, which then has 22 entries."""
TIMES = 9
APPENDED = 300
START = datetime(2026, 1, 1, tzinfo=UTC)
OPERATORS = [f"person{number}" for number in range(12)]


def main() -> None:
    """Make the journal, and print what each question takes."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        made = make(path, entries)
        _say(f"{made} entries, {path.stat().st_size / 1e6:.0f} MB before")
        _prepare(path)
        _say(f"{path.stat().st_size / 1e6:.0f} MB with the values to search by")
        for name, ask in questions(path, made):
            _say(f"{name}: {_median(ask) * 1000:.1f} ms")
        asyncio.run(_append(path))


def make(path: Path, entries: int) -> int:
    """Write a journal without values to search by, and return its entries."""
    file = EntryFile(path)
    file.open()
    file.close()
    previous, sequence = FIRST_SEAL, 0
    with closing(sqlite3.connect(path)) as connection:
        for batch in range(max(1, entries // (2 * SESSIONS + 2))):
            rows = []
            for entry in _entries_of(batch):
                content = msgspec.json.encode(entry, order="deterministic").decode()
                own, sequence = seal(previous, content), sequence + 1
                ids = (entry.event.value, entry.batch_id, entry.session_uuid)
                rows.append((sequence, *ids, content, previous, own))
                previous = own
            insert = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"
            connection.executemany(insert, rows)
        connection.commit()
    note = HeadNote(path)
    note.begin(Head(sequence, previous))
    note.close()
    return sequence


def session_of(batch: int, number: int) -> str:
    """Return the id of a session, whose beginning is different for each."""
    spread = (batch * SESSIONS + number + 1) * 0x9E3779B97F4A7C15
    return str(UUID(int=(spread << 64 | spread) % (1 << 128), version=4))


def _entries_of(batch: int) -> Iterator[JournalEntry]:
    moment = START + timedelta(minutes=5 * batch)
    seconds = count()
    uuids = tuple(session_of(batch, number) for number in range(SESSIONS))
    last = ExpiryOutcome.UNKNOWN if batch % 1000 == 7 else ExpiryOutcome.EXPIRED

    def entry(event: JournalEvent, **fields: object) -> JournalEntry:
        return JournalEntry(
            event=event,
            at=moment + timedelta(seconds=next(seconds)),
            batch_id=f"B-{moment:%Y%m%d-%H%M%S}",
            version=3,
            operator=OPERATORS[batch % len(OPERATORS)],
            host="desk-7",
            **fields,  # type: ignore[arg-type]
        )

    yield entry(
        JournalEvent.BATCH_CONFIRMED,
        account_name="acme-prod",
        auth_id_tail="MA...XY12",
        ticket=f"OPS-{batch}",
        reason="the caller asked for it",
        console="C-20260101-000000-1-abcdef",
        sessions=uuids,
    )
    for uuid in uuids:
        yield entry(JournalEvent.EXPIRE_INTENDED, session_uuid=uuid, attempt=1)
        yield entry(
            JournalEvent.SESSION_SETTLED,
            session_uuid=uuid,
            attempt=1,
            outcome=(last if uuid == uuids[-1] else ExpiryOutcome.EXPIRED).value,
            evidence=Evidence.ANSWER.value,
            http_status=200,
            api_id=uuid,
            elapsed_ms=150,
        )
    yield entry(JournalEvent.BATCH_ENDED, outcome="completed")


def questions(path: Path, entries: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each question by its name."""
    batch = entries // (2 * SESSIONS + 2) // 2
    uuid = session_of(batch, 3)
    last_week = START + timedelta(minutes=5 * 2 * batch) - timedelta(days=7)

    def page(**fields: object) -> Callable[[], object]:
        query = HistoryQuery(**fields)  # type: ignore[arg-type]
        return lambda: read_page(path, query)

    yield "the first page of the history", page()
    yield "by session", page(session=uuid)
    yield "by ticket", page(ticket=f"OPS-{batch}")
    yield "by time", page(since=last_week)
    yield "by operator", page(operator=OPERATORS[3])
    yield "by outcome, unknown", page(outcome="unknown")
    yield "by outcome, expired", page(outcome="expired")
    yield "by outcome, which nothing has", page(outcome="refused")
    yield "by a word", page(words=(f"ops-{batch}",))
    story = HistoryQuery(session=uuid)
    yield "the story of a session", lambda: read_session_events(path, story)
    yield "the past of a session", lambda: read_attempts(path, [SessionUuid(uuid)])


def _prepare(path: Path) -> None:
    async def prepare() -> None:
        journal, started = Journal(path), time.perf_counter()
        await journal.open()
        opened = time.perf_counter() - started
        longest = 0.0
        while True:
            before = time.perf_counter()
            progress = await journal.take_for_search()
            longest = max(longest, time.perf_counter() - before)
            if progress.is_done:
                break
        took = time.perf_counter() - started
        await asyncio.to_thread(journal.close)
        _say(f"opened in {opened:.1f} s; prepared in {took:.1f} s, by {longest:.2f} s")

    asyncio.run(prepare())


async def _append(path: Path) -> None:
    """Print what the two entries of a session cost."""
    journal = Journal(path)
    await journal.open()
    uuids = [SessionUuid(session_of(10**6, each)) for each in range(APPENDED)]
    plan = plan_of(practice_account(), uuids)
    batch = await journal.begin_batch(plan.confirm(plan.phrase))
    seconds: list[float] = []
    for uuid in uuids:
        started = time.perf_counter()
        await journal.record_intent(batch, uuid, 1)
        result = ExpiryResult(uuid, ExpiryOutcome.EXPIRED, START, attempts=1)
        await journal.record_settled(batch, result)
        seconds.append(time.perf_counter() - started)
    await asyncio.to_thread(journal.close)
    _say(f"two entries of a session: {statistics.median(seconds) * 1000:.2f} ms")


def _median(ask: Callable[[], object]) -> float:
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - a benchmark prints


if __name__ == "__main__":
    main()
