"""Small proxies on loopback ports, by HTTP and by SOCKS5: good ones and bad ones."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from struct import unpack

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Serves one connection."""


@asynccontextmanager
async def listening(
    talk: Talk, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve connections in this way; yields the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError, ssl.SSLError):
            return
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
) -> None:
    to_server, from_us = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pipe(reader, from_us), _pipe(to_server, writer))
    finally:
        from_us.close()


def http_proxy(port: int, heard: list[bytes]) -> Talk:
    """Return a proxy that leads every tunnel to this port of this computer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _tunnel(reader, writer, port)

    return talk


def saying(answer: bytes, *, waits: bool = False) -> Talk:
    """Return what answers this to the first thing it hears; then it closes or waits."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4_096)
        writer.write(answer)
        await writer.drain()
        if waits:
            await asyncio.Event().wait()

    return talk


def socks_proxy(
    port: int, heard: list[bytes], login: tuple[bytes, bytes] | None = None
) -> Talk:
    """Return a SOCKS5 proxy (RFC 1928, 1929) that leads to this port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _version, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if login else 0
        if wanted not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(b"\x05" + bytes([wanted]))
        if login:
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            word = await reader.readexactly((await reader.readexactly(1))[0])
            is_known = (user, word) == login
            writer.write(b"\x01\x00" if is_known else b"\x01\x01")
            if not is_known:
                return
        await reader.readexactly(3)
        kind = (await reader.readexactly(1))[0]
        assert kind == 3, "the name is looked up by the proxy"
        name = await reader.readexactly((await reader.readexactly(1))[0])
        (asked,) = unpack(">H", await reader.readexactly(2))
        heard.append(b"%s:%d" % (name, asked))
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await _tunnel(reader, writer, port)

    return talk
