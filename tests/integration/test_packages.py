"""The packages that are built: their contents, their links, and what is not in them.

`tests/installation/without_checkout.py` installs them, by hand.
"""

import email
import os
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = "https://git.example.com/support/masking-console"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the source's archive, built once for all tests of this file."""
    return built(tmp_path_factory.mktemp("packages"), ADDRESS)


def built(folder: Path, address: str) -> tuple[Path, Path]:
    """Return the wheel, built of what the source's archive holds, and that archive.

    The build backend is one of the development packages: nothing is fetched.
    """
    source = build("sdist", ROOT, folder, address)
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    return build("wheel", unpacked, folder, address), source


def build(kind: str, tree: Path, folder: Path, address: str) -> Path:
    before = set(folder.iterdir())
    command = [sys.executable, "-m", "hatchling", "build"]
    done = subprocess.run(
        [*command, "--target", kind, "--directory", str(folder)],
        cwd=tree,
        env={**os.environ, "MASKING_CONSOLE_REPOSITORY": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (package,) = set(folder.iterdir()) - before
    return package


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as files:
        (name,) = (each for each in files.namelist() if each.endswith("/METADATA"))
        return email.message_from_bytes(files.read(name))


def description(said: Message) -> str:
    content = said.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_the_packages_have_what_the_program_needs_and_nothing_else(
    packages: tuple[Path, Path],
) -> None:
    wheel, source = packages

    with zipfile.ZipFile(wheel) as files:
        names = set(files.namelist())
    package = ROOT / "masking_console"
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("masking_console/")} == ours
    for needed in ("py.typed", "cli/help.txt", "ui/app.tcss"):
        assert f"masking_console/{needed}" in ours
    others = {name.partition("/")[2] for name in names - ours}
    assert others == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "data/share/man/man1/masking-console.1",
        "entry_points.txt",
        "licenses/LICENSE",
    }
    with tarfile.open(source) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    assert {"SECURITY.md", ".ci/uv", "tests/conftest.py", "pyproject.toml"} <= there
    assert not {name for name in there if name.startswith((".uv/", ".venv/", "dist/"))}


def test_the_description_of_the_package_leads_into_the_repository(
    packages: tuple[Path, Path],
) -> None:
    said = metadata(packages[0])
    text = description(said)

    assert f"({ADDRESS}/raw/v{said['Version']}/screenshots/tour.svg)" in text
    assert f"({ADDRESS}/blob/v{said['Version']}/LICENSE)" in text
    assert "](screenshots" not in text
    links = said.get_all("Project-URL")
    assert links is not None
    assert f"Repository, {ADDRESS}" in links


def test_without_an_address_the_package_names_none_and_shows_no_picture(
    tmp_path: Path,
) -> None:
    said = metadata(build("wheel", ROOT, tmp_path, "ssh://git@example.com/x"))
    text = description(said)

    assert said.get_all("Project-URL") is None
    assert "*The main job: paste, review, watch, check what is unknown, prove*" in text
    assert "](screenshots" not in text


def test_textual_alone_is_pinned_and_all_else_may_be_renewed(
    packages: tuple[Path, Path],
) -> None:
    needs = metadata(packages[0]).get_all("Requires-Dist")

    assert needs is not None
    for each in needs:
        assert ("==" if each.startswith("textual") else "~=") in each
