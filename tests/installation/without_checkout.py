"""Every way to install this program without a checkout, from its wheel and from git.

``uv run python -m tests.installation.without_checkout`` builds both packages and then
installs, runs, upgrades and removes them with uv and pipx, in a folder of its own.
`.ci/run installed` runs it; it needs the network, and git for the last part.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from masking_console import __version__
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
NEXT = "99.0.0"
_NAME = "masking-console"
_BEGAN = time.monotonic()


class Place:
    """A folder in which a person's tools are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        kept = ("PATH", "LANG", "UV_CACHE_DIR", "HOME")
        certificates = ("SSL_CERT_FILE", "PIP_CERT", "HTTPS_PROXY", "https_proxy")
        self.environment = {
            **{
                name: os.environ[name]
                for name in (*kept, *certificates)
                if name in os.environ
            },
            "UV_TOOL_DIR": str(folder / "tools"),
            "UV_TOOL_BIN_DIR": str(self.programs),
            "PIPX_HOME": str(folder / "pipx"),
            "PIPX_BIN_DIR": str(self.programs),
            "PIPX_MAN_DIR": str(folder / "man"),
            "MASKING_CONSOLE_STATE_DIR": str(folder / "state"),
            "MASKING_CONSOLE_CONFIG_DIR": str(folder / "config"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def run(self, *words: str | Path, cwd: Path | None = None) -> str:
        """Run a command and return its output; stop if it fails."""
        done = subprocess.run(
            words,
            cwd=cwd or self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}")
        return done.stdout

    def works(self, version: str = __version__) -> None:
        """Make sure that the program answers, and opens on the practice account."""
        program = self.programs / _NAME
        said = self.run(program, "--version")
        assert said == f"{_NAME}, version {version}\n", said
        assert "--dry-run" in self.run(program, "expire", "--help")
        with Terminal([str(program), "--practice"], environment=self.environment) as it:
            it.wait_for("journal ok", timeout=60)
            it.send("q")
            assert it.wait_exit(30) == 0

    def is_gone(self) -> None:
        """Make sure that nothing of the program is left but its own files."""
        assert not (self.programs / _NAME).is_symlink()
        left = [path for path in self.folder.rglob("masking_console") if path.is_dir()]
        assert not left, left


def tell(what: str) -> None:
    """Print what was done, and when."""
    sys.stdout.write(f"{time.monotonic() - _BEGAN:6.1f} s  {what}\n")
    sys.stdout.flush()


def uv() -> str:
    """Return the uv that runs this, or the one on PATH."""
    return os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".uv" / "uv")


def by_uv(place: Place, wheel: Path) -> None:
    """Install, look and remove, with uv."""
    said = place.run(uv(), "tool", "run", "--from", wheel, _NAME, "--version")
    assert said.endswith(f"{_NAME}, version {__version__}\n"), said
    tell("uvx --from WHEEL")
    place.run(uv(), "tool", "install", wheel)
    place.works()
    (page,) = (place.folder / "tools").rglob("man1/masking-console.1")
    assert page.read_text(encoding="utf-8").startswith(".TH MASKING-CONSOLE 1")
    place.run(uv(), "tool", "uninstall", _NAME)
    place.is_gone()
    tell("uv tool install WHEEL, and removal")


def by_pipx(place: Place, wheel: Path) -> None:
    """Install, look, install over it and remove, with pipx."""
    pipx = (uv(), "tool", "run", "pipx")
    place.run(*pipx, "install", wheel)
    place.works()
    assert (place.folder / "man" / "man1" / "masking-console.1").exists()
    place.run(*pipx, "install", "--force", wheel)
    place.works()
    place.run(*pipx, "uninstall", _NAME)
    place.is_gone()
    tell("pipx install WHEEL, over it once more, and removal")


def from_git(place: Place) -> None:
    """Install from a repository's address, upgrade when it has moved on, and remove."""
    git = shutil.which("git")
    if git is None:
        tell("from git: skipped, there is no git here")
        return
    # Of what stands here now, whether it is committed or not.
    moved = place.folder / "repository"
    ignore = shutil.ignore_patterns(".git", ".venv", ".uv", "*_cache", "__pycache__")
    shutil.copytree(ROOT, moved, ignore=ignore)
    commit = ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qam")
    place.run(git, "init", "-q", cwd=moved)
    place.run(git, "add", "-A", cwd=moved)
    place.run(git, *commit, "one", cwd=moved)
    place.run(uv(), "tool", "install", f"git+{moved.as_uri()}")
    place.works()
    file = moved / "masking_console" / "__init__.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(__version__, NEXT), encoding="utf-8")
    place.run(git, *commit, "two", cwd=moved)
    place.run(uv(), "tool", "upgrade", _NAME)
    place.works(NEXT)
    place.run(uv(), "tool", "uninstall", _NAME)
    shutil.rmtree(moved)
    place.is_gone()
    tell("uv tool install git+URL, upgrade, and removal")


def main() -> None:
    """Build, and go through every way."""
    with tempfile.TemporaryDirectory(prefix="installed é ") as folder:
        place = Place(Path(folder))
        place.run(uv(), "build", "--out-dir", place.folder / "dist", cwd=ROOT)
        (wheel,) = (place.folder / "dist").glob("*.whl")
        tell(f"built {wheel.name}")
        by_uv(place, wheel)
        by_pipx(place, wheel)
        from_git(place)


if __name__ == "__main__":
    main()
