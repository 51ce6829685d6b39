"""A server for all tests of a process, and a database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Cluster, Team, new_team, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The server; it is left running and without connections by each test."""
    with running_cluster() as found:
        yield found


@pytest.fixture
def team(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    """A database with the schema, and services named after the operators."""
    services = tmp_path / "pg_service.conf"
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    with new_team(cluster, services) as found:
        yield found


@pytest.fixture
def own_team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """The same on a server of its own, which may be stopped and hung."""
    services = tmp_path / "pg_service.conf"
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    with running_cluster() as cluster, new_team(cluster, services) as found:
        yield found
