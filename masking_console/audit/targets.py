"""The places to which entries leave; each takes a list of messages whole, or fails."""

import os
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from masking_console.audit.messages import (
    LONGEST_HEADER,
    SYSLOG_BYTES,
    AuditEntry,
    syslog_message,
)
from masking_console.paths import UnsafePathError, identity, try_lock
from masking_console.plivo.certificates import load_trust
from masking_console.settings import AuditKind, AuditTarget

SECONDS = 10.0
"""A target that takes longer for one step is away."""
LOCAL_SOCKETS = ("/dev/log", "/var/run/syslog", "/var/run/log")
"""Paths of the socket of syslog on Linux, macOS and the BSDs."""

NewContext = Callable[[], ssl.SSLContext]
"""Makes a TLS context that trusts what this computer trusts."""


def trusted_context() -> ssl.SSLContext:
    """Return a TLS context that trusts what every connection of this program trusts.

    Raises:
        OSError: nobody is trusted.
    """
    trust = load_trust(os.environ)
    if trust.context is None:
        variable = trust.problem.variable if trust.problem else ""
        raise UnsafePathError(f"{variable} names no certificates")
    return trust.context


class Target(Protocol):
    """A place to which entries leave."""

    def send(self, entries: Sequence[AuditEntry]) -> None:
        """Send them; when it returns, the other side has all of them.

        Raises:
            OSError: it does not; some may have arrived all the same.
        """


def open_target(
    target: AuditTarget, facility: int, journal_path: Path, new_context: NewContext
) -> Target:
    """Return the place that the configuration names; nothing is opened yet."""
    if target.kind is AuditKind.FILE:
        assert target.path is not None  # noqa: S101 - of every file
        return FileTarget(target.path, journal_path)
    if target.kind is AuditKind.LOCAL:
        sockets = LOCAL_SOCKETS if target.path is None else (str(target.path),)
        return LocalSyslog(sockets, facility)
    context = new_context if target.kind is AuditKind.TLS else None
    return SyslogServer(target.host, target.port, facility, context)


class FileTarget:
    """A file of JSON Lines, opened by its path each time, so that it can be rotated."""

    def __init__(self, path: Path, journal_path: Path) -> None:
        self._path = path
        self._journal_path = journal_path

    def send(self, entries: Sequence[AuditEntry]) -> None:
        """Append them and put them on the disk."""
        self._refuse_own_files()
        descriptor = self._opened()
        try:
            # Another console of this person may append to the same file.
            try_lock(descriptor)
            end = os.lseek(descriptor, 0, os.SEEK_END)
            before = b"" if end == 0 or _ends_a_line(descriptor, end) else b"\n"
            lines = "".join(f"{entry.line()}\n" for entry in entries)
            try:
                _write_all(descriptor, before + lines.encode("ascii"))
                os.fsync(descriptor)
            except OSError:
                # A full disk: what was half written would be no line of JSON.
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        # A pipe without a reader would be waited for.
        flags |= getattr(os, "O_NONBLOCK", 0)
        if self._path.is_symlink():
            raise UnsafePathError("it is a link to elsewhere")
        try:
            descriptor = os.open(self._path, flags)
        except FileNotFoundError:
            descriptor = os.open(self._path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        status = os.fstat(descriptor)
        is_ours = sys.platform == "win32" or status.st_uid == os.geteuid()
        if stat.S_ISREG(status.st_mode) and is_ours:
            return descriptor
        os.close(descriptor)
        words = "it belongs to somebody else" if not is_ours else "it is not a file"
        raise UnsafePathError(words)

    def _refuse_own_files(self) -> None:
        """Refuse the journal itself, before it is opened: that drops SQLite's locks."""
        there = identity(self._path)
        parts = ("", "-wal", "-shm", "-head")
        own = {identity(f"{self._journal_path}{each}") for each in parts}
        if there is not None and there in own:
            raise UnsafePathError("it is the journal itself")


class LocalSyslog:
    """The syslog of this computer; it takes a message whole, or not at all."""

    def __init__(self, paths: Sequence[str], facility: int) -> None:
        self._paths = paths
        self._facility = facility

    def send(self, entries: Sequence[AuditEntry]) -> None:
        """Hand each over as a datagram."""
        if not hasattr(socket, "AF_UNIX"):  # pragma: no cover - tested on Linux
            raise UnsafePathError("Windows has no syslog")
        path = next((each for each in self._paths if os.path.exists(each)), "")  # noqa: PTH110 - a socket
        if not path:
            raise FileNotFoundError(2, "no syslog")
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as to:
            to.settimeout(SECONDS)
            to.connect(path)
            for entry in entries:
                for message in messages(entry, self._facility):
                    to.send(message)


class SyslogServer:
    """A syslog server, in RFC 5425's form: each message behind its length.

    Syslog has no word for "received". So the connection is ended with each list, as TLS
    ends one: the answer to that comes only from a server that has read all before it.
    """

    def __init__(
        self, host: str, port: int, facility: int, new_context: NewContext | None
    ) -> None:
        self._address = (host, port)
        self._facility = facility
        self._new_context = new_context
        self._context: ssl.SSLContext | None = None

    def send(self, entries: Sequence[AuditEntry]) -> None:
        """Connect, send, and wait until the server has read it all."""
        text = b"".join(
            b"%d %b" % (len(message), message)
            for entry in entries
            for message in messages(entry, self._facility)
        )
        with closing(socket.create_connection(self._address, SECONDS)) as plain:
            if self._new_context is None:
                plain.sendall(text)
                plain.shutdown(socket.SHUT_WR)
                _wait_for_end(plain)
                return
            if self._context is None:
                self._context = self._new_context()
            host = self._address[0]
            with closing(self._context.wrap_socket(plain, server_hostname=host)) as tls:
                tls.sendall(text)
                _end_tls(tls)


def messages(entry: AuditEntry, facility: int) -> Sequence[bytes]:
    """Return an entry as messages of syslog."""
    lines = entry.lines(SYSLOG_BYTES - LONGEST_HEADER)
    return [syslog_message(entry, line, facility) for line in lines]


def _end_tls(tls: ssl.SSLSocket) -> None:
    """Say that this is the end, and wait for the answer.

    Raises:
        OSError: none came, or the connection broke before all was received.
    """
    try:
        plain = tls.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        # It closed without a word. What it had not read would break the connection.
        _refuse_unread(tls)
        return
    except ssl.SSLError as error:
        # Such as a word from the server before its end, which syslog does not have.
        raise ConnectionError("it did not end as TLS ends") from error
    plain.close()


def _wait_for_end(plain: socket.socket) -> None:
    while plain.recv(4096):
        """Read on: what a server says does not matter."""
    _refuse_unread(plain)


def _refuse_unread(connection: socket.socket) -> None:
    """Raise where the system knows that bytes did not reach the other side."""
    if sys.platform == "linux":  # pragma: no branch - tested on Linux
        import fcntl  # noqa: PLC0415 - Windows has none
        import termios  # noqa: PLC0415 - likewise

        waiting = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
        if int.from_bytes(waiting, sys.byteorder):
            raise ConnectionError("it closed before it had read all")


def _ends_a_line(descriptor: int, end: int) -> bool:
    os.lseek(descriptor, end - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
