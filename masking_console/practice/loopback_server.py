"""The simulated account on a port of this computer; the only uvicorn import."""

import os
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from masking_console.errors import InputError, Remedy
from masking_console.practice.asgi import Receive, Scope, Send
from masking_console.practice.server import (
    CUT_CONNECTION,
    WRITE_MORE,
    practice_app,
)
from masking_console.practice.sign_in import PRACTICE_AUTH_ID, PRACTICE_TOKEN
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
