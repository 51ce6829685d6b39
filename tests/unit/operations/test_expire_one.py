import asyncio
import socket
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from masking_console.models.expiry import Evidence, ExpiryOutcome, RunEnd
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.masking_session import CheckState, SessionStatus
from masking_console.models.run_events import RunWaiting
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.expire_one import ExpireOne, Waits
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.replies import read_api_id
from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    ReceivedRequest,
    Reply,
    practice_account,
)
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import checked_api_url
from tests.support.runs import (
    AT_ONCE,
    bench,
    open_ids,
    plivos,
    quick_account,
    reply,
    script,
)

ERROR_500 = plivos(500, error="internal")
HTML_502 = reply(502, b"<html><h1>Bad gateway</h1></html>")
LATE_500 = Fault(reply=Reply(500))
LIMITED = reply(429, b"", ("retry-after", "0"))
REFUSED = plivos(400, error="not now")
ALREADY = plivos(400, error="Session already expired")
ALREADY_IN_200 = plivos(200, error="Session already expired")
NOT_ALREADY = plivos(200, message="was not already expired, could not process")
MISSING = plivos(404, error="not found")
NGINX_404 = reply(404, b"<html><h1>404 Not Found</h1><hr>nginx</html>")
MOVED = reply(301, b"", ("location", "/elsewhere/"))
NO_TOKEN = reply(401, b"no")
COULD_NOT = plivos(200, message="Session could not be expired")
PORTAL = reply(200, b'{"message": "Welcome! Log in to this network."}')
GLOBAL_ERROR = plivos(200, message="ok", global_error="not expired")
QUEUED = plivos(202, message="queued")
PARTIAL = plivos(206, message="Session expired")
UNNAMED = reply(200, b'{"message": "Session expired"}')
LOST = Fault(ending=Ending.DROPPED)
LOST_BEFORE = Fault(has_effect=False, ending=Ending.DROPPED)
SILENT = Fault(ending=Ending.SILENT)
ODD_200 = reply(200, b'{"surprise": true}')
ERROR_IN_200 = plivos(200, error="no")
ASYNC_200 = plivos(200, message="async api spawned")
BUT_DONE = {
    name: Fault(reply=fault.reply)
    for name, fault in (
        ("202", QUEUED),
        ("204", reply(204)),
        ("206", PARTIAL),
        ("404", NGINX_404),
        ("200", UNNAMED),
    )
}
"""Answers that do not say so, to requests that had their effect."""
E, A, N = (
    ExpiryOutcome.EXPIRED,
    ExpiryOutcome.ALREADY_EXPIRED,
    ExpiryOutcome.NOT_FOUND,
)
R, F, OP, U, NS = (
    ExpiryOutcome.REFUSED,
    ExpiryOutcome.FAILED,
    ExpiryOutcome.OPEN,
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
        ([ERROR_500] * 3, OP, Evidence.LOOK, 3, 5),
        ([LOST], E, Evidence.LOOK, 1, 1),
        ([LATE_500], E, Evidence.LOOK, 1, 1),
        ([LOST_BEFORE], E, Evidence.ANSWER, 2, 1),
        ([SILENT], E, Evidence.LOOK, 1, 1),
        ([ODD_200], E, Evidence.ANSWER, 2, 1),
        ([ASYNC_200], E, Evidence.ANSWER, 2, 1),
        ([ERROR_IN_200], E, Evidence.ANSWER, 2, 1),
        ([COULD_NOT] * 3, OP, Evidence.LOOK, 3, 5),
        ([PORTAL] * 3, OP, Evidence.LOOK, 3, 5),
        ([GLOBAL_ERROR] * 3, OP, Evidence.LOOK, 3, 5),
        ([QUEUED] * 3, OP, Evidence.LOOK, 3, 5),
        ([PARTIAL] * 3, OP, Evidence.LOOK, 3, 5),
        ([UNNAMED] * 3, OP, Evidence.LOOK, 3, 5),
        ([NOT_ALREADY] * 3, OP, Evidence.LOOK, 3, 5),
        *(([each], E, Evidence.LOOK, 1, 1) for each in BUT_DONE.values()),
        ([REFUSED], R, Evidence.ANSWER, 1, 0),
        ([ALREADY], A, Evidence.ANSWER, 1, 0),
        ([ALREADY_IN_200], A, Evidence.ANSWER, 1, 0),
        ([ERROR_500, ALREADY], E, Evidence.ANSWER, 2, 1),
        ([ERROR_500, ALREADY_IN_200], E, Evidence.ANSWER, 2, 1),
        ([ERROR_500, REFUSED], OP, Evidence.LOOK, 2, 4),
        ([ERROR_500, MOVED], OP, Evidence.LOOK, 2, 4),
        ([ERROR_500, NO_TOKEN], U, Evidence.ANSWER, 2, 1),
        ([MISSING], OP, Evidence.LOOK, 1, 3),
        ([NGINX_404], OP, Evidence.LOOK, 1, 3),
        ([reply(404, b"not found")], OP, Evidence.LOOK, 1, 3),
        ([ERROR_500, reply(404)], OP, Evidence.LOOK, 2, 4),
        ([plivos(405, error="method")], R, Evidence.ANSWER, 1, 0),
        ([MOVED], F, Evidence.ANSWER, 1, 0),
        ([reply(308)], F, Evidence.ANSWER, 1, 0),
        ([LIMITED], E, Evidence.ANSWER, 2, 0),
        ([LIMITED] * 5, NS, Evidence.NONE, 5, 0),
        ([ERROR_500, *[LIMITED] * 5], OP, Evidence.LOOK, 6, 1),
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
        says_already = faults[-1:] in ([ALREADY], [ALREADY_IN_200])
        if outcome in {E, A} and not says_already:
            assert simulated.status_of(uuid) == "expired"
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
        ([MISSING], U),
        ([reply(404)] * 3, U),
        ([reply(401)], U),
        ([MOVED], U),
        ([LOST_BEFORE] * 3, U),
        ([LIMITED, LIMITED], E),
        ([plivos(200, response={"status": "expired"})] * 3, U),
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


@pytest.mark.parametrize("missing", [MISSING, NGINX_404])
@pytest.mark.parametrize(
    ("before", "looks", "outcome", "evidence", "words"),
    [
        (None, [MISSING], N, Evidence.LOOK, "neither the DELETE nor a look finds it"),
        (None, [NGINX_404, MISSING], N, Evidence.LOOK, None),
        (None, [NGINX_404] * 3, U, Evidence.NONE, None),
        (None, [reply(401)], U, Evidence.NONE, None),
        (ERROR_500, [None, MISSING], U, Evidence.NONE, None),
    ],
)
async def test_a_404_is_looked_at_since_a_look_had_found_the_session(  # noqa: PLR0913
    simulated: SimulatedAccount,
    tmp_path: Path,
    missing: Fault,
    before: Fault | None,
    looks: list[Fault | None],
    outcome: ExpiryOutcome,
    evidence: Evidence,
    words: str | None,
) -> None:
    (uuid,) = open_ids(simulated, 1)
    faults = [missing] if before is None else [before, missing]
    deletes, gets = script("DELETE", *faults), script("GET", *looks)
    simulated.fault = lambda request: deletes(request) or gets(request)
    async with bench(simulated, tmp_path) as opened:
        result = await opened.expire(uuid)

        assert (result.outcome, result.evidence) == (outcome, evidence)
        assert words in {None, result.detail}
        assert opened.sent("DELETE") == [uuid] * len(faults)
        entries = await opened.entries()
    unclear = [e for e in entries if e.event is JournalEvent.EXPIRE_UNCLEAR]
    assert len(unclear) == len(faults)


async def test_the_answer_to_another_delete_proves_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    copy = plivos(200, message="Session expired")
    done = Fault(reply=copy.reply)
    answers = iter([done, copy, copy, copy])
    simulated.fault = lambda request: (
        next(answers) if request.method == "DELETE" else None
    )
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    first, second = summary.results
    assert (first.outcome, first.evidence) == (E, Evidence.ANSWER)
    assert (second.outcome, second.evidence) == (OP, Evidence.LOOK)
    assert second.http_status is None
    assert second.detail == (
        "the answer to an earlier request came once more, 3 times; open when looked at"
    )
    assert summary.end is RunEnd.COMPLETED


async def test_a_copy_of_a_refused_sign_in_stops_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    refused = plivos(401, error="authentication failed")
    seen = iter([refused])
    simulated.fault = lambda request: (
        next(seen, None) if request.method == "DELETE" else None
    )
    async with bench(simulated, tmp_path) as opened:
        client = opened.connections.client(opened.account)
        assert refused.reply is not None
        client._seen.has_come_before(read_api_id(refused.reply.body))
        summary = await opened.run(ids)

    assert [each.outcome for each in summary.results] == [E, E]


@pytest.mark.parametrize("stale", [b"active", b"expired"])
async def test_a_copy_of_an_earlier_look_proves_nothing(
    simulated: SimulatedAccount, tmp_path: Path, stale: bytes
) -> None:
    (uuid,) = open_ids(simulated, 1)
    session = {"session_uuid": uuid, "status": stale.decode()}
    copy = plivos(200, response=session)
    simulated.fault = lambda request: (
        LOST_BEFORE if request.method == "DELETE" else copy
    )
    async with bench(simulated, tmp_path) as opened:
        await opened.connections.client(opened.account).get_session(uuid)
        result = await opened.expire(uuid)

    assert result.outcome is U
    assert result.detail == (
        "the connection broke; then the answer to an earlier request came once more"
    )


async def test_a_redirect_is_final_and_sent_once(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    simulated.fault = script("DELETE", MOVED)
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert [each.outcome for each in summary.results] == [F, E]
    assert summary.results[0].detail == "redirected to /elsewhere/, not followed"
    assert summary.to_check == summary.results[:1]
    assert opened.sent("DELETE") == ids


async def test_an_echo_of_the_credentials_reaches_neither_journal_nor_screen(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    account = practice_account()
    header = account.auth_token.basic_authorization(account.auth_id)
    words = f"bad header Authorization: {header} of {PRACTICE_AUTH_ID} {PRACTICE_TOKEN}"
    simulated.fault = script("DELETE", plivos(400, error=words))
    async with bench(simulated, tmp_path) as opened:
        result = await opened.expire(uuid)
        entries = await opened.entries()

    assert result.outcome is R
    assert result.detail.startswith("bad header Authorization: ")
    for text in (result.detail, *(entry.detail for entry in entries)):
        assert PRACTICE_AUTH_ID not in text
        assert not any(piece in text for piece in pieces(PRACTICE_TOKEN))
        assert not any(piece in text for piece in pieces(header.partition(" ")[2]))


def pieces(secret: str) -> list[str]:
    return [secret[at : at + 10] for at in range(len(secret) - 9)]


async def test_a_late_effect_is_seen_before_a_session_is_called_open(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    stale = plivos(200, response={"session_uuid": uuid, "status": "active"})
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
    ids = open_ids(simulated, 8)
    refusals = [reply(status, b"no")] * 4
    simulated.fault = script("DELETE", None, *refusals)
    async with bench(simulated, tmp_path) as opened:
        summary = await opened.run(ids)

    assert summary.end is end
    outcomes = [r.outcome for r in summary.results]
    assert outcomes[:1] + outcomes[5:] == [E, NS, NS, NS]
    # Of the four at once, one is refused; the others are as well, or were not sent.
    assert R in outcomes[1:5]
    assert set(outcomes[1:5]) <= {R, NS}
    assert len(opened.sent("DELETE")) == 1 + outcomes.count(R)


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
    assert result.detail == "127.0.0.1 refused the connection"
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
        while not pace._turn.locked():
            await asyncio.sleep(0.005)
        opened.control.pause()
        # The permit that came in the pause was given back.
        while not pace._coming_back:
            await asyncio.sleep(0.005)
        opened.control.stop()
        summary = await run

    assert summary.results[0].outcome is ExpiryOutcome.NOT_SENT
    assert summary.results[0].attempts == 0
    assert opened.sent("DELETE") == []


@pytest.mark.parametrize(
    ("is_expired", "outcome"), [(True, E), (False, OP)], ids=["expired", "gone"]
)
async def test_a_look_after_a_sleep_ends_the_tries_of_an_unclear_one(
    simulated: SimulatedAccount, tmp_path: Path, is_expired: bool, outcome: object
) -> None:
    (uuid,) = ids = open_ids(simulated, 1)
    looks: dict[SessionUuid, Answer] = {}
    async with bench(simulated, tmp_path) as opened:
        client = opened.connections.client(opened.account)

        def fault(request: ReceivedRequest) -> Fault | None:
            if request.method == "DELETE":
                return reply(500)
            # Its own look finds it open; the one after a sleep comes behind that.
            look = Answer(Verdict.NOT_FOUND)
            if is_expired:
                look = Answer(Verdict.EXPIRED, session=expired)
            looks[uuid] = look
            return None

        active = (await client.get_session(uuid)).session
        assert active is not None
        expired = replace(active, status=SessionStatus.EXPIRED)
        simulated.fault = fault
        opened.control.attach()
        one = ExpireOne(
            client=client,
            journal=opened.journal,
            batch=await opened.journal.begin_batch(opened.confirmed(ids)),
            control=opened.control,
            emit=opened.events.append,
            session_uuid=uuid,
            waits=AT_ONCE,
            reviewed=CheckState.ACTIVE,
            looks=looks,
        )
        result = await one.run()

    assert (result.outcome, result.attempts) == (outcome, 1)
    assert len(opened.sent("DELETE")) == 1
