import asyncio
from datetime import UTC, datetime
from pathlib import Path

from masking_console.journal.consoles import Consoles
from masking_console.journal.journal import Journal
from masking_console.models.expiry import (
    Batch,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    RunEnd,
)
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
IDS = [
    SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651"),
    SessionUuid("4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"),
    SessionUuid("bc0a20bb-9f09-4116-b3f8-709def3a89df"),
]
CONFIRMED = plan_of(practice_account(), IDS).confirm("3")


async def close(*journals: Journal) -> None:
    for journal in journals:
        await asyncio.to_thread(journal.close)


async def begin(journal: Journal) -> Batch:
    """One session is done, one is on its way, one was not begun."""
    batch = await journal.begin_batch(CONFIRMED)
    await journal.record_intent(batch, IDS[0], 1)
    result = ExpiryResult(
        IDS[0], ExpiryOutcome.EXPIRED, NOW, Evidence.ANSWER, 200, attempts=1
    )
    await journal.record_settled(batch, result)
    await journal.record_intent(batch, IDS[1], 1)
    return batch


async def test_a_batch_of_a_console_that_is_gone_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    first, second = Journal(path, lambda: NOW), Journal(path, lambda: NOW)
    batch = await begin(first)
    assert await second.interrupted() == ()
    assert await first.interrupted() == ()

    await close(first)
    (record,) = await second.interrupted()
    await close(second)

    assert record.batch_id == batch.batch_id
    assert [each.outcome for each in record.sessions] == [
        ExpiryOutcome.EXPIRED,
        ExpiryOutcome.UNKNOWN,
        ExpiryOutcome.NOT_SENT,
    ]
    assert record.unknown == (IDS[1],)
    assert record.may_still_connect == (IDS[1], IDS[2])
    assert (record.off, record.ended_at, record.end) == (1, None, "")


async def test_only_one_console_takes_an_interrupted_batch_over(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    first = Journal(path, lambda: NOW)
    batch = await begin(first)
    await close(first)
    others = [Journal(path, lambda: NOW) for _ in range(4)]

    taken = await asyncio.gather(*(each.resume(batch.batch_id) for each in others))
    assert sum(record is not None for record in taken) == 1
    for each in others:
        assert await each.interrupted() == ()

    winner = next(j for j, record in zip(others, taken, strict=True) if record)
    await close(winner)
    others.remove(winner)
    assert len(await others[0].interrupted()) == 1, "its console is gone as well"
    await close(*others)


async def test_a_resumed_batch_ends_as_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    first, second = Journal(path, lambda: NOW), Journal(path, lambda: NOW)
    batch = await begin(first)
    await close(first)
    await second.resume(batch.batch_id)
    found = ExpiryResult(IDS[1], ExpiryOutcome.FAILED, NOW, Evidence.LOOK, 200)
    await second.record_looked(batch.batch_id, found)
    await second.end_recovered(batch.batch_id)

    entries = await second.entries(batch.batch_id)
    assert entries[-1].outcome == RunEnd.INTERRUPTED.value
    assert await second.interrupted() == ()
    await close(second)


async def test_an_unknown_batch_cannot_be_resumed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", lambda: NOW)
    assert await journal.resume("B-20260304-120502") is None
    await close(journal)


async def test_what_a_later_look_found_stands_beside_the_outcome(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "j.db", lambda: NOW)
    batch = await begin(journal)
    await journal.record_came_back(batch.batch_id, IDS[0], PlainText("came back"))

    entries = await journal.entries(batch.batch_id)
    await close(journal)

    assert entries[-1].event is JournalEvent.SESSION_CAME_BACK
    assert entries[-1].detail == "came back"


def test_a_dead_console_leaves_nothing_behind(tmp_path: Path) -> None:
    alive, other = Consoles(tmp_path / "j.db"), Consoles(tmp_path / "j.db")
    alive.enter(NOW)
    alive.enter(NOW)
    other.enter(NOW)
    assert other.others() == (alive.own_id,)
    assert other.is_alive(alive.own_id)

    left = tmp_path / "j-consoles" / "C-20260101-000000-1-00000000.lock"
    left.touch()
    assert not other.is_alive(left.stem)
    assert not left.exists()
    assert not other.is_alive("../../j.db")

    alive.leave()
    alive.leave()
    assert other.others() == ()
    other.leave()


async def test_a_console_takes_itself_for_alive(tmp_path: Path) -> None:
    own, other = (Consoles(tmp_path / "journal.db") for _ in range(2))
    own.enter(NOW)
    assert own.is_alive(own.own_id)
    assert other.is_alive(own.own_id)
    name = own.own_id
    own.leave()
    assert not other.is_alive(name)
