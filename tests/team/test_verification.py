"""The proof: neither an operator nor the owner of the database rewrites alone."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from masking_console import paths
from masking_console.journal.entry_reader import read_journal_id, read_rows
from masking_console.journal.seals import FIRST_SEAL, SealedRow, seal
from masking_console.models.team import TeamReport
from masking_console.operations.team import print_team_verification
from masking_console.settings import Settings
from masking_console.team import verification
from masking_console.team.connection import TeamServer
from masking_console.team.verification import verify_team
from tests.support.chains import batch_entries
from tests.support.postgres import LEAD, Team
from tests.support.shipping import stepwise, write
from tests.team.test_history import run, ship, written

_AS_OWNER = (
    "SET session_replication_role = replica; "
    "ALTER TABLE team.entry DROP CONSTRAINT IF EXISTS entry_is_sealed; "
)


@pytest.fixture
def journals(team: Team, tmp_path: Path) -> dict[str, Path]:
    """Two consoles that have shipped, and have named each other's anchors."""
    found = {name: tmp_path / name / "journal.db" for name in ("asha", "ben")}
    for number in range(3):
        for name, path in found.items():
            with stepwise(path, team, name) as shipper:
                if number == 0:
                    written(path, list(batch_entries(operator=name)))
                shipper.ship_waiting()
                shipper._anchored_at -= 100
                team.sql(LEAD, "SELECT team.make_anchor(0)")
                shipper.ship_waiting()
                anchor = shipper.newest_anchor
                write(path, 2, lambda anchor=anchor: anchor)  # type: ignore[misc]
                assert shipper.ship_waiting(), shipper.state
    team.sql(LEAD, "SELECT team.make_anchor(0)")
    return found


def report(team: Team, path: Path, operator: str = "ben") -> TeamReport:
    with closing(TeamServer(team.rules(operator))) as server:
        return verify_team(server, path, lambda _count: None)


def words(found: TeamReport) -> str:
    return "\n".join(each.words for each in found.findings)


def rewrite_on_server(
    team: Team, path: Path, change: Callable[[SealedRow], SealedRow]
) -> None:
    """Rewrite a chain as the owner of the database can: with seals that fit."""
    before, chain = FIRST_SEAL, read_journal_id(path)
    for row in read_rows(path):
        changed = replace(change(row), previous_seal=before)
        before = seal(before, changed.content)
        team.sql(
            LEAD,
            f"{_AS_OWNER} UPDATE team.entry SET content = '{changed.content}', "
            f"previous_seal = '{changed.previous_seal}', seal = '{before}' "
            f"WHERE chain = '{chain}' AND sequence = {row.sequence}",
        )


def rewrite_anchors(team: Team) -> None:
    """Make all anchors anew, so that they fit the server's entries."""
    before = FIRST_SEAL
    query = "SELECT sequence, content FROM team.anchor ORDER BY sequence"
    for number, content in team.sql(LEAD, query):
        told = json.loads(content)
        for head in told["heads"]:
            query = "SELECT seal FROM team.entry WHERE chain = %s AND sequence = %s"
            head[2] = team.sql(LEAD, query, head[:2])[0][0]
        text = json.dumps(told)
        own = seal(before, text)
        team.sql(
            LEAD,
            f"{_AS_OWNER} UPDATE team.anchor SET content = '{text}', "
            f"previous_seal = '{before}', seal = '{own}' WHERE sequence = {number}",
        )
        before = own


def in_content(old: str, new: str) -> Callable[[SealedRow], SealedRow]:
    return lambda row: replace(row, content=row.content.replace(old, new))


def test_what_nobody_touched_is_whole(
    team: Team, journals: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_AT_ONCE", 5)
    told: list[int] = []
    for name, path in journals.items():
        with closing(TeamServer(team.rules(name))) as server:
            found = verify_team(server, path, told.append)

        assert found.is_whole, words(found)
        assert (found.chains, found.entries, found.compared) == (2, 24, 12)
        assert found.last_anchor.split()[0] == "7"
    assert told[:4] == [5, 10, 15, 20]


def test_a_row_changed_on_the_server_is_found_by_its_seal(
    team: Team, journals: dict[str, Path]
) -> None:
    chain = read_journal_id(journals["asha"])
    team.sql(
        LEAD,
        f"{_AS_OWNER} UPDATE team.entry SET content = replace(content, 'OPS-1', 'X') "
        f"WHERE chain = '{chain}' AND sequence = 1",
    )

    found = report(team, journals["ben"])

    assert not found.is_whole
    assert words(found) == f"Chain {chain[:8]} of asha: Entry 1 was changed."


def test_rows_removed_from_the_end_of_a_chain_are_found_by_an_anchor(
    team: Team, journals: dict[str, Path]
) -> None:
    chain = read_journal_id(journals["asha"])
    team.sql(
        LEAD,
        f"{_AS_OWNER} DELETE FROM team.entry WHERE chain = '{chain}' AND sequence > 9",
    )

    found = words(report(team, journals["ben"]))

    assert (
        f"Chain {chain[:8]} of asha: entry 12, which anchor 6 names, is missing"
        in found
    )


def test_a_whole_chain_removed_is_found_by_an_anchor(
    team: Team, journals: dict[str, Path]
) -> None:
    chain = read_journal_id(journals["asha"])
    team.sql(
        LEAD,
        f"{_AS_OWNER} DELETE FROM team.entry WHERE chain = '{chain}'; "
        f"DELETE FROM team.chain WHERE chain = '{chain}'",
    )

    assert f"Chain {chain[:8]} of nobody: entry" in words(report(team, journals["ben"]))


def test_a_chain_rewritten_with_fitting_seals_is_found_by_the_anchors(
    team: Team, journals: dict[str, Path]
) -> None:
    rewrite_on_server(team, journals["asha"], in_content("OPS-1", "OPS-9"))

    found = words(report(team, journals["ben"]))

    assert "which anchor 1 names, is missing or was changed" in found
    assert "was changed." in found


def test_anchors_rewritten_as_well_are_found_by_the_other_journals(
    team: Team, journals: dict[str, Path]
) -> None:
    rewrite_on_server(team, journals["asha"], in_content("OPS-1", "OPS-9"))
    rewrite_anchors(team)

    by_ben = words(report(team, journals["ben"]))
    by_asha = words(report(team, journals["asha"], "asha"))

    assert "is not the one that entry" in by_ben
    assert "of this computer is another one on the server; 12 differ." in by_asha


def test_an_anchor_that_is_gone_or_broken_is_found(
    team: Team, journals: dict[str, Path]
) -> None:
    team.sql(
        LEAD, f"{_AS_OWNER} UPDATE team.anchor SET content = '{{}}' WHERE sequence = 3"
    )
    found = words(report(team, journals["ben"]))
    assert "Anchor 3 is not the one that was made." in found
    assert "Anchor 3 cannot be read." in found

    team.sql(LEAD, f"{_AS_OWNER} DELETE FROM team.anchor WHERE sequence = 3")
    found = words(report(team, journals["ben"]))
    assert "Anchor 4 is not the one that was made." in found
    assert "Anchor 3 is not the one that entry" in found


def test_a_journal_rewritten_by_its_operator_is_found_by_the_server(
    team: Team, journals: dict[str, Path]
) -> None:
    path, before = journals["asha"], FIRST_SEAL
    rows = list(read_rows(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_changed")
        for row in rows:
            content = row.content.replace("OPS-1", "OPS-9")
            own = seal(before, content)
            connection.execute(
                "UPDATE entries SET content = ?, previous_seal = ?, seal = ? "
                "WHERE sequence = ?",
                (content, before, own, row.sequence),
            )
            before = own
        connection.commit()

    found = report(team, path, "asha")

    assert not found.is_whole
    assert "Entry 1 of this computer is another one on the server; 12 differ." in (
        words(found)
    )
    with stepwise(path, team, "asha") as shipper:
        assert not shipper.ship_waiting()


def test_entries_that_are_gone_here_are_found_by_the_server(
    team: Team, journals: dict[str, Path]
) -> None:
    path = journals["asha"]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_removed")
        connection.execute("DELETE FROM entries WHERE sequence = 4")
        connection.commit()

    found = words(report(team, path, "asha"))

    assert found == "Entry 4 is on the server, and not on this computer."


def test_an_end_that_was_cut_off_here_is_found_by_the_server(
    team: Team, journals: dict[str, Path]
) -> None:
    path = journals["asha"]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entries_are_never_removed")
        connection.execute("DELETE FROM entries WHERE sequence > 10")
        connection.commit()

    found = words(report(team, path, "asha"))

    assert found == "Entry 11 is on the server, and not on this computer."


def test_what_was_not_shipped_yet_is_no_difference(
    team: Team, journals: dict[str, Path], tmp_path: Path
) -> None:
    write(journals["asha"], 3)

    assert report(team, journals["asha"], "asha").is_whole
    assert report(team, tmp_path / "none.db").is_whole


def test_the_command_says_it_and_fails_where_something_is_wrong(
    team: Team,
    journals: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths.config_dir().mkdir()
    paths.config_path().write_text('[team]\nservice = "ben"\n', encoding="utf-8")

    code, out, _err = run(capsys, "history", "verify", "--team")
    assert code == 0
    assert out.startswith("The team's history is whole: 24 entries of 2 journals.\n")
    assert "\nLast anchor 7 " in out

    team.sql(LEAD, f"{_AS_OWNER} UPDATE team.entry SET seal = '' WHERE sequence = 2")
    code, out, _err = run(capsys, "history", "verify", "--team")
    assert code == 1
    assert "NOT whole" in out
    settings = Settings(journals["ben"], team=team.rules("ben"))
    assert "12 of them were compared" in print_team_verification(settings)[0]


def test_an_empty_history_is_whole(team: Team, tmp_path: Path) -> None:
    found = report(team, tmp_path / "none.db")

    assert found == TeamReport(0, 0, 0, "")
    ship(written(tmp_path / "a" / "j.db", list(batch_entries())), team, "asha")
    assert report(team, tmp_path / "a" / "j.db").compared == 6
