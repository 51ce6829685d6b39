"""A Plivo account in memory that answers as the API reference says.

It knows no HTTP library: a request goes in, a reply comes out. Everything is used in
one event loop; what a test looks at (`requests`, `sessions`) are copies.
"""

import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from masking_console.practice.exchange import ReceivedRequest, Replies, Reply
from masking_console.practice.faults import NO_FAULT, Fault, FaultHook, MarkedFaults
from masking_console.practice.generation import generate_contents
from masking_console.practice.listing import (
    Conduct,
    ListRefusedError,
    read_list_query,
)
from masking_console.practice.odd_answers import OddAnswers
from masking_console.practice.rate_limit import RateLimit
from masking_console.practice.session_store import SessionStore
from masking_console.practice.sign_in import PRACTICE_AUTH_ID
from masking_console.practice.stored_session import (
    EXPIRED,
    StoredSession,
    listed_json,
    session_json,
)

REMEMBERED_REQUESTS = 100_000
"""How many of the latest requests are kept."""
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
        """What a test wants to go wrong; asked before the marked sessions are."""
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
