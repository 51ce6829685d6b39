"""Rights in the database, attacked with plain SQL."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import errors

from masking_console.errors import TeamError
from masking_console.journal.seals import SealedRow
from masking_console.team.connection import TeamServer
from masking_console.team.schema import VERSION, check_version, script_of, steps
from masking_console.team.store import ChainId, TeamStore
from tests.support.chains import batch_entries, new_chain, reseal, sealed
from tests.support.postgres import LEAD, Team

_COLUMNS = (
    "chain, sequence, event, batch_id, session_uuid, content, previous_seal, seal"
)


@contextmanager
def store_of(team: Team, operator: str = "asha") -> Iterator[TeamStore]:
    with closing(TeamStore(TeamServer(team.rules(operator)))) as store:
        yield store


def begun(team: Team) -> ChainId:
    """Begin a chain of Asha's, and return it."""
    chain = new_chain()
    team.sql("asha", "SELECT team.begin_chain(%s::uuid)", [chain])
    return chain


def shipped(
    team: Team, operator: str = "asha", chain: ChainId | None = None
) -> tuple[ChainId, list[SealedRow]]:
    """Ship the entries of a batch, and return them."""
    named = chain or new_chain()
    rows = sealed(batch_entries())
    with store_of(team, operator) as store:
        store.head(named)
        store.ship(named, rows)
    return named, rows


def count(team: Team) -> int:
    found: int = team.sql(LEAD, "SELECT count(*) FROM team.entry")[0][0]
    return found


def refuse(team: Team, rows: list[SealedRow], chain: ChainId, words: str) -> None:
    with store_of(team) as store, pytest.raises(TeamError, match=words):
        store.ship(chain, rows)


def test_what_is_shipped_is_there_unchanged_with_who_shipped_it(team: Team) -> None:
    chain, rows = shipped(team)

    found = team.sql(
        "ben",
        "SELECT sequence, event, batch_id, session_uuid, content, previous_seal, seal "
        "FROM team.entry WHERE chain = %s ORDER BY sequence",
        [chain],
    )

    assert [SealedRow(*each) for each in found] == rows
    said = team.sql("ben", "SELECT DISTINCT shipped_by FROM team.entry")
    assert said == [("asha",)]


def test_what_the_server_has_is_ignored_and_the_rest_is_taken(team: Team) -> None:
    chain, rows = shipped(team)
    more = sealed(batch_entries(2), rows[-1])
    with store_of(team) as store:
        store.ship(chain, [*rows, *more])
        store.ship(chain, more)
        head = store.head(chain)

    assert head is not None
    assert (head.sequence, head.seal) == (more[-1].sequence, more[-1].seal)
    assert count(team) == len(rows) + len(more)


@pytest.mark.parametrize("place", ["content", "seal", "previous_seal", "batch_id"])
def test_a_row_that_was_changed_is_refused_with_all_that_came_with_it(
    team: Team, place: str
) -> None:
    rows = sealed(batch_entries())
    old = getattr(rows[2], place)
    end = "1" if old.endswith("0") else "0"
    changes: dict[str, Any] = {place: f"{old[:-1]}{end}"}
    rows[2] = replace(rows[2], **changes)

    refuse(team, rows, begun(team), "wrong")

    assert count(team) == 0


def test_a_row_sealed_anew_does_not_follow(team: Team) -> None:
    chain, rows = shipped(team)
    other = sealed(batch_entries(2), rows[-2])

    refuse(team, sealed(batch_entries(3), other[0])[:1], chain, "does not follow")


def test_a_gap_is_refused_and_the_order_within_a_group_does_not_matter(
    team: Team,
) -> None:
    rows, chain = sealed(batch_entries()), begun(team)

    refuse(team, [rows[0], rows[2]], chain, "entry 3 does not follow")
    refuse(team, rows[1:], chain, "entry 2 does not follow")
    with store_of(team) as store:
        store.ship(chain, rows[::-1])
        head = store.head(chain)

    assert head is not None
    assert head.sequence == len(rows)


def test_two_rows_of_one_number_are_never_both_there(team: Team) -> None:
    chain, rows = shipped(team)
    other = sealed(batch_entries(2), rows[-2])

    with store_of(team) as store:
        store.ship(chain, other[:1])
        refuse(team, other, chain, "entry 7 does not follow")

    assert count(team) == len(rows)
    kept = team.sql(LEAD, "SELECT seal FROM team.entry WHERE sequence = 6")
    assert kept == [(rows[-1].seal,)]


def test_the_columns_to_search_by_cannot_say_what_the_entry_does_not(
    team: Team,
) -> None:
    (first, *_) = sealed(batch_entries())

    for changed in (
        replace(first, event="batch.ended"),
        replace(first, batch_id="B-1"),
        reseal(first, session_uuid="other"),
    ):
        refuse(team, [changed], begun(team), "columns of an entry are wrong")


def test_nobody_else_adds_to_a_chain(team: Team) -> None:
    chain, rows = shipped(team)
    more = sealed(batch_entries(2), rows[-1])

    with (
        store_of(team, "ben") as store,
        pytest.raises(TeamError, match="lacks a right"),
    ):
        store.ship(chain, more)

    assert count(team) == len(rows)


def test_the_operator_in_an_entry_does_not_matter_for_the_chain(team: Team) -> None:
    rows = sealed(batch_entries(operator="somebody who left long ago"))

    with store_of(team) as store:
        store.head(chain := new_chain())
        store.ship(chain, rows)

    owner = team.sql(
        "ben", "SELECT shipped_by FROM team.chain WHERE chain = %s", [chain]
    )
    assert owner == [("asha",)]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE team.entry SET content = '{}'",
        "UPDATE team.entry SET shipped_by = 'ben'",
        "DELETE FROM team.entry",
        "TRUNCATE team.entry",
        "UPDATE team.chain SET shipped_by = 'ben'",
        "DELETE FROM team.chain",
        "INSERT INTO team.chain (chain) VALUES (gen_random_uuid())",
        "INSERT INTO team.anchor VALUES (1, '', '', '')",
        "DELETE FROM team.anchor",
        "INSERT INTO team.session VALUES ('s', 1, 'expired')",
        "UPDATE team.session SET standing = 'expired'",
        "INSERT INTO team.version (version) VALUES (99)",
        "INSERT INTO team.entry (chain, shipped_by) VALUES (gen_random_uuid(), 'ben')",
        "ALTER TABLE team.entry DISABLE TRIGGER ALL",
        "ALTER TABLE team.entry DISABLE ROW LEVEL SECURITY",
        "DROP POLICY entry_is_of_the_chains_owner ON team.entry",
        "DROP TABLE team.entry",
        "CREATE TABLE team.mine ()",
        "ALTER FUNCTION team.check_links() RENAME TO unchecked",
        "SET ROLE masking_console_owner",
        "SET SESSION AUTHORIZATION ben",
        "SET session_replication_role = replica",
        "COPY team.entry FROM PROGRAM 'true'",
    ],
)
def test_an_operator_can_only_add(team: Team, attack: str) -> None:
    shipped(team)
    before = team.sql(LEAD, "SELECT * FROM team.entry ORDER BY sequence")

    with pytest.raises(psycopg.Error) as refused:
        team.sql("asha", attack)

    assert isinstance(
        refused.value, errors.InsufficientPrivilege | errors.FeatureNotSupported
    )
    assert team.sql(LEAD, "SELECT * FROM team.entry ORDER BY sequence") == before


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE team.entry SET content = '{}'",
        "DELETE FROM team.entry",
        "TRUNCATE team.entry",
        "DELETE FROM team.chain",
        "UPDATE team.anchor SET seal = ''",
        "TRUNCATE team.anchor, team.anchored_head",
    ],
)
@pytest.mark.parametrize("role", ["masking_console_owner", LEAD])
def test_not_even_the_owner_changes_a_row_as_long_as_the_triggers_stand(
    team: Team, role: str, attack: str
) -> None:
    shipped(team)

    with pytest.raises(psycopg.Error, match="append-only"):
        team.sql(LEAD, f"SET ROLE {role}; {attack}")


def test_nobody_logs_in_as_owner(team: Team) -> None:
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        team.sql("masking_console_owner", "SELECT 1")


def test_a_path_to_search_names_by_leads_no_function_of_the_server_astray(
    team: Team,
) -> None:
    team.sql(LEAD, "GRANT CREATE ON SCHEMA public TO asha")
    team.sql(
        "asha",
        "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS "
        "'SELECT ''x''::bytea'",
    )
    row = replace(sealed(batch_entries())[0], seal="78")

    chain = begun(team)

    with pytest.raises(psycopg.Error, match="entry_is_sealed"):
        team.sql(
            "asha",
            "SET search_path = public, pg_catalog; "
            f"INSERT INTO team.entry ({_COLUMNS}) "
            f"VALUES ('{chain}', 1, '{row.event}', '{row.batch_id}', '', "
            f"'{row.content}', '{row.previous_seal}', '{row.seal}')",
        )


def test_the_files_of_sql_are_numbered_and_the_last_one_is_the_version() -> None:
    assert [step.version for step in steps()] == list(range(VERSION + 1))
    assert "SET ROLE" in script_of(steps())
    assert "SET ROLE" not in script_of(steps()[:1])


def test_a_schema_of_another_version_is_named(team: Team) -> None:
    server = TeamServer(team.rules())
    check_version(server)
    for version, words in ((VERSION + 1, "newer"), (VERSION - 1, "older")):
        team.sql(LEAD, "TRUNCATE team.version")
        team.sql(LEAD, "INSERT INTO team.version VALUES (%s)", [version])

        with pytest.raises(TeamError, match=words):
            check_version(server)

    team.sql(LEAD, "DROP SCHEMA team CASCADE")
    with pytest.raises(TeamError, match="no schema"):
        check_version(server)
    server.close()
