"""A real PostgreSQL on a socket in a temporary folder, for the tests of the team."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from masking_console.settings import TeamRequire, TeamRules
from masking_console.team.schema import script_of, steps

LEAD = "lead"
OPERATORS = ("asha", "ben", "chen")
_UNPRIVILEGED = "postgres", "nobody"
_SETTINGS = (
    "listen_addresses = ''",
    "max_connections = 120",
    "shared_buffers = 64MB",
    "log_min_messages = fatal",
    "fsync = off",
)


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest that is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[4]), default=None)
    return newest.parent if newest is not None else None


def skip_or_fail(what: str) -> None:
    """Skip on a contributor's machine; in CI everything is installed, so fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed; see CONTRIBUTING.md")


def unprivileged(command: Sequence[str | Path]) -> list[str]:
    """Return a command as an account that is not root: PostgreSQL refuses that."""
    words = [str(each) for each in command]
    if os.geteuid() != 0:
        return words
    name = account_of_tests()
    return [
        "setpriv",
        f"--reuid={name}",
        f"--regid={_group(name)}",
        "--clear-groups",
        *words,
    ]


def account_of_tests() -> str:
    """Return an account that is not root."""
    import pwd  # noqa: PLC0415 - Windows has none

    for name in _UNPRIVILEGED:
        with suppress(KeyError):
            pwd.getpwnam(name)
            return name
    raise LookupError("no account that is not root")


def _group(name: str) -> str:
    import grp  # noqa: PLC0415 - likewise
    import pwd  # noqa: PLC0415 - likewise

    return grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name


@dataclass
class Cluster:
    """One server, which is started and stopped at will."""

    folder: Path
    """Its socket and its data."""
    bin: Path
    """PostgreSQL's programs."""
    settings: Sequence[str] = _SETTINGS
    _databases: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def make(self) -> None:
        """Make the files of the server."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, account_of_tests(), _group(account_of_tests()))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        command: list[str | Path] = [
            self.bin / "initdb",
            "--auth=trust",
            f"--username={LEAD}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
            data,
        ]
        subprocess.run(
            unprivileged(command), check=True, capture_output=True, cwd=self.folder
        )
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join([*self.settings, ""]))
            file.write(f"unix_socket_directories = '{self.folder}'\n")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            unprivileged([self.bin / "postgres", "-D", self.folder / "data"]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it, as an administrator does, or as a crash: ``SIGQUIT``."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(60)

    def freeze(self) -> None:
        """Let everything of it hang, with its connections open."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        assert self._process is not None
        first = self._process.pid
        done = subprocess.run(
            ["/usr/bin/pgrep", "-P", str(first)],
            check=False,
            capture_output=True,
            text=True,
        )
        for pid in (first, *map(int, done.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def connect(
        self, user: str = LEAD, database: str = "template1"
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection for plain SQL."""
        return psycopg.connect(
            host=str(self.folder), user=user, dbname=database, autocommit=True
        )

    def new_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of another one, and return its name."""
        self._databases += 1
        name = f"team{self._databases}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name


@dataclass(frozen=True)
class Team:
    """A database with the schema in it, and the services that lead to it."""

    cluster: Cluster
    database: str
    services: Path

    def rules(
        self, operator: str = "asha", require: TeamRequire = TeamRequire.NOTHING
    ) -> TeamRules:
        """Return the configuration of an operator's console."""
        return TeamRules(operator, require)

    def sql(
        self, user: str, query: str, values: Sequence[object] = ()
    ) -> list[tuple[Any, ...]]:
        """Return the rows of plain SQL of somebody."""
        with self.cluster.connect(user, self.database) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def use(self, host: str, database: str, port: int = 5432) -> None:
        """Let the services of everybody lead elsewhere."""
        self.services.write_text(
            "".join(
                f"[{name}]\nhost={host}\nport={port}\ndbname={database}\nuser={name}\n\n"
                for name in (LEAD, *OPERATORS)
            ),
            encoding="utf-8",
        )


@contextmanager
def running_cluster(
    settings: Sequence[str] = _SETTINGS, *, is_empty: bool = False
) -> Iterator[Cluster]:
    """Run a server for as long as it is needed; unless empty, with schema and roles."""
    programs = binaries()
    if programs is None:
        skip_or_fail("PostgreSQL")
        raise AssertionError
    folder = Path(tempfile.mkdtemp(prefix="mcpg"))
    cluster = Cluster(folder, programs, settings)
    try:
        cluster.make()
        cluster.start()
        if not is_empty:
            _set_up(cluster)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _set_up(cluster: Cluster) -> None:
    with cluster.connect(LEAD, "postgres") as connection:
        connection.execute(script_of(steps()).encode())
        for name in OPERATORS:
            connection.execute(
                f"CREATE ROLE {name} LOGIN IN ROLE masking_console_operator"
            )


@contextmanager
def new_team(cluster: Cluster, services: Path) -> Iterator[Team]:
    """Give a test a database of its own, with the schema in it."""
    # The first database of the server has the schema, and nobody uses it.
    database = cluster.new_database("postgres")
    team = Team(cluster, database, services)
    team.use(str(cluster.folder), database)
    yield team
