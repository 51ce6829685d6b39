"""Look at one session closely: Plivo's description, its neighbors, our own past."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from masking_console.errors import JournalError, PlivoUnavailableError
from masking_console.journal.searching import read_matching
from masking_console.models.account import Account
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.session_detail import SessionInspection
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.plivo.answers import Verdict
from masking_console.plivo.pages import SessionPage

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

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
    number = session.virtual_number.strip().removeprefix("+")
    if not number:
        return None
    filters = {"virtual_number": number, "status": "active", "limit": "20"}
    _answer, page = await client.list_sessions(filters)
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
