"""The shipper, on a server that is there, away, slow, full and restarted."""

import asyncio
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from masking_console.errors import TeamError
from masking_console.journal.entry_reader import read_journal_id, read_last
from masking_console.models.team import TeamState
from masking_console.team.connection import TeamServer
from masking_console.team.schema import VERSION
from masking_console.team.shipper import _finish
from masking_console.team.store import TeamStore
from tests.support.postgres import LEAD, Team
from tests.support.shipping import (
    here,
    on_server,
    shipping,
    stepwise,
    until,
    write,
    written_batch,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def test_the_journal_gets_a_name_of_its_own(path: Path, tmp_path: Path) -> None:
    write(path, 1)
    write(other := tmp_path / "other.db", 1)

    assert len(read_journal_id(path)) == 32
    assert read_journal_id(path) != read_journal_id(other)
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="keeps its name"),
    ):
        connection.execute("UPDATE identity SET journal_id = 'x'")


def test_everything_is_shipped_unchanged_and_goes_on_from_there(
    team: Team, path: Path
) -> None:
    write(path, 30)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()
        assert shipper.state == TeamState(30, 30)
    write(path, 5)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()

    assert on_server(team, path) == here(path)
    assert len(here(path)) == 35


def test_without_a_journal_there_is_nothing_to_ship(team: Team, path: Path) -> None:
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()
        assert shipper.state == TeamState()


def test_many_and_long_entries_go_in_groups(
    team: Team, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("masking_console.team.shipper._AT_ONCE", 7)
    monkeypatch.setattr("masking_console.team.shipper._CHARACTERS_AT_ONCE", 700)
    write(path, 20)
    groups: list[int] = []
    with stepwise(path, team) as shipper:
        ship = shipper._store.ship

        def count(chain: object, rows: list[object]) -> None:
            groups.append(len(rows))
            ship(chain, rows)  # type: ignore[arg-type]

        shipper._store.ship = count  # type: ignore[method-assign,assignment]
        assert shipper.ship_waiting()

    assert sum(groups) == 20
    assert max(groups) < 7
    assert on_server(team, path) == here(path)


def test_a_server_that_is_away_holds_up_nothing_and_gets_all_of_it_later(
    own_team: Team, path: Path
) -> None:
    with shipping(path, own_team) as shipper:
        write(path, 3)
        shipper.wake()
        until(lambda: shipper.state.shipped == 3)
        own_team.cluster.stop()
        write(path, 14)
        shipper.wake()
        until(lambda: shipper.state.waiting == 14)
        assert "cannot be used" in shipper.state.problem

        own_team.cluster.start()
        until(lambda: shipper.state == TeamState(17, 17))

    assert on_server(own_team, path) == here(path)


def test_a_server_that_crashes_loses_nothing_that_it_has_taken(
    own_team: Team, path: Path
) -> None:
    done = threading.Event()

    def crash() -> None:
        for _ in range(3):
            time.sleep(0.3)
            own_team.cluster.stop(signal.SIGQUIT)
            own_team.cluster.start()
        done.set()

    crashing = threading.Thread(target=crash)
    with shipping(path, own_team) as shipper:
        crashing.start()
        while not done.is_set():
            write(path, 5)
            shipper.wake()
        crashing.join()
        last = read_last(path).sequence
        until(lambda: shipper.state.shipped == last)

    assert on_server(own_team, path) == here(path)


def test_a_server_that_hangs_is_given_up(own_team: Team, path: Path) -> None:
    write(path, 1)
    with stepwise(path, own_team, seconds=0.5) as shipper:
        assert shipper.ship_waiting()
        write(path, 2)
        own_team.cluster.freeze()
        try:
            assert not shipper.ship_waiting()
            assert "no answer in time" in shipper.state.problem
            assert shipper.state.waiting == 2
        finally:
            own_team.cluster.thaw()

        assert shipper.ship_waiting()

    assert on_server(own_team, path) == here(path)


def test_a_server_set_back_is_brought_up_to_date(team: Team, path: Path) -> None:
    write(path, 6)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()
        # As after a failover to a standby that had not got everything.
        team.sql(
            LEAD,
            "SET session_replication_role = replica; "
            "DELETE FROM team.entry WHERE sequence > 4",
        )
        write(path, 2)

        assert not shipper.ship_waiting()
        assert shipper.ship_waiting()

    assert on_server(team, path) == here(path)


def test_a_disk_that_is_full_over_there_is_named(team: Team, path: Path) -> None:
    write(path, 1)
    team.sql(
        LEAD,
        "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$; "
        "CREATE TRIGGER is_full BEFORE INSERT ON team.entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.full()",
    )
    with stepwise(path, team) as shipper:
        assert not shipper.ship_waiting()
        assert "its disk is full" in shipper.state.problem
        team.sql(LEAD, "DROP TRIGGER is_full ON team.entry")
        assert shipper.ship_waiting()

    assert on_server(team, path) == here(path)


@pytest.mark.parametrize(
    ("version", "words"), [(VERSION - 1, "schema is older"), (VERSION + 1, "newer")]
)
def test_a_schema_of_another_version_gets_nothing(
    team: Team, path: Path, version: int, words: str
) -> None:
    team.sql(LEAD, "TRUNCATE team.version")
    team.sql(LEAD, "INSERT INTO team.version VALUES (%s)", [version])
    write(path, 2)
    with stepwise(path, team) as shipper:
        assert not shipper.ship_waiting()
        assert words in shipper.state.problem
        assert shipper.state.waiting == 2
        assert on_server(team, path) == []


def test_two_consoles_on_one_journal_ship_each_entry_once(
    team: Team, path: Path
) -> None:
    write(path, 1)
    with shipping(path, team) as first, shipping(path, team) as second:
        for _ in range(20):
            write(path, 3)
            first.wake()
            second.wake()
        until(lambda: first.state.shipped == second.state.shipped == 61)
        assert not first.state.problem

    assert on_server(team, path) == here(path)


def test_a_copy_of_a_journal_on_another_computer_is_refused(
    team: Team, path: Path, tmp_path: Path
) -> None:
    write(path, 3)
    copy = tmp_path / "copy" / "journal.db"
    copy.parent.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(path)) as old,
        closing(sqlite3.connect(copy)) as new,
    ):
        old.backup(new)
    write(path, 2)
    with stepwise(path, team) as shipper, stepwise(copy, team) as other:
        assert shipper.ship_waiting()
        assert not other.ship_waiting()
        assert "has 5 entries of this journal, and this computer has fewer" in (
            other.state.problem
        )
        write(copy, 3)
        assert not other.ship_waiting()
        assert "Entry 5 on the team's server is not the one here" in other.state.problem

    assert on_server(team, path) == here(path)


def test_a_journal_that_is_moved_away_leaves_room_for_a_chain_of_its_own(
    team: Team, path: Path, tmp_path: Path
) -> None:
    write(path, 3)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()
    before = read_journal_id(path)
    away = tmp_path / "away"
    away.mkdir()
    for each in path.parent.glob(f"{path.name}*"):
        each.rename(away / each.name)

    write(path, 2)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()

    assert read_journal_id(path) != before
    assert on_server(team, path) == here(path)
    assert on_server(team, away / path.name) == here(away / path.name)


def test_a_chain_of_somebody_else_is_not_added_to(team: Team, path: Path) -> None:
    write(path, 2)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()
    write(path, 1)
    with stepwise(path, team, "ben") as shipper:
        assert not shipper.ship_waiting()
        assert "lacks a right" in shipper.state.problem


def test_a_damaged_entry_stays_here_with_all_behind_it(team: Team, path: Path) -> None:
    write(path, 5)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_changed")
        connection.execute("UPDATE entries SET content = '{}' WHERE sequence = 3")
        connection.commit()
    with stepwise(path, team) as shipper:
        assert not shipper.ship_waiting()
        assert shipper.state == TeamState(
            2, 5, "Entry 3 is damaged here; it cannot be shipped."
        )

    assert on_server(team, path) == here(path)[:2]


def test_a_damaged_first_entry_keeps_all_of_them_here(team: Team, path: Path) -> None:
    write(path, 2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_changed")
        connection.execute("UPDATE entries SET content = '{}' WHERE sequence = 1")
        connection.commit()
    with stepwise(path, team) as shipper:
        assert not shipper.ship_waiting()
        assert shipper.state.waiting == 2


def test_what_other_consoles_write_is_found_without_a_word(
    team: Team, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("masking_console.team.shipper._LOOK_SECONDS", 0.05)
    write(path, 1)
    with shipping(path, team) as shipper:
        until(lambda: shipper.state.shipped == 1)
        write(path, 2)
        until(lambda: shipper.state.shipped == 3)


async def test_a_wait_that_was_given_up_is_not_ended_twice() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()

    _finish(future)

    assert future.cancelled()


def test_a_journal_of_an_older_version_waits_for_its_name(
    team: Team, path: Path
) -> None:
    write(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE identity")
    with stepwise(path, team) as shipper:
        assert not shipper.ship_waiting()
        assert "has no name yet" in shipper.state.problem


def test_a_journal_that_cannot_be_read_is_said(team: Team, path: Path) -> None:
    write(path, 1)
    path.write_bytes(b"x" * 4096)
    with stepwise(path, team) as shipper:
        assert not shipper.ship_waiting()
        assert "journal cannot be read" in shipper.state.problem


def test_the_newest_anchor_is_written_into_the_next_entry_once(
    team: Team, path: Path
) -> None:
    write(path, 2)
    with stepwise(path, team) as shipper:
        assert shipper.ship_waiting()
        anchor = shipper.newest_anchor
    write(path, 3, lambda: anchor)

    number, seal = anchor.split()
    assert number == "1"
    assert team.sql("ben", "SELECT seal FROM team.anchor") == [(seal,)]
    contents = [str(row[4]) for row in here(path)]
    assert [f'"anchor":"{anchor}"' in each for each in contents] == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_an_anchor_is_asked_for_at_a_batchs_end_and_when_it_is_old(
    team: Team, path: Path
) -> None:
    with stepwise(path, team) as shipper:
        write(path, 1)
        assert shipper.ship_waiting()
        first = shipper.newest_anchor
        write(path, 1)
        assert shipper.ship_waiting()
        assert shipper.newest_anchor == first
        team.sql(LEAD, "SELECT pg_sleep(1.1)")
        written_batch(path)
        assert shipper.ship_waiting()
        assert shipper.newest_anchor.startswith("2 ")
        shipper._anchored_at -= 61
        team.sql(LEAD, "SELECT team.make_anchor(0)")
        assert shipper.ship_waiting()
        assert shipper.newest_anchor.startswith("2 ")


def test_no_anchor_is_made_over_nothing(team: Team, path: Path) -> None:
    with closing(TeamStore(TeamServer(team.rules()))) as store:
        assert store.anchor(0) is None
    write(path, 1)
    with stepwise(path, team) as shipper:
        shipper._store.anchor = lambda _gap: None  # type: ignore[method-assign,assignment]
        assert shipper.ship_waiting()
        assert shipper.newest_anchor == ""


async def test_waiting_for_an_entry_ends_when_the_server_has_it(
    own_team: Team, path: Path
) -> None:
    await asyncio.to_thread(write, path, 1)
    with shipping(path, own_team) as shipper:
        await shipper.until_shipped(1)
        # It has it already.
        await shipper.until_shipped(1)
        assert len(on_server(own_team, path)) == 1

        await asyncio.to_thread(own_team.cluster.stop)
        await asyncio.to_thread(write, path, 1)
        waiting = asyncio.create_task(shipper.until_shipped(2))
        given_up = asyncio.create_task(shipper.until_shipped(2))
        await asyncio.to_thread(until, lambda: bool(shipper.state.problem))
        assert not waiting.done()
        given_up.cancel()
        await asyncio.to_thread(own_team.cluster.start)
        await waiting

        with pytest.raises(asyncio.CancelledError):
            await given_up
    assert on_server(own_team, path) == here(path)


def test_rights_that_were_taken_are_named(team: Team, path: Path) -> None:
    write(path, 1)
    team.sql(LEAD, "REVOKE masking_console_operator FROM chen")
    try:
        with stepwise(path, team, "chen") as shipper:
            assert not shipper.ship_waiting()
            assert "lacks a right" in shipper.state.problem
    finally:
        team.sql(LEAD, "GRANT masking_console_operator TO chen")


def test_an_unknown_service_and_an_unknown_person_are_named(team: Team) -> None:
    for name, words in (("nobody", 'definition of service "nobody" not found'),):
        with (
            closing(TeamStore(TeamServer(team.rules(name)))) as store,
            pytest.raises(TeamError, match=words),
        ):
            store.anchor(60)
    team.services.write_text(
        f"[asha]\nhost={team.cluster.folder}\ndbname={team.database}\nuser=stranger\n",
        encoding="utf-8",
    )
    with (
        closing(TeamStore(TeamServer(team.rules()))) as store,
        pytest.raises(TeamError, match='role "stranger" does not exist'),
    ):
        store.anchor(60)
