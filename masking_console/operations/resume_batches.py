"""After a run was cut off: look at what is not settled; nothing is ever sent again."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from masking_console.journal.journal import Journal
from masking_console.journal.searching import count_unprepared, read_matching
from masking_console.models.account import Account
from masking_console.models.expiry import (
    UNSETTLED,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
)
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import LookedAgain, RunEvent, SessionSettled
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import (
    OFFERED_FOR,
    NotSettled,
    not_settled,
)
from masking_console.operations.check_sessions import CheckEvent, CheckSessions
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.operations.second_look import (
    is_news,
    looked_result,
    patient_look,
)
from masking_console.plivo.answers import Verdict

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

_LEFT = (*UNSETTLED, ExpiryOutcome.NOT_SENT)
"""The outcomes that leave something to do."""
_MOST_QUERIES = 50
"""More questions than this take longer than reading all of the time asked for."""
_ANSWERED = frozenset({Verdict.FOUND, Verdict.NOT_FOUND})


class ResumeBatches:
    """Finds batches whose console ended in the middle, and looks at their sessions."""

    def __init__(
        self,
        connections: Connections,
        journal: Journal,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = journal.path
        self._connections = connections
        self._journal = journal
        self._now = now

    async def find(self, account: Account) -> tuple[BatchRecord, ...]:
        """Return the interrupted batches of an account, oldest first.

        Those of which nobody knows the account, because the entry that says it is
        damaged, are among them: to look for their sessions does no harm.
        """
        return tuple(
            record
            for record in await self._journal.interrupted()
            if not record.names_an_account or record.is_on(account)
        )

    async def run(
        self, account: Account, record: BatchRecord, emit: Emit[RunEvent]
    ) -> None:
        """Look at each session that is not settled, and journal what is found.

        The batch is closed when every look was answered; else a later start finds it
        again. Where another console was faster, nothing is done.
        """
        taken = await self._journal.resume(record.batch_id)
        if taken is None:
            return
        client = self._connections.client(account)
        try:
            looks = (self._look(client, taken, each, emit) for each in taken.unsettled)
            if all(await asyncio.gather(*looks)):
                await self._journal.end_recovered(taken.batch_id)
        finally:
            # What was not answered is offered again, by this console as well.
            self._journal.let_go(taken.batch_id)

    async def not_settled(self, account: Account) -> tuple[NotSettled, ...]:
        """Return what batches of the last 90 days have left unsettled on an account.

        Raises:
            JournalError: the journal cannot be read.
        """
        # Not in the journal's own thread: a run must not wait for it.
        since = self._now() - OFFERED_FOR
        records = await asyncio.to_thread(_records, self._path, since)
        left = {each.batch_id for each in await self._journal.interrupted()}
        return tuple(
            each
            for each in not_settled(records, left, since)
            if not each.record.names_an_account or each.record.is_on(account)
        )

    async def look_at(
        self, account: Account, matter: NotSettled, emit: Emit[CheckEvent]
    ) -> None:
        """Look at what a batch has left unsettled, and journal what that settles."""
        if matter.is_cut_off:
            tell = _retold(matter.record.batch_id, emit)
            await self.run(account, matter.record, tell)
        check = CheckSessions(self._connections, self._now, self._journal)
        found: list[CheckedSession] = []

        def note(event: CheckEvent) -> None:
            if not isinstance(event, CheckedSession):
                emit(event)
            elif event.state is not CheckState.CHECKING:
                found.append(event)
                emit(event)

        await check.run(account, matter.sessions, note)
        for each in found:
            if each.state is CheckState.EXPIRED:
                await self._settle_unsent(matter, each, emit)

    async def _settle_unsent(
        self, matter: NotSettled, checked: CheckedSession, emit: Emit[CheckEvent]
    ) -> None:
        """Write down that a session is expired by now, if nothing was sent for it."""
        if checked.session_uuid not in matter.not_sent:
            return
        batch_id = matter.record.batch_id
        result = ExpiryResult(
            session_uuid=checked.session_uuid,
            outcome=ExpiryOutcome.ALREADY_EXPIRED,
            at=checked.checked_at or self._now(),
            evidence=Evidence.LOOK,
            http_status=HTTPStatus.OK,
            detail=PlainText("nothing was sent for it; expired when looked at"),
        )
        await self._journal.record_looked(batch_id, result)
        emit(LookedAgain(batch_id, result, ExpiryOutcome.NOT_SENT))

    async def _look(
        self,
        client: "PlivoClient",
        record: BatchRecord,
        session_uuid: SessionUuid,
        emit: Emit[RunEvent],
    ) -> bool:
        """Return whether Plivo answered."""
        answer = await patient_look(client, session_uuid)
        before = next(
            each.result for each in record.sessions if each.session_uuid == session_uuid
        )
        result = looked_result(session_uuid, answer, self._now(), before.attempts)
        if is_news(before.outcome, result):
            await self._journal.record_looked(record.batch_id, result)
        emit(SessionSettled(result))
        if not record.names_an_account:
            # It may be on another account, whose console will find the batch again.
            return answer.verdict is Verdict.FOUND
        return answer.verdict in _ANSWERED


def _records(path: Path, since: datetime) -> tuple[BatchRecord, ...]:
    """Return the batches that may have left something, and those that took it up."""
    if count_unprepared(path):
        # Each question would read everything.
        return read_matching(path, HistoryQuery(since=since))[::-1]
    found: dict[str, BatchRecord] = {}
    taken_up = set[SessionUuid]()
    for outcome in _LEFT:
        query = HistoryQuery(since=since, outcome=outcome.value)
        for record in read_matching(path, query):
            found[record.batch_id] = record
            sessions = (e.session_uuid for e in record.sessions if e.outcome in _LEFT)
            taken_up.update(sessions)
    queries = [HistoryQuery(since=since, session=each) for each in taken_up]
    if len(queries) > _MOST_QUERIES:
        queries = [HistoryQuery(since=since)]
    for query in queries:
        found.update((each.batch_id, each) for each in read_matching(path, query))
    return tuple(sorted(found.values(), key=lambda e: (e.began_at, e.batch_id)))


def _retold(batch_id: str, emit: Emit[CheckEvent]) -> Emit[RunEvent]:
    """Return the callback by which a look at a batch that was cut off is shown."""

    def tell(event: RunEvent) -> None:
        if isinstance(event, SessionSettled):
            emit(LookedAgain(batch_id, event.result, ExpiryOutcome.UNKNOWN))

    return tell
