"""The sessions of the simulated account, as they change."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from masking_console.practice.generation import new_session_uuid
from masking_console.practice.stored_session import StoredSession


class SessionStore:
    """Every session by its id, in the order of a list: the newest first."""

    def __init__(self, sessions: Iterable[StoredSession], rng: random.Random) -> None:
        self._rng = rng
        self._by_id: dict[str, StoredSession] = {}
        for session in sessions:
            self._by_id[session.session_uuid] = session
        self._sort()

    def newest_first(self, now: datetime) -> list[StoredSession]:
        """Return every session that has been created by now."""
        return [s for s in tuple(self._by_id.values()) if s.created_time <= now]

    def get(self, session_uuid: str, now: datetime) -> StoredSession | None:
        """Return the session with exactly this id, or None."""
        session = self._by_id.get(session_uuid)
        return session if session and session.created_time <= now else None

    def put(self, session: StoredSession) -> None:
        """Add a session, or replace the one with its id."""
        self._by_id[session.session_uuid] = session
        self._sort()

    def expire(self, session: StoredSession, now: datetime) -> None:
        """End a session now; its record stays."""
        expired = replace(session, expiry_time=now, was_expired=True)
        self._by_id[session.session_uuid] = expired
        if session.comes_back_after is not None:
            due = now + session.comes_back_after
            again = replace(
                session,
                session_uuid=new_session_uuid(self._rng),
                created_time=due,
                expiry_time=due + (session.expiry_time - session.created_time),
                interactions=(),
            )
            # It is kept at once, and shows when its time has come.
            self.put(again)

    def _sort(self) -> None:
        in_order = sorted(
            self._by_id.values(), key=lambda s: s.created_time, reverse=True
        )
        self._by_id = {session.session_uuid: session for session in in_order}
