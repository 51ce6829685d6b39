import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.journal.journal import Journal
from masking_console.models.account import AccountName
from masking_console.models.expiry import (
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    RunEnd,
)
from masking_console.models.history import BatchRecord
from masking_console.models.run_events import (
    LookedAgain,
    RunEvent,
    RunSlept,
    SessionSettled,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations import resume_batches
from masking_console.operations.check_sessions import CheckEvent
from masking_console.operations.resume_batches import ResumeBatches
from masking_console.operations.wiring import build_operations
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import (
    Bench,
    bench,
    open_ids,
    plivos,
    quick_account,
    reply,
    script,
)

U = ExpiryOutcome


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


@dataclass
class CutOff:
    """A run that ended in the middle, and the console that starts after it."""

    bench: Bench
    ids: list[SessionUuid]
    batch_id: str

    async def resume(self) -> tuple[BatchRecord, list[RunEvent]]:
        operation = ResumeBatches(self.bench.connections, self.bench.journal)
        (record,) = await operation.find(self.bench.account)
        events: list[RunEvent] = []
        await operation.run(self.bench.account, record, events.append)
        return record, events


@asynccontextmanager
async def cut_off(simulated: SimulatedAccount, folder: Path) -> AsyncIterator[CutOff]:
    """Four sessions: done, on its way and done, on its way and not done, not begun."""
    ids = open_ids(simulated, 4)
    async with bench(simulated, folder) as opened:
        earlier = Journal(opened.settings.journal_path)
        batch = await earlier.begin_batch(opened.confirmed(ids))
        for uuid in ids[:3]:
            await earlier.record_intent(batch, uuid, 1)
        done = ExpiryResult(
            ids[0], U.EXPIRED, datetime.now(UTC), Evidence.ANSWER, 200, attempts=1
        )
        await earlier.record_settled(batch, done)
        await asyncio.to_thread(earlier.close)
        await opened.run([ids[1]])
        yield CutOff(opened, ids, batch.batch_id)


async def test_what_nobody_knew_is_looked_at_and_nothing_is_sent(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        before = len(cut.bench.sent("DELETE"))
        record, events = await cut.resume()

        assert record.unknown == (cut.ids[1], cut.ids[2])
        results = [each.result for each in events if isinstance(each, SessionSettled)]
        assert [(each.session_uuid, each.outcome) for each in results] == [
            (cut.ids[1], U.EXPIRED),
            (cut.ids[2], U.OPEN),
        ]
        assert cut.bench.sent("GET") == cut.ids[1:3]
        assert len(cut.bench.sent("DELETE")) == before
        assert simulated.status_of(cut.ids[2]) == "active"
        entries = await cut.bench.journal.entries(cut.batch_id)
        assert entries[-1].outcome == RunEnd.INTERRUPTED.value
        assert await cut.bench.journal.interrupted() == ()


@pytest.mark.parametrize(
    ("fault", "is_closed"),
    [
        (plivos(404, error="not found"), True),
        (reply(500), False),
        (reply(401), False),
        (Fault(has_effect=False, ending=Ending.DROPPED), False),
    ],
)
async def test_a_batch_stays_open_until_every_look_is_answered(
    simulated: SimulatedAccount, tmp_path: Path, fault: Fault, is_closed: bool
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        simulated.fault = script("GET", fault)
        _record, events = await cut.resume()

        assert isinstance(events[0], SessionSettled)
        assert events[0].result.outcome is U.UNKNOWN
        entries = await cut.bench.journal.entries(cut.batch_id)
        assert (entries[-1].outcome == RunEnd.INTERRUPTED.value) is is_closed


async def test_a_slowed_look_is_made_again(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        limited = reply(429, b"", ("retry-after", "0"))
        simulated.fault = script("GET", *[limited] * 3)
        _record, events = await cut.resume()

        assert len(events) == 2
        assert len(cut.bench.sent("GET")) == 5


async def test_a_look_that_is_slowed_for_ever_is_given_up(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        limited = reply(429, b"", ("retry-after", "0"))
        simulated.fault = lambda _request: limited
        _record, events = await cut.resume()

        results = [each.result for each in events if isinstance(each, SessionSettled)]
        assert {each.outcome for each in results} == {U.UNKNOWN}
        assert len(cut.bench.sent("GET")) == 10


async def test_a_batch_of_another_account_is_not_offered(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        operation = ResumeBatches(cut.bench.connections, cut.bench.journal)
        account = cut.bench.account
        stranger = type(account)(
            type(account.name)("other"), account.auth_id, account.auth_token
        )
        assert await operation.find(stranger) == ()


async def test_what_another_console_has_taken_over_is_left_to_it(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        operation = ResumeBatches(cut.bench.connections, cut.bench.journal)
        (record,) = await operation.find(cut.bench.account)
        faster = Journal(cut.bench.settings.journal_path)
        assert await faster.resume(record.batch_id)
        events: list[RunEvent] = []
        await operation.run(cut.bench.account, record, events.append)
        await asyncio.to_thread(faster.close)

        assert events == []
        assert cut.bench.sent("GET") == []


async def test_a_batch_whose_account_cannot_be_read_is_looked_for_on_any(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        path = cut.bench.settings.journal_path
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("DROP TRIGGER entries_are_never_changed")
            other.execute("UPDATE entries SET content = '' WHERE sequence = 1")
        simulated.fault = script("GET", reply(404, NOT_FOUND))

        before = len(simulated.requests)

        record, events = await cut.resume()

        assert (record.account_name, record.damaged) == ("", (1,))
        assert len(record.unknown) == 2
        assert len(events) == 2
        assert [each.method for each in simulated.requests[before:]] == ["GET"] * 2
        # One was not on this account: another one's console will find it again.
        (taken,) = await cut.bench.journal._in_thread(
            lambda: tuple(cut.bench.journal._file.open_batches())
        )
        assert taken == cut.batch_id


NOT_FOUND = b'{"api_id": "a", "error": "not found"}'


async def test_a_look_at_what_is_left_settles_what_was_sent_and_what_was_not(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        operation = ResumeBatches(cut.bench.connections, cut.bench.journal)
        (matter,) = await operation.not_settled(cut.bench.account)
        assert matter.is_cut_off
        # The second was expired meanwhile, by a later batch.
        assert matter.sessions == (cut.ids[2], cut.ids[3])
        for uuid in cut.ids[2:]:
            old = simulated.session(uuid)
            assert old is not None
            simulated.put(replace(old, was_expired=True))
        before = len(cut.bench.sent("DELETE"))
        news: list[CheckEvent] = []
        await operation.look_at(cut.bench.account, matter, news.append)

        learnt = {
            e.session_uuid: e.result.outcome for e in news if isinstance(e, LookedAgain)
        }
        assert learnt[cut.ids[2]] is U.EXPIRED
        assert learnt[cut.ids[3]] is U.ALREADY_EXPIRED
        assert await operation.not_settled(cut.bench.account) == ()
        assert len(cut.bench.sent("DELETE")) == before
        entries = await cut.bench.journal.entries(cut.batch_id)
        assert entries[-1].detail == "nothing was sent for it; expired when looked at"


async def test_what_is_not_settled_is_told_of_its_own_account_and_until_set_aside(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        operation = ResumeBatches(cut.bench.connections, cut.bench.journal)
        other = replace(cut.bench.account, name=AccountName("elsewhere"))
        assert await operation.not_settled(other) == ()
        (matter,) = await operation.not_settled(cut.bench.account)
        # Nobody learns what was never said: a 404 leaves it to a person.
        simulated.fault = lambda _request: plivos(404, error="not found")
        await operation.look_at(cut.bench.account, matter, lambda _event: None)
        (still,) = await operation.not_settled(cut.bench.account)
        assert still.sessions == matter.sessions
        assert not still.is_cut_off
        await cut.bench.journal.set_batch_aside(cut.batch_id, "the customer has left")
        assert await operation.not_settled(cut.bench.account) == ()


@pytest.mark.parametrize("most", [0, 50], ids=["at once", "one by one"])
async def test_what_a_whole_batch_left_unknown_is_looked_at(
    simulated: SimulatedAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    monkeypatch.setattr(resume_batches, "_MOST_QUERIES", most)
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        deletes = script("DELETE", Fault(ending=Ending.DROPPED))
        gets = script("GET", *[reply(500)] * 3)
        simulated.fault = lambda request: deletes(request) or gets(request)
        assert (await opened.expire(uuid)).outcome is U.UNKNOWN
        simulated.fault = None
        operation = ResumeBatches(opened.connections, opened.journal)
        (matter,) = await operation.not_settled(opened.account)
        assert not matter.is_cut_off
        news: list[CheckEvent] = []
        await operation.look_at(opened.account, matter, news.append)

        (learnt,) = [each for each in news if isinstance(each, LookedAgain)]
        assert learnt.result.outcome is U.EXPIRED
        assert await operation.not_settled(opened.account) == ()


def test_of_a_resumed_batch_only_outcomes_are_retold() -> None:
    told: list[CheckEvent] = []
    tell = resume_batches._retold("B-1", told.append)
    tell(RunSlept(20.0))
    assert told == []


async def test_a_batch_that_nobody_knows_cannot_be_resumed(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with cut_off(simulated, tmp_path) as cut:
        operations = build_operations(cut.bench.settings, {}, simulated)
        try:
            (record,) = await operations.interrupted(cut.bench.account)
            unknown = replace(record, batch_id="B-19990101-000000")
            stream = operations.resume(cut.bench.account, unknown)
            assert [event async for event in stream] == []
            assert cut.bench.sent("GET") == []
        finally:
            await asyncio.to_thread(operations.close)
