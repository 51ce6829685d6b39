"""ASGI's types, and the reading and answering of one request (asgi.readthedocs.io).

All of a framework that practice mode needs: Starlette took a sixth of the time in which
it is loaded, and every install had it.
"""

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from masking_console.practice.exchange import Reply

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
