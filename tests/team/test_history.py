"""One history: what the server finds is what the journals say."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from masking_console import paths
from masking_console.cli import main
from masking_console.errors import TeamError
from masking_console.journal.entry_file import EntryFile
from masking_console.journal.searching import read_matching, read_session_events
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.plain_text import PlainText
from masking_console.operations.read_history import LocalHistory, print_history
from masking_console.operations.wiring import build_operations
from masking_console.settings import HistoryScope, Settings
from masking_console.team import searching
from masking_console.team.connection import TeamServer
from masking_console.team.searching import TeamHistory, _record
from tests.support.chains import START, batch_entries
from tests.support.postgres import LEAD, Team
from tests.support.shipping import stepwise

OUTCOMES = [each.value for each in ExpiryOutcome]


def uuid(number: int) -> str:
    return str(UUID(int=number * 0x1234567 << 72 | number, version=4))


def story(rng: random.Random, number: int, operator: str) -> Iterator[JournalEntry]:
    """Yield a batch as runs, looks and people may leave it."""
    ids = [uuid(rng.randrange(60)) for _ in range(rng.randint(1, 4))]
    ids = list(dict.fromkeys(ids))
    entries = list(
        batch_entries(
            number,
            ids,
            rng.choice(OUTCOMES),
            operator=operator,
            account=rng.choice(("acme", "Zeta_1")),
            ticket=rng.choice(("OPS-17", "ops-171", "50%", "")),
            reason=rng.choice(("asked for", "Ärger", "")),
        )
    )
    first = entries[0]
    if rng.random() < 0.3:
        # It was cut off.
        entries = entries[: rng.randint(1, len(entries))]
    for _ in range(rng.randint(0, 2)):
        entries.append(
            JournalEntry(
                JournalEvent.SESSION_LOOKED,
                first.at + timedelta(hours=1),
                first.batch_id,
                5,
                rng.choice(ids),
                outcome=rng.choice(["", *OUTCOMES]),
                operator=operator,
            )
        )
    if rng.random() < 0.3:
        entries.append(
            JournalEntry(
                JournalEvent.TICKET_ADDED,
                first.at + timedelta(hours=2),
                first.batch_id,
                5,
                ticket="LATER-9",
                reason="forgotten",
                operator=operator,
            )
        )
    if rng.random() < 0.2:
        entries.append(
            JournalEntry(
                JournalEvent.NUMBERS_SHOWN, first.at, version=5, session_uuid=ids[0]
            )
        )
    yield from entries


def written(path: Path, entries: list[JournalEntry]) -> Path:
    file = EntryFile(path)
    file.open()
    file.compare_with_note(lambda event, _words: JournalEntry(event, START), 1)
    for entry in entries:
        file.append(lambda entry=entry: entry)  # type: ignore[misc]
    file.take_for_search()
    file.close()
    return path


def ship(path: Path, team: Team, operator: str, at_once: int = 2000) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        stepwise(path, team, operator) as shipper,
    ):
        patch.setattr("masking_console.team.shipper._AT_ONCE", at_once)
        assert shipper.ship_waiting(), shipper.state.problem


@contextmanager
def history_of(team: Team) -> Iterator[TeamHistory]:
    with closing(TeamHistory(TeamServer(team.rules("chen")))) as found:
        yield found


def plain(records: list[BatchRecord]) -> set[BatchRecord]:
    return {replace(each, chain="", login=PlainText("")) for each in records}


QUERIES = [
    HistoryQuery(),
    *(HistoryQuery(outcome=each) for each in OUTCOMES),
    HistoryQuery(session=uuid(7)),
    HistoryQuery(session=uuid(7)[:3].upper()),
    HistoryQuery(session=uuid(9), outcome="unknown"),
    HistoryQuery(ticket="ops-17"),
    HistoryQuery(ticket="%"),
    HistoryQuery(ticket="later"),
    HistoryQuery(account="ZETA_1"),
    HistoryQuery(account="acme_"),
    HistoryQuery(operator="BEN"),
    HistoryQuery(operator="be"),
    HistoryQuery(batch="b-2026"),
    HistoryQuery(batch="B-20260304-121"),
    HistoryQuery(since=START + timedelta(minutes=30)),
    HistoryQuery(words=("ärger", "zeta")),
    HistoryQuery(words=("forgotten",)),
    HistoryQuery(words=(uuid(3)[:4],)),
    HistoryQuery(account="acme", outcome="open", ticket="ops"),
    HistoryQuery(ticket="nothing like it"),
]


@pytest.mark.parametrize("at_once", [1, 7, 2000])
def test_the_server_finds_what_the_journals_find(
    team: Team, tmp_path: Path, at_once: int
) -> None:
    journals = []
    for seed, operator in enumerate(("asha", "ben")):
        rng = random.Random(seed)  # noqa: S311 - the same journal every time
        entries = [
            entry
            for number in range(40)
            for entry in story(rng, 2 * number + seed, operator)
        ]
        path = written(tmp_path / operator / "journal.db", entries)
        ship(path, team, operator, at_once)
        journals.append(path)

    with history_of(team) as history:
        for query in QUERIES:
            found = history.matching(query)
            expected = [
                each for path in journals for each in read_matching(path, query)
            ]

            assert plain(list(found)) == plain(expected), query
            assert len(found) == len(expected)
            began = [each.began_at for each in found]
            assert began == sorted(began, reverse=True)

        standings = {
            tuple(key): standing
            for *key, standing in team.sql(
                LEAD,
                "SELECT b.chain::text, b.batch_id, s.session_uuid, s.standing "
                "FROM team.session s JOIN team.batch b ON b.number = s.batch",
            )
        }
        told = {
            (record.chain, record.batch_id, each.session_uuid): each.outcome.value
            for record in history.matching(HistoryQuery())
            for each in record.sessions
        }
        assert standings == told


def test_the_story_of_a_session_is_told_across_computers(
    team: Team, tmp_path: Path
) -> None:
    for number, operator in enumerate(("asha", "ben")):
        entries = list(batch_entries(number, [uuid(1)], operator=operator))
        entries.append(
            JournalEntry(
                JournalEvent.NUMBERS_SHOWN, START, version=5, session_uuid=uuid(1)
            )
        )
        ship(written(tmp_path / operator / "journal.db", entries), team, operator)

    with history_of(team) as history:
        events = history.session_events(HistoryQuery(session=uuid(1)[:6]))
        told = print_history(history, "table", 1, session=uuid(1))

    own = [
        event
        for name in ("asha", "ben")
        for event in read_session_events(
            tmp_path / name / "journal.db", HistoryQuery(session=uuid(1)[:6])
        )
    ]
    assert {each.sealed for each in events} == {each.sealed for each in own}
    assert len(events) == len(own) == 10
    assert told.count("by asha") == told.count("by ben") == 3
    assert "Team anchor" in told


def test_pages_go_on_where_the_last_one_ended(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_AT_ONCE", 3)
    monkeypatch.setattr(searching, "_MOST_BATCHES", 7)
    entries = [each for number in range(20) for each in batch_entries(number)]
    ship(written(tmp_path / "a" / "journal.db", entries), team, "asha")

    with history_of(team) as history:
        first = history.page(HistoryQuery(account="acme"))
        second = history.page(HistoryQuery(account="acme"), first.next)
        third = history.page(HistoryQuery(account="acme"), second.next)
        monkeypatch.setattr(searching, "_MOST_ENTRIES", 11)
        short = history.page(HistoryQuery())

    assert (first.total, first.all) == (20, 20)
    assert [len(each.batches) for each in (first, second, third)] == [7, 7, 6]
    assert third.next is None
    ids = [each.batch_id for page in (first, second, third) for each in page.batches]
    assert ids == sorted(ids, reverse=True)
    assert len(short.batches) == 2


def test_of_many_matches_only_so_many_are_counted(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_AT_ONCE", 3)
    monkeypatch.setattr(searching, "_MOST_BATCHES", 3)
    monkeypatch.setattr(searching, "_MOST_COUNTED", 5)
    entries = [each for number in range(8) for each in batch_entries(number)]
    ship(written(tmp_path / "a" / "j.db", entries), team, "asha")

    with history_of(team) as history:
        page = history.page(HistoryQuery(account="acme"))
        few = history.page(HistoryQuery(ticket="OPS-3"))
        more = [each for n in (8, 9) for each in batch_entries(n)]
        ship(written(tmp_path / "b" / "j.db", more), team, "ben")
        late = history.page(HistoryQuery())

    assert (page.total, page.all, page.is_more) == (5, 8, True)
    assert (few.total, few.all, few.is_more) == (1, 8, False)
    assert (late.all, late.is_more) == (8, True)


def test_a_batch_is_also_found_by_the_login_that_shipped_it(
    team: Team, tmp_path: Path
) -> None:
    entries = list(batch_entries(1, [uuid(1)], operator="root"))
    ship(written(tmp_path / "a" / "j.db", entries), team, "asha")

    with history_of(team) as history:
        (found,) = history.matching(HistoryQuery(operator="ASHA"))
        (same,) = history.matching(HistoryQuery(words=("asha",)))
        told = print_history(history, "table", 1, session=uuid(1))

    assert found == same
    assert found.by == "root (asha)"
    assert told.count("by root (asha)") == 3


def test_of_a_batch_only_the_sessions_that_are_meant_are_told(
    team: Team, tmp_path: Path
) -> None:
    entries = list(batch_entries(1, [uuid(1), uuid(2)]))
    ship(written(tmp_path / "a" / "j.db", entries), team, "asha")

    with history_of(team) as history:
        query = HistoryQuery(session=uuid(2), account="acme")
        events = history.session_events(query)

    assert {each.session_uuid for each in events} == {uuid(2)}


def test_two_batches_with_one_id_are_two(team: Team, tmp_path: Path) -> None:
    for operator in ("asha", "ben"):
        entries = list(batch_entries(1, operator=operator))
        ship(written(tmp_path / operator / "journal.db", entries), team, operator)

    with history_of(team) as history:
        found = history.matching(HistoryQuery())

    assert len({each.batch_id for each in found}) == 1
    assert len({each.key for each in found}) == 2
    assert {each.operator for each in found} == {"asha", "ben"}
    assert {each.by for each in found} == {"asha", "ben"}


def test_a_row_that_was_rewritten_on_the_server_is_shown_as_damaged(
    team: Team, tmp_path: Path
) -> None:
    ship(written(tmp_path / "a" / "j.db", list(batch_entries(1))), team, "asha")
    team.sql(
        LEAD,
        "SET session_replication_role = replica; "
        "ALTER TABLE team.entry DROP CONSTRAINT entry_is_sealed; "
        "UPDATE team.entry SET content = replace(content, 'expired', 'refused') "
        "WHERE sequence = 3",
    )

    with history_of(team) as history:
        (found,) = history.matching(HistoryQuery())

    assert found.damaged == (3,)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    captured = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


def test_the_command_reads_either_history(
    team: Team, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ship(written(tmp_path / "a" / "j.db", list(batch_entries(1))), team, "asha")
    paths.config_dir().mkdir()
    paths.config_path().write_text(
        '[team]\nservice = "ben"\n[history]\nscope = "team"\n', encoding="utf-8"
    )

    code, out, _err = run(capsys, "history", "--since", "2026-01-01")
    assert code == 0
    assert "B-20260304-120100-1" in out
    _code, out, _err = run(capsys, "history", "--local", "--since", "2026-01-01")
    assert "B-2026" not in out
    paths.config_path().write_text('[team]\nservice = "ben"\n', encoding="utf-8")
    _code, out, _err = run(capsys, "history", "--since", "2026-01-01")
    assert "B-2026" not in out
    _code, out, _err = run(
        capsys, "history", "--team", "--session", "x", "--since", "2026-01-01"
    )
    assert "No such session" in out

    team.sql(LEAD, "DROP SCHEMA team CASCADE")
    code, _out, err = run(capsys, "history", "--team")
    assert code == 1
    assert "masking-console team init" in err
    paths.config_path().write_text("", encoding="utf-8")
    code, _out, err = run(capsys, "history", "--team")
    assert (code, "No team" in err) == (1, True)


async def test_the_console_shows_the_history_of_the_scope(
    team: Team, tmp_path: Path
) -> None:
    ship(written(tmp_path / "a" / "j.db", list(batch_entries(1))), team, "asha")
    base = Settings(tmp_path / "b" / "journal.db", team=team.rules("ben"))
    for scope, count in ((HistoryScope.TEAM, 1), (HistoryScope.LOCAL, 0)):
        operations = build_operations(replace(base, history_scope=scope), {})
        try:
            shown = operations.shown_history
            assert shown.is_of_team == bool(count)
            assert len((await shown.page(HistoryQuery())).batches) == count
            assert len(await shown.batches(HistoryQuery())) == count
            state = operations.team_state()
            assert state is not None
        finally:
            operations.close()


def test_a_server_that_is_away_is_said(team: Team) -> None:
    team.use("/nowhere", "team")

    with history_of(team) as history, pytest.raises(TeamError, match="cannot be used"):
        history.page(HistoryQuery())


def test_the_local_history_is_what_it_was(tmp_path: Path) -> None:
    source = LocalHistory(tmp_path / "none.db")

    assert source.whole_words() == ""
    assert "No such session" in print_history(source, "table", 1, session="c")


def test_a_batch_without_rows_is_none() -> None:
    assert _record((), "", "") is None
