"""The simulated account as an ASGI application, and as a server on loopback."""

import asyncio
import socket
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from masking_console.errors import InputError
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Ending
from masking_console.practice.sign_in import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    signs_in,
)
from masking_console.practice.simulated_account import SimulatedAccount

if TYPE_CHECKING:
    import uvicorn

HOST = "127.0.0.1"
"""The one address that is served: this computer alone."""

_CUT = "masking_console.cut_connection"
"""The key of a scope under which a server says how its connection is cut."""


def practice_app(account: SimulatedAccount) -> Starlette:
    """Return the application; all of its state is the account's."""
    return Starlette(routes=[Route("/{path:path}", endpoint=_Endpoint(account))])


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
        await _wait(half + fault.delay_after_seconds)
        reply = fault.reply or reply
        if reply is not None and fault.ending is Ending.ANSWERED:
            await _response(reply)(scope, receive, send)
            return
        if fault.ending is Ending.DROPPED and _CUT in scope:
            scope[_CUT]()
        elif fault.ending is Ending.SILENT:
            await _client_leaves(receive)


async def _read(request: Request, account: SimulatedAccount) -> ReceivedRequest:
    raw_path: bytes = request.scope["raw_path"]
    return ReceivedRequest(
        method=request.method,
        path=raw_path.decode("latin-1"),
        received_at=account.now,
        query=request.scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name, value.partition(" ")[0] if name == "authorization" else value)
            for name, value in request.headers.items()
        ),
        body=await request.body(),
        is_signed_in=signs_in(
            request.headers.get("authorization", "").encode("latin-1")
        ),
    )


async def _wait(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    for name, value in reply.headers:
        response.headers.append(name, value)
    return response


async def _client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


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
    listener = _listener(port)
    with listener:
        server = new_server(account or SimulatedAccount(), announce)
        server.run(sockets=[listener])


def new_server(
    account: SimulatedAccount, announce: Callable[[str], None]
) -> "uvicorn.Server":
    """Return a server to run on a socket that listens; see `serve`.

    Raises:
        InputError: uvicorn is not installed.
    """
    try:
        import uvicorn  # noqa: PLC0415 - an extra that practice mode does not need
    except ImportError:
        raise InputError(
            "The practice server needs uvicorn: pip install 'masking-console[server]'."
        ) from None

    class Server(uvicorn.Server):
        """Says where it listens, and ends without an error on a signal."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            for listener in sockets or []:
                host, port = listener.getsockname()[:2]
                announce(f"http://{host}:{port}")
            announce(PRACTICE_AUTH_ID)
            announce(PRACTICE_TOKEN)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
            # Unlike the original, the signal is not raised again at the end.
            self.force_exit = self.should_exit
            self.should_exit = True

    application = practice_app(account)
    server: uvicorn.Server = Server(
        uvicorn.Config(
            application,
            http="h11",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
    )
    server.config.app = _cutting(application, server)
    return server


def _cutting(application: ASGIApp, server: "uvicorn.Server") -> ASGIApp:
    """Return the application with a way to cut the connection of a request."""

    async def serve_one(scope: Scope, receive: Receive, send: Send) -> None:
        def cut() -> None:
            for connection in tuple(server.server_state.connections):
                if getattr(connection, "client", None) == scope["client"]:
                    connection.transport.abort()

        await application({**scope, _CUT: cut}, receive, send)

    return serve_one


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError):
        raise InputError(
            f"Port {port} cannot be used on {HOST}. Try --port 0."
        ) from None
