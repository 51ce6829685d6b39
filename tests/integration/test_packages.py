"""The packages that are built: their contents, their links, and what is not in them.

`tests/installation/without_checkout.py` installs them, by hand.
"""

import email
import os
import shutil
import subprocess
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = os.environ.get("UV") or shutil.which("uv")
ADDRESS = "https://git.example.com/support/masking-console"


def built(folder: Path, address: str) -> tuple[Path, Path]:
    """Build both packages and return the wheel and the source's archive."""
    if UV is None and "CI" not in os.environ:
        pytest.skip("there is no uv here")
    command = [UV or "uv", "build", "--quiet", "--out-dir", str(folder), str(ROOT)]
    done = subprocess.run(
        command,
        env={**os.environ, "MASKING_CONSOLE_REPOSITORY": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if "CI" not in os.environ and (
        "dns error" in done.stdout or "offline" in done.stdout
    ):
        pytest.skip("the build backend cannot be fetched here")
    assert done.returncode == 0, done.stdout
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as files:
        (name,) = (each for each in files.namelist() if each.endswith("/METADATA"))
        return email.message_from_bytes(files.read(name))


def description(said: Message) -> str:
    content = said.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_the_packages_have_what_the_program_needs_and_nothing_else(
    tmp_path: Path,
) -> None:
    wheel, source = built(tmp_path, ADDRESS)

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
    tmp_path: Path,
) -> None:
    said = metadata(built(tmp_path, ADDRESS)[0])
    text = description(said)

    assert f"({ADDRESS}/raw/v{said['Version']}/screenshots/main.svg)" in text
    assert f"({ADDRESS}/blob/v{said['Version']}/LICENSE)" in text
    assert "](screenshots" not in text
    links = said.get_all("Project-URL")
    assert links is not None
    assert f"Repository, {ADDRESS}" in links


def test_without_an_address_the_package_names_none_and_shows_no_picture(
    tmp_path: Path,
) -> None:
    said = metadata(built(tmp_path, "ssh://git@example.com/x")[0])
    text = description(said)

    assert said.get_all("Project-URL") is None
    assert "*The main screen with a checked queue*" in text
    assert "](screenshots" not in text


def test_textual_alone_is_pinned_and_all_else_may_be_renewed(tmp_path: Path) -> None:
    needs = metadata(built(tmp_path, "")[0]).get_all("Requires-Dist")

    assert needs is not None
    for each in needs:
        assert ("==" if each.startswith("textual") else "~=") in each
