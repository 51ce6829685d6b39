"""The connection to the team's server: found by libpq, in TLS, with a time limit.

With `schema`, `store`, `searching` and `verification`, the only modules that speak to
PostgreSQL. Host, port, user and database come from the service file, a password from
``pgpass`` or from a command. Nothing of it is ever on a command line of this program.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser, Error
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from masking_console.errors import Remedy, TeamError
from masking_console.models.plain_text import plain_text
from masking_console.settings import TeamRules, is_loopback

SECONDS = 15.0
"""A server that takes longer for one question is away."""
_CONNECT_SECONDS = 10
_COMMAND_SECONDS = 60.0
_LONGEST_PASSWORD = 4096

_WORDS: Mapping[type[Exception], str] = {
    TimeoutError: "no answer in time",
    errors.ConnectionTimeout: "no answer in time",
    errors.InvalidSchemaName: "it has no schema",
    errors.UndefinedTable: "its schema is older",
    errors.InsufficientPrivilege: "your login role lacks a right",
    errors.DiskFull: "its disk is full",
    errors.ReadOnlySqlTransaction: "it is read-only",
    errors.AdminShutdown: "it is shutting down",
    errors.CrashShutdown: "it is shutting down",
    errors.CannotConnectNow: "it is starting",
    errors.TooManyConnections: "it has no connection left",
}

_REMEDIES: Mapping[type[Exception], Remedy] = {
    errors.InvalidSchemaName: Remedy.SET_UP_TEAM,
    errors.UndefinedTable: Remedy.UPGRADE_TEAM,
    errors.InsufficientPrivilege: Remedy.CHECK_TEAM,
}


class TeamServer:
    """A connection that is made when it is first needed; one thread uses it."""

    def __init__(self, rules: TeamRules, seconds: float = SECONDS) -> None:
        self._rules = rules
        self._seconds = seconds
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._is_asking = False

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that was not lost."""
        return self._connection is not None

    def ask(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a statement gives; each is a transaction of its own.

        Raises:
            TeamError: the server refused it, or did not answer in time.
        """
        with self._in_our_words():
            connection = self._opened()
            self._is_asking = True
            try:
                with _limited(connection, self._seconds):
                    cursor = connection.execute(query.encode(), values)
                    return cursor.fetchall() if cursor.description else []
            finally:
                self._is_asking = False

    def run(self, script: str) -> None:
        """Run several statements as one transaction.

        Raises:
            TeamError: the server refused one of them; none has an effect.
        """
        with self._in_our_words():
            connection = self._opened()
            with connection.transaction():
                connection.execute(script.encode())

    def close(self) -> None:
        """Close the connection; a later call opens another.

        Also from another thread, where that ends a question that is under way.
        """
        connection, self._connection = self._connection, None
        if connection is not None and self._is_asking:
            _cut(connection)
        elif connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _opened(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = connect(self._rules)
        return self._connection

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, OSError) as error:
            connection = self._connection
            if connection is None or connection.closed or not _is_refusal(error):
                self.close()
            raise _team_error(error) from None


def connect(rules: TeamRules) -> psycopg.Connection[tuple[Any, ...]]:
    """Return a new connection to the server of a service.

    Raises:
        TeamError: the password cannot be had, or the TLS that is needed.
        psycopg.Error: the server cannot be reached, or refused the login.
    """
    options: dict[str, Any] = {
        "service": rules.service,
        "connect_timeout": _CONNECT_SECONDS,
        "client_encoding": "utf8",
        "application_name": "masking-console",
        **_tls_options(rules.service),
    }
    if rules.token_command:
        options["password"] = _password(rules.token_command)
    # A pooler in transaction mode keeps no prepared statements.
    return psycopg.connect(**options, autocommit=True, prepare_threshold=None)


def _tls_options(service: str) -> Mapping[str, str]:
    """Return what makes libpq check the server's certificate and name.

    A socket of this computer needs none. What the service asks for itself is kept where
    it is as strict.
    """
    found = service_options(service)
    environment = os.environ
    host = found.get("host") or environment.get("PGHOST", "")
    address = found.get("hostaddr") or environment.get("PGHOSTADDR", "")
    hosts = [each.strip() for each in f"{host},{address}".split(",") if each.strip()]
    if all(each.startswith(("/", "@")) or is_loopback(each) for each in hosts):
        return {}
    roots = found.get("sslrootcert") or environment.get("PGSSLROOTCERT") or "system"
    return {"sslmode": "verify-full", "sslrootcert": roots}


def service_options(service: str) -> Mapping[str, str]:
    """Return what the service file says of a service, as libpq would find it."""
    for path in _service_files():
        parser = ConfigParser(
            delimiters=("=",), comment_prefixes=("#",), interpolation=None, strict=False
        )
        with suppress(OSError, Error, UnicodeDecodeError):
            parser.read_string(path.read_text(encoding="utf-8"))
        if parser.has_section(service):
            return dict(parser.items(service))
    return {}


def _service_files() -> Iterator[Path]:
    named = os.environ.get("PGSERVICEFILE")
    yield Path(named) if named else Path.home() / ".pg_service.conf"
    folder = os.environ.get("PGSYSCONFDIR")
    if folder:
        yield Path(folder) / "pg_service.conf"


def _password(command: Sequence[str]) -> str:
    """Return what the command prints, without the end of the line.

    Raises:
        TeamError: it gave nothing that can be a password; nothing of it is told.
    """
    try:
        # Its error stream may hold the password, or draw over the screen.
        done = subprocess.run(  # noqa: S603 - the operator's own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if not k.startswith("PLIVO_")},
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root of the disk
            start_new_session=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        done = None
    printed = b"" if done is None or done.returncode else done.stdout.rstrip(b"\r\n")
    if not printed or len(printed) > _LONGEST_PASSWORD or b"\n" in printed:
        raise TeamError("The team's server cannot be used (team.token_command failed).")
    return printed.decode("utf-8", "replace")


@contextmanager
def _limited(
    connection: psycopg.Connection[tuple[Any, ...]], seconds: float
) -> Iterator[None]:
    """End a connection that stays silent for too long, wherever the server hangs."""
    is_late = threading.Event()

    def cut() -> None:
        is_late.set()
        _cut(connection)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.Error:
        if is_late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


def _cut(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """End a connection on this side, so that a waiting thread gets an error."""
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as end,
    ):
        end.shutdown(socket.SHUT_RDWR)


def _is_refusal(error: Exception) -> bool:
    """Return whether the server answered, so that the connection can go on."""
    return isinstance(error, psycopg.Error) and error.sqlstate is not None


def _team_error(error: Exception) -> TeamError:
    remedies = (step for kind, step in _REMEDIES.items() if isinstance(error, kind))
    words = f"The team's server cannot be used ({_why(error)})."
    return TeamError(words, next(remedies, Remedy.NONE))


def _why(error: Exception) -> str:
    """Return why the server cannot be used, in a few words."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not isinstance(error, psycopg.Error) or not said:
        return "no connection"
    if isinstance(error, errors.CheckViolation):
        is_seal = error.diag.constraint_name == "entry_is_sealed"
        verb = "seal of an entry is" if is_seal else "columns of an entry are"
        return f"the {verb} wrong"
    if error.sqlstate is not None:
        return plain_text(said[0], limit=120)
    # libpq says first which address it tried, then why that failed.
    last = said[-1] if "FATAL:" in said[-1] else said[0]
    why = last.rpartition("FATAL:")[2].rpartition(" failed: ")[2]
    return plain_text(why.strip(), limit=160)
