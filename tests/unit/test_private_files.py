"""Files that are ours alone from their first moment, and behind no link."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from masking_console.errors import JournalError, UnwritableFileError
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_contents
from masking_console.operations.read_history import ExportHistory
from masking_console.paths import UnsafePathError, make_private_folder, open_private
from masking_console.ui.crash import write_crash_file
from tests.support.runs import bench, open_ids, quick_account

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")

FOREIGN = "somebody else's words"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "above" / "state"
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    path = tmp_path / "foreign"
    path.write_text(FOREIGN, encoding="utf-8")
    path.chmod(0o644)
    return path


@pytest.fixture
def with_umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def assert_untouched(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FOREIGN
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


async def open_journal(path: Path) -> None:
    journal = Journal(path)
    try:
        await journal.open()
    finally:
        journal.close()


@pytest.mark.parametrize("mask", [0o000, 0o077])
async def test_whatever_the_umask_all_that_is_written_is_the_operators_alone(
    state: Path,
    mask: int,
    with_umask: Callable[[int], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_umask(mask)
    widened: list[str] = []
    real_chmod, real_fchmod = os.chmod, os.fchmod

    def chmod(path: Path, mode: int, **options: object) -> None:
        if stat.S_IMODE(Path(path).stat().st_mode) != mode:
            widened.append(str(path))
        real_chmod(path, mode, **options)  # type: ignore[arg-type]

    def fchmod(descriptor: int, mode: int) -> None:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
            widened.append(str(descriptor))
        real_fchmod(descriptor, mode)

    monkeypatch.setattr(os, "chmod", chmod)
    monkeypatch.setattr(os, "fchmod", fchmod)
    path = state / "journal.db"
    journal = Journal(path)
    await journal.open()
    assert write_crash_file(ValueError()) is not None
    modes = {
        each.name: (each.is_dir(), stat.S_IMODE(each.stat().st_mode))
        for each in state.parent.rglob("*")
    }
    journal.close()

    assert {"journal.db", "journal.db-wal", "journal.db-shm"} <= modes.keys()
    assert set(modes.values()) == {(True, 0o700), (False, 0o600)}
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
    assert widened == [], "made with their rights, not tightened afterwards"


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal", "journal.db-shm"])
async def test_a_link_in_the_place_of_the_journal_is_refused(
    state: Path, foreign: Path, name: str
) -> None:
    state.mkdir(parents=True)
    (state / name).symlink_to(foreign)
    with pytest.raises(JournalError) as refused:
        await open_journal(state / "journal.db")

    words = f"The journal cannot be written ({name} is a link to elsewhere)."
    assert str(refused.value) == words
    assert_untouched(foreign)


async def test_a_link_in_the_place_of_the_note_is_refused(
    state: Path, foreign: Path
) -> None:
    state.mkdir(parents=True)
    (state / "journal.db-head").symlink_to(foreign)
    with pytest.raises(JournalError, match="is a link to elsewhere"):
        await open_journal(state / "journal.db")
    assert_untouched(foreign)


async def test_a_link_in_the_place_of_the_locks_is_refused(
    state: Path, tmp_path: Path
) -> None:
    state.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (state / "journal-consoles").symlink_to(elsewhere)
    with pytest.raises(JournalError, match="journal-consoles is a link to elsewhere"):
        await open_journal(state / "journal.db")
    assert list(elsewhere.iterdir()) == []


def test_no_crash_file_goes_through_a_link(state: Path, tmp_path: Path) -> None:
    state.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (state / "crashes").symlink_to(elsewhere)
    assert write_crash_file(ValueError()) is None
    assert list(elsewhere.iterdir()) == []
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


async def test_no_export_goes_through_a_link(tmp_path: Path, foreign: Path) -> None:
    account = quick_account()
    async with bench(account, tmp_path) as opened:
        await opened.run(open_ids(account, 1))
    path = opened.settings.journal_path
    (record,) = read_contents(path).batches
    exports = path.with_name("exports")
    exports.mkdir()
    (exports / f"{record.batch_id}.csv").symlink_to(foreign)

    paths = ExportHistory(path).run([record])

    assert paths[0].name == f"{record.batch_id}-2.csv"
    assert_untouched(foreign)
    exports.rename(tmp_path / "elsewhere")
    exports.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnwritableFileError, match="exports is a link to elsewhere"):
        ExportHistory(path).run([record])


async def test_a_folder_of_somebody_else_is_refused_in_one_sentence(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: state.stat().st_uid + 1)
    with pytest.raises(JournalError) as refused:
        await open_journal(state / "journal.db")
    words = "The journal cannot be written (its folder belongs to somebody else)."
    assert str(refused.value) == words
    assert write_crash_file(ValueError()) is None
    assert list(state.iterdir()) == []


def test_a_file_of_somebody_else_is_refused(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: foreign.stat().st_uid + 1)
    with pytest.raises(UnsafePathError, match="foreign belongs to somebody else"):
        open_private(foreign, os.O_RDWR)
    assert_untouched(foreign)


def test_a_file_in_the_place_of_the_folder_is_no_folder(foreign: Path) -> None:
    with pytest.raises(FileExistsError):
        make_private_folder(foreign)
    assert_untouched(foreign)
