"""Requests and answers of the simulated account, without any HTTP library."""

import base64
import hmac
import random
import uuid
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from masking_console.models.account import (
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request exactly as it came in, but for the credentials."""

    method: str
    """The method, in upper case as it came."""
    path: str
    """The path as it was sent, percent-encoding and slashes included."""
    received_at: datetime
    """Time of its arrival, by the account's clock."""
    query: str = ""
    """Query string, as it was sent."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case and values; of ``authorization`` only the scheme."""
    body: bytes = b""
    """The beginning of the body; a GET and a DELETE should have none."""
    is_signed_in: bool = True
    """Whether the credentials in it are the account's."""

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status code, body and headers."""

    status: int
    """The status code."""
    body: bytes = b""
    """The body; any bytes."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case and values; ``content-length`` is added by the server."""


class Replies:
    """Makes JSON answers; each has an ``api_id`` of its own."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.latest_yes: Reply | None = None
        """The latest answer to a DELETE that worked."""

    def success(self, **content: object) -> Reply:
        """Return a 200 with this content."""
        return self._json(HTTPStatus.OK, content)

    def answer(self, status: HTTPStatus, **content: object) -> Reply:
        """Return an answer with this content and an id."""
        return self._json(status, content)

    def expired(self) -> Reply:
        """Return the answer to a DELETE that worked."""
        self.latest_yes = self.success(message="Session expired")
        return self.latest_yes

    def refusal(
        self, status: HTTPStatus, words: str, *headers: tuple[str, str]
    ) -> Reply:
        """Return an error as Plivo writes it."""
        return self._json(status, {"error": words}, *headers)

    def _json(
        self, status: HTTPStatus, content: dict[str, object], *headers: tuple[str, str]
    ) -> Reply:
        api_id = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        return Reply(
            status,
            msgspec.json.encode({"api_id": api_id, **content}),
            (("content-type", "application/json"), *headers),
        )


Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Coroutine[None, None, None]]

Headers = tuple[tuple[str, str], ...]
"""Names in lower case and values, in the order in which they came."""


def headers_of(scope: Scope) -> Headers:
    """Return the headers of a request."""
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    )


async def read_body(receive: Receive, most: int) -> bytes | None:
    """Read a body to its end, and return at most so many bytes of its beginning.

    Returns:
        None where the client left before the end: such a request has no effect.
    """
    kept, has_more = b"", True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        kept += message.get("body", b"")[: most - len(kept)]
        has_more = bool(message.get("more_body"))
    return kept


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a whole answer."""
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in wire_headers(reply)
    ]
    start = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": reply.body})


def wire_headers(reply: Reply) -> Headers:
    """Return an answer's headers with its length, where an answer may have one."""
    if reply.status in {204, 304}:
        return reply.headers
    return (("content-length", str(len(reply.body))), *reply.headers)


PRACTICE_AUTH_ID = AuthId("MAPRACTICE0000007Q2X")
"""The Auth ID of the simulated account."""
PRACTICE_TOKEN = "practice-token-that-opens-nothing-real-0"  # noqa: S105 - made up
"""Its Auth Token, which is public on purpose."""

_EXPECTED = base64.b64encode(f"{PRACTICE_AUTH_ID}:{PRACTICE_TOKEN}".encode())
PRACTICE_HEADER = f"Basic {_EXPECTED.decode()}"
"""The header that a client sends with them, for a server that echoes it."""


def practice_account() -> Account:
    """Return the simulated account as an operator uses it."""
    return Account(
        name=AccountName("practice"),
        auth_id=PRACTICE_AUTH_ID,
        auth_token=AuthToken(PRACTICE_TOKEN),
        source=AccountSource.PRACTICE,
    )


def signs_in(authorization: bytes) -> bool:
    """Return whether the value of an ``Authorization`` header is the right one.

    What came is compared and never decoded: somebody may send a real token by mistake.
    """
    scheme, _, credentials = authorization.partition(b" ")
    return scheme.lower() == b"basic" and hmac.compare_digest(
        credentials.strip(), _EXPECTED
    )
