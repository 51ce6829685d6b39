"""What each queued session is, before anything is sent."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from masking_console.models.account import Account
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import plain_text
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.operations.sign_in import SIGN_IN_REFUSED, sign_in_error
from masking_console.plivo.answers import Answer, Verdict

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

WORKERS = 16
"""Questions in flight at once; the pace, not this, limits the rate."""

_MOST_WAITS = 5


class CheckSessions:
    """Asks Plivo for each of some sessions and tells what it is."""

    def __init__(
        self,
        connections: Connections,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connections = connections
        self._now = now

    async def run(
        self,
        account: Account,
        session_uuids: Iterable[SessionUuid],
        emit: Emit[CheckedSession],
    ) -> None:
        """Emit one `CheckedSession` for each session, as the answers come.

        Raises:
            TokenRefusedError: Plivo refused the account; the rest was not asked for.
        """
        client = self._connections.client(account)
        remaining = iter(session_uuids)
        refusals: list[Answer] = []
        workers = [
            asyncio.create_task(self._check_each(client, remaining, emit, refusals))
            for _ in range(WORKERS)
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
        for session_uuid in remaining:
            emit(_not_checked(session_uuid, "sign-in refused"))
        if refusals:
            raise sign_in_error(account, refusals[0])

    async def _check_each(
        self,
        client: "PlivoClient",
        remaining: Iterator[SessionUuid],
        emit: Emit[CheckedSession],
        refusals: list[Answer],
    ) -> None:
        """Check sessions until none is left, or one of the workers was refused."""
        while not refusals and (session_uuid := next(remaining, None)) is not None:
            emit(CheckedSession(session_uuid, CheckState.CHECKING))
            answer = await client.get_session(session_uuid)
            waits = 0
            while answer.verdict is Verdict.RATE_LIMITED and waits < _MOST_WAITS:
                waits += 1
                answer = await client.get_session(session_uuid)
            emit(checked_session(session_uuid, answer, self._now()))
            if answer.verdict in SIGN_IN_REFUSED:
                refusals.append(answer)


def checked_session(
    session_uuid: SessionUuid, answer: Answer, now: datetime
) -> CheckedSession:
    """Return what the answer to a GET means for the queue."""
    if answer.session is not None:
        return CheckedSession.of(answer.session, now)
    if answer.verdict is Verdict.NOT_FOUND:
        return CheckedSession(session_uuid, CheckState.NOT_FOUND, checked_at=now)
    reason = "sign-in refused" if answer.verdict in SIGN_IN_REFUSED else answer.words
    return _not_checked(session_uuid, reason, answer.http_status)


def _not_checked(
    session_uuid: SessionUuid, reason: str, http_status: int | None = None
) -> CheckedSession:
    return CheckedSession(
        session_uuid,
        CheckState.NOT_CHECKED,
        reason=plain_text(reason, limit=200),
        http_status=http_status,
    )
