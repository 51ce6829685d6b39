"""A shipper beside a journal, and what each side has of it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from masking_console.journal.entry_reader import read_journal_id, read_rows
from masking_console.journal.journal import Journal
from masking_console.team.connection import TeamServer
from masking_console.team.shipper import Shipper
from masking_console.team.store import TeamStore
from tests.support.postgres import LEAD, Team


def shipper_of(
    path: Path, team: Team, operator: str = "asha", seconds: float = 10
) -> Shipper:
    return Shipper(path, TeamStore(TeamServer(team.rules(operator), seconds)), 0)


@contextmanager
def shipping(path: Path, team: Team, operator: str = "asha") -> Iterator[Shipper]:
    """Ship in a thread, as a console does."""
    shipper = shipper_of(path, team, operator)
    shipper.start()
    try:
        yield shipper
    finally:
        shipper.begin_to_close()
        shipper.wait_closed(10)


@contextmanager
def stepwise(
    path: Path, team: Team, operator: str = "asha", seconds: float = 10
) -> Iterator[Shipper]:
    """Ship in this thread, step by step."""
    shipper = shipper_of(path, team, operator, seconds)
    try:
        yield shipper
    finally:
        shipper._store.close()


def write(path: Path, count: int, anchor: Callable[[], str] = lambda: "") -> None:
    """Write entries as a console does."""

    async def write_all(journal: Journal) -> None:
        for number in range(count):
            await journal.acknowledge("1-abc", f"reason {number}")

    journal = Journal(path, newest_anchor=anchor)
    asyncio.run(write_all(journal))
    journal.close()


def written_batch(path: Path) -> None:
    """Write the end of a batch."""
    journal = Journal(path)
    asyncio.run(journal.end_recovered("B-20260304-120502"))
    journal.close()


def on_server(team: Team, path: Path) -> list[tuple[object, ...]]:
    """Return all that the server has of a journal."""
    query = (
        "SELECT sequence, event, batch_id, session_uuid, content, previous_seal, seal "
        "FROM team.entry WHERE chain = %s::uuid ORDER BY sequence"
    )
    return team.sql(LEAD, query, [read_journal_id(path)])


def here(path: Path) -> list[tuple[object, ...]]:
    """Return all that the journal has."""
    return [
        (
            row.sequence,
            row.event,
            row.batch_id,
            row.session_uuid,
            row.content,
            row.previous_seal,
            row.seal,
        )
        for row in read_rows(path)
    ]


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that happens in another thread."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
