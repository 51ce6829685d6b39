"""A Plivo account in memory that answers as the API reference says.

It knows no HTTP library: a request goes in, a reply comes out. Everything is used in
one event loop; what a test looks at (`requests`, `sessions`) are copies.
"""

import random
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from operator import attrgetter
from urllib.parse import parse_qsl, unquote

from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    ReceivedRequest,
    Replies,
    Reply,
)
from masking_console.practice.faults import (
    NO_FAULT,
    Fault,
    FaultHook,
    MarkedFaults,
    OddAnswers,
)
from masking_console.practice.listing import (
    Conduct,
    ListRefusedError,
    read_list_query,
)
from masking_console.practice.stored_session import (
    EXPIRED,
    StoredSession,
    generate_contents,
    listed_json,
    new_session_uuid,
    session_json,
)


class Window(Enum):
    """Way in which the service counts; Plivo does not say."""

    SLIDING = "sliding"
    """Any stretch of that length holds no more than the limit."""
    FIXED = "fixed"
    """The count starts again at every multiple of that length."""


class RateLimit:
    """Counts the requests that are taken; a refused one does not count."""

    def __init__(
        self,
        limit: int | None = 300,
        seconds: float = 5.0,
        window: Window = Window.SLIDING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a limit; None as ``limit`` takes everything."""
        self._limit = limit
        self._seconds = seconds
        self._window = window
        self._clock = clock
        self._taken: deque[float] = deque()

    def takes(self) -> bool:
        """Return whether one more request is taken now, and count it if so."""
        if self._limit is None:
            return True
        now = self._clock()
        start = now - self._seconds
        if self._window is Window.FIXED:
            # What came before the window began does not count, what came at its very
            # beginning does.
            start = now - now % self._seconds
        while self._taken and self._is_past(self._taken[0], start):
            self._taken.popleft()
        if len(self._taken) >= self._limit:
            return False
        self._taken.append(now)
        return True

    def _is_past(self, taken: float, start: float) -> bool:
        fixed = self._window is Window.FIXED
        return taken < start if fixed else taken <= start


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


REMEMBERED_REQUESTS = 100_000
"""Number of the latest requests that are kept."""
PRACTICE_NAME = "Practice Logistics"
"""The name of the account at the simulated Plivo."""

_HTML = ("content-type", "text/html; charset=utf-8")
_NOT_SIGNED_IN = (
    b"Could not verify your access level for that URL.\n"
    b"You have to login with proper credentials"
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SimulatedAccount:
    """A Plivo account with sessions that were made up from a seed."""

    def __init__(
        self,
        *,
        seed: int = 7,
        count: int = 300,
        clock: Callable[[], datetime] = _utc_now,
        conduct: Conduct | None = None,
        rate_limit: RateLimit | None = None,
    ) -> None:
        """Make an account; ``count`` ordinary sessions beside the marked ones.

        Args:
            seed: the same one gives the same ids, numbers and ages.
            count: how many ordinary sessions there are.
            clock: tells aware times; sessions end by it.
            conduct: what differs from the documentation.
            rate_limit: 300 requests in 5 s unless told otherwise.
        """
        self.fault: FaultHook | None = None
        """Fault that a test wants; asked before the marked sessions are."""
        self._clock = clock
        self._conduct = conduct or Conduct()
        self._rate_limit = rate_limit or RateLimit()
        contents = generate_contents(seed, count, clock())
        self.marked = contents.marked
        """The sessions that have something special to them."""
        self._requests: deque[ReceivedRequest] = deque(maxlen=REMEMBERED_REQUESTS)
        # Apart from each other, so that the order of requests changes little.
        self._latencies, for_ids, for_sessions = (
            random.Random(f"{seed}/{use}")  # noqa: S311 - made-up data, no secret
            for use in ("latency", "api_id", "comes back")
        )
        self._store = SessionStore(contents.sessions, for_sessions)
        self._replies = Replies(for_ids)
        self._marked_faults = MarkedFaults(contents.marked, self._replies)
        self._odd_answers = OddAnswers(contents.marked, self._replies)

    @property
    def now(self) -> datetime:
        """The time by the account's clock."""
        return self._clock()

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """Every request that came in, the earliest first."""
        return tuple(self._requests)

    @property
    def sessions(self) -> tuple[StoredSession, ...]:
        """Every session, the newest first, those past listing included."""
        return tuple(self._store.newest_first(self.now))

    def session(self, session_uuid: str) -> StoredSession | None:
        """Return one session as it is kept, or None."""
        return self._store.get(session_uuid, self.now)

    def status_of(self, session_uuid: str) -> str | None:
        """Return the status that the service would give a session now, or None."""
        session = self.session(session_uuid)
        return session.status_at(self.now) if session else None

    def put(self, session: StoredSession) -> None:
        """Add a session, or replace the one with its id."""
        self._store.put(session)

    def latency(self) -> float:
        """Return how many seconds the next answer takes."""
        return self._latencies.uniform(*self._conduct.latency_seconds)

    def receive(self, request: ReceivedRequest) -> Reply | None:
        """Note that a request came, and return the reply if it goes no further."""
        self._requests.append(request)
        if not request.is_signed_in or not _is_on_this_account(request.path):
            return Reply(
                HTTPStatus.UNAUTHORIZED,
                _NOT_SIGNED_IN,
                (_HTML, ("www-authenticate", 'Basic realm="Login Required"')),
            )
        if not self._rate_limit.takes():
            return self._replies.refusal(
                HTTPStatus.TOO_MANY_REQUESTS, "too many requests"
            )
        return None

    def fault_for(self, request: ReceivedRequest) -> Fault:
        """Return what goes wrong with a request that goes further."""
        chosen = self.fault(request) if self.fault is not None else None
        return (
            chosen
            or self._marked_faults(request)
            or self._odd_answers(request)
            or NO_FAULT
        )

    def answer(self, request: ReceivedRequest) -> Reply:
        """Carry out a request and return its reply."""
        now = self.now
        match _segments(request.path):
            case ["v1", "Account", _]:
                handlers = {"GET": self._describe}
            case ["v1", "Account", _, "Masking", "Session"]:
                handlers = {"GET": lambda: self._list(request.query, now)}
            case ["v1", "Account", _, "Masking", "Session", text]:
                handlers = {
                    "GET": lambda: self._get(text, now),
                    "DELETE": lambda: self._expire(text, request.query, now),
                }
            case _:
                return self._replies.refusal(HTTPStatus.NOT_FOUND, "not found")
        handler = handlers.get(request.method)
        if handler is None:
            allowed = ("allow", ", ".join(handlers))
            status = HTTPStatus.METHOD_NOT_ALLOWED
            return self._replies.refusal(status, "method not allowed", allowed)
        return handler()

    def _describe(self) -> Reply:
        return self._replies.success(
            account_type="standard",
            address="",
            auth_id=str(PRACTICE_AUTH_ID),
            auto_recharge=False,
            billing_mode="prepaid",
            cash_credits="23.00000",
            city="",
            name=PRACTICE_NAME,
            resource_uri=f"/v1/Account/{PRACTICE_AUTH_ID}/",
            state="",
            timezone="Etc/UTC",
        )

    def _list(self, query: str, now: datetime) -> Reply:
        try:
            wanted = read_list_query(query, now, self._conduct)
        except ListRefusedError as error:
            return self._replies.refusal(HTTPStatus.BAD_REQUEST, str(error))
        found = wanted.selected(self._store.oldest_first, now)
        page = found[wanted.offset : wanted.offset + wanted.limit]
        meta = {
            "limit": wanted.limit,
            "next": None,
            "offset": wanted.offset,
            "previous": None,
            "total_count": len(found),
        }
        objects = [listed_json(session, now, PRACTICE_AUTH_ID) for session in page]
        return self._replies.success(response={"meta": meta, "objects": objects})

    def _get(self, text: str, now: datetime) -> Reply:
        session = self._store.get(text, now)
        if session is None:
            return self._replies.refusal(HTTPStatus.NOT_FOUND, "not found")
        return self._replies.success(
            response=session_json(session, now, PRACTICE_AUTH_ID)
        )

    def _expire(self, text: str, query: str, now: datetime) -> Reply:
        session = self._store.get(text, now)
        if session is None:
            return self._replies.refusal(HTTPStatus.NOT_FOUND, "not found")
        if session.status_at(now) == EXPIRED:
            return self._replies.refusal(
                HTTPStatus.BAD_REQUEST, "Session already expired"
            )
        self._store.expire(session, now)
        if dict(parse_qsl(query)).get("callback_url"):
            # The answer proper would go to that URL, which is never asked for here.
            return self._replies.answer(
                HTTPStatus.ACCEPTED, message="async api spawned"
            )
        return self._replies.expired()


def _segments(path: str) -> list[str]:
    """Return the parts of a path; one slash at the end makes no difference."""
    parts = path.removesuffix("/").split("/")
    return [unquote(part) for part in parts[1:]]


def _is_on_this_account(path: str) -> bool:
    match _segments(path):
        case ["v1", "Account", auth_id, *_]:
            return auth_id == PRACTICE_AUTH_ID
        case _:
            return True
