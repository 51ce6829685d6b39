"""The simulated account as an ASGI application, which any server can run."""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from masking_console.errors import InputError, Remedy
from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    Application,
    Receive,
    ReceivedRequest,
    Reply,
    Scope,
    Send,
    headers_of,
    read_body,
    send_reply,
    signs_in,
    wire_headers,
)
from masking_console.practice.faults import Ending
from masking_console.practice.simulated_account import SimulatedAccount

HOST = "127.0.0.1"
"""The one address that is served."""

_PORTS = range(65_536)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on this port of loopback; 0 is any free one.

    Raises:
        InputError: the port cannot be had.
    """
    problem = InputError(f"Port {port} cannot be used on {HOST}.", Remedy.CHOOSE_PORT)
    if port not in _PORTS:
        raise problem
    # With the protocol named: where it is not, asyncio leaves out TCP_NODELAY, and
    # every answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows the option would let two servers share the port.
        is_posix = os.name == "posix"
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, is_posix)
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise problem from None
    return listener


class LoopbackServer(uvicorn.Server):
    """Serves a simulated account, quietly, on sockets that `listen` made."""

    def __init__(
        self, account: SimulatedAccount, announce: Callable[[str], None]
    ) -> None:
        self._application = practice_app(account)
        self._announce = announce
        super().__init__(
            uvicorn.Config(
                self._serve_one,
                # Named, since uvicorn takes a method for an older interface.
                interface="asgi3",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where and for whom."""
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()
            self._announce(f"http://{host}:{port}")
        self._announce(str(PRACTICE_AUTH_ID))
        self._announce(PRACTICE_TOKEN)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop; unlike uvicorn's own, do not raise the signal again at the end."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def _serve_one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with a way to cut its connection."""

        def own_connections() -> list[Any]:
            every, client = tuple(self.server_state.connections), scope["client"]
            return [each for each in every if getattr(each, "client", None) == client]

        def cut() -> None:
            for connection in own_connections():
                connection.transport.abort()

        def write_more(more: bytes) -> None:
            for connection in own_connections():
                connection.transport.write(more)

        own = {CUT_CONNECTION: cut, WRITE_MORE: write_more}
        await self._application({**scope, **own}, receive, send)


CUT_CONNECTION = "masking_console.cut_connection"
"""The key of a scope under which a server says how its connection is cut."""
WRITE_MORE = "masking_console.write_more"
"""The key under which it says how bytes are written behind an answer."""
_WHOLE_URL = re.compile(r"https?://[^/]*", re.IGNORECASE)
"""A request target may be a whole URL, as for a proxy (RFC 9112, section 3.2.2)."""
_REMEMBERED_BODY_BYTES = 65_536
"""Bytes of a body that are kept; an account remembers many requests."""


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
        from masking_console.practice.server import (  # noqa: PLC0415
            LoopbackServer,
            listen,
        )
    except ImportError:
        raise InputError(
            "The practice server needs uvicorn: pip install 'masking-console[server]'."
        ) from None
    with listen(port) as listener:
        LoopbackServer(account or SimulatedAccount(), announce).run([listener])
