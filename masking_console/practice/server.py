"""The simulated account as an ASGI application, which any server can run."""

import asyncio
import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from masking_console.errors import InputError
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Ending
from masking_console.practice.sign_in import signs_in
from masking_console.practice.simulated_account import SimulatedAccount

CUT_CONNECTION = "masking_console.cut_connection"
"""The key of a scope under which a server says how its connection is cut."""
WRITE_MORE = "masking_console.write_more"
"""The key under which it says how bytes are written behind an answer."""
_WHOLE_URL = re.compile(r"https?://[^/]*", re.IGNORECASE)
"""A request target may be a whole URL, as for a proxy (RFC 9112, section 3.2.2)."""
_REMEMBERED_BODY_BYTES = 65_536
"""So much of a body is kept; an account remembers many requests."""


def practice_app(account: SimulatedAccount) -> Router:
    """Return the application; all of its state is the account's."""
    # No routes: a target such as ``*`` or a whole URL would match none of them.
    return Router(default=_Endpoint(account))


class _Endpoint:
    """Takes every path and method, so that each request is noted by the account."""

    def __init__(self, account: SimulatedAccount) -> None:
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or lose the answer where a fault says so."""
        account = self._account
        received = await _read(Request(scope, receive), account)
        half = account.latency() / 2
        refusal = account.receive(received)
        if refusal is not None:
            await _wait(2 * half)
            await _response(refusal)(scope, receive, send)
            return
        fault = account.fault_for(received)
        await _wait(half + fault.delay_before_seconds)
        reply = account.answer(received) if fault.has_effect else None
        if fault.effect_after_seconds is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(fault.effect_after_seconds, account.answer, received)
        await _wait(half + fault.delay_after_seconds)
        reply = fault.reply or reply
        if reply is not None and fault.ending is Ending.ANSWERED:
            await _response(reply)(scope, receive, send)
            if fault.comes_twice and WRITE_MORE in scope:
                scope[WRITE_MORE](_on_the_wire(reply))
            return
        if fault.ending is Ending.DROPPED and CUT_CONNECTION in scope:
            scope[CUT_CONNECTION]()
        elif fault.ending is Ending.SILENT:
            # The body has been read, so that all that can come is a disconnect.
            await receive()


async def _read(request: Request, account: SimulatedAccount) -> ReceivedRequest:
    raw_path: bytes = request.scope["raw_path"]
    return ReceivedRequest(
        method=request.method,
        path=_path(raw_path.decode("latin-1")),
        received_at=account.now,
        query=request.scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name, value.partition(" ")[0] if name == "authorization" else value)
            for name, value in request.headers.items()
        ),
        body=await _beginning(request),
        is_signed_in=signs_in(
            request.headers.get("authorization", "").encode("latin-1")
        ),
    )


def _path(target: str) -> str:
    """Return the path of a request target, which may be a whole URL."""
    whole = _WHOLE_URL.match(target)
    return target if whole is None else target[whole.end() :] or "/"


async def _beginning(request: Request) -> bytes:
    """Read a body to its end and return what is kept of it."""
    kept = b""
    async for chunk in request.stream():
        kept += chunk[: _REMEMBERED_BODY_BYTES - len(kept)]
    return kept


async def _wait(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)


def _on_the_wire(reply: Reply) -> bytes:
    """Return an answer as the bytes of HTTP/1.1."""
    headers = (("content-length", str(len(reply.body))), *reply.headers)
    lines = (
        f"HTTP/1.1 {reply.status} ",
        *(f"{name}: {text}" for name, text in headers),
    )
    return "\r\n".join((*lines, "", "")).encode("latin-1") + reply.body


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    for name, value in reply.headers:
        response.headers.append(name, value)
    return response


def serve(
    port: int,
    announce: Callable[[str], None],
    account: SimulatedAccount | None = None,
) -> None:
    """Serve a simulated account on loopback until Ctrl+C or SIGTERM.

    Args:
        port: 0 takes any free one.
        announce: gets the URL, the Auth ID and the token, one a line, when it listens.
        account: the one to serve; a new one without it.

    Raises:
        InputError: uvicorn is not installed, or the port cannot be had.
    """
    try:
        # uvicorn is an extra that practice mode does not need.
        from masking_console.practice.loopback_server import (  # noqa: PLC0415
            LoopbackServer,
            listen,
        )
    except ImportError:
        raise InputError(
            "The practice server needs uvicorn: pip install 'masking-console[server]'."
        ) from None
    with listen(port) as listener:
        LoopbackServer(account or SimulatedAccount(), announce).run([listener])
