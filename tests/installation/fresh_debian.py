"""The README's two commands on a fresh Debian, as an ordinary user.

``uv run python -m tests.installation.fresh_debian [SUITE] [--share]``, as root, with
``debootstrap`` and the network; some minutes. It makes an empty Debian, adds a user,
unpacks what git has at HEAD there, and types what the README says: without Python,
without ``venv``, with it, and inside a virtual environment. ``--share`` runs a part of
the tests only. It is no test of the gate: it needs root and Debian's mirror.
"""

import argparse
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
MIRROR = "http://deb.debian.org/debian"
USER = "marta"
FOLDER = f"/home/{USER}/Konsole für Marta"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHARE = " tests/contracts tests/unit/models"
_MINUTES = 60.0
_CERTIFICATES = os.environ.get("SSL_CERT_FILE", "")
"""Of the network that this computer is in, which may look into TLS."""


def commands_of_the_readme() -> tuple[str, str]:
    """Return the two commands of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Two commands")[2].partition("\n## ")[0]
    opens, tests = re.findall(r"^\$ (.+)$", section, re.MULTILINE)
    return opens, tests


class FreshDebian:
    """An empty Debian in a folder, with one user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> None:
        """Give it processes and terminals; in a mount namespace of our own."""
        for kind, place in (("proc", "proc"), ("devpts", "dev/pts")):
            _run("mount", "-t", kind, kind, str(self.folder / place))
        ptmx = self.folder / "dev/ptmx"
        ptmx.unlink(missing_ok=True)
        ptmx.symlink_to("pts/ptmx")
        (self.folder / "dev/pts/ptmx").chmod(0o666)

    def install(self, *packages: str) -> None:
        """Install packages and nothing that they only recommend."""
        words = ("apt-get", "install", "-qq", "-y", "--no-install-recommends")
        self.as_root("env", "DEBIAN_FRONTEND=noninteractive", *words, *packages)

    def add_user(self) -> None:
        """Add the user, and unpack the repository in a folder of theirs."""
        self.as_root("useradd", "--create-home", "--shell", "/bin/sh", USER)
        words = ("git", "-C", str(ROOT), "archive", "HEAD")
        archive = subprocess.run(words, capture_output=True, check=True)
        target = self.folder / FOLDER.lstrip("/")
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(target, filter="data")
        self.as_root("chown", "-R", f"{USER}:{USER}", FOLDER)
        if _CERTIFICATES:
            shutil.copyfile(_CERTIFICATES, self.folder / "etc/certificates.pem")

    def as_root(self, *words: str) -> None:
        """Run a command as root, and stop if it fails."""
        _run("chroot", str(self.folder), "env", "-i", f"PATH={_PATH}", *words)

    def typed(self, line: str) -> list[str]:
        """Return the words that run a line as the user, in the repository's folder."""
        home = f"/home/{USER}"
        environment = [f"HOME={home}", f"USER={USER}", f"PATH={_PATH}", "LANG=C.UTF-8"]
        if _CERTIFICATES:
            environment.append("SSL_CERT_FILE=/etc/certificates.pem")
        # As a login in a terminal; marta's group has her name.
        return [
            *("chroot", f"--userspec={USER}:{USER}", str(self.folder)),
            *("env", "-i", "TERM=xterm-256color", *environment),
            *("/bin/sh", "-c", f"cd {shlex.quote(FOLDER)} && {line}"),
        ]

    def types(self, line: str) -> tuple[int, str]:
        """Run a line as the user; return its code and all that it printed."""
        done = subprocess.run(
            self.typed(line),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def _told(what: str, began: float) -> None:
    sys.stdout.write(f"{time.monotonic() - began:7.1f} s  {what}\n")
    sys.stdout.flush()


def _one_sentence(fresh: FreshDebian, line: str, *parts: str) -> str:
    """Make sure that a line ends with one sentence that has these parts."""
    code, said = fresh.types(line)
    assert code == 1, said
    assert len(said.splitlines()) == 1, said
    assert all(part in said for part in parts), said
    return said.strip()


def _opens_and_ends(fresh: FreshDebian, line: str) -> None:
    with Terminal(fresh.typed(line), environment={"PATH": _PATH}) as terminal:
        ends = ("journal ok", "masking-console:", "error:")
        terminal.wait_for(
            lambda text: any(end in text for end in ends),
            timeout=600,
        )
        assert "journal ok" in terminal.screen_text(), terminal.screen_text()
        assert "PRACTICE" in terminal.screen_text()
        terminal.send("q")
        assert terminal.wait_exit(30) == 0


def check(folder: Path, *, whole: bool) -> None:
    """Type what the README says, step by step.

    Args:
        folder: where debootstrap has made a Debian.
        whole: run all tests, not a share of them.
    """
    began = time.monotonic()
    opens, tests = commands_of_the_readme()
    fresh = FreshDebian(folder)
    fresh.mount()
    fresh.add_user()
    said = _one_sentence(fresh, opens, "Python 3.11 or newer")
    _told(f"without Python: {said}", began)
    fresh.as_root("apt-get", "update", "-qq")
    fresh.install("python3", "ca-certificates")
    said = _one_sentence(fresh, opens, "-venv")
    _told(f"without venv: {said}", began)
    (package,) = set(re.findall(r"python3\.\d+-venv", said))
    fresh.install("python3-pip")
    code, said = fresh.types("pip install uv")
    assert code != 0, said
    assert "externally-managed-environment" in said, said
    _told("pip install uv: externally-managed-environment, as it was", began)
    said = _one_sentence(fresh, opens, package)
    _told("with pip and without venv: the same sentence", began)
    fresh.install(package)
    _opens_and_ends(fresh, opens)
    _told(f"with {package}: {opens}", began)
    active = f"python3 -m venv /tmp/v && . /tmp/v/bin/activate && {opens}"
    code, said = fresh.types("rm -rf .uv .venv")
    assert code == 0, said
    _opens_and_ends(fresh, active)
    _told("the same inside a virtual environment, anew", began)
    line = tests if whole else f"{tests}{_SHARE}"
    code, said = fresh.types(line)
    last = said.strip().splitlines()[-1] if said.strip() else ""
    _told(f"{line}: {last}", began)
    assert code == 0, said[-20_000:]


def main() -> None:
    """Make a Debian, look, and remove it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", nargs="?", default="trixie")
    parser.add_argument("--share", action="store_true", help="a part of the tests")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    wishes = parser.parse_args()
    if wishes.inside is not None:
        check(wishes.inside, whole=not wishes.share)
        return
    if os.geteuid() != 0:
        sys.exit("It needs root, for debootstrap and chroot.")
    with tempfile.TemporaryDirectory(prefix="fresh-debian-") as folder:
        began = time.monotonic()
        # A user of it has to get through.
        Path(folder).chmod(0o755)
        _run("debootstrap", "--variant=minbase", wishes.suite, folder, MIRROR)
        _told(f"debootstrap {wishes.suite}", began)
        # Its mounts end with the namespace, so that nothing foreign can be removed.
        again = ["unshare", "--mount", "--fork", sys.executable, "-m", __spec__.name]
        share = ["--share"] if wishes.share else []
        done = subprocess.run(
            [*again, "--inside", folder, *share],
            check=False,
            timeout=_MINUTES * 60,
        )
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
