"""The sessions of the simulated account, as they change."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from masking_console.practice.generation import new_session_uuid
from masking_console.practice.stored_session import StoredSession

_CREATED = attrgetter("created_time")


class SessionStore:
    """Every session by its id, and in the order of a list: the newest first."""

    def __init__(self, sessions: Iterable[StoredSession], rng: random.Random) -> None:
        self._rng = rng
        self._by_id: dict[str, StoredSession] = {}
        for session in sessions:
            self._by_id[session.session_uuid] = session
        # Kept in order, because twenty thousand sessions are listed in a thousand
        # requests, and each is about a stretch of time.
        self._oldest_first = sorted(self._by_id.values(), key=_CREATED, reverse=True)
        self._oldest_first.reverse()

    @property
    def oldest_first(self) -> Sequence[StoredSession]:
        """Every session in the order of creation, those yet to be created included."""
        return self._oldest_first

    def newest_first(self, now: datetime) -> list[StoredSession]:
        """Return every session that has been created by now."""
        created = bisect_right(self._oldest_first, now, key=_CREATED)
        return self._oldest_first[:created][::-1]

    def get(self, session_uuid: str, now: datetime) -> StoredSession | None:
        """Return the session with exactly this id, or None."""
        session = self._by_id.get(session_uuid)
        return session if session and session.created_time <= now else None

    def put(self, session: StoredSession) -> None:
        """Add a session, or replace the one with its id."""
        kept = self._oldest_first
        before = self._by_id.get(session.session_uuid)
        self._by_id[session.session_uuid] = session
        if before is not None:
            at = kept.index(before, self._place(before.created_time))
            if before.created_time == session.created_time:
                kept[at] = session
                return
            del kept[at]
        # Of those that are created together, the one that came last is listed last.
        kept.insert(self._place(session.created_time), session)

    def expire(self, session: StoredSession, now: datetime) -> None:
        """End a session now; its record stays."""
        self.put(replace(session, expiry_time=now, was_expired=True))
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

    def _place(self, created: datetime) -> int:
        """Return the position of the first one that was created then or later."""
        return bisect_left(self._oldest_first, created, key=_CREATED)
