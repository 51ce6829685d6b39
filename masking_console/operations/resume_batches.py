"""After a run was cut off: look at what is not settled; nothing is ever sent again."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from masking_console.journal.journal import Journal
from masking_console.models.account import Account
from masking_console.models.expiry import Evidence, ExpiryOutcome, ExpiryResult
from masking_console.models.history import BatchRecord
from masking_console.models.masking_session import SessionStatus
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import RunEvent, SessionSettled
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.plivo.answers import Answer, Verdict

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

_ANSWERED = frozenset({Verdict.FOUND, Verdict.NOT_FOUND})
_MOST_LOOKS = 5


class ResumeBatches:
    """Finds batches whose console ended in the middle, and looks at their sessions."""

    def __init__(
        self,
        connections: Connections,
        journal: Journal,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
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
            if not _names_an_account(record)
            or (
                record.account_name == str(account.name)
                and record.auth_id_tail == account.auth_id.tail
            )
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
        looks = (self._look(client, taken, uuid, emit) for uuid in taken.unsettled)
        if all(await asyncio.gather(*looks)):
            await self._journal.end_recovered(taken.batch_id)

    async def _look(
        self,
        client: "PlivoClient",
        record: BatchRecord,
        session_uuid: SessionUuid,
        emit: Emit[RunEvent],
    ) -> bool:
        """Return whether Plivo answered."""
        answer = await patient_look(client, session_uuid)
        attempts = next(
            each.result.attempts
            for each in record.sessions
            if each.session_uuid == session_uuid
        )
        result = looked_result(session_uuid, answer, self._now(), attempts)
        await self._journal.record_recovered(record.batch_id, result)
        emit(SessionSettled(result))
        if not _names_an_account(record):
            # It may be on another account, whose console will find the batch again.
            return answer.verdict is Verdict.FOUND
        return answer.verdict in _ANSWERED


def _names_an_account(record: BatchRecord) -> bool:
    return bool(record.account_name or record.auth_id_tail)


async def patient_look(client: "PlivoClient", session_uuid: SessionUuid) -> Answer:
    """GET a session, again after each 429; the pace does the waiting."""
    answer = await client.get_session(session_uuid)
    for _ in range(_MOST_LOOKS - 1):
        if answer.verdict is not Verdict.RATE_LIMITED:
            break
        answer = await client.get_session(session_uuid)
    return answer


def looked_result(
    session_uuid: SessionUuid, answer: Answer, now: datetime, attempts: int
) -> ExpiryResult:
    """Return what a later look means for a session that was not settled."""
    outcome, words = ExpiryOutcome.UNKNOWN, f"a later look: {answer.words}"
    if answer.session is not None:
        is_expired = answer.session.status is SessionStatus.EXPIRED
        outcome = ExpiryOutcome.EXPIRED if is_expired else ExpiryOutcome.OPEN
        words = "confirmed by a later look" if is_expired else "a later look: open"
    return ExpiryResult(
        session_uuid=session_uuid,
        outcome=outcome,
        at=now,
        evidence=Evidence.LOOK if answer.session is not None else Evidence.NONE,
        http_status=answer.http_status,
        api_id=answer.api_id,
        elapsed_ms=answer.elapsed_ms,
        attempts=attempts,
        detail=PlainText(words),
    )
