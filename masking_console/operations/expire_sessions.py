"""The main job: carry out a confirmed plan, and account for every session in it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from masking_console.errors import JournalError
from masking_console.journal.journal import Journal
from masking_console.models.expiry import (
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
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    RunPaused,
    RunStarted,
    RunWaiting,
    SessionSettled,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.operations.expire_one import ExpireOne, Waits
from masking_console.operations.policy import refuse_what_breaks_rules
from masking_console.operations.run_control import RunControl
from masking_console.settings import Settings

WORKERS = 20
"""DELETEs in flight at once in a large batch; the pace limits the rate."""
FAILURES_IN_A_ROW = 5
"""Equal failures after which a run pauses by itself."""

_OFF = {ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED}
_FAILURES = {ExpiryOutcome.FAILED, ExpiryOutcome.NOT_SENT, *UNSETTLED}
_ENDS = {401: RunEnd.TOKEN_REFUSED, 403: RunEnd.FORBIDDEN}


class ExpireSessions:
    """Carries out confirmed plans."""

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        journal: Journal,
        waits: Waits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._journal = journal
        self._waits = waits or Waits()
        self._now = now

    async def run(
        self, confirmed: ConfirmedPlan, control: RunControl, emit: Emit[RunEvent]
    ) -> None:
        """Expire what was confirmed, in order; the last event is `RunFinished`.

        Raises:
            JournalError: the batch could not be written down; nothing was sent.
            RefusedError: it breaks a rule of the configuration; nothing was sent.
        """
        await asyncio.to_thread(refuse_what_breaks_rules, self._settings, confirmed)
        control.attach()
        batch = await self._journal.begin_batch(confirmed)
        client = self._connections.client(batch.account)

        def one(session_uuid: SessionUuid) -> ExpireOne:
            return ExpireOne(
                client,
                self._journal,
                batch,
                control,
                emit,
                session_uuid,
                self._waits,
                self._now,
            )

        run = _Run(batch, one, self._journal, control, emit, self._waits, self._now)
        await run.run()


@dataclass(slots=True)
class _Run:
    """One batch under way."""

    batch: Batch
    one: Callable[[SessionUuid], ExpireOne]
    journal: Journal
    control: RunControl
    emit: Emit[RunEvent]
    waits: Waits
    now: Callable[[], datetime]
    _results: dict[SessionUuid, ExpiryResult] = field(default_factory=dict)
    _begun: set[SessionUuid] = field(default_factory=set)
    _end: RunEnd | None = None
    _failures: list[str] = field(default_factory=list)
    _is_recorded: bool = True

    async def run(self) -> None:
        """Work through the plan and emit what happens."""
        plan = self.batch.confirmed.plan
        started_at = self.now()
        self.emit(RunStarted(self.batch, started_at))
        remaining = iter([checked.session_uuid for checked in plan.sessions])
        crash = await self._carry_out(plan, remaining)
        await self._finish(started_at)
        if crash is not None:
            raise crash

    async def _carry_out(
        self, plan: ExpiryPlan, remaining: Iterator[SessionUuid]
    ) -> BaseException | None:
        """Send what is to be sent; return a defect of ours, which ends the run."""
        if plan.tier >= Tier.COUNT_AND_ACCOUNT and plan.count > 1:
            crash = await self._together(self._first_one_alone(next(remaining)))
            if crash is not None:
                return crash
        # A small batch goes one by one: its order is the reviewed one, and a stop
        # stops after the one that is being sent.
        workers = 1 if plan.count < plan.rules.name_from else WORKERS
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

    async def _first_one_alone(self, session_uuid: SessionUuid) -> None:
        await self._expire(session_uuid)
        if self._end is not None or self.control.is_stopped:
            return
        if self._results[session_uuid].outcome not in _OFF:
            self._stop(RunEnd.FIRST_FAILED)
            return
        words = "The first one is expired."
        self.emit(RunWaiting(self.waits.first_one, words))
        await self.control.sleep(self.waits.first_one)

    async def _work(self, remaining: Iterator[SessionUuid]) -> None:
        while self._end is None and await self.control.may_go_on():
            session_uuid = next(remaining, None)
            if session_uuid is None:
                return
            await self._expire(session_uuid)

    async def _expire(self, session_uuid: SessionUuid) -> None:
        self._begun.add(session_uuid)
        one = self.one(session_uuid)
        try:
            result = await one.run()
        except JournalError as error:
            self._stop(RunEnd.JOURNAL_FAILED)
            self._is_recorded = False
            result = one.unrecorded(str(error))
        self._settle(result)

    def _settle(self, result: ExpiryResult) -> None:
        self._results[result.session_uuid] = result
        self.emit(SessionSettled(result))
        end = _ENDS.get(result.http_status or 0)
        if end is not None and result.outcome not in _OFF:
            self._stop(end)
        self._note_failure(result)

    def _note_failure(self, result: ExpiryResult) -> None:
        """Pause after some equal failures in a row: the cause is not the session."""
        if result.outcome not in _FAILURES or self.control.is_stopped:
            self._failures.clear()
            return
        words = f"{result.outcome.value}: {result.detail}"
        if self._failures and self._failures[-1] != words:
            self._failures.clear()
        self._failures.append(words)
        if len(self._failures) >= FAILURES_IN_A_ROW:
            self._failures.clear()
            self.control.pause()
            self.emit(
                RunPaused(
                    f"{FAILURES_IN_A_ROW} failures in a row ({result.detail}). Paused."
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
        self._results[session_uuid] = result
        if is_begun:
            self.emit(SessionSettled(result))
            # The intent stands in the journal; without an outcome it means the same.
            try:
                await self.journal.record_settled(self.batch, result)
            except JournalError:
                self._is_recorded = False

    async def _finish(self, started_at: datetime) -> None:
        """Account for what was never begun, close the batch and say so."""
        end = self._end
        if end is None:
            end = RunEnd.STOPPED if self.control.is_stopped else RunEnd.COMPLETED
        plan = self.batch.confirmed.plan
        for checked in plan.sessions:
            if checked.session_uuid not in self._results:
                await self._account_for(checked.session_uuid)
        results = tuple(self._results[each.session_uuid] for each in plan.sessions)
        try:
            # An end that fits on the disk where an outcome did not would hide that
            # outcome from the next start, which looks at batches without an end.
            if self._is_recorded:
                await self.journal.end_batch(self.batch, end)
        except JournalError:
            self._is_recorded = False
        if not self._is_recorded:
            end = RunEnd.JOURNAL_FAILED
        self.emit(
            RunFinished(ExpirySummary(self.batch, results, end, started_at, self.now()))
        )
