"""The simulated account as an ASGI application, which any server can run."""

import asyncio
import re
from collections.abc import Callable

from masking_console.errors import InputError
from masking_console.practice.asgi import (
    Application,
    Receive,
    Scope,
    Send,
    headers_of,
    read_body,
    send_reply,
    wire_headers,
)
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


def practice_app(account: SimulatedAccount) -> Application:
    """Return the application; all of its state is the account's.

    It has no routes: every path and method is taken, ``*`` and whole URLs as well, so
    that each request is noted by the account.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        received = await _read(scope, receive, account)
        if received is not None:
            await _exchange(account, received, (scope, receive, send))

    return answer


async def _exchange(
    account: SimulatedAccount,
    received: ReceivedRequest,
    connection: tuple[Scope, Receive, Send],
) -> None:
    """Answer one request, or lose the answer where a fault says so."""
    scope, receive, send = connection
    half = account.latency() / 2
    refusal = account.receive(received)
    if refusal is not None:
        await _wait(2 * half)
        await send_reply(send, refusal)
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
        await send_reply(send, reply)
        if fault.comes_twice and WRITE_MORE in scope:
            scope[WRITE_MORE](_on_the_wire(reply))
        return
    if fault.ending is Ending.DROPPED and CUT_CONNECTION in scope:
        scope[CUT_CONNECTION]()
    elif fault.ending is Ending.SILENT:
        # The body has been read, so that all that can come is a disconnect.
        await receive()


async def _read(
    scope: Scope, receive: Receive, account: SimulatedAccount
) -> ReceivedRequest | None:
    """Read a request; None where its client left before the end of it."""
    received_at = account.now
    body = await read_body(receive, _REMEMBERED_BODY_BYTES)
    if body is None:
        return None
    headers = headers_of(scope)
    signature = next((value for name, value in headers if name == "authorization"), "")
    return ReceivedRequest(
        method=scope["method"],
        path=_path(scope["raw_path"].decode("latin-1")),
        received_at=received_at,
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name, value.partition(" ")[0] if name == "authorization" else value)
            for name, value in headers
        ),
        body=body,
        is_signed_in=signs_in(signature.encode("latin-1")),
    )


def _path(target: str) -> str:
    """Return the path of a request target, which may be a whole URL."""
    whole = _WHOLE_URL.match(target)
    return target if whole is None else target[whole.end() :] or "/"


async def _wait(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)


def _on_the_wire(reply: Reply) -> bytes:
    """Return an answer as the bytes of HTTP/1.1."""
    lines = (
        f"HTTP/1.1 {reply.status} ",
        *(f"{name}: {text}" for name, text in wire_headers(reply)),
    )
    return "\r\n".join((*lines, "", "")).encode("latin-1") + reply.body


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
