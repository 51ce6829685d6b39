"""`Operations`: the one frozen object that a face receives."""

import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from masking_console.audit.sender import AuditOut, rules_of
from masking_console.credentials.token_command import TokenCommands
from masking_console.errors import RefusedError
from masking_console.journal.journal import Journal
from masking_console.models.account import Account, AccountDetails
from masking_console.models.cause import Cause
from masking_console.models.expiry import ConfirmedPlan, ExpirySummary
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import SearchProgress
from masking_console.models.journal_entry import AuditState
from masking_console.models.listing import ListEvent, Wanted
from masking_console.models.run_events import LookFound, RunEvent
from masking_console.models.session_detail import SessionInspection
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.team import TeamState
from masking_console.models.unsettled import NotSettled
from masking_console.operations.check_sessions import (
    CheckEvent,
    CheckSessions,
    InspectSession,
)
from masking_console.operations.connections import Connections, Link
from masking_console.operations.drill import Drills
from masking_console.operations.engine import Engine, Stream
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.find_sessions import FindSessions
from masking_console.operations.manage_accounts import ManageAccounts
from masking_console.operations.policy import Policy
from masking_console.operations.read_history import ReadHistory, ReadTeamHistory
from masking_console.operations.rehearse import Rehearse
from masking_console.operations.resume_batches import ResumeBatches
from masking_console.operations.run_control import RunControl
from masking_console.operations.second_look import SecondLook
from masking_console.operations.team import Team, open_history
from masking_console.presentation.reach import ignored_words
from masking_console.settings import HistoryScope, Settings, ShowNumbers

if TYPE_CHECKING:
    from masking_console.practice.embedded import EmbeddedPractice
    from masking_console.practice.simulated_account import SimulatedAccount


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations of an operator, ready to use from any face."""

    settings: Settings
    """Settings of this start."""
    policy: Policy
    """Rules about what may be expired when."""
    accounts: ManageAccounts
    """The accounts that are set up."""
    history: ReadHistory
    """Earlier batches."""
    practice_account: Account | None
    """The simulated account, in practice mode."""
    practice_text: str
    """A text to practice pasting with, in practice mode."""
    drills: Drills
    """Accidents to rehearse, in practice mode."""
    _engine: Engine
    _journal: Journal
    _connections: Connections
    _audit: AuditOut
    _team: Team
    _team_history: ReadHistory
    _clock: Callable[[], datetime]

    async def open_journal(self) -> tuple[str, ...]:
        """Make sure that the journal can be written; return what there is to know.

        Raises:
            JournalError: it cannot, so nothing can be expired.
        """
        return await self._journal.open()

    async def prepare_search(self) -> AsyncIterator[SearchProgress]:
        """Prepare the journal for searching bit by bit, and yield how far it is.

        Only the first start after an update has much to do; a run need not wait for it.

        Raises:
            JournalError: the journal cannot be written.
        """
        while True:
            progress = await self._journal.take_for_search()
            yield progress
            if progress.is_done:
                return

    async def journal_seal(self) -> str:
        """Return the seal of the journal's last entry; kept elsewhere, it proves it.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await self._journal.last_seal()

    def check(
        self, account: Account, session_uuids: Iterable[SessionUuid]
    ) -> Stream[CheckEvent]:
        """Ask Plivo for each of the sessions; see `CheckSessions.run`."""
        operation = CheckSessions(self._connections, self._clock, self._journal)
        uuids = tuple(session_uuids)
        return self._engine.stream(lambda emit: operation.run(account, uuids, emit))

    def find(self, account: Account, wanted: Wanted) -> Stream[ListEvent]:
        """Find sessions at Plivo; see `FindSessions.run`."""
        path = self.settings.journal_path
        operation = FindSessions(
            self._connections, path, self._clock, journal=self._journal
        )
        return self._engine.stream(lambda emit: operation.run(account, wanted, emit))

    async def inspect(
        self, account: Account, session_uuid: SessionUuid
    ) -> SessionInspection:
        """Look at one session closely; see `InspectSession.run`."""
        path = self.settings.journal_path
        operation = InspectSession(self._connections, path, self._clock)
        return await self._engine.call(operation.run(account, session_uuid))

    async def record_numbers_shown(
        self, account: Account, session_uuid: SessionUuid | None = None
    ) -> None:
        """Write down that numbers are about to be shown.

        Raises:
            RefusedError: the configuration never shows them.
            JournalError: it cannot be written, so they must stay hidden.
        """
        if self.settings.show_numbers is ShowNumbers.NEVER:
            raise RefusedError("The configuration never shows numbers.")
        await self._journal.record_numbers_shown(account, session_uuid)

    def expire(self, confirmed: ConfirmedPlan, control: RunControl) -> Stream[RunEvent]:
        """Carry out a confirmed plan; see `ExpireSessions.run`."""
        operation = ExpireSessions(
            self.policy,
            self._connections,
            self._journal,
            now=self._clock,
            clocks=self.drills.clocks,
        )
        gate = self._team.gate()
        return self._engine.stream(
            lambda emit: operation.run(confirmed, control, emit, gate)
        )

    async def interrupted(self, account: Account) -> tuple[BatchRecord, ...]:
        """Return the batches of an account that were cut off in the middle.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await self._resuming.find(account)

    def resume(self, account: Account, record: BatchRecord) -> Stream[RunEvent]:
        """Look at what nobody knows of such a batch; see `ResumeBatches.run`."""
        return self._engine.stream(
            lambda emit: self._resuming.run(account, record, emit)
        )

    async def not_settled(self, account: Account) -> tuple[NotSettled, ...]:
        """Return what is not settled on an account; see `ResumeBatches.not_settled`.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await self._resuming.not_settled(account)

    def look_at(self, account: Account, matter: NotSettled) -> Stream[CheckEvent]:
        """Look at what a batch left unsettled; see `ResumeBatches.look_at`."""
        return self._engine.stream(
            lambda emit: self._resuming.look_at(account, matter, emit)
        )

    async def set_aside(self, matter: NotSettled, reason: str) -> None:
        """Leave unsettled what is not settled of a batch; the journal says who.

        Raises:
            JournalError: it cannot be written down.
        """
        await self._journal.set_batch_aside(matter.record.batch_id, reason)

    async def add_ticket(self, batch_id: str, cause: Cause) -> None:
        """Give a batch another ticket; nothing else of it changes.

        Raises:
            JournalError: it cannot be written down.
        """
        await self._journal.add_ticket(batch_id, cause)

    def second_look(self, summary: ExpirySummary) -> Stream[LookFound]:
        """Look at a finished batch once more; see `SecondLook.run`."""
        operation = SecondLook(self._connections, self._journal, self._clock)
        return self._engine.stream(lambda emit: operation.run(summary, emit))

    @property
    def _resuming(self) -> ResumeBatches:
        return ResumeBatches(self._connections, self._journal, self._clock)

    async def warm_up(self, account: Account | None) -> tuple[str, ...]:
        """Load what the first request needs, before anybody waits for its answer.

        Returns:
            What there is to know of settings that are ignored, in sentences.
        """
        ignored = await self._engine.call(self._connections.warm_up(account))
        return tuple(ignored_words(setting) for setting in ignored)

    def rehearsal(self, account: Account) -> Rehearse:
        """Return the looks of a rehearsal; each is for `look`."""
        return Rehearse(self._connections, account)

    async def look(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a look of a rehearsal finds."""
        return await self._engine.call(work)

    def link(self, account: Account) -> Link | None:
        """Return how the connection to Plivo is doing, without asking anything."""
        return self._connections.link(account)

    def audit_states(self) -> tuple[AuditState, ...]:
        """Return how far the entries of the journal got on their way out."""
        return self._audit.states()

    @property
    def shown_history(self) -> ReadHistory:
        """The history that is shown: of this computer, or of all consoles."""
        is_team = self.settings.history_scope is HistoryScope.TEAM
        return self._team_history if is_team else self.history

    def team_state(self) -> TeamState | None:
        """Return how far the journal got on its way to the team's server, if any."""
        return self._team.state()

    def close(self, audit_seconds: float = 0.5) -> None:
        """End what still runs, write it down, and let everything go; blocks.

        Args:
            audit_seconds: how long the last entries may take to leave; the others do at
                the next start.
        """
        # First the requests in flight, or they would take the closed connection for
        # Plivo's answer.
        self._engine.close(self._connections.aclose)
        self._journal.close()
        self._team.begin_to_close()
        self._audit.close(audit_seconds)
        self._team.wait_closed(audit_seconds)
        self._team_history.close()


def build_operations(
    settings: Settings,
    environment: Mapping[str, str],
    simulated: "SimulatedAccount | None" = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    stopwatch: Callable[[], float] = time.perf_counter,
) -> Operations:
    """Return everything that a face needs, with the engine running.

    Args:
        settings: what was decided at start.
        environment: the environment variables, which may describe an account, and the
            way to Plivo.
        simulated: the account of practice mode; a new one unless one is given.
        clock: tells aware times.
        stopwatch: tells seconds, to time requests with.
    """
    practice = _practice(settings, simulated)
    # Before anything runs: without psycopg it ends in one sentence.
    team = Team(settings)
    engine = Engine()
    transport = practice.new_transport if practice is not None else None
    connections = Connections(settings, transport, stopwatch, environment)
    engine.start()
    audit = AuditOut(settings.journal_path, rules_of(settings))
    audit.start()
    team.start()
    journal = _journal(settings, clock, audit, team)
    history = ReadHistory(settings.journal_path)
    account = practice.simulated if practice is not None else None
    return Operations(
        settings=settings,
        policy=Policy(settings, clock),
        accounts=_accounts(settings, environment, engine, connections),
        history=history,
        practice_account=practice.account if practice is not None else None,
        practice_text=practice.text if practice is not None else "",
        drills=Drills(account, journal, history, clock),
        _engine=engine,
        _journal=journal,
        _connections=connections,
        _audit=audit,
        _team=team,
        _team_history=_team_history(settings),
        _clock=clock,
    )


def _practice(
    settings: Settings, simulated: "SimulatedAccount | None"
) -> "EmbeddedPractice | None":
    """Return the simulated account, in practice mode."""
    if not settings.practice:
        return None
    # Only practice pays for importing the simulated account and its server.
    from masking_console.practice.embedded import open_practice  # noqa: PLC0415

    return open_practice(simulated)


def _accounts(
    settings: Settings,
    environment: Mapping[str, str],
    engine: Engine,
    connections: Connections,
) -> ManageAccounts:
    """Return the accounts, each of which the engine checks with Plivo."""

    async def check_account(account: Account) -> AccountDetails:
        return await engine.call(connections.check_account(account))

    return ManageAccounts(
        check_account,
        environment,
        protected_by_config=settings.protected,
        commands=TokenCommands(settings.accounts, environment),
    )


def _journal(
    settings: Settings, clock: Callable[[], datetime], audit: AuditOut, team: Team
) -> Journal:
    """Return the journal, which wakes all that sends its entries on."""

    def wake() -> None:
        audit.wake()
        team.wake()

    return Journal(
        settings.journal_path,
        clock,
        settings.operator_name,
        wake,
        team.newest_anchor,
    )


def _team_history(settings: Settings) -> ReadHistory:
    """Return the history of all consoles; that of this computer without a team."""
    if settings.team is None or settings.practice:
        return ReadHistory(settings.journal_path)
    return ReadTeamHistory(settings.journal_path, open_history(settings))
