"""Looks of a rehearsal on a live account; whatever is expired goes the usual way."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from masking_console.models.account import Account
from masking_console.models.masking_session import SessionStatus
from masking_console.models.session_detail import AnswerShape
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.plivo.details import ListQuery

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

_LONG_WINDOW = timedelta(days=40)
_LISTED_FOR = timedelta(days=90)


class Rehearse:
    """Asks what nobody knows about the live service yet; GETs alone leave from here."""

    def __init__(self, connections: Connections, account: Account) -> None:
        self._connections = connections
        self._account = account

    @property
    def _client(self) -> "PlivoClient":
        # In the engine's event loop, to which clients belong.
        return self._connections.client(self._account)

    async def session(self, session_uuid: SessionUuid) -> AnswerShape:
        """Return the shape of the answer for a session."""
        return await self._client.shape_of_session(session_uuid)

    async def unknown_session(self) -> AnswerShape:
        """Return the shape of the answer for an id that nobody has."""
        return await self._client.shape_of_session(SessionUuid(str(uuid4())))

    async def page(self) -> AnswerShape:
        """Return the shape of one page of the list."""
        return await self._client.shape_of_list(ListQuery(limit=1))

    async def is_listed_as_active(self, session_uuid: SessionUuid) -> bool | None:
        """Return whether a session is among the active ones; None without an answer."""
        query = ListQuery(status=SessionStatus.ACTIVE)
        _answer, page = await self._client.list_sessions(query)
        if page is None:
            return None
        return any(each.session_uuid == session_uuid for each in page.sessions)

    async def long_window(self, now: datetime) -> AnswerShape:
        """Return the shape of the answer to a window of 40 days."""
        query = ListQuery(created_from=now - _LONG_WINDOW, created_before=now, limit=1)
        return await self._client.shape_of_list(query)

    async def oldest(self, now: datetime) -> AnswerShape:
        """Return the shape of a page of sessions created 85 to 90 days ago."""
        start = now - _LISTED_FOR
        end = start + timedelta(days=5)
        query = ListQuery(created_from=start, created_before=end, limit=1)
        return await self._client.shape_of_list(query)
