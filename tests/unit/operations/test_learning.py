"""Whatever looks at a session that a batch left unsettled, the journal learns it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from masking_console.errors import JournalError
from masking_console.journal.journal import Journal
from masking_console.models.expiry import ExpiryOutcome, RunEnd
from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.listing import ListEvent, Wanted
from masking_console.models.run_events import LookedAgain, NotLearnt
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.check_sessions import CheckEvent, CheckSessions
from masking_console.operations.find_sessions import FindSessions
from masking_console.operations.second_look import SecondLook
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
LOST = Fault(ending=Ending.DROPPED)
LOST_BEFORE = Fault(has_effect=False, ending=Ending.DROPPED)


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


async def leave_unknown(
    opened: Bench, uuid: SessionUuid, *, has_effect: bool = True
) -> str:
    """Expire a session so that nobody knows what became of it; return the batch."""
    lost = LOST if has_effect else LOST_BEFORE
    deletes, gets = script("DELETE", lost), script("GET", *[reply(500)] * 3)
    opened.simulated.fault = lambda request: deletes(request) or gets(request)
    result = await opened.expire(uuid)
    assert result.outcome is U.UNKNOWN
    opened.simulated.fault = None
    return opened.summary.batch.batch_id


async def check(opened: Bench, *uuids: SessionUuid) -> list[CheckEvent]:
    told: list[CheckEvent] = []
    operation = CheckSessions(opened.connections, journal=opened.journal)
    await operation.run(opened.account, uuids, told.append)
    return [e for e in told if isinstance(e, LookedAgain | NotLearnt)]


async def find(opened: Bench, wanted: Wanted) -> list[ListEvent]:
    told: list[ListEvent] = []
    operation = FindSessions(
        opened.connections, opened.journal.path, journal=opened.journal
    )
    await operation.run(opened.account, wanted, told.append)
    return [e for e in told if isinstance(e, LookedAgain | NotLearnt)]


async def record_of(opened: Bench, batch_id: str) -> BatchRecord:
    record = batch_record(await opened.journal.entries(batch_id))
    assert record is not None
    return record


async def test_a_check_settles_what_a_batch_left_unknown(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        batch_id = await leave_unknown(opened, uuid)
        (news,) = await check(opened, uuid)

        assert isinstance(news, LookedAgain)
        assert (news.batch_id, news.before) == (batch_id, U.UNKNOWN)
        entry = (await opened.journal.entries(batch_id))[-1]
        assert entry.event is JournalEvent.SESSION_LOOKED
        assert (entry.outcome, entry.evidence) == ("expired", "look")
        assert (entry.http_status, bool(entry.api_id)) == (200, True)
        (session,) = (await record_of(opened, batch_id)).sessions
        assert session.outcome is U.EXPIRED
        assert session.before is not None
        assert session.before.outcome is U.UNKNOWN
        assert await check(opened, uuid) == [], "it is settled"


async def test_what_is_still_open_is_learnt_once_and_then_its_end(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        batch_id = await leave_unknown(opened, uuid, has_effect=False)
        (news,) = await check(opened, uuid)
        assert isinstance(news, LookedAgain)
        assert news.result.outcome is U.OPEN
        assert await check(opened, uuid) == []
        old = simulated.session(uuid)
        assert old is not None
        simulated.put(replace(old, was_expired=True))
        (news,) = await check(opened, uuid)
        assert isinstance(news, LookedAgain)
        assert (news.before, news.result.outcome) == (U.OPEN, U.EXPIRED)
        assert (await record_of(opened, batch_id)).off == 1


async def test_a_404_proves_nothing_and_is_said_once(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        batch_id = await leave_unknown(opened, uuid)
        simulated.fault = lambda _request: plivos(404, error="not found")
        (news,) = await check(opened, uuid)
        assert isinstance(news, LookedAgain)
        assert news.result.outcome is U.UNKNOWN
        assert news.result.detail.startswith("not found when looked at")
        assert await check(opened, uuid) == []
        record = await record_of(opened, batch_id)
        assert record.unknown == (uuid,)


@pytest.mark.parametrize("fault", [reply(500), LOST_BEFORE, reply(401)])
async def test_a_look_without_an_answer_teaches_nothing(
    simulated: SimulatedAccount, tmp_path: Path, fault: Fault
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        batch_id = await leave_unknown(opened, uuid)
        before = await opened.journal.entries(batch_id)
        simulated.fault = lambda _request: fault
        told: list[CheckEvent] = []
        operation = CheckSessions(opened.connections, journal=opened.journal)
        await asyncio.gather(
            operation.run(opened.account, [uuid], told.append), return_exceptions=True
        )
        assert await opened.journal.entries(batch_id) == before


@pytest.mark.parametrize(
    "wanted",
    [lambda uuid: Wanted(session_uuid=uuid), lambda uuid: Wanted(uuid_part=uuid[:13])],
    ids=["its id", "the beginning of its id"],
)
async def test_a_search_settles_it_as_well(
    simulated: SimulatedAccount,
    tmp_path: Path,
    wanted: Callable[[SessionUuid], Wanted],
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        batch_id = await leave_unknown(opened, uuid)
        (news,) = await find(opened, wanted(uuid))
        assert isinstance(news, LookedAgain)
        entry = (await opened.journal.entries(batch_id))[-1]
        assert (entry.outcome, entry.evidence) == ("expired", "look")
        assert (entry.http_status, bool(entry.api_id)) == (200, True)


async def test_a_search_that_does_not_find_it_proves_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        batch_id = await leave_unknown(opened, uuid)
        simulated.fault = lambda _request: plivos(404, error="not found")
        (news,) = await find(opened, Wanted(session_uuid=uuid))
        assert isinstance(news, LookedAgain)
        assert (await record_of(opened, batch_id)).unknown == (uuid,)


async def test_what_a_later_batch_expired_is_not_learnt_for_the_earlier_one(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        await leave_unknown(opened, uuid, has_effect=False)
        assert (await opened.expire(uuid)).outcome is U.EXPIRED
        assert await check(opened, uuid) == []


async def test_one_look_settles_every_batch_that_left_it_unsettled(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        first = await leave_unknown(opened, uuid, has_effect=False)
        second = await leave_unknown(opened, uuid)
        news = await check(opened, uuid)
        assert [e.batch_id for e in news if isinstance(e, LookedAgain)] == [
            first,
            second,
        ]


async def test_a_batch_under_way_or_on_another_account_learns_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        batches = [
            await opened.journal.begin_batch(opened.confirmed([uuid])) for uuid in ids
        ]
        for batch, uuid in zip(batches, ids, strict=True):
            await opened.journal.record_intent(batch, uuid, 1)
        assert await check(opened, *ids) == []
        # A console that runs elsewhere is still at work on its own.
        other = Journal(opened.journal.path)
        told: list[CheckEvent] = []
        elsewhere = CheckSessions(opened.connections, journal=other)
        await elsewhere.run(opened.account, ids, told.append)
        assert not [e for e in told if isinstance(e, LookedAgain)]
        await asyncio.to_thread(other.close)

        opened.journal.let_go(batches[1].batch_id)
        (news,) = await check(opened, *ids)
        assert isinstance(news, LookedAgain)
        assert news.session_uuid == ids[1]


async def test_a_run_that_the_journal_ended_is_learnt_about_when_it_works_again(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 60)
    async with bench(simulated, tmp_path) as opened:

        def limit(pages: int) -> None:
            connection = opened.journal._file._opened()
            (now,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {now + pages}")

        await opened.journal.open()
        await opened.journal._in_thread(lambda: limit(9))
        summary = await opened.run(ids)
        batch_id = summary.batch.batch_id
        assert summary.end is RunEnd.JOURNAL_FAILED
        unknown = (await record_of(opened, batch_id)).unknown
        assert unknown
        news = await check(opened, *unknown)
        assert any(isinstance(each, NotLearnt) for each in news)

        # There is room on the disk again, in the same console.
        await opened.journal._in_thread(lambda: limit(2**20))
        await check(opened, *unknown)
        record = await record_of(opened, batch_id)
        assert record.unknown == ()
        assert record.ended_at is None
        second = SecondLook(opened.connections, opened.journal)
        await second.run(summary, lambda _event: None)
        record = await record_of(opened, batch_id)
        assert record.end == RunEnd.JOURNAL_FAILED.value
        assert record.second_look


async def test_that_the_journal_cannot_be_asked_is_said_and_stops_no_check(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        await leave_unknown(opened, uuid)
        path = opened.journal.path
        path.rename(path.with_name("elsewhere.db"))
        path.mkdir()
        (news,) = await check(opened, uuid)
        assert isinstance(news, NotLearnt)
        assert "journal" in news.why


@pytest.mark.parametrize("is_search", [False, True], ids=["check", "search"])
async def test_a_journal_that_cannot_be_asked_is_said(
    simulated: SimulatedAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_search: bool,
) -> None:
    async def fail(*_: object) -> NoReturn:
        raise JournalError("The journal cannot be read.")

    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        monkeypatch.setattr(opened.journal, "unsettled", fail)
        told: list[object] = []
        if is_search:
            told += await find(opened, Wanted(uuid_part=uuid[:13]))
        else:
            told += await check(opened, uuid)
    assert [each.why for each in told if isinstance(each, NotLearnt)] == [
        "The journal cannot be read."
    ]
