"""`masking-console team`, on an empty server and on one that was tampered with."""

from pathlib import Path

import pytest

from masking_console import paths
from masking_console.cli.options import load_configuration
from masking_console.config_layers import Configuration
from masking_console.operations import examine
from masking_console.presentation.examination import Part
from masking_console.settings import Settings
from masking_console.team.schema import VERSION, script_of, steps
from tests.support.chains import batch_entries
from tests.support.postgres import LEAD, Cluster, Team, running_cluster
from tests.support.shipping import write
from tests.team.test_history import run, ship, written


@pytest.fixture(autouse=True)
def _configured() -> None:
    paths.config_dir().mkdir()
    paths.config_path().write_text('[team]\nservice = "asha"\n', encoding="utf-8")


def test_a_lead_makes_the_schema_and_two_operators_ship(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running_cluster(is_empty=True) as cluster:
        team = _team_of(cluster, tmp_path, monkeypatch)
        code, dry, _err = run(capsys, "team", "init", "--service", LEAD)
        assert code == 0
        assert script_of(steps()) in dry
        assert "Nothing was run." in dry
        assert team.sql(LEAD, "SELECT to_regnamespace('team')") == [(None,)]

        code, out, _err = run(capsys, "team", "init", "--service", LEAD, "--apply")
        assert code == 0
        assert out.startswith("The schema is there.\n")
        code, _out, err = run(capsys, "team", "init", "--service", LEAD, "--apply")
        assert (code, "There is a schema already" in err) == (1, True)

        for name in ("asha", "ben"):
            team.sql(LEAD, f"CREATE ROLE {name} LOGIN IN ROLE masking_console_operator")
            path = written(tmp_path / name / "j.db", list(batch_entries()))
            ship(path, team, name)
        code, out, _err = run(capsys, "team", "check")
        assert (code, "NOT" in out) == (0, False), out
        assert team.sql(LEAD, "SELECT count(*) FROM team.entry") == [(12,)]


def test_a_lead_need_not_be_a_superuser(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running_cluster(is_empty=True) as cluster:
        team = _team_of(cluster, tmp_path, monkeypatch)
        team.sql(LEAD, "CREATE ROLE ben LOGIN CREATEROLE")
        team.sql(LEAD, f"ALTER DATABASE {team.database} OWNER TO ben")

        code, _out, err = run(capsys, "team", "init", "--service", "ben", "--apply")
        assert (code, err) == (0, "")
        team.sql("ben", "REVOKE masking_console_owner FROM ben")
        team.sql("ben", "CREATE ROLE asha LOGIN IN ROLE masking_console_operator")

        ship(written(tmp_path / "j.db", list(batch_entries())), team, "asha")
        code, out, _err = run(capsys, "team", "check")
        assert (code, "NOT" in out) == (0, False), out


def _team_of(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    services = tmp_path / "pg_service.conf"
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    team = Team(cluster, cluster.new_database(), services)
    team.use(str(cluster.folder), team.database)
    return team


def test_a_schema_of_an_older_console_is_upgraded(
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    team = _team_of(cluster, tmp_path, monkeypatch)
    code, _out, err = run(capsys, "team", "upgrade", "--service", LEAD)
    assert (code, "no schema yet" in err) == (1, True)
    old = [step for step in steps() if step.version < VERSION]
    team.sql(LEAD, script_of(old))
    code, out, _err = run(capsys, "team", "check")
    assert (code, "The schema is 2, and this console needs 3" in out) == (1, True)

    code, out, _err = run(capsys, "team", "upgrade", "--service", LEAD)
    assert "CREATE TABLE team.anchor" in out
    assert "CREATE TABLE team.entry" not in out
    code, out, _err = run(capsys, "team", "upgrade", "--service", LEAD, "--apply")
    assert out == "Run: 003_anchors.sql.\n"
    code, out, _err = run(capsys, "team", "upgrade", "--service", LEAD, "--apply")
    assert out == "The schema is up to date.\n"
    assert run(capsys, "team", "check")[0] == 0

    team.sql(LEAD, "INSERT INTO team.version VALUES (99)")
    code, _out, err = run(capsys, "team", "upgrade", "--service", LEAD)
    assert (code, "schema is newer" in err) == (1, True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("GRANT DELETE ON team.entry TO ben", "nobody should have: ben on entry"),
        ("ALTER TABLE team.entry DISABLE TRIGGER entry_follows", "5 of 6 triggers"),
        ("ALTER TABLE team.entry NO FORCE ROW LEVEL SECURITY", "1 of 2 tables"),
        ("ALTER TABLE team.entry DROP CONSTRAINT entry_is_sealed", "1 of 2 checks"),
        ("DROP SCHEMA team CASCADE", "There is no schema"),
    ],
)
def test_a_check_finds_what_is_not_as_it_should_be(
    team: Team, capsys: pytest.CaptureFixture[str], change: str, words: str
) -> None:
    assert run(capsys, "team", "check")[0] == 0
    team.sql(LEAD, change)

    code, out, _err = run(capsys, "team", "check")

    assert code == 1
    assert words in out


def test_a_check_finds_roles_with_other_rights_than_an_operator(
    own_team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    own_team.sql(LEAD, "ALTER ROLE masking_console_owner LOGIN")

    code, out, _err = run(capsys, "team", "check", "--service", LEAD)

    assert code == 1
    assert "NOT This role is a superuser" in out
    assert "NOT The owner of the schema can log in" in out
    own_team.sql(LEAD, "REVOKE masking_console_operator FROM asha")
    own_team.sql(LEAD, "GRANT masking_console_reader TO asha")
    _code, out, _err = run(capsys, "team", "check")
    assert "NOT This role may not ship" in out


def test_the_status_says_who_has_shipped_what(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _err = run(capsys, "team", "status")
    assert (code, len(out.splitlines())) == (0, 1)
    own = paths.journal_path(practice=False)
    write(own, 3)
    ship(own, team, "asha")
    ship(written(tmp_path / "b" / "j.db", list(batch_entries())), team, "ben")
    write(own, 1)
    team.sql("chen", "SELECT team.begin_chain(gen_random_uuid())")

    _code, out, _err = run(capsys, "team", "status")

    rows = [line.split() for line in out.splitlines()]
    assert [row[1:3] for row in rows[1:3]] == [["ben", "6"], ["asha", "3"]]
    assert rows[3][1:] == ["chen", "0", "-"]
    assert out.endswith("1 entry waits.\n")


def test_the_doctor_looks_at_the_team_where_there_is_one(team: Team) -> None:
    settings = Settings(paths.journal_path(practice=False), team=team.rules())

    found = examine.team(settings)
    assert found.problem == ""
    assert any("Connected as asha" in line for _name, line in found.lines)

    team.sql(LEAD, "DROP SCHEMA team CASCADE")
    assert "See: team check" in examine.team(settings).problem


@pytest.mark.parametrize(("is_offline", "is_there"), [(True, False), (False, True)])
def test_the_doctor_leaves_the_team_out_where_it_is_offline(
    team: Team, monkeypatch: pytest.MonkeyPatch, *, is_offline: bool, is_there: bool
) -> None:
    settings = Settings(paths.journal_path(practice=False), team=team.rules())
    monkeypatch.setattr(examine, "network", lambda *_: Part("network", ()))

    def load() -> tuple[Settings, Configuration]:
        return settings, load_configuration()

    names = [
        part.name
        for part in examine.parts(load, lambda: settings, {}, is_offline=is_offline)
    ]

    assert ("team" in names) == is_there


def test_a_service_is_a_name_and_no_address(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    assert team.database
    for name in ("host=elsewhere", "", "a b"):
        code, _out, err = run(capsys, "team", "status", "--service", name)
        assert (code, "name of a service" in err) == (1, True)


def test_a_service_can_be_named_where_none_is_configured(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    assert team.database
    paths.config_path().unlink()

    assert run(capsys, "team", "check", "--service", "ben")[0] == 0
    code, _out, err = run(capsys, "team", "check")
    assert (code, "No team" in err) == (1, True)
