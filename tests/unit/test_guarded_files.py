"""A file of administrators: nobody else can have written it, on no way to it."""

import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from masking_console.config_file import read_system_config
from masking_console.errors import ConfigFileError
from masking_console.paths import (
    UnsafePathError,
    config_path,
    open_guarded,
    system_config_path,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of POSIX alone")
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """The folder in the place of the root of all files."""
    folder = tmp_path / "top"
    (folder / "etc" / "app").mkdir(parents=True)
    (folder / "etc" / "app" / "config.toml").write_text(
        "max_batch = 5\n", encoding="utf-8"
    )
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    return folder


def opened(top: Path, owner: int | None = None) -> str:
    me = os.geteuid() if owner is None else owner
    file = open_guarded(top / "etc" / "app" / "config.toml", me, top)
    with os.fdopen(file, encoding="utf-8") as text:
        return text.read()


def test_what_administrators_alone_can_write_is_read(top: Path) -> None:
    assert opened(top) == "max_batch = 5\n"


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o1777, 0o4775])
@pytest.mark.parametrize("name", ["etc/app/config.toml", "etc/app", "etc", "."])
def test_what_others_can_write_is_refused(top: Path, name: str, mode: int) -> None:
    (top / name).chmod(mode)
    with pytest.raises(UnsafePathError, match="others than administrators can write"):
        opened(top)


def test_the_group_of_administrators_may_write_where_there_is_one(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (top / "etc").chmod(0o775)
    group = (top / "etc").stat().st_gid
    monkeypatch.setattr("masking_console.paths._GROUPS_OF_ADMINISTRATORS", {group})
    assert opened(top) == "max_batch = 5\n"
    (top / "etc").chmod(0o777)
    with pytest.raises(UnsafePathError, match="others than administrators can write"):
        opened(top)


def test_what_belongs_to_somebody_else_is_refused(top: Path) -> None:
    with pytest.raises(UnsafePathError, match="does not belong to an administrator"):
        opened(top, owner=os.geteuid() + 1)


@pytest.mark.skipif(not IS_ROOT, reason="only root gives a file away")
@pytest.mark.parametrize("name", ["etc/app/config.toml", "etc/app", "etc"])
def test_one_part_that_belongs_to_somebody_else_is_enough(top: Path, name: str) -> None:
    os.chown(top / name, 4812, -1)
    with pytest.raises(UnsafePathError, match=f"{name} does not belong"):
        opened(top)


def test_what_a_link_leads_to_is_looked_at_as_well(top: Path) -> None:
    file = top / "etc" / "app" / "config.toml"
    file.rename(top / "kept.toml")
    file.symlink_to("../../kept.toml")
    assert opened(top) == "max_batch = 5\n"
    (top / "kept.toml").chmod(0o666)
    with pytest.raises(UnsafePathError, match=r"kept\.toml"):
        opened(top)


def test_a_link_into_a_folder_of_others_is_refused(top: Path) -> None:
    folder = top / "etc" / "app"
    folder.rename(top / "open")
    folder.symlink_to("../open")
    (top / "open").chmod(0o777)
    with pytest.raises(UnsafePathError, match="others than administrators can write"):
        opened(top)
    folder.unlink()
    folder.symlink_to(top / "open")
    with pytest.raises(UnsafePathError):
        # From the real root on, whose folders need not be ours.
        opened(top)


def test_links_in_a_circle_end(top: Path) -> None:
    file = top / "etc" / "app" / "config.toml"
    file.unlink()
    file.symlink_to("config.toml")
    with pytest.raises(OSError, match="links") as caught:
        opened(top)
    assert caught.value.errno == errno.ELOOP


def test_a_folder_and_a_pipe_are_no_files(top: Path) -> None:
    file = top / "etc" / "app" / "config.toml"
    file.unlink()
    file.mkdir(mode=0o755)
    with pytest.raises(UnsafePathError, match="it is not a file"):
        opened(top)
    file.rmdir()
    os.mkfifo(file, 0o644)
    with pytest.raises(UnsafePathError, match="it is not a file"):
        opened(top)


def test_the_refusal_is_one_sentence(top: Path) -> None:
    file = top / "etc" / "app" / "config.toml"
    file.parent.chmod(0o777)
    opens: Callable[[Path], int] = partial(open_guarded, owner=os.geteuid(), top=top)
    with pytest.raises(ConfigFileError) as caught:
        read_system_config(file, opens)
    folder = file.parent
    words = f"{file}: others than administrators can write to {folder}."
    assert str(caught.value) == words


@pytest.mark.skipif(IS_ROOT, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(top: Path) -> None:
    file = top / "etc" / "app" / "config.toml"
    file.chmod(0)
    with pytest.raises(PermissionError):
        opened(top)


def test_no_variable_moves_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = system_config_path()
    for name in ("MASKING_CONSOLE_CONFIG_DIR", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME",
                 "HOME", "PROGRAMDATA", "ALLUSERSPROFILE"):  # fmt: skip
        monkeypatch.setenv(name, str(tmp_path))
    assert system_config_path() == before
    assert config_path().is_relative_to(tmp_path)
    assert before.is_absolute()
