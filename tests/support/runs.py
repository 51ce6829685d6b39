"""Runs of the real engine parts on a simulated account, without threads or screens."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from masking_console.journal.journal import Journal
from masking_console.models.account import Account
from masking_console.models.expiry import (
    ConfirmedPlan,
    ExpiryPlan,
    ExpiryResult,
    ExpirySummary,
)
from masking_console.models.journal_entry import JournalEntry
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
)
from masking_console.models.run_events import RunEvent, RunFinished
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.expire_one import Waits
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.policy import Policy
from masking_console.operations.run_control import RunControl
from masking_console.practice.embedded import open_practice
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Fault
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.settings import PRACTICE_API_URL, ApiUrl, Settings, Timeouts

AT_ONCE = Waits(offline=0.0, again=0.0, look=0.0, first_one=0.0)


def quick_account(**options: object) -> SimulatedAccount:
    """Return a simulated account that answers at once and has no rate limit."""
    return SimulatedAccount(
        conduct=Conduct(latency_seconds=(0.0, 0.0)),
        rate_limit=RateLimit(limit=None),
        **options,  # type: ignore[arg-type]
    )


def open_ids(
    account: SimulatedAccount, count: int, status: str = "active"
) -> list[SessionUuid]:
    """Return ordinary sessions in a state, by Plivo's word for it."""
    marked = set(account.marked.values())
    found = [
        session.session_uuid
        for session in account.sessions
        if account.status_of(session.session_uuid) == status
        and session.session_uuid not in marked
    ]
    assert len(found) >= count
    return found[:count]


def reply(status: int, body: bytes = b"", *headers: tuple[str, str]) -> Fault:
    """Return a fault that answers this and does nothing."""
    return Fault(has_effect=False, reply=Reply(status, body, headers))


def plivos(status: int, /, **fields: object) -> Fault:
    """Return a fault that answers this in Plivo's form and does nothing."""
    return reply(status, json.dumps({"api_id": str(uuid4()), **fields}).encode())


def renewed(fault: Fault | None) -> Fault | None:
    """Return the fault with an id of its own in its answer, where that has one."""
    if fault is None or fault.reply is None:
        return fault
    anew = b'"api_id": "%s"' % str(uuid4()).encode()
    body = re.sub(rb'"api_id": *"[^"]*"', anew, fault.reply.body)
    return replace(fault, reply=replace(fault.reply, body=body))


def script(
    method: str, *faults: Fault | None
) -> Callable[[ReceivedRequest], Fault | None]:
    """Return a hook that lets each request of a method meet the next fault, renewed."""
    remaining = list(faults)

    def hook(request: ReceivedRequest) -> Fault | None:
        is_meant = request.method == method and remaining
        return renewed(remaining.pop(0)) if is_meant else None

    return hook


def plan_of(
    account: Account, ids: Sequence[SessionUuid], state: CheckState = CheckState.ACTIVE
) -> ExpiryPlan:
    """Return a plan for these sessions, as if they had just been checked."""
    now = datetime.now(UTC)
    rows = tuple(CheckedSession(uuid, state, None, now) for uuid in ids)
    return ExpiryPlan(account, rows)


def policy_for(
    settings: Settings,
    account: Account,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Policy:
    """Return the policy with writes on for this account."""
    policy = Policy(settings, clock)
    policy.writes.use(account)
    policy.writes.turn_on()
    return policy


@dataclass
class Bench:
    """Everything that a run needs."""

    simulated: SimulatedAccount
    account: Account
    settings: Settings
    connections: Connections
    journal: Journal
    control: RunControl = field(default_factory=RunControl)
    events: list[RunEvent] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        """The policy of the settings, with writes on for the account."""
        return policy_for(self.settings, self.account)

    def confirmed(self, ids: Sequence[SessionUuid]) -> ConfirmedPlan:
        plan = plan_of(self.account, ids)
        return plan.confirm(plan.phrase)

    async def run(
        self, ids: Sequence[SessionUuid], waits: Waits = AT_ONCE
    ) -> ExpirySummary:
        """Expire these sessions and return what the last event says."""
        operation = ExpireSessions(self.policy, self.connections, self.journal, waits)
        await operation.run(self.confirmed(ids), self.control, self.events.append)
        return self.summary

    @property
    def summary(self) -> ExpirySummary:
        finished = self.events[-1]
        assert isinstance(finished, RunFinished)
        return finished.summary

    async def expire(self, uuid: SessionUuid) -> ExpiryResult:
        """Expire one session and return its result."""
        (result,) = (await self.run([uuid])).results
        return result

    async def entries(self) -> tuple[JournalEntry, ...]:
        return await self.journal.entries(self.summary.batch.batch_id)

    def sent(self, method: str) -> list[str]:
        """Return the sessions for which such requests came in."""
        return [
            request.path.rpartition("/")[2]
            for request in self.simulated.requests
            if request.method == method
        ]


@asynccontextmanager
async def bench(
    simulated: SimulatedAccount, folder: Path, **settings: object
) -> AsyncIterator[Bench]:
    """Set up a run on this account; the journal is in the folder."""
    practice = open_practice(simulated)
    base = Settings(
        journal_path=folder / "state" / "journal.db",
        practice=True,
        api_url=ApiUrl(PRACTICE_API_URL),
        share=1.0,
        timeouts=Timeouts(read=0.4, total=2.0),
    )
    made = replace(base, **settings)  # type: ignore[arg-type]
    connections = Connections(made, practice.new_transport)
    journal = Journal(made.journal_path)
    try:
        yield Bench(simulated, practice.account, made, connections, journal)
    finally:
        await connections.aclose()
        await asyncio.to_thread(journal.close)
