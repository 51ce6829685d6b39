from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.models.expiry import ExpiryOutcome, ExpiryPlan, ExpirySummary
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.masking_session import CheckedSession
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    LookedAgain,
    LookFinished,
    LookFound,
    SessionCameBack,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.check_sessions import CheckEvent, CheckSessions
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.second_look import SecondLook
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.listing import Conduct, FilterConduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from tests.support.runs import (
    AT_ONCE,
    Bench,
    bench,
    open_ids,
    quick_account,
    reply,
    script,
)

NEW = SessionUuid("0f6cc1d2-21e7-43bd-9447-04bfee92e651")


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


async def expired(opened: Bench, ids: Sequence[SessionUuid]) -> ExpirySummary:
    """Check and expire some sessions, as the console does."""
    rows: dict[SessionUuid, CheckedSession] = {}

    def take(event: CheckEvent) -> None:
        if isinstance(event, CheckedSession):
            rows[event.session_uuid] = event

    await CheckSessions(opened.connections).run(opened.account, ids, take)
    plan = ExpiryPlan(opened.account, tuple(rows[uuid] for uuid in ids))
    run = ExpireSessions(opened.policy, opened.connections, opened.journal, AT_ONCE)
    await run.run(plan.confirm(plan.phrase), opened.control, opened.events.append)
    return opened.summary


async def look(opened: Bench, summary: ExpirySummary) -> list[LookFound]:
    found: list[LookFound] = []
    await SecondLook(opened.connections, opened.journal).run(summary, found.append)
    return found


def again(simulated: SimulatedAccount, uuid: str, **changes: object) -> None:
    """Let somebody create a session like this one."""
    old = simulated.session(uuid)
    assert old is not None
    twin = replace(
        old,
        session_uuid=NEW,
        was_expired=False,
        created_time=simulated.now,
        expiry_time=simulated.now + timedelta(hours=1),
    )
    simulated.put(replace(twin, **changes))  # type: ignore[arg-type]


async def test_all_is_still_as_the_run_left_it(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with bench(simulated, tmp_path) as opened:
        summary = await expired(opened, ids)
        found = await look(opened, summary)

        assert found == [LookFinished(3, 3, 0, 0)]
        lists = [r for r in simulated.requests if r.path.endswith("/Session/")]
        assert len(lists) == 6
        assert all("+" not in request.query for request in lists)
        entries = await opened.entries()
        assert entries[-2].event is JournalEvent.BATCH_ENDED
        assert entries[-1].event is JournalEvent.SECOND_LOOK_ENDED
        assert entries[-1].outcome == "clean"
        assert entries[-1].detail == "All 3 are still expired."


async def test_a_session_that_is_open_again_is_told_and_journalled(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    before = simulated.session(uuid)
    assert before is not None
    async with bench(simulated, tmp_path) as opened:
        summary = await expired(opened, [uuid])
        simulated.put(before)
        found = await look(opened, summary)

        assert isinstance(found[0], LookedAgain)
        assert (found[0].session_uuid, found[0].is_open_again) == (uuid, True)
        assert found[-1] == LookFinished(1, 0, 0, 0, open_again=1)
        entries = await opened.entries()
        looked, ended = entries[-2:]
        assert looked.event is JournalEvent.SESSION_LOOKED
        assert (looked.outcome, looked.evidence) == ("open when looked at", "look")
        assert (looked.http_status, bool(looked.api_id)) == (200, True)
        assert looked.detail == "open at the second look (active)"
        assert (ended.outcome, ended.detail) == (
            "found",
            "The session is open again.",
        )


@pytest.mark.parametrize("is_swapped", [False, True])
async def test_a_new_session_for_the_same_numbers_is_found(
    simulated: SimulatedAccount, tmp_path: Path, is_swapped: bool
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        summary = await expired(opened, [uuid])
        old = simulated.session(uuid)
        assert old is not None
        swap = {"first_party": old.second_party, "second_party": old.first_party}
        again(simulated, uuid, **(swap if is_swapped else {}))
        found = await look(opened, summary)

        (came,) = [each for each in found if isinstance(each, SessionCameBack)]
        assert (came.session_uuid, came.new_uuid) == (uuid, NEW)
        entry = (await opened.entries())[-2]
        assert entry.event is JournalEvent.SESSION_CAME_BACK
        assert entry.detail == f"a new open session for the same numbers: {NEW}"
        content = opened.settings.journal_path.read_bytes()
        assert old.first_party.encode() not in content


@pytest.mark.parametrize(
    "changes",
    [
        {"was_expired": True},
        {"first_party": "915550001111"},
        {"created_time": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
async def test_an_expired_an_older_or_another_pair_is_not_a_return(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    # Filters that the service ignores must not lead anybody astray.
    simulated = SimulatedAccount(
        conduct=Conduct((0.0, 0.0), number_filters=FilterConduct.IGNORED),
        rate_limit=RateLimit(limit=None),
    )
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        summary = await expired(opened, [uuid])
        again(simulated, uuid, **changes)
        found = await look(opened, summary)

    assert not [each for each in found if isinstance(each, SessionCameBack)]


async def test_an_unknown_outcome_is_settled_by_the_look(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    lost = Fault(ending=Ending.DROPPED)
    deletes = script("DELETE", lost, lost)
    broken = True
    simulated.fault = lambda request: (
        deletes(request) or (reply(500) if broken and request.method == "GET" else None)
    )
    async with bench(simulated, tmp_path) as opened:
        # As if they had been checked while Plivo's GET still worked.
        await opened.run(ids)
        summary = opened.summary
        assert summary.count(ExpiryOutcome.UNKNOWN) == 2
        broken = False
        simulated.fault = script("GET", reply(500))
        found = await look(opened, summary)

        (told,) = [each for each in found if isinstance(each, LookedAgain)]
        assert told.result.outcome is ExpiryOutcome.EXPIRED
        assert told.result.detail == PlainText("confirmed by a later look")
        assert found[-1] == LookFinished(2, 0, 1, 0)
        entries = await opened.entries()
        assert entries[-2].event is JournalEvent.SESSION_LOOKED
        assert (entries[-1].event, entries[-1].outcome) == (
            JournalEvent.SECOND_LOOK_ENDED,
            "found",
        )


@pytest.mark.parametrize(
    "fault",
    [
        reply(400, b'{"error": "no"}'),
        reply(200, b"{}"),
        Fault(has_effect=False, ending=Ending.DROPPED),
    ],
)
async def test_a_list_that_tells_nothing_is_counted(
    simulated: SimulatedAccount, tmp_path: Path, fault: Fault
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        summary = await expired(opened, [uuid])
        simulated.fault = lambda request: (
            fault if request.path.endswith("/Session/") else reply(500)
        )
        found = await look(opened, summary)

    assert found == [LookFinished(1, 0, 1, 1)]
