import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

import pytest

from masking_console.errors import JournalError, RefusedError
from masking_console.journal.journal import Journal
from masking_console.models.expiry import ExpiryOutcome, RecordedIntent, RunEnd
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.run_events import (
    AttemptUnclear,
    RunEvent,
    RunFinished,
    RunPaused,
    RunStarted,
    RunWaiting,
    SessionSettled,
)
from masking_console.operations.expire_one import Waits
from masking_console.operations.expire_sessions import FEW_WORKERS, WORKERS
from masking_console.plivo.answers import Answer
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Fault
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import (
    AT_ONCE,
    Bench,
    bench,
    open_ids,
    plivos,
    quick_account,
    reply,
    script,
)

WAITS = (RunWaiting, AttemptUnclear)
E, NS, U = ExpiryOutcome.EXPIRED, ExpiryOutcome.NOT_SENT, ExpiryOutcome.UNKNOWN


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


def is_settled(event: RunEvent) -> TypeGuard[SessionSettled]:
    return isinstance(event, SessionSettled)


async def until_settled(opened: Bench, count: int) -> None:
    while sum(isinstance(each, SessionSettled) for each in opened.events) < count:
        await asyncio.sleep(0.002)


async def test_a_small_batch_goes_in_the_reviewed_order(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 25)[::-1]
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert summary.is_clean
    assert summary.end is RunEnd.COMPLETED
    assert opened.sent("DELETE")[0] == ids[0]
    assert sorted(opened.sent("DELETE")) == sorted(ids)
    settled = [e.result.session_uuid for e in opened.events if is_settled(e)]
    assert settled == [each.session_uuid for each in summary.results] == ids
    assert isinstance(opened.events[0], RunStarted)
    assert isinstance(opened.events[-1], RunFinished)


async def test_a_small_batch_goes_four_at_a_time_after_its_first_result(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 12)
    others = asyncio.Event()
    shown_at: list[int] = []
    async with bench(simulated, tmp_path) as opened:

        def look(_request: ReceivedRequest) -> Fault | None:
            settled = sum(isinstance(each, SessionSettled) for each in opened.events)
            shown_at.append(settled)
            return None

        # Nothing but the others' DELETEs lets the second one's answer come.
        simulated.fault = look
        client = opened.connections.client(opened.account)
        really = client.expire_session

        async def expire(intent: RecordedIntent) -> Answer:
            if intent.session_uuid == ids[1]:
                await others.wait()
            answer = await really(intent)
            if len(opened.sent("DELETE")) == len(ids) - 1:
                others.set()
            return answer

        client.expire_session = expire  # type: ignore[method-assign]
        summary = await opened.run(ids)

    settled = [e.result.session_uuid for e in opened.events if is_settled(e)]
    assert summary.is_clean
    # The first result was there before the second left; the rest waited for ids[1].
    assert shown_at == [0, *[1] * 11]
    assert opened.sent("DELETE")[-1] == ids[1]
    assert settled == ids


async def test_a_result_out_of_turn_is_shown_where_the_run_is_paused(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    paused = asyncio.Event()
    waits = replace(AT_ONCE, beat=0.001)
    async with bench(simulated, tmp_path) as opened:
        client = opened.connections.client(opened.account)
        really = client.expire_session

        async def expire(intent: RecordedIntent) -> Answer:
            if intent.session_uuid == ids[1]:
                await paused.wait()
            return await really(intent)

        client.expire_session = expire  # type: ignore[method-assign]
        run = asyncio.create_task(opened.run(ids, waits))
        while len(opened.sent("DELETE")) < 2:
            await asyncio.sleep(0.002)
        opened.control.pause()
        await until_settled(opened, 2)
        paused.set()
        opened.control.resume()
        await run

    settled = [e.result.session_uuid for e in opened.events if is_settled(e)]
    assert settled == [ids[0], ids[2], ids[1]]


async def test_each_intent_is_on_the_disk_before_its_delete_leaves(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 4)
    intended: list[list[str]] = []

    async with bench(simulated, tmp_path) as opened:

        def look(request: ReceivedRequest) -> Fault | None:
            if request.method == "DELETE":
                with sqlite3.connect(opened.settings.journal_path) as other:
                    rows = other.execute(
                        "SELECT session_uuid FROM entries WHERE event = ?",
                        (JournalEvent.EXPIRE_INTENDED.value,),
                    ).fetchall()
                other.close()
                intended.append([row[0] for row in rows])
            return None

        simulated.fault = look
        await opened.run(ids)

    sent = opened.sent("DELETE")
    assert intended[0] == ids[:1]
    assert len(intended) == len(sent) == 4
    for uuid, written in zip(sent, intended, strict=True):
        assert uuid in written


async def test_a_large_batch_sends_the_first_one_alone(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 60)
    in_flight_after_first: list[int] = []
    async with bench(simulated, tmp_path) as opened:

        def look(request: ReceivedRequest) -> Fault | None:
            if request.method == "DELETE" and request.path.endswith(ids[0]):
                in_flight_after_first.append(len(opened.sent("DELETE")))
                return Fault(delay_before_seconds=0.03)
            return None

        simulated.fault = look
        summary = await opened.run(ids)

    assert summary.is_clean
    assert in_flight_after_first == [1]
    assert opened.sent("DELETE")[0] == ids[0]
    assert sorted(opened.sent("DELETE")) == sorted(ids)
    assert any(
        isinstance(each, RunWaiting) and "first one" in each.reason
        for each in opened.events
    )


async def test_a_first_one_that_fails_spares_the_rest(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 30)
    simulated.fault = script("DELETE", plivos(400, error="no"))
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert summary.end is RunEnd.FIRST_FAILED
    assert summary.count(NS) == 29
    assert opened.sent("DELETE") == ids[:1]


async def test_a_stop_during_the_wait_after_the_first_one_spares_the_rest(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 30)
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run(ids, Waits(first_one=30.0)))
        await until_settled(opened, 1)
        opened.control.stop()
        summary = await run

    assert summary.end is RunEnd.STOPPED
    assert opened.sent("DELETE") == ids[:1]


async def test_a_stop_before_the_first_one_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 30)
    async with bench(simulated, tmp_path) as opened:
        opened.control.stop()
        summary = await opened.run(ids)

    assert summary.end is RunEnd.STOPPED
    assert summary.count(NS) == 30
    assert opened.sent("DELETE") == []


async def test_pause_sends_nothing_and_resume_goes_on(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 20)
    simulated.fault = lambda _request: Fault(delay_before_seconds=0.02)
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run(ids))
        await until_settled(opened, 2)
        opened.control.pause()
        # What is in flight is finished.
        await asyncio.sleep(0.1)
        sent = len(opened.sent("DELETE"))
        await asyncio.sleep(0.04)
        assert len(opened.sent("DELETE")) == sent < 20
        opened.control.resume()
        summary = await run

    assert summary.is_clean


async def test_stop_finishes_what_is_in_flight_and_leaves_the_rest(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 8)
    simulated.fault = lambda _request: Fault(delay_before_seconds=0.1)
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run(ids))
        while len(opened.sent("DELETE")) < 1 + FEW_WORKERS:
            await asyncio.sleep(0.002)
        opened.control.stop()
        summary = await run

    assert summary.end is RunEnd.STOPPED
    assert [each.outcome for each in summary.results] == [*[E] * 5, NS, NS, NS]


@pytest.mark.parametrize("stop_while", ["gate", "look"])
async def test_stop_does_not_wait_for_a_long_wait(
    simulated: SimulatedAccount, tmp_path: Path, stop_while: str
) -> None:
    ids = open_ids(simulated, 2)
    faults = {
        "gate": [reply(429, b"", ("retry-after", "60"))],
        "look": [reply(500)],
    }
    simulated.fault = script("DELETE", *faults[stop_while])
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run(ids, Waits(30.0, 30.0, 30.0, 30.0)))
        while not any(isinstance(each, WAITS) for each in opened.events):
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.03)
        opened.control.stop()
        async with asyncio.timeout(5):
            summary = await run

    assert summary.end is RunEnd.STOPPED
    assert summary.results[0].outcome in {NS, ExpiryOutcome.OPEN}
    assert summary.results[1].outcome is NS


async def test_a_pause_and_a_stop_while_a_permit_is_waited_for_send_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        opened.connections.client(opened.account).pace.refused(0.05)
        run = asyncio.create_task(opened.run(ids))
        await asyncio.sleep(0.02)
        opened.control.pause()
        await asyncio.sleep(0.08)
        assert simulated.requests == ()
        opened.control.stop()
        summary = await run

    assert summary.count(NS) == 2
    assert simulated.requests == ()


async def test_a_run_that_ends_while_a_permit_is_waited_for_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        opened.connections.client(opened.account).pace.refused(60)
        run = asyncio.create_task(opened.run([uuid]))
        await asyncio.sleep(0.03)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    assert simulated.requests == ()


async def test_many_refusals_at_once_end_a_large_batch_for_one_reason(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 40)
    simulated.fault = script(
        "DELETE",
        None,
        *[
            Fault(has_effect=False, reply=Reply(401), delay_after_seconds=0.1)
            for _ in range(39)
        ],
    )
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert summary.end is RunEnd.TOKEN_REFUSED
    assert summary.count(E) == 1
    refused = summary.count(ExpiryOutcome.REFUSED)
    assert 1 < refused == len(opened.sent("DELETE")) - 1 <= WORKERS


async def test_five_equal_failures_in_a_row_pause_the_run(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 12)
    simulated.fault = lambda request: reply(500) if request.method == "DELETE" else None
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run(ids))
        while not any(isinstance(each, RunPaused) for each in opened.events):
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.03)
        # The fifth failure spares what is not in flight beside it.
        sent = set(opened.sent("DELETE"))
        assert 5 <= len(sent) < 5 + FEW_WORKERS
        assert sent == set(ids[: len(sent)])
        simulated.fault = None
        opened.control.resume()
        summary = await run

    assert 5 <= summary.count(ExpiryOutcome.OPEN) <= len(sent)
    assert summary.count(ExpiryOutcome.OPEN) + summary.count(E) == 12


async def test_unequal_failures_do_not_pause(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 6)
    statuses = iter([500, 500, 500, 503, 503, 503] * 3)
    simulated.fault = lambda request: (
        reply(next(statuses)) if request.method == "DELETE" else None
    )
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert summary.count(ExpiryOutcome.OPEN) == 6


async def test_a_read_only_console_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with bench(simulated, tmp_path, read_only=True) as opened:
        with pytest.raises(RefusedError, match="read-only"):
            await opened.run(ids)

    assert simulated.requests == ()


async def test_a_journal_that_cannot_be_opened_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.db").mkdir()
    async with bench(simulated, tmp_path) as opened:
        with pytest.raises(JournalError, match="cannot be written"):
            await opened.run(open_ids(simulated, 1))

    assert simulated.requests == ()


async def refuse_after(opened: Bench, writes: int, event: str = "%") -> None:
    """Let the journal refuse further entries of a kind, as a full disk does."""
    await opened.journal.open()
    with closing(sqlite3.connect(opened.settings.journal_path)) as other, other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.sequence > "
            f"{writes} AND NEW.event LIKE '{event}' "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )


async def test_an_end_that_fits_does_not_hide_an_outcome_that_does_not(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        await refuse_after(opened, 3, "session.settled")
        summary = await opened.run(ids)
        entries = await opened.entries()
    later = Journal(opened.settings.journal_path)
    (record,) = await later.interrupted()
    await asyncio.to_thread(later.close)

    assert summary.end is RunEnd.JOURNAL_FAILED
    assert JournalEvent.BATCH_ENDED not in {entry.event for entry in entries}
    assert record.unknown == (ids[1],)


async def test_neither_does_it_hide_one_of_a_defect(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with bench(simulated, tmp_path) as opened:
        await refuse_after(opened, 2)
        client = opened.connections.client(opened.account)
        client.pace.accepted = None  # type: ignore[method-assign,assignment]
        with pytest.raises(TypeError):
            await opened.run(open_ids(simulated, 1))
        entries = await opened.entries()

    assert [entry.event for entry in entries] == [
        JournalEvent.BATCH_CONFIRMED,
        JournalEvent.EXPIRE_INTENDED,
    ]


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 9])
async def test_a_journal_that_fails_in_the_middle_stops_the_run(
    simulated: SimulatedAccount, tmp_path: Path, writes: int
) -> None:
    ids = open_ids(simulated, 4)
    async with bench(simulated, tmp_path) as opened:
        await refuse_after(opened, writes)
        summary = await opened.run(ids)
        entries = await opened.entries()

    assert summary.end is RunEnd.JOURNAL_FAILED
    intents = [e for e in entries if e.event is JournalEvent.EXPIRE_INTENDED]
    assert opened.sent("DELETE") == [each.session_uuid for each in intents]
    for result in summary.results:
        was_sent = result.session_uuid in opened.sent("DELETE")
        assert was_sent or result.outcome is NS
        if was_sent:
            assert result.outcome in {E, U}


async def test_a_defect_of_ours_still_accounts_for_every_session(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 8)
    async with bench(simulated, tmp_path) as opened:
        client = opened.connections.client(opened.account)

        class DefectError(Exception):
            pass

        def fault(request: ReceivedRequest) -> Fault | None:
            if request.method == "DELETE" and request.path.endswith(ids[1]):
                client.pace.accepted = None  # type: ignore[method-assign,assignment]
            return None

        simulated.fault = fault
        with pytest.raises(TypeError):
            await opened.run(ids)

        summary = opened.summary
        assert summary.end is RunEnd.CRASHED
        outcomes = [each.outcome for each in summary.results]
        assert (outcomes[:2], outcomes[5:]) == ([E, U], [NS, NS, NS])
        assert set(outcomes[2:5]) <= {U, NS}


async def test_the_batch_and_its_end_stand_in_the_journal_without_numbers(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        await opened.run(ids)
        entries = await opened.entries()
        files = opened.settings.journal_path.parent.rglob("*")
        content = b"".join(each.read_bytes() for each in files if each.is_file())

    first, last = entries[0], entries[-1]
    assert first.event is JournalEvent.BATCH_CONFIRMED
    assert first.sessions == tuple(ids)
    assert first.account_name == "practice"
    assert last.event is JournalEvent.BATCH_ENDED
    assert last.outcome == "completed"
    assert opened.account.auth_token.reveal_to_keyring().encode() not in content
    assert opened.account.auth_id.encode() not in content
    for uuid in ids:
        session = simulated.session(uuid)
        assert session is not None
        for number in (session.first_party, session.second_party):
            assert number.encode() not in content


async def test_a_defect_at_the_first_one_of_a_large_batch_accounts_for_all(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 30)
    async with bench(simulated, tmp_path) as opened:
        client = opened.connections.client(opened.account)
        client.pace.accepted = None  # type: ignore[method-assign,assignment]
        with pytest.raises(TypeError):
            await opened.run(ids)

        summary = opened.summary
        settled = [e for e in await opened.entries() if e.outcome == U.value]

    assert summary.end is RunEnd.CRASHED
    assert (summary.count(U), summary.count(NS)) == (1, 29)
    assert [each.session_uuid for each in settled] == ids[:1]


async def test_a_stop_does_not_wait_for_looks_behind_the_gate(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    deletes = script("DELETE", reply(500))
    gets = script("GET", reply(429, b"", ("retry-after", "60")))
    simulated.fault = lambda request: deletes(request) or gets(request)
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run([uuid], Waits(look=30.0)))
        while not opened.sent("GET"):
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.05)
        opened.control.stop()
        async with asyncio.timeout(5):
            summary = await run

    assert summary.results[0].outcome is U


@pytest.mark.parametrize("part", ["journal.db", "journal.db-wal", "journal.db-head"])
async def test_hands_on_the_journal_stop_a_run_and_leave_unknown_what_is_due(
    simulated: SimulatedAccount, tmp_path: Path, part: str
) -> None:
    ids = open_ids(simulated, 4)

    def meddle(request: ReceivedRequest) -> None:
        # The first one goes alone: nothing else is in flight.
        if request.path.endswith(ids[0]) and request.method == "DELETE":
            (opened.settings.journal_path.parent / part).unlink()

    simulated.fault = meddle
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)
        with pytest.raises(JournalError, match="removed, moved or replaced"):
            await opened.run(ids[2:])

    assert summary.end is RunEnd.JOURNAL_FAILED
    outcomes = [each.outcome for each in summary.results]
    assert outcomes == [U, NS, NS, NS]
    assert opened.sent("DELETE") == ids[:1]
    assert "was removed, moved or replaced" in summary.results[0].detail


async def test_a_stop_while_a_permit_is_waited_for_sends_nothing_more(
    simulated: SimulatedAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        pace = opened.connections.client(opened.account).pace

        async def wait_for_ever() -> None:
            opened.control.stop()
            await asyncio.Event().wait()

        monkeypatch.setattr(pace, "take", wait_for_ever)
        summary = await opened.run(ids)

        assert {each.outcome for each in summary.results} == {ExpiryOutcome.NOT_SENT}
        assert opened.sent("DELETE") == []
