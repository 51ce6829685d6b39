"""The way of httpx into the simulated account; apart, since it needs httpx at once."""

import asyncio
from typing import Any

import httpx

from masking_console.practice.exchange import (
    Application,
    Message,
    Receive,
    Scope,
    Send,
)


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
