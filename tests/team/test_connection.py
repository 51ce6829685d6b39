"""Ways to find the server, and that a password goes nowhere else."""

import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from masking_console.errors import TeamError
from masking_console.settings import TeamRules
from masking_console.team import connection
from masking_console.team.connection import TeamServer, connect, service_options
from tests.support.postgres import LEAD, Team
from tests.support.shipping import until


def options_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str, *command: str
) -> dict[str, object]:
    """Return what psycopg is asked for."""
    file = tmp_path / "services"
    file.write_text(service, encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    asked: dict[str, object] = {}
    monkeypatch.setattr(psycopg, "connect", lambda **each: asked.update(each))
    connect(TeamRules("team", token_command=command))
    return asked


@pytest.mark.parametrize(
    "service",
    [
        "[team]\nhost=/run/postgresql\n",
        "[team]\nhost=localhost\n",
        "[team]\nhostaddr=127.0.0.1\n",
        "[team]\nhost=::1\n",
        "[team]\n",
        "# a comment\n[other]\nhost=db.example.com\n",
    ],
)
def test_on_this_computer_the_service_says_how_it_is_connected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str
) -> None:
    asked = options_of(monkeypatch, tmp_path, service)

    assert "sslmode" not in asked
    assert asked["service"] == "team"
    assert asked["prepare_threshold"] is None
    assert "password" not in asked


@pytest.mark.parametrize(
    ("service", "roots"),
    [
        ("[team]\nhost=db.example.com\n", "system"),
        ("[team]\nhost=db.example.com\nsslmode=disable\n", "system"),
        ("[team]\nhost=127.0.0.1,db.example.com\n", "system"),
        ("[team]\nhost=localhost\nhostaddr=192.0.2.7\n", "system"),
        ("[team]\nhost=db.example.com\nsslrootcert=/ca.pem\n", "/ca.pem"),
    ],
)
def test_off_this_computer_certificate_and_name_are_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str, roots: str
) -> None:
    asked = options_of(monkeypatch, tmp_path, service)

    assert (asked["sslmode"], asked["sslrootcert"]) == ("verify-full", roots)


def test_a_host_from_the_environment_counts_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("PGSSLROOTCERT", "/of/the/environment.pem")

    asked = options_of(monkeypatch, tmp_path, "[team]\n")

    assert asked["sslmode"] == "verify-full"
    assert asked["sslrootcert"] == "/of/the/environment.pem"


def test_a_service_is_found_where_libpq_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PGSERVICEFILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert service_options("team") == {}
    system = tmp_path / "etc"
    system.mkdir()
    monkeypatch.setenv("PGSYSCONFDIR", str(system))
    (system / "pg_service.conf").write_text("[team]\nhost=a\n", encoding="utf-8")
    assert service_options("team") == {"host": "a"}
    (tmp_path / ".pg_service.conf").write_text("[team]\nhost=b\n", encoding="utf-8")
    assert service_options("team") == {"host": "b"}
    (tmp_path / ".pg_service.conf").write_bytes(b"\xff[")
    assert service_options("team") == {"host": "a"}


def test_a_command_prints_the_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLIVO_AUTH_TOKEN", "not for others")
    code = "import os; print('secret ' + str('PLIVO_AUTH_TOKEN' in os.environ))"

    asked = options_of(monkeypatch, tmp_path, "[team]\n", sys.executable, "-c", code)

    assert asked["password"] == "secret False"


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit('s3cret')",
        "pass",
        "print('s3cret\\nand more')",
        "print('s3cret' * 1000)",
    ],
)
def test_a_command_that_gives_no_password_is_said_and_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    with pytest.raises(TeamError, match="token_command failed") as failed:
        options_of(monkeypatch, tmp_path, "[team]\n", sys.executable, "-c", code)

    assert "s3cret" not in str(failed.value)
    with pytest.raises(TeamError, match="token_command failed"):
        options_of(monkeypatch, tmp_path, "[team]\n", "/no/such/program")


def test_a_wrong_password_is_said_without_it(own_team: Team) -> None:
    cluster = own_team.cluster
    own_team.sql(LEAD, "ALTER ROLE asha PASSWORD 'right'")
    rules = cluster.folder / "data" / "pg_hba.conf"
    rules.write_text(
        "local all asha scram-sha-256\nlocal all all trust\n", encoding="utf-8"
    )
    own_team.sql(LEAD, "SELECT pg_reload_conf()")
    wrong = TeamRules("asha", token_command=("/bin/echo", "wr0ng"))
    right = TeamRules("asha", token_command=("/bin/echo", "right"))
    deadline = time.monotonic() + 30

    with pytest.raises(TeamError, match="password authentication failed") as failed:
        while time.monotonic() < deadline:
            with closing(TeamServer(wrong)) as server:
                server.ask("SELECT 1")

    assert "wr0ng" not in repr(failed.value)
    with closing(TeamServer(right)) as server:
        assert server.ask("SELECT 1") == [(1,)]


@pytest.mark.parametrize("error", [OSError(), psycopg.OperationalError("")])
def test_an_error_that_says_nothing_is_no_connection(error: Exception) -> None:
    assert connection._why(error) == "no connection"


def test_closing_ends_a_question_of_another_thread(team: Team) -> None:
    server = TeamServer(team.rules(), 60)
    server.ask("SELECT 1")
    ended: list[Exception] = []

    def ask() -> None:
        try:
            server.ask("SELECT pg_sleep(50)")
        except TeamError as error:
            ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    until(lambda: team.sql(LEAD, query)[0][0] > 0)
    server.close()
    asking.join(30)

    assert len(ended) == 1
    assert not server.is_open


def test_a_statement_without_rows_and_a_connection_that_is_gone(team: Team) -> None:
    with closing(TeamServer(team.rules(LEAD))) as server:
        assert server.ask("CREATE TABLE t ()") == []
        server.close()
        server.run("DROP TABLE t; CREATE TABLE u ()")
        with pytest.raises(TeamError, match='"u" already exists'):
            server.run("CREATE TABLE u ()")
        assert server.is_open
    assert not server.is_open
