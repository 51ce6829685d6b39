"""Old reports and exports against the journal, and findings that are acknowledged."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from masking_console.errors import InputError, UnusableFileError
from masking_console.journal.reading import read_contents, verify_file
from masking_console.journal.seals import note_path
from masking_console.models.history import BatchRecord
from masking_console.operations.verify_history import acknowledge, print_verification
from masking_console.presentation.history import (
    csv_text,
    damaged_words,
    end_words,
    json_lines,
    json_text,
)
from masking_console.presentation.run_lines import report
from masking_console.settings import Settings
from tests.support.runs import bench, open_ids, quick_account

FORMS: dict[str, Callable[[Sequence[BatchRecord]], str]] = {
    "report.txt": lambda records: "\n".join(map(report, records)),
    "export.csv": csv_text,
    "export.jsonl": json_lines,
    "export.json": json_text,
    "old.csv": lambda records: without_seals(csv_text(records)),
}


def without_seals(text: str) -> str:
    """Return a CSV as older versions wrote it."""
    return "\n".join(line.rpartition(",")[0] for line in text.splitlines())


async def write(folder: Path, runs: int = 2) -> Path:
    simulated = quick_account()
    ids = open_ids(simulated, 2 * runs)
    async with bench(
        simulated, folder, journal_path=folder / "state" / "journal.db"
    ) as opened:
        for number in range(runs):
            await opened.run(ids[2 * number : 2 * number + 2])
        return opened.settings.journal_path


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await write(tmp_path)


def kept(folder: Path, records: Sequence[BatchRecord]) -> list[Path]:
    """Write every form of report and export, as they are kept elsewhere."""
    paths = []
    for name, form in FORMS.items():
        paths.append(folder / name)
        paths[-1].write_text(form(records), encoding="utf-8")
    return paths


def test_reports_and_exports_prove_the_journal(path: Path, tmp_path: Path) -> None:
    words, is_well = print_verification(
        Settings(path), kept(tmp_path, read_contents(path).batches)
    )

    assert is_well
    lines = words.splitlines()[3:]
    assert lines[0] == (
        "report.txt: its 2 seals are in the journal; "
        "up to entry 12 it says what it said then."
    )
    assert lines[-1] == (
        "old.csv: it has no seal, but all of its 4 results are in the journal."
    )
    assert len(lines) == len(FORMS)


async def test_a_journal_that_was_written_anew_is_seen_by_each_of_them(
    path: Path, tmp_path: Path
) -> None:
    reports = kept(tmp_path, read_contents(path).batches)
    new = await write(tmp_path / "new")
    for name in ("journal.db", "journal.db-head"):
        (new.parent / name).replace(path.parent / name)
    assert verify_file(path).is_whole

    for each in reports:
        words, is_well = print_verification(Settings(path), [each])
        assert not is_well
        assert "NOT in this journal: " in words.splitlines()[-1]


def test_a_cut_that_takes_its_note_along_is_seen_by_a_report_of_the_end(
    path: Path, tmp_path: Path
) -> None:
    first, second = (
        kept(tmp_path, read_contents(path).batches[:1])[0],
        tmp_path / "2.txt",
    )
    second.write_text(report(read_contents(path).batches[1]), encoding="utf-8")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_removed")
        other.execute("DELETE FROM entries WHERE sequence > 6")
        (seal,) = other.execute(
            "SELECT seal FROM entries WHERE sequence = 6"
        ).fetchone()
    note_path(path).write_text(f"{6:020d} {seal}\n", encoding="utf-8")

    assert print_verification(Settings(path), [first])[1]
    words, is_well = print_verification(Settings(path), [first, second])
    assert not is_well
    assert "2.txt: 1 of 1 seals are NOT in this journal: " in words


@pytest.mark.parametrize(
    "text",
    ["no seal at all", f"Last seal {'0' * 64}", "batch,at\nB-1,now", "a\x00b,\nc"],
)
def test_what_says_nothing_proves_nothing(
    path: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "some.txt").write_text(text, encoding="utf-8")
    try:
        words, is_well = print_verification(Settings(path), [tmp_path / "some.txt"])
    except UnusableFileError:
        assert "\x00" in text
        return
    assert not is_well
    assert words.endswith("it has no seal and no results, so it proves nothing.")


def test_a_table_that_cannot_be_read_proves_nothing(path: Path, tmp_path: Path) -> None:
    head = "batch,session_uuid,outcome,at\n"
    (tmp_path / "some.csv").write_text(f'{head}"{"x" * 200_000}"\n', encoding="utf-8")
    assert not print_verification(Settings(path), [tmp_path / "some.csv"])[1]


def test_a_result_that_was_known_later_contradicts_no_older_export(
    path: Path, tmp_path: Path
) -> None:
    old = without_seals(csv_text(read_contents(path).batches[:1]))
    (tmp_path / "old.csv").write_text(
        old.replace(",expired,", ",unknown,", 1), encoding="utf-8"
    )
    assert print_verification(Settings(path), [tmp_path / "old.csv"])[1]
    (tmp_path / "old.csv").write_text(
        old.replace(",expired,", ",failed,", 1), encoding="utf-8"
    )
    words, is_well = print_verification(Settings(path), [tmp_path / "old.csv"])
    assert not is_well
    assert "1 of 2 results are NOT in this journal: B-" in words


def test_a_report_that_is_missing_is_said(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match=r"none\.txt does not exist"):
        print_verification(Settings(path), [tmp_path / "none.txt"])


def test_a_finding_is_acknowledged_by_its_name(path: Path) -> None:
    note_path(path).unlink()
    words, is_well = print_verification(Settings(path))
    assert not is_well
    assert "-  The note of the last entry was missing" in words
    with pytest.raises(InputError, match="history verify lists their names"):
        acknowledge(Settings(path), "99-nothing", "why")
    # That start has written it down, and so given it a name.
    (finding,) = verify_file(path).findings

    said = acknowledge(Settings(path), finding.name, "the note went with the old disk")

    assert said.startswith(f"Written down: {finding.name} is known.")
    words, is_well = print_verification(Settings(path))
    assert is_well
    assert "whole but for what was acknowledged" in words
    assert "Acknowledged: the note went with the old disk" in words
    said = acknowledge(Settings(path), finding.name, "asked +14155550123")
    assert said.startswith("Numbers and tokens were taken out")
    assert "Acknowledged: asked (number)" in print_verification(Settings(path))[0]


@pytest.mark.parametrize("name", ["", "-"])
def test_nothing_is_acknowledged_without_a_name(path: Path, name: str) -> None:
    note_path(path).unlink()
    with pytest.raises(InputError, match="No finding"):
        acknowledge(Settings(path), name, "why")


def test_nothing_is_acknowledged_without_a_reason_or_a_journal(
    path: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="Say why"):
        acknowledge(Settings(path), "1-abcdefgh", " ")
    with pytest.raises(InputError, match="There is no journal yet"):
        acknowledge(Settings(tmp_path / "none.db"), "1-abcdefgh", "why")
    assert not (tmp_path / "none.db").exists()


def test_damaged_entries_are_named(path: Path) -> None:
    (record, _) = read_contents(path).batches
    assert end_words(record) == "completed"
    assert damaged_words(()) == ""
    assert damaged_words((3,)) == "Entry 3 is damaged; see history verify."
    assert damaged_words(range(1, 10)) == (
        "Entries 1, 2, 3, 4, 5, 6, 7, 8 and 1 more are damaged; see history verify."
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_changed")
        other.execute("UPDATE entries SET content = '' WHERE sequence IN (2, 3)")
    (record, _) = read_contents(path).batches
    assert end_words(record) == "completed; entries 2, 3 are damaged"
    assert record.damaged == (2, 3)
