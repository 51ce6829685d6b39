"""A laptop that sleeps, or a process that is stopped, in the middle of a run."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from masking_console.models.expiry import (
    ExpiryOutcome,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.masking_session import CheckState
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    RunPaused,
    RunSlept,
    SessionSettled,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.run_control import SleepWatch
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Fault
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import (
    AT_ONCE,
    Bench,
    bench,
    open_ids,
    plan_of,
    quick_account,
    reply,
)

U = ExpiryOutcome
QUICK = replace(AT_ONCE, beat=0.005)


@dataclass
class Clocks:
    """Two clocks that stand still until a test moves them."""

    wall: float = 1000.0
    monotonic: float = 50.0

    def sleep(self, seconds: float) -> None:
        """Let the computer sleep: only the wall clock goes on."""
        self.wall += seconds

    def stop(self, seconds: float) -> None:
        """Let the process be stopped: both clocks go on."""
        self.wall += seconds
        self.monotonic += seconds


@pytest.mark.parametrize(
    ("wall", "monotonic", "slept"),
    [
        (15.0, 15.0, 0.0),
        (90.0, 0.0, 90.0),
        (20.0, 20.0, 20.0),
        (0.0, 20.0, 20.0),
        # Somebody sets the clock back: no sleep, and none is hidden by it.
        (-3600.0, 1.0, 0.0),
        (-3600.0, 20.0, 20.0),
    ],
)
def test_a_gap_of_either_clock_is_a_sleep(
    wall: float, monotonic: float, slept: float
) -> None:
    clocks = Clocks()
    watch = SleepWatch(15.0, lambda: clocks.wall, lambda: clocks.monotonic)
    clocks.wall += wall
    clocks.monotonic += monotonic

    assert watch.look() == slept
    assert watch.look() == 0.0, "it is told once"


def test_many_short_waits_are_no_sleep() -> None:
    clocks = Clocks()
    watch = SleepWatch(15.0, lambda: clocks.wall, lambda: clocks.monotonic)
    for _ in range(10):
        clocks.stop(14.0)
        assert not watch.look()


@dataclass
class Sleeper:
    """A run on a computer that sleeps at its nth DELETE; the first one goes alone."""

    opened: Bench
    ids: list[SessionUuid]
    nth: int
    lie_down: Callable[[Clocks], None]
    clocks: Clocks = field(default_factory=Clocks)
    meanwhile: Callable[[], None] = lambda: None
    answers: list[Callable[[], None]] = field(default_factory=list)
    state: CheckState = CheckState.ACTIVE
    _deletes: int = 0

    def meet(self, request: ReceivedRequest) -> Fault | None:
        if request.method == "DELETE":
            self._deletes += 1
            if self._deletes == self.nth:
                self.lie_down(self.clocks)
                self.meanwhile()
        return None

    def hear(self, event: object) -> None:
        """Answer the question in the panel, as the operator does."""
        self.opened.events.append(event)  # type: ignore[arg-type]
        if isinstance(event, RunPaused):
            assert self.opened.control.is_paused
            answer = self.answers.pop(0)
            asyncio.get_running_loop().call_soon(answer)

    async def run(self) -> ExpirySummary:
        simulated = self.opened.simulated
        if simulated.fault is None:
            simulated.fault = self.meet
        operation = ExpireSessions(
            self.opened.policy,
            self.opened.connections,
            self.opened.journal,
            QUICK,
            clocks=(lambda: self.clocks.wall, lambda: self.clocks.monotonic),
        )
        plan = plan_of(self.opened.account, self.ids, self.state)
        async with asyncio.timeout(20):
            await operation.run(
                plan.confirm(plan.phrase), self.opened.control, self.hear
            )
        finished = self.opened.events[-1]
        assert isinstance(finished, RunFinished)
        return finished.summary

    @property
    def question(self) -> str:
        (paused,) = (e for e in self.opened.events if isinstance(e, RunPaused))
        return paused.reason


@pytest.fixture
def simulated() -> SimulatedAccount:
    return quick_account()


LIE_DOWN = [
    pytest.param(lambda clocks: clocks.sleep(90.0), id="sleeps"),
    pytest.param(lambda clocks: clocks.stop(20.0), id="is stopped"),
]


@pytest.mark.parametrize("lie_down", LIE_DOWN)
@pytest.mark.parametrize("count", [6, 40])
async def test_nothing_is_sent_after_a_sleep_before_a_look_and_a_question(
    simulated: SimulatedAccount,
    tmp_path: Path,
    lie_down: Callable[[Clocks], None],
    count: int,
) -> None:
    ids = open_ids(simulated, count)
    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 1, lie_down)
        sent: list[int] = []

        def go_on() -> None:
            sent.append(len(opened.sent("DELETE")))
            opened.control.resume()

        sleeper.answers.append(go_on)
        summary = await sleeper.run()

        slept = [e for e in opened.events if isinstance(e, RunSlept)]
        assert len(slept) == 1
        # What was on its way goes on; the rest waits for the answer.
        assert sent[0] <= 1 + (0 if count == 6 else 20)
        assert sent[0] < count
        assert "This computer slept for" in sleeper.question
        looked = set(opened.sent("GET"))
        assert set(ids[sent[0] :]) <= looked
        assert (summary.end, summary.off) == (RunEnd.COMPLETED, count)
        assert set(Counter(opened.sent("DELETE")).values()) == {1}


async def test_a_stop_after_a_sleep_sends_nothing_more_and_says_who_stopped(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 5)
    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 1, lambda clocks: clocks.sleep(90.0))
        # Without a face nobody is asked, and the sleep has ended the run.
        sleeper.answers.append(lambda: opened.control.stop(RunEnd.SLEPT))
        summary = await sleeper.run()

        assert summary.end is RunEnd.SLEPT
        assert [each.outcome for each in summary.results] == [
            U.EXPIRED,
            *[U.NOT_SENT] * 4,
        ]
        assert opened.sent("DELETE") == ids[:1]
        entries = await opened.entries()
        assert (entries[-1].event, entries[-1].outcome) == (
            JournalEvent.BATCH_ENDED,
            "sleep",
        )


async def test_what_changed_in_the_sleep_is_not_sent(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 5)
    gone = ids[3]

    def meanwhile() -> None:
        expired, talks = simulated.session(ids[2]), simulated.session(ids[4])
        assert expired is not None
        assert talks is not None
        simulated.put(replace(expired, was_expired=True))
        simulated.put(replace(talks, open_word="in-progress"))

    async with bench(simulated, tmp_path) as opened:
        # At the first DELETE, which goes alone: nothing else is in flight.
        sleeper = Sleeper(opened, ids, 1, lambda clocks: clocks.sleep(90.0))
        sleeper.meanwhile = meanwhile
        sleeper.answers.append(opened.control.resume)

        def meet(request: ReceivedRequest) -> Fault | None:
            is_gone = request.path.endswith(gone) and request.method == "GET"
            if is_gone:
                return reply(
                    404,
                    b'{"api_id": "0c1a2b3c-0000-11ee-be56-0242ac120002", '
                    b'"error": "not found"}',
                )
            return sleeper.meet(request)

        simulated.fault = meet
        summary = await sleeper.run()

        assert opened.sent("DELETE") == ids[:2]
        assert [(e.outcome, str(e.detail)) for e in summary.results[2:]] == [
            (U.ALREADY_EXPIRED, "expired when looked at after a sleep"),
            (U.NOT_SENT, "not on this account when looked at after a sleep"),
            (U.NOT_SENT, "in call when looked at after a sleep"),
        ]
        words = "expired, 1 not on this account, 1 IN CALL."
        assert sleeper.question.endswith(words)


async def test_what_was_expired_when_the_run_is_stopped_is_known(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 7)

    def meanwhile() -> None:
        old = simulated.session(ids[6])
        assert old is not None
        simulated.put(replace(old, was_expired=True))

    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 1, lambda clocks: clocks.sleep(90.0))
        sleeper.meanwhile = meanwhile
        sleeper.answers.append(opened.control.stop)
        summary = await sleeper.run()

        assert summary.end is RunEnd.STOPPED
        outcomes = [each.outcome for each in summary.results[5:]]
        assert outcomes == [U.NOT_SENT, U.ALREADY_EXPIRED]
        entry = (await opened.entries())[-2]
        assert (entry.outcome, entry.evidence) == ("already expired", "look")


async def test_a_look_without_an_answer_is_made_again_before_it_goes_on(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 4)
    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 1, lambda clocks: clocks.sleep(90.0))
        is_offline = True

        def back_online() -> None:
            nonlocal is_offline
            is_offline = False
            opened.control.resume()

        def meet(request: ReceivedRequest) -> Fault | None:
            if request.method == "GET" and is_offline:
                return reply(500)
            return sleeper.meet(request)

        simulated.fault = meet
        sleeper.answers += [back_online, opened.control.resume]
        summary = await sleeper.run()

        first, second = (e for e in opened.events if isinstance(e, RunPaused))
        words = r"Left: 3 without an answer, to be looked at again\."
        assert re.search(words, first.reason)
        assert second.reason.endswith("Left: 3 active.")
        assert summary.off == 4


async def test_a_sleep_behind_the_intent_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 0, lambda _clocks: None)
        record = opened.journal.record_intent
        intended: list[SessionUuid] = []

        async def slow_disk(*args: object) -> object:
            intent = await record(*args)  # type: ignore[arg-type]
            intended.append(intent.session_uuid)
            if len(intended) == 1:
                sleeper.clocks.stop(30.0)
            return intent

        # The disk is what sleeps here; the journal is the real one.
        opened.journal.record_intent = slow_disk  # type: ignore[assignment,method-assign]
        sent: list[list[str]] = []

        def go_on() -> None:
            sent.append(opened.sent("DELETE"))
            opened.control.resume()

        sleeper.answers.append(go_on)
        summary = await sleeper.run()

        assert sent == [[]]
        assert intended == [ids[0], *ids]
        assert opened.sent("DELETE") == ids
        assert [each.attempts for each in summary.results] == [1, 1]
        unclear = [
            entry
            for entry in await opened.entries()
            if entry.event is JournalEvent.EXPIRE_UNCLEAR
        ]
        assert [(each.outcome, each.detail) for each in unclear] == [
            ("not sent", "the computer slept before it was sent")
        ]


async def test_a_pause_of_the_operator_is_no_sleep(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 3)
    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 1, lambda _clocks: opened.control.pause())
        run = asyncio.create_task(sleeper.run())
        while len(opened.sent("DELETE")) < 1:
            await asyncio.sleep(0)
        for _ in range(4):
            # A minute of pause: the clocks go on, and are looked at meanwhile.
            sleeper.clocks.stop(14.0)
            await asyncio.sleep(3 * QUICK.beat)
        opened.control.resume()
        summary = await run

    assert summary.off == 3
    assert not [e for e in opened.events if isinstance(e, RunSlept)]


async def test_a_sleep_behind_the_question_is_followed_by_another_look(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 4)
    async with bench(simulated, tmp_path) as opened:
        sleeper = Sleeper(opened, ids, 1, lambda clocks: clocks.sleep(90.0))

        def sleep_and_go_on() -> None:
            sleeper.clocks.sleep(3600.0)
            opened.control.resume()

        sleeper.answers += [sleep_and_go_on, opened.control.resume]
        summary = await sleeper.run()

        asked = [e.reason for e in opened.events if isinstance(e, RunPaused)]
        assert [each[:27] for each in asked] == [
            "This computer slept for 90 ",
            "This computer slept for 360",
        ]
        assert opened.sent("GET").count(ids[3]) == 2
        assert summary.off == 4


async def test_a_run_that_was_through_when_it_was_stopped_is_complete(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:

        def hear(event: RunEvent) -> None:
            opened.events.append(event)
            settled = [e for e in opened.events if isinstance(e, SessionSettled)]
            if len(settled) == len(ids):
                opened.control.stop(RunEnd.SLEPT)

        operation = ExpireSessions(
            opened.policy, opened.connections, opened.journal, AT_ONCE
        )
        await operation.run(opened.confirmed(ids), opened.control, hear)

        assert opened.summary.end is RunEnd.COMPLETED
        assert opened.sent("DELETE") == ids
