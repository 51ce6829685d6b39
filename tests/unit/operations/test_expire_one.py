import asyncio
import socket
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from masking_console.models.expiry import Evidence, ExpiryOutcome, RunEnd
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.run_events import RunWaiting
from masking_console.operations.connections import Connections
from masking_console.operations.expire_one import Waits
from masking_console.practice.exchange import Reply
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import checked_api_url
from tests.support.runs import bench, open_ids, quick_account, reply, script

ERROR_500 = reply(500, b'{"api_id": "a", "error": "internal"}')
HTML_502 = reply(502, b"<html><h1>Bad gateway</h1></html>")
LATE_500 = Fault(reply=Reply(500))
LIMITED = reply(429, b"", ("retry-after", "0"))
REFUSED = reply(400, b'{"error": "not now"}')
ALREADY = reply(400, b'{"error": "Session already expired"}')
LOST = Fault(ending=Ending.DROPPED)
LOST_BEFORE = Fault(has_effect=False, ending=Ending.DROPPED)
SILENT = Fault(ending=Ending.SILENT)
ODD_200 = reply(200, b'{"surprise": true}')
ERROR_IN_200 = reply(200, b'{"error": "no"}')
ASYNC_200 = reply(200, b'{"message": "async api spawned", "api_id": "x"}')
E, A, N = (
    ExpiryOutcome.EXPIRED,
    ExpiryOutcome.ALREADY_EXPIRED,
    ExpiryOutcome.NOT_FOUND,
)
R, F, U, NS = (
    ExpiryOutcome.REFUSED,
    ExpiryOutcome.FAILED,
    ExpiryOutcome.UNKNOWN,
    ExpiryOutcome.NOT_SENT,
)


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


@pytest.mark.parametrize(
    ("faults", "outcome", "evidence", "deletes", "gets"),
    [
        ([], E, Evidence.ANSWER, 1, 0),
        ([ERROR_500], E, Evidence.ANSWER, 2, 1),
        ([HTML_502, HTML_502], E, Evidence.ANSWER, 3, 2),
        ([ERROR_500] * 3, F, Evidence.LOOK, 3, 5),
        ([LOST], E, Evidence.LOOK, 1, 1),
        ([LATE_500], E, Evidence.LOOK, 1, 1),
        ([LOST_BEFORE], E, Evidence.ANSWER, 2, 1),
        ([SILENT], E, Evidence.LOOK, 1, 1),
        ([ODD_200], E, Evidence.ANSWER, 2, 1),
        ([ASYNC_200], E, Evidence.ANSWER, 2, 1),
        ([ERROR_IN_200], R, Evidence.ANSWER, 1, 0),
        ([REFUSED], R, Evidence.ANSWER, 1, 0),
        ([ALREADY], A, Evidence.ANSWER, 1, 0),
        ([ERROR_500, ALREADY], E, Evidence.ANSWER, 2, 1),
        ([ERROR_500, REFUSED], U, Evidence.ANSWER, 2, 1),
        ([reply(404, b"not found")], N, Evidence.ANSWER, 1, 0),
        ([ERROR_500, reply(404)], U, Evidence.ANSWER, 2, 1),
        ([reply(405, b'{"error": "method"}')], R, Evidence.ANSWER, 1, 0),
        ([reply(302, b"", ("location", "/"))], E, Evidence.ANSWER, 2, 1),
        ([LIMITED], E, Evidence.ANSWER, 2, 0),
        ([LIMITED] * 5, NS, Evidence.NONE, 5, 0),
        ([ERROR_500, *[LIMITED] * 5], F, Evidence.LOOK, 6, 1),
    ],
)
async def test_what_a_fault_comes_to(  # noqa: PLR0913 - a table
    simulated: SimulatedAccount,
    tmp_path: Path,
    faults: list[Fault],
    outcome: ExpiryOutcome,
    evidence: Evidence,
    deletes: int,
    gets: int,
) -> None:
    (uuid,) = open_ids(simulated, 1)
    simulated.fault = script("DELETE", *faults)
    async with bench(simulated, tmp_path) as opened:
        result = await opened.expire(uuid)

        assert (result.outcome, result.evidence) == (outcome, evidence)
        assert opened.sent("DELETE") == [uuid] * deletes
        assert opened.sent("GET") == [uuid] * gets
        assert result.attempts == deletes
        if outcome in {E, A} and faults != [ALREADY]:
            assert faults[-1:] == [ALREADY] or simulated.status_of(uuid) == "expired"
        entries = await opened.entries()
        intents = [e for e in entries if e.event is JournalEvent.EXPIRE_INTENDED]
        settled = [e for e in entries if e.event is JournalEvent.SESSION_SETTLED]
        assert [each.attempt for each in intents] == list(range(1, deletes + 1))
        assert [each.outcome for each in settled] == [outcome.value]


@pytest.mark.parametrize(
    ("looks", "outcome"),
    [
        ([reply(500)] * 3, U),
        ([reply(500)] * 2, E),
        ([reply(404)], U),
        ([reply(401)], U),
        ([LOST_BEFORE] * 3, U),
        ([LIMITED, LIMITED], E),
        ([reply(200, b'{"response": {"status": "expired"}}')] * 3, U),
    ],
)
async def test_what_a_look_in_vain_comes_to(
    simulated: SimulatedAccount,
    tmp_path: Path,
    looks: list[Fault],
    outcome: ExpiryOutcome,
) -> None:
    (uuid,) = open_ids(simulated, 1)
    deletes, gets = script("DELETE", LOST), script("GET", *looks)
    simulated.fault = lambda request: deletes(request) or gets(request)
    async with bench(simulated, tmp_path) as opened:
        result = await opened.expire(uuid)

    assert result.outcome is outcome
    assert opened.sent("DELETE") == [uuid]


async def test_a_late_effect_is_seen_before_a_session_is_called_open(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    stale = reply(
        200, b'{"response": {"session_uuid": "%s", "status": "active"}}' % uuid.encode()
    )
    deletes = script("DELETE", ERROR_500, ERROR_500, LOST)
    gets = script("GET", None, None, stale)
    simulated.fault = lambda request: deletes(request) or gets(request)
    async with bench(simulated, tmp_path) as opened:
        result = await opened.expire(uuid)

    assert result.outcome is ExpiryOutcome.EXPIRED
    assert result.evidence is Evidence.LOOK


@pytest.mark.parametrize(
    ("status", "end"),
    [(401, RunEnd.TOKEN_REFUSED), (403, RunEnd.FORBIDDEN)],
)
async def test_a_refused_sign_in_stops_the_run_at_once(
    simulated: SimulatedAccount, tmp_path: Path, status: int, end: RunEnd
) -> None:
    ids = open_ids(simulated, 5)
    simulated.fault = script("DELETE", None, reply(status, b"no"))
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert summary.end is end
    assert [r.outcome for r in summary.results] == [E, R, NS, NS, NS]
    assert opened.sent("DELETE") == ids[:2]


async def test_no_connection_is_tried_again_and_then_not_sent(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        # A port that nobody listens on: bound here, and not listening.
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = checked_api_url(f"http://127.0.0.1:{unused.getsockname()[1]}")
            settings = replace(opened.settings, api_url=url)
            opened.connections = Connections(settings)
            result = await opened.expire(uuid)
            await opened.connections.aclose()

    assert result.outcome is ExpiryOutcome.NOT_SENT
    assert result.attempts == 3
    assert result.detail == "no connection"
    assert sum(isinstance(event, RunWaiting) for event in opened.events) == 2


async def test_a_stop_while_offline_ends_the_wait(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = checked_api_url(f"http://127.0.0.1:{unused.getsockname()[1]}")
            opened.connections = Connections(replace(opened.settings, api_url=url))
            run = asyncio.create_task(opened.run([uuid], Waits(offline=60.0)))
            while not any(isinstance(each, RunWaiting) for each in opened.events):
                await asyncio.sleep(0.005)
            opened.control.stop()
            summary = await run
            await opened.connections.aclose()

    assert summary.end is RunEnd.STOPPED
    assert summary.results[0].outcome is ExpiryOutcome.NOT_SENT


async def test_a_cancelled_delete_is_journalled_as_unknown(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    simulated.fault = script("DELETE", Fault(delay_before_seconds=0.15))
    async with bench(simulated, tmp_path) as opened:
        run = asyncio.create_task(opened.run([uuid]))
        while not opened.sent("DELETE"):
            await asyncio.sleep(0.005)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        batch_id = next(
            event.batch.batch_id for event in opened.events if hasattr(event, "batch")
        )
        entries = await opened.journal.entries(batch_id)

    assert entries[-1].event is JournalEvent.SESSION_SETTLED
    assert entries[-1].outcome == ExpiryOutcome.UNKNOWN.value
    assert HTTPStatus.OK not in {entry.http_status for entry in entries}


async def test_a_run_cancelled_before_its_first_delete_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        opened.control.pause()
        run = asyncio.create_task(opened.run([uuid]))
        while not opened.events:
            await asyncio.sleep(0.005)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    assert opened.sent("DELETE") == []


async def test_a_stop_between_the_permit_and_the_delete_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        pace = opened.connections.client(opened.account).pace
        pace.refused(0.3)
        run = asyncio.create_task(opened.run([uuid]))
        while not opened.events:
            await asyncio.sleep(0.005)
        opened.control.pause()
        while not pace._in_flight:
            await asyncio.sleep(0.005)
        opened.control.stop()
        summary = await run

    assert summary.results[0].outcome is ExpiryOutcome.NOT_SENT
    assert summary.results[0].attempts == 0
    assert opened.sent("DELETE") == []
