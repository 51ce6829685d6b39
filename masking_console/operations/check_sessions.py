"""Checks of queued sessions, before anything is sent."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from masking_console.errors import JournalError, PlivoUnavailableError
from masking_console.journal.journal import Journal
from masking_console.journal.searching import read_matching
from masking_console.models.account import Account
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
    SessionStatus,
    bare_number,
)
from masking_console.models.plain_text import plain_text
from masking_console.models.run_events import Learnt
from masking_console.models.session_detail import SessionInspection
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import (
    SIGN_IN_REFUSED,
    Connections,
    sign_in_error,
)
from masking_console.operations.engine import Emit
from masking_console.operations.second_look import Learning, patient_look
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.details import ListQuery, SessionPage

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient


WORKERS = 16
"""Questions in flight at once; the pace, not this, limits the rate."""

CheckEvent = CheckedSession | Learnt
"""Events of a check."""


class CheckSessions:
    """Asks Plivo for each of some sessions and tells what it is."""

    def __init__(
        self,
        connections: Connections,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        journal: Journal | None = None,
    ) -> None:
        """Make one; with a journal, it learns what the answers settle."""
        self._connections = connections
        self._journal = journal
        self._now = now

    async def run(
        self,
        account: Account,
        session_uuids: Iterable[SessionUuid],
        emit: Emit[CheckEvent],
    ) -> None:
        """Emit one `CheckedSession` for each session, as the answers come.

        What an answer settles of an earlier batch is told behind it.

        Raises:
            TokenRefusedError: Plivo refused the account; the rest was not asked for.
        """
        client = self._connections.client(account)
        uuids = tuple(session_uuids)
        learning = Learning(self._journal, account, self._now)
        for problem in await learning.about(uuids):
            emit(problem)
        remaining = iter(uuids)
        refusals: list[Answer] = []
        each = _Check(client, learning, emit, self._now, refusals)
        workers = [asyncio.create_task(each.check(remaining)) for _ in range(WORKERS)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
        for session_uuid in remaining:
            emit(_not_checked(session_uuid, "sign-in refused"))
        if refusals:
            raise sign_in_error(account, refusals[0])


@dataclass(frozen=True, slots=True)
class _Check:
    """One check under way."""

    client: "PlivoClient"
    learning: Learning
    emit: Emit[CheckEvent]
    now: Callable[[], datetime]
    refusals: list[Answer]

    async def check(self, remaining: Iterator[SessionUuid]) -> None:
        """Check sessions until none is left, or one of the workers was refused."""
        while not self.refusals and (uuid := next(remaining, None)) is not None:
            self.emit(CheckedSession(uuid, CheckState.CHECKING))
            answer = await patient_look(self.client, uuid)
            news = await self.learning.take(uuid, answer)
            self.emit(checked_session(uuid, answer, self.now()))
            for each in news:
                self.emit(each)
            if answer.verdict in SIGN_IN_REFUSED:
                self.refusals.append(answer)


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


_A_WEEK = timedelta(days=7)
"""The stretch that is listed when no time is given."""


class InspectSession:
    """Reads; nothing is changed."""

    def __init__(
        self,
        connections: Connections,
        journal_path: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connections = connections
        self._journal_path = journal_path
        self._now = now

    async def run(
        self, account: Account, session_uuid: SessionUuid
    ) -> SessionInspection:
        """Return what is known of the session.

        Raises:
            PlivoUnavailableError: it is not on this account, or Plivo gave no answer.
        """
        client = self._connections.client(account)
        answer, detail = await client.get_detail(session_uuid)
        if detail is None:
            if answer.verdict is Verdict.NOT_FOUND:
                raise PlivoUnavailableError("It is not on this account.")
            raise PlivoUnavailableError(f"No answer to use ({answer.words}).")
        return SessionInspection(
            detail=detail,
            seen_at=self._now(),
            sharing=await _sharing(client, detail.session, self._now()),
            before=await asyncio.to_thread(self._before, session_uuid),
        )

    def _before(self, session_uuid: SessionUuid) -> tuple[BatchRecord, ...]:
        try:
            return read_matching(self._journal_path, HistoryQuery(session=session_uuid))
        except JournalError:
            # The journal's own troubles are told elsewhere.
            return ()


async def _sharing(
    client: "PlivoClient", session: MaskingSession, now: datetime
) -> int | None:
    """Return how many other open sessions of the last week share its virtual number."""
    number = bare_number(session.virtual_number)
    if not number:
        return None
    query = ListQuery(virtual_number=number, status=SessionStatus.ACTIVE)
    _answer, page = await client.list_sessions(query)
    if page is None or page.total_count is None:
        return None
    is_obeyed = all(
        number in each.numbers and each.status is not SessionStatus.EXPIRED
        for each in page.sessions
    )
    return page.total_count - _counts_itself(session, page, now) if is_obeyed else None


def _counts_itself(session: MaskingSession, page: SessionPage, now: datetime) -> bool:
    """Return whether a session is among those that were counted, listed here or not."""
    if any(each.session_uuid == session.session_uuid for each in page.sessions):
        return True
    is_all = page.total_count == len(page.sessions)
    created = session.created_time
    is_recent = created is not None and now - created < _A_WEEK
    return session.status is SessionStatus.ACTIVE and is_recent and not is_all
