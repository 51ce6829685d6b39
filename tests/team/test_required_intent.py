"""``require = "intent"``: a DELETE waits until its intent is on the team's server."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.errors import InputError, RefusedError
from masking_console.journal.entry_reader import read_last
from masking_console.journal.journal import Journal
from masking_console.models.expiry import ExpiryOutcome, RunEnd
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    RunWaiting,
    SessionSending,
)
from masking_console.operations import team as team_operations
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.team import Team as TeamLink
from masking_console.operations.team import open_server
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Fault
from masking_console.settings import Settings, TeamRequire, TeamRules
from tests.support.campaigns import campaign, examples
from tests.support.postgres import LEAD, Team
from tests.support.runs import (
    AT_ONCE,
    Bench,
    bench,
    open_ids,
    policy_for,
    quick_account,
)
from tests.support.server_troubles import TROUBLES
from tests.support.shipping import here, on_server


class Run:
    """A run with a team's server behind its journal."""

    def __init__(self, of: Bench, link: TeamLink) -> None:
        self.of = of
        self.link = link
        self.events: list[RunEvent] = []

    async def expire(self, count: int, *, protected: bool = False) -> RunFinished:
        ids = open_ids(self.of.simulated, count)
        plan = self.of.confirmed(ids)
        if protected:
            account = replace(self.of.account, protected=True)
            whole = replace(plan.plan, account=account)
            plan = whole.confirm(whole.phrase)
        operation = ExpireSessions(
            policy_for(self.of.settings, plan.plan.account),
            self.of.connections,
            self.of.journal,
            AT_ONCE,
        )
        await operation.run(plan, self.of.control, self.events.append, self.link.gate())
        finished = self.events[-1]
        assert isinstance(finished, RunFinished)
        return finished

    async def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(1500):
            if is_so():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it did not happen")

    @property
    def shipped(self) -> int:
        state = self.link.state()
        assert state is not None
        return state.shipped

    @property
    def problem(self) -> str:
        state = self.link.state()
        assert state is not None
        return state.problem


@asynccontextmanager
async def run_on(team: Team, folder: Path) -> AsyncIterator[Run]:
    async with bench(quick_account(), folder) as of:
        rules = team.rules(require=TeamRequire.INTENT)
        settings = replace(of.settings, practice=False, team=rules)
        link = TeamLink(settings)
        of.journal = Journal(
            of.settings.journal_path, worked=link.wake, newest_anchor=link.newest_anchor
        )
        link.start()
        try:
            yield Run(of, link)
        finally:
            await asyncio.to_thread(of.journal.close)
            link.begin_to_close()
            await asyncio.to_thread(link.wait_closed, 10)


def sent_before(team: Team) -> Callable[[ReceivedRequest], Fault | None]:
    """Return a hook that fails the run where a DELETE came before its intent."""

    def hook(request: ReceivedRequest) -> Fault | None:
        if request.method == "DELETE":
            uuid = request.path.rstrip("/").rpartition("/")[2]
            query = "SELECT count(*) FROM team.entry WHERE session_uuid = %s"
            assert team.sql(LEAD, query, [uuid]) == [(1,)], "sent before its intent"
        return None

    return hook


async def test_each_intent_is_on_the_server_before_its_delete(
    team: Team, tmp_path: Path
) -> None:
    async with run_on(team, tmp_path) as run:
        run.of.simulated.fault = sent_before(team)

        finished = await run.expire(6)

        assert finished.summary.end is RunEnd.COMPLETED
        outcomes = {each.outcome for each in finished.summary.results}
        assert outcomes == {ExpiryOutcome.EXPIRED}


async def test_a_delete_waits_for_a_server_that_is_away_and_then_goes_on(
    own_team: Team, tmp_path: Path
) -> None:
    async with run_on(own_team, tmp_path) as run:
        await asyncio.to_thread(own_team.cluster.stop)
        running = asyncio.create_task(run.expire(2))
        await run.until(lambda: any(isinstance(e, RunWaiting) for e in run.events))
        waits = [each for each in run.events if isinstance(each, RunWaiting)]
        assert "cannot be used" in waits[0].reason
        assert not any(isinstance(each, SessionSending) for each in run.events)

        await asyncio.to_thread(own_team.cluster.start)
        finished = await running

        assert finished.summary.end is RunEnd.COMPLETED
        assert finished.summary.off == 2


async def test_a_stop_ends_the_wait_and_nothing_was_sent(
    own_team: Team, tmp_path: Path
) -> None:
    async with run_on(own_team, tmp_path) as run:
        await asyncio.to_thread(own_team.cluster.stop)
        running = asyncio.create_task(run.expire(2))
        await run.until(lambda: any(isinstance(e, RunWaiting) for e in run.events))
        run.of.control.stop()
        finished = await running

        outcomes = [each.outcome for each in finished.summary.results]
        assert outcomes == [ExpiryOutcome.NOT_SENT] * 2
        assert finished.summary.end is RunEnd.STOPPED
        methods = {each.method for each in run.of.simulated.requests}
        assert "DELETE" not in methods


async def test_a_protected_account_is_refused_while_the_server_is_away(
    own_team: Team, tmp_path: Path
) -> None:
    async with run_on(own_team, tmp_path) as run:
        await asyncio.to_thread(own_team.cluster.stop)
        await run.of.journal.acknowledge("1-abc", "known")
        await run.until(lambda: bool(run.problem))

        with pytest.raises(RefusedError, match="A protected account waits"):
            await run.expire(1, protected=True)
        methods = {each.method for each in run.of.simulated.requests}
        assert "DELETE" not in methods


async def test_a_run_on_a_protected_account_ends_when_the_server_goes_away(
    own_team: Team, tmp_path: Path
) -> None:
    async with run_on(own_team, tmp_path) as run:
        deletes = 0

        def hook(request: ReceivedRequest) -> Fault | None:
            nonlocal deletes
            if request.method == "DELETE":
                deletes += 1
                own_team.cluster.stop()
            return None

        run.of.simulated.fault = hook
        finished = await run.expire(3, protected=True)

        assert finished.summary.end is RunEnd.TEAM_AWAY
        outcomes = [each.outcome for each in finished.summary.results]
        assert outcomes == [ExpiryOutcome.EXPIRED, *[ExpiryOutcome.NOT_SENT] * 2]
        assert deletes == 1


def test_without_a_team_nothing_holds_back_and_nothing_is_imported(
    tmp_path: Path,
) -> None:
    link = TeamLink(Settings(tmp_path / "journal.db"))
    link.start()
    link.wake()

    assert link.state() is None
    assert link.gate() is None
    assert link.newest_anchor() == ""
    link.begin_to_close()
    link.wait_closed(1)
    with pytest.raises(InputError, match="No team"):
        open_server(Settings(tmp_path / "journal.db"))


def test_practice_ships_nothing(tmp_path: Path) -> None:
    rules = TeamRules("asha", TeamRequire.INTENT)
    link = TeamLink(Settings(tmp_path / "journal.db", practice=True, team=rules))

    assert link.state() is None
    assert link.gate() is None


def test_without_psycopg_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys  # noqa: PLC0415 - of this test alone

    monkeypatch.delitem(sys.modules, "masking_console.team.connection", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(InputError, match=r"install masking-console\[team\]"):
        team_operations.Team(Settings(tmp_path / "journal.db", team=TeamRules("asha")))


@campaign
async def test_through_random_troubles_journal_server_and_truth_agree(
    own_team: Team, tmp_path: Path
) -> None:
    rng = random.Random(11)  # noqa: S311 - the same troubles every time
    over = asyncio.Event()

    async def trouble() -> None:
        for _ in range(examples("troubles of a server with required intents", 16, 4)):
            await asyncio.sleep(rng.uniform(0.0, 0.3))
            troubling = rng.choice(TROUBLES)
            await asyncio.to_thread(troubling, own_team, rng.uniform(0.0, 0.5))
        over.set()

    async with run_on(own_team, tmp_path) as run:
        troubles = asyncio.create_task(trouble())
        batches = 0
        while not over.is_set() or not batches:
            finished = await run.expire(2)
            assert finished.summary.end is RunEnd.COMPLETED
            batches += 1
        await troubles
        path = run.of.settings.journal_path
        last = (await asyncio.to_thread(read_last, path)).sequence
        await run.until(lambda: run.shipped == last)

    assert on_server(own_team, path) == here(path)
    sent = [
        request.path.rpartition("/")[2]
        for request in run.of.simulated.requests
        if request.method == "DELETE"
    ]
    assert len(sent) == len(set(sent)) == 2 * batches
    for event in ("expire.intended", "session.settled"):
        query = "SELECT session_uuid FROM team.entry WHERE event = %s"
        on_it = [each for (each,) in own_team.sql(LEAD, query, [event])]
        assert sorted(on_it) == sorted(sent)
