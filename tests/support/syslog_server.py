"""A small syslog server on this computer, which can be away, hang or cut off."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class SyslogServer:
    """Takes messages behind their lengths; one connection after the other."""

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self.content = b""
        """Every byte that was received."""
        self.connections = 0
        self.unread = 0
        """Connections that are closed without a look at what was sent."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def messages(self) -> list[bytes]:
        return list(split(self.content))

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                if self.unread:
                    self.unread -= 1
                elif self._context is None:
                    self._take(connection)
                else:
                    tls = self._context.wrap_socket(connection, server_side=True)
                    with tls:
                        self._take(tls)
                        tls.unwrap()

    def _take(self, connection: socket.socket) -> None:
        while piece := connection.recv(65536):
            self.content += piece


def split(content: bytes) -> Iterator[bytes]:
    """Yield the messages that follow their lengths."""
    while content:
        length, _, content = content.partition(b" ")
        yield content[: int(length)]
        content = content[int(length) :]


@contextmanager
def syslog_server(
    context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[SyslogServer]:
    server = SyslogServer(context, port)
    try:
        yield server
    finally:
        server.close()
