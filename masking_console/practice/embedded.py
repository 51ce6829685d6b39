"""The simulated account inside the console: what ``--practice`` uses."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from masking_console.models.account import Account
from masking_console.practice.exchange import (
    Application,
    Message,
    Receive,
    Scope,
    Send,
    practice_account,
)
from masking_console.practice.faults import Mark
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.practice.stored_session import EXPIRED, StoredSession

if TYPE_CHECKING:
    from masking_console.practice.exchange import Application


UNKNOWN_ID = "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917"
"""A session id that the simulated account does not know."""

_LONGEST_OPEN = timedelta(days=2)

_TEXT = """\
OPS-4812  customer says calls still go through, please switch these off

{plain[0]}
{plain[1]}
{comes_back}   <- does this one come back?

12:01:44 INFO  masking GET /v1/Account/MA../Masking/Session/{slow}/ 200 61 ms
12:01:45 WARN  masking session_uuid={error_twice} still active
12:01:45 WARN  masking session_uuid={rate_limited_once} still active
12:01:46 INFO  masking session_uuid={plain[0]} seen again

{{"api_id":"7d962130-8eb6-49f1-920b-ae4d1c52f608","response":{{"objects":[
  {{"session_uuid":"{in_call}","status":"in-progress"}},
  {{"session_uuid":"{lost_answer}","status":"active"}},
  {{"session_uuid":"{expired[0]}","status":"expired"}}]}}}}

session_uuid,ticket
{plain[2]},OPS-4799
{plain[3]},OPS-4801
{expired[1]},OPS-4803
{unknown},OPS-4806

marta: also {plain[4]}, {plain[5]} and {plain[6]}
marta: and this one, it was cut off in the chat: 609bf6df-28c1-4e7
"""


def sample_paste(account: SimulatedAccount) -> str:
    """Return a text with 16 session ids, one of them twice, and traps between them.

    Five misbehave, one is in a call, two are expired, one is not on the account; an
    ``api_id`` and a cut id are to be left out.

    Raises:
        ValueError: the account has too few ordinary sessions.
    """
    marked = account.marked
    plain = _ids(account, "active", 7)
    expired = _ids(account, EXPIRED, 1)
    return _TEXT.format(
        plain=plain,
        expired=(marked[Mark.EXPIRED], *expired),
        unknown=UNKNOWN_ID,
        in_call=marked[Mark.IN_CALL],
        comes_back=marked[Mark.COMES_BACK],
        slow=marked[Mark.SLOW],
        error_twice=marked[Mark.ERROR_TWICE],
        rate_limited_once=marked[Mark.RATE_LIMITED_ONCE],
        lost_answer=marked[Mark.LOST_ANSWER],
    )


def _ids(account: SimulatedAccount, status: str, count: int) -> list[str]:
    found = [str(session.session_uuid) for session in _ordinary(account, status)]
    if len(found) < count:
        raise ValueError("The account has too few sessions for a sample.")
    # From all over the first days rather than the newest in a row.
    return found[:: len(found) // count][:count]


def _ordinary(account: SimulatedAccount, status: str) -> Iterator[StoredSession]:
    """Yield recent sessions without a mark that keep their status for a while."""
    special = set(account.marked.values())
    now = account.now
    for session in account.sessions:
        is_recent = now - session.created_time < _LONGEST_OPEN
        ends_soon = now < session.expiry_time < now + timedelta(minutes=5)
        is_wanted = session.status_at(now) == status and is_recent and not ends_soon
        if is_wanted and session.session_uuid not in special:
            yield session


class _NotAnsweredError(Exception):
    """The application ended without an answer."""


class PracticeTransport(httpx.AsyncBaseTransport):
    """Runs each request in the application, as if over a connection.

    httpx's own ASGI transport knows neither time-outs nor lost connections. Here a
    request that has left is carried out even if its client stops waiting, as a real
    server would do.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._exchanges: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's answer.

        Raises:
            httpx.ReadTimeout: it did not come within the request's time-out.
            httpx.RemoteProtocolError: the application dropped the connection.
        """
        client_left = asyncio.Event()
        inner = httpx.ASGITransport(_as_over_a_wire(self._application, client_left))
        exchange = asyncio.create_task(inner.handle_async_request(request))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._forget)
        try:
            async with asyncio.timeout(_read_timeout(request)):
                return await asyncio.shield(exchange)
        except TimeoutError:
            raise httpx.ReadTimeout("The read operation timed out") from None
        except _NotAnsweredError:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response."
            ) from None
        finally:
            client_left.set()

    async def aclose(self) -> None:
        """End what nobody waits for any more."""
        left = tuple(self._exchanges)
        for exchange in left:
            exchange.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _forget(self, exchange: asyncio.Task[httpx.Response]) -> None:
        self._exchanges.discard(exchange)
        if not exchange.cancelled():
            # Asked for, so that asyncio does not report it when nobody waits.
            exchange.exception()


def _read_timeout(request: httpx.Request) -> float | None:
    timeouts: dict[str, Any] = request.extensions.get("timeout", {})
    return timeouts.get("read")


def _as_over_a_wire(
    application: Application, client_left: asyncio.Event
) -> Application:
    """Return the application with a client that can leave, and be left."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        has_body = True
        is_answered = False

        async def receive_until_gone() -> Message:
            nonlocal has_body
            if not has_body:
                await client_left.wait()
                return {"type": "http.disconnect"}
            message = await receive()
            has_body = bool(message.get("more_body"))
            return message

        async def send_and_note(message: Message) -> None:
            nonlocal is_answered
            await send(message)
            if message["type"] == "http.response.body":
                is_answered = not message.get("more_body")

        await application(scope, receive_until_gone, send_and_note)
        if not is_answered:
            raise _NotAnsweredError

    return run


class EmbeddedPractice(NamedTuple):
    """Parts of practice mode."""

    account: Account
    """The account to sign in with."""
    text: str
    """A text to practice pasting with; empty where the account has too little."""
    new_transport: "Callable[[], httpx.AsyncBaseTransport]"
    """Makes one connection to the simulated service."""


def open_practice(account: SimulatedAccount | None = None) -> EmbeddedPractice:
    """Return a simulated account, ready to be used; a new one unless one is given."""
    simulated = account or SimulatedAccount()
    try:
        text = sample_paste(simulated)
    except ValueError:
        text = ""
    return EmbeddedPractice(practice_account(), text, _Connector(simulated))


class _Connector:
    """Makes transports; imports httpx at the first request only."""

    def __init__(self, account: SimulatedAccount) -> None:
        self._account = account
        self._application: Application | None = None

    def __call__(self) -> "httpx.AsyncBaseTransport":
        """Return one connection; all of them reach the same account."""
        # The first screen is painted before this runs.
        from masking_console.practice.embedded import (  # noqa: PLC0415
            PracticeTransport,
        )
        from masking_console.practice.server import practice_app  # noqa: PLC0415

        if self._application is None:
            self._application = practice_app(self._account)
        return PracticeTransport(self._application)
