"""Plivo's side of a simulated run: what arrives there, and what it really does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import NO_FAULT, Fault
from masking_console.practice.server import practice_app
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.practice.stored_session import EXPIRED, StoredSession
from masking_console.practice.transport import PracticeTransport
from tests.simulation.troubles import Trouble

EPOCH = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""Beginning of every simulated run, by Plivo's clock."""

# The task that carries a request out inherits it from the one that sent it.
_TROUBLE: ContextVar[Trouble] = ContextVar("_TROUBLE")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it left the console."""

    at: float
    """The time."""
    method: str
    """Its method."""
    path: str
    """Its path, as it was sent."""
    trouble: Trouble
    """The trouble with it."""

    @property
    def session_uuid(self) -> str:
        """Return the part of the path where the session's id belongs."""
        return self.path.rpartition("/")[2]


class WatchedAccount(SimulatedAccount):
    """A simulated account that knows which DELETE expired what, and what a GET saw."""

    def __init__(self, seed: int, tell: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            seed=seed,
            count=0,
            clock=lambda: EPOCH + timedelta(seconds=loop.time()),
            rate_limit=RateLimit(clock=loop.time),
        )
        self.fault = self._meet
        self.expired_by_us: set[str] = set()
        """The sessions that one of our DELETEs expired."""
        self.last_seen: dict[str, str | None] = {}
        """State that the last GET of each session saw, with or without an answer."""
        self._tell = tell

    def add(self, session_uuid: SessionUuid, word: str, seconds: float) -> None:
        """Add a session that ends by itself after so many seconds."""
        self.put(
            StoredSession(
                session_uuid=session_uuid,
                first_party="447700900001",
                second_party="447700900002",
                virtual_number="12025550140",
                created_time=EPOCH - timedelta(hours=1),
                expiry_time=EPOCH + timedelta(seconds=seconds),
                open_word=word,
            )
        )

    def expire_by_other_hand(self, session_uuid: str) -> None:
        """Let somebody else expire a session, if there is one that is open."""
        session = self.session(session_uuid)
        if session is not None and session.status_at(self.now) != EXPIRED:
            self.put(replace(session, was_expired=True, expiry_time=self.now))
            self._tell(f"{session_uuid[:8]} expired by another hand")

    def answer(self, request: ReceivedRequest) -> Reply:
        """Carry out a request, note what it did, and return what is left of it."""
        session_uuid = request.path.rpartition("/")[2]
        before = self.status_of(session_uuid)
        reply = super().answer(request)
        after = self.status_of(session_uuid)
        if request.method == "GET":
            self.last_seen[session_uuid] = after
        elif before != EXPIRED and after == EXPIRED:
            self.expired_by_us.add(session_uuid)
        seen = f"{before} -> {after}" if before != after else before
        self._tell(f"{session_uuid[:8]} {request.method} carried out: {seen}")
        return _TROUBLE.get().twist(reply)

    def _meet(self, request: ReceivedRequest) -> Fault:
        trouble = _TROUBLE.get()
        if trouble.only not in ("", request.method):
            return NO_FAULT
        if trouble.by_other_hand:
            self.expire_by_other_hand(request.path.rpartition("/")[2])
        if trouble.late_by is not None and request.method == "DELETE":
            loop = asyncio.get_running_loop()
            loop.call_later(trouble.late_by, self.answer, request)
        return _with_an_id(trouble.fault)


def _with_an_id(fault: Fault) -> Fault:
    """Return the fault with an id of its own where its answer has room for one."""
    if fault.reply is None:
        return fault
    body = fault.reply.body.replace(b'"@"', b'"%s"' % str(uuid4()).encode())
    return replace(fault, reply=replace(fault.reply, body=body))


class Wire:
    """Makes connections to a watched account, on which things go wrong."""

    def __init__(
        self,
        account: SimulatedAccount,
        trouble: Callable[[str, str], Trouble],
        notice: Callable[[httpx.Request, Arrival], None],
    ) -> None:
        """Make a wire.

        Args:
            account: what is behind it.
            trouble: says what goes wrong, by method and session.
            notice: is told of each request before anything else.
        """
        self._application = practice_app(account)
        self._trouble = trouble
        self._notice = notice
        self.latest: tuple[int, httpx.Headers, bytes] | None = None
        """The latest answer that came over this wire."""

    def again(
        self, response: httpx.Response, body: bytes
    ) -> tuple[httpx.Response, bytes]:
        """Return the latest answer, or this one where there was none before."""
        if self.latest is None:
            return response, body
        status, headers, latest = self.latest
        return httpx.Response(status, headers=headers), latest

    def __call__(self) -> httpx.AsyncBaseTransport:
        """Return one connection."""
        return _Connection(self, PracticeTransport(self._application))

    def meet(self, request: httpx.Request) -> Trouble:
        """Return what goes wrong with a request that is about to leave."""
        path = request.url.raw_path.decode("latin-1")
        trouble = self._trouble(request.method, path.rpartition("/")[2])
        now = asyncio.get_running_loop().time()
        self._notice(request, Arrival(now, request.method, path, trouble))
        return trouble


class _Connection(httpx.AsyncBaseTransport):
    def __init__(self, wire: Wire, inner: PracticeTransport) -> None:
        self._wire = wire
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trouble = self._wire.meet(request)
        if trouble.unreachable_after is not None:
            await asyncio.sleep(trouble.unreachable_after)
            if trouble.unreachable_after:
                raise httpx.ConnectTimeout("The connection came not about in time")
            raise httpx.ConnectError("Connection refused")
        _TROUBLE.set(trouble)
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if trouble.is_copy:
            response, body = self._wire.again(response, body)
        self._wire.latest = response.status_code, response.headers, body
        if not trouble.drips:
            stream: httpx.AsyncByteStream = httpx.ByteStream(body)
        else:
            stream = _Dripping(body, trouble)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=stream
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Dripping(httpx.AsyncByteStream):
    """A body that comes in pieces, each after a while; the last may never come."""

    def __init__(self, body: bytes, trouble: Trouble) -> None:
        self._body = body
        self._trouble = trouble

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest, drips = self._body, self._trouble.drips
        for number, seconds in enumerate(drips, 1):
            size = max(1, len(self._body) // (len(drips) + 1))
            piece, rest = rest[:size], rest[size:]
            yield piece
            await asyncio.sleep(seconds)
            if self._trouble.is_cut and number == len(drips):
                raise httpx.ReadError("Connection reset by peer")
        yield rest
