"""The main job: carry out a confirmed plan, and account for every session in it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from masking_console.errors import JournalError
from masking_console.journal.journal import Journal
from masking_console.models.expiry import (
    OFF,
    UNSETTLED,
    Batch,
    ConfirmedPlan,
    ExpiryOutcome,
    ExpiryPlan,
    ExpiryResult,
    ExpirySummary,
    RunEnd,
    Tier,
)
from masking_console.models.masking_session import CheckedSession
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    RunPaused,
    RunSlept,
    RunStarted,
    RunWaiting,
    SessionSettled,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.operations.expire_one import ExpireOne, Waits
from masking_console.operations.policy import Policy
from masking_console.operations.run_control import (
    RunControl,
    SleepWatch,
    WakingLooks,
    is_expired,
    looked_after_sleep,
    waking_words,
)
from masking_console.operations.team import IntentGate
from masking_console.plivo.answers import Answer

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

WORKERS = 20
"""DELETEs in flight at once in a large batch; the pace limits the rate."""
FEW_WORKERS = 4
"""The same in a small batch, whose first one goes alone: a stop spares the rest."""
Clocks = tuple[Callable[[], float], Callable[[], float]]
"""A wall clock and a monotonic one, in seconds."""
FAILURES_IN_A_ROW = 5
"""Equal failures after which a run pauses by itself."""

_FAILURES = {ExpiryOutcome.FAILED, ExpiryOutcome.NOT_SENT, *UNSETTLED}
_ENDS = {401: RunEnd.TOKEN_REFUSED, 403: RunEnd.FORBIDDEN}


class ExpireSessions:
    """Carries out confirmed plans."""

    def __init__(
        self,
        policy: Policy,
        connections: Connections,
        journal: Journal,
        waits: Waits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clocks: Clocks = (time.time, time.monotonic),
    ) -> None:
        """Make one; the clocks are those that show a sleep."""
        self._clocks = clocks
        self._policy = policy
        self._connections = connections
        self._journal = journal
        self._waits = waits or Waits()
        self._now = now

    async def run(
        self,
        confirmed: ConfirmedPlan,
        control: RunControl,
        emit: Emit[RunEvent],
        gate: IntentGate | None = None,
    ) -> None:
        """Expire what was confirmed, in order; the last event is `RunFinished`.

        Args:
            confirmed: what a person has reviewed.
            control: the operator's hand on the run.
            emit: is told what happens.
            gate: holds each DELETE back until the team's server has its intent.

        Raises:
            JournalError: the batch could not be written down; nothing was sent.
            RefusedError: it breaks a rule of the policy; nothing was sent.
        """
        away = gate.problem if gate is not None else ""
        await asyncio.to_thread(self._policy.enforce, confirmed, team_problem=away)
        control.attach()
        # It may sleep as soon as it was confirmed, while the batch is written down.
        watch = SleepWatch(self._waits.asleep, *self._clocks)
        batch = await self._journal.begin_batch(confirmed)
        run = _Run(
            batch,
            self._connections.client(batch.account),
            self._journal,
            control,
            emit,
            self._waits,
            self._now,
            watch,
            gate,
        )
        await run.run()


@dataclass(slots=True)
class _Run:
    """One batch under way."""

    batch: Batch
    client: "PlivoClient"
    journal: Journal
    control: RunControl
    emit: Emit[RunEvent]
    waits: Waits
    now: Callable[[], datetime]
    watch: SleepWatch
    gate: IntentGate | None = None
    _looks: dict[SessionUuid, Answer] = field(default_factory=dict)
    _waking: asyncio.Task[None] | None = None
    _slept: float = 0.0
    _results: dict[SessionUuid, ExpiryResult] = field(default_factory=dict)
    _unshown: dict[SessionUuid, ExpiryResult] = field(default_factory=dict)
    _begun: set[SessionUuid] = field(default_factory=set)
    _end: RunEnd | None = None
    _failures: list[str] = field(default_factory=list)
    _is_recorded: bool = True

    async def run(self) -> None:
        """Work through the plan and emit what happens."""
        plan = self.batch.confirmed.plan
        started_at = self.now()
        self.emit(RunStarted(self.batch, started_at))
        remaining = iter(plan.sessions)
        beat = asyncio.create_task(self._keep_watch())
        try:
            crash = await self._carry_out(plan, remaining)
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        crash = await self._until_looked() or crash
        await self._finish(started_at)
        if crash is not None:
            raise crash

    @property
    def _is_small(self) -> bool:
        plan = self.batch.confirmed.plan
        return plan.count < plan.rules.name_from

    def _is_awake(self) -> bool:
        """Look at the clocks; return whether the run may send.

        After a sleep it may not before what is left was looked at, and the operator
        was asked.
        """
        # After another sleep behind the question, all is looked at anew.
        self._slept = self.watch.look() or self._slept
        if self._slept and self.control.is_awake:
            self.control.hold()
            self._waking = asyncio.create_task(self._wake_up())
        return not self.control.is_held

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(self.waits.beat)
            self._is_awake()
            self._show()

    async def _wake_up(self) -> None:
        """Look at what is left after a sleep, and ask whether to go on with it."""
        try:
            is_looked_at, seconds = False, 0.0
            while not is_looked_at and self._left() and not self.control.is_stopped:
                seconds, self._slept = self._slept or seconds, 0.0
                self.emit(RunSlept(seconds))
                self._looks.clear()
                looks = WakingLooks(self.client, self._left(), self.control)
                self._looks.update(await looks.run())
                unanswered = [each for each in self._left() if each not in self._looks]
                self.control.pause()
                left = [self._looks[e] for e in self._left() if e in self._looks]
                words = waking_words(seconds, left, len(unanswered))
                self.emit(RunPaused(words, RunEnd.SLEPT))
                await self.control.until_answered()
                self._slept = self.watch.look() or self._slept
                is_looked_at = not (unanswered or self._slept)
        finally:
            self._slept = 0.0
            self.control.release()

    def _left(self) -> tuple[SessionUuid, ...]:
        """Return the sessions of the plan that have no outcome yet, in its order."""
        plan = self.batch.confirmed.plan
        uuids = (checked.session_uuid for checked in plan.sessions)
        return tuple(uuid for uuid in uuids if uuid not in self._results)

    async def _until_looked(self) -> BaseException | None:
        """Wait for the looks after a sleep; return a defect of ours in them."""
        if self._waking is None:
            return None
        (result,) = await asyncio.gather(self._waking, return_exceptions=True)
        return result

    async def _carry_out(
        self, plan: ExpiryPlan, remaining: Iterator[CheckedSession]
    ) -> BaseException | None:
        """Send what is to be sent; return a defect of ours, which ends the run."""
        if plan.tier >= Tier.COUNT_AND_ACCOUNT and plan.count > 1:
            first = self._first_one_alone(next(remaining))
        else:
            first = self._work(islice(remaining, 1))
        crash = await self._together(first)
        if crash is not None:
            return crash
        # One by one, twelve sessions behind an answer that hangs took 1.7 times as
        # long as that answer; few at once leave a stop something to spare.
        workers = FEW_WORKERS if self._is_small else WORKERS
        return await self._together(*(self._work(remaining) for _ in range(workers)))

    async def _together(
        self, *works: Coroutine[Any, Any, None]
    ) -> BaseException | None:
        """Wait for all; after a crash of one, for what the others have in flight."""
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            if any(task.done() and task.exception() for task in tasks):
                self._stop(RunEnd.CRASHED)
            await asyncio.wait(tasks)
            return next((crash for task in tasks if (crash := task.exception())), None)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first_one_alone(self, checked: CheckedSession) -> None:
        session_uuid = checked.session_uuid
        await self._expire(checked)
        if self._end is not None or self.control.is_stopped:
            return
        if self._results[session_uuid].outcome not in OFF:
            self._stop(RunEnd.FIRST_FAILED)
            return
        words = "The first one is expired."
        self.emit(RunWaiting(self.waits.first_one, words))
        await self.control.sleep(self.waits.first_one)

    async def _work(self, remaining: Iterator[CheckedSession]) -> None:
        while self._end is None and await self.control.may_go_on():
            checked = next(remaining, None)
            if checked is None:
                return
            await self._expire(checked)

    async def _expire(self, checked: CheckedSession) -> None:
        self._begun.add(checked.session_uuid)
        one = ExpireOne(
            client=self.client,
            journal=self.journal,
            batch=self.batch,
            control=self.control,
            emit=self.emit,
            session_uuid=checked.session_uuid,
            waits=self.waits,
            reviewed=checked.state,
            is_awake=self._is_awake,
            looks=self._looks,
            now=self.now,
            gate=self.gate,
        )
        try:
            result = await one.run()
        except JournalError as error:
            self._stop(RunEnd.JOURNAL_FAILED)
            self._is_recorded = False
            result = one.unrecorded(str(error))
        self._settle(result)

    def _settle(self, result: ExpiryResult) -> None:
        self._results[result.session_uuid] = result
        self._unshown[result.session_uuid] = result
        self._show()
        if self._waking is not None and not self._left():
            # There is nothing left to ask about.
            self.control.resume()
        end = _ENDS.get(result.http_status or 0)
        if end is not None and result.outcome not in OFF:
            self._stop(end)
        self._note_failure(result)

    def _show(self) -> None:
        """Emit the results: of a small batch in the reviewed order, while it sends.

        One that waits for those before it is shown at once when the run is paused,
        held or stopped, so that nothing known is missing when the operator decides.
        """
        shown = list(self._unshown)
        if self._is_small:
            shown = []
            is_in_order = self.control.is_open
            for checked in self.batch.confirmed.plan.sessions:
                if checked.session_uuid in self._unshown:
                    shown.append(checked.session_uuid)
                elif is_in_order and checked.session_uuid not in self._results:
                    break
        for session_uuid in shown:
            self.emit(SessionSettled(self._unshown.pop(session_uuid)))

    def _note_failure(self, result: ExpiryResult) -> None:
        """Pause after some equal failures in a row: the cause is not the session."""
        is_tried = result.attempts > 0
        if result.outcome not in _FAILURES or not is_tried or self.control.is_stopped:
            self._failures.clear()
            return
        words = f"{result.outcome.value}: {result.detail}"
        if self._failures and self._failures[-1] != words:
            self._failures.clear()
        self._failures.append(words)
        if len(self._failures) >= FAILURES_IN_A_ROW:
            self._failures.clear()
            self.control.pause()
            self._show()
            self.emit(
                RunPaused(
                    f"{FAILURES_IN_A_ROW} failures in a row ({result.detail}). Paused.",
                    RunEnd.FAILURES,
                )
            )

    def _stop(self, end: RunEnd) -> None:
        if self._end is None:
            self._end = end
        self.control.stop()

    async def _account_for(self, session_uuid: SessionUuid) -> None:
        """Give a session that was never begun, or met a defect of ours, its outcome."""
        is_begun = session_uuid in self._begun
        outcome = ExpiryOutcome.UNKNOWN if is_begun else ExpiryOutcome.NOT_SENT
        result = ExpiryResult(session_uuid, outcome, self.now())
        look = self._looks.get(session_uuid)
        if look is not None and not is_begun and is_expired(look):
            looked = looked_after_sleep(result, look)
            # Where it cannot be written down, it is what the journal says: not sent.
            result = looked if await self._is_written(looked) else result
        self._results[session_uuid] = result
        if is_begun or result.outcome is ExpiryOutcome.ALREADY_EXPIRED:
            self.emit(SessionSettled(result))
        if is_begun:
            # The intent stands in the journal; without an outcome it means the same.
            await self._is_written(result)

    async def _is_written(self, result: ExpiryResult) -> bool:
        """Write an outcome down; return whether that worked."""
        try:
            await self.journal.record_settled(self.batch, result)
        except JournalError:
            self._is_recorded = False
            return False
        return True

    async def _finish(self, started_at: datetime) -> None:
        """Account for what was never begun, close the batch and say so."""
        self._show()
        end = self._end
        if end is None:
            is_stopped = self.control.is_stopped
            end = self.control.end if is_stopped else RunEnd.COMPLETED
        plan = self.batch.confirmed.plan
        for checked in plan.sessions:
            if checked.session_uuid not in self._results:
                await self._account_for(checked.session_uuid)
        results = tuple(self._results[each.session_uuid] for each in plan.sessions)
        is_all_sent = all(e.outcome is not ExpiryOutcome.NOT_SENT for e in results)
        if end is RunEnd.SLEPT and is_all_sent:
            end = RunEnd.COMPLETED
        try:
            # An end that fits on the disk where an outcome did not would hide that
            # outcome from the next start, which looks at batches without an end.
            if self._is_recorded:
                await self.journal.end_batch(self.batch, end)
        except JournalError:
            self._is_recorded = False
        if not self._is_recorded:
            end = RunEnd.JOURNAL_FAILED
        # It is learnt about from here on, also where it has no end in the journal.
        self.journal.let_go(self.batch.batch_id)
        self.emit(
            RunFinished(ExpirySummary(self.batch, results, end, started_at, self.now()))
        )
