"""Where this program keeps its files, and how nobody else gets at them."""

import errno
import os
import stat
import sys
from pathlib import Path

APP_NAME = "masking-console"


class UnsafePathError(OSError):
    """A path is not ours alone; the text says why, for use inside a sentence."""


_FULL = {
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.ENOSPC: "the disk is full",
    errno.EFBIG: "the file is larger than allowed",
    errno.EROFS: "the disk is read-only",
}

FileIdentity = tuple[int, int]
"""Device and inode: the file itself, whatever its names are."""


def config_dir() -> Path:
    """Return the folder of ``config.toml``; it may not exist yet."""
    override = os.environ.get("MASKING_CONSOLE_CONFIG_DIR")
    if override:
        return Path(override)
    import platformdirs  # noqa: PLC0415 - not for --help

    return platformdirs.user_config_path(APP_NAME)


def config_path() -> Path:
    """Return the configuration's file; it may not exist."""
    return config_dir() / "config.toml"


def state_dir() -> Path:
    """Return the folder of the journal; it may not exist yet."""
    override = os.environ.get("MASKING_CONSOLE_STATE_DIR")
    if override:
        return Path(override)
    import platformdirs  # noqa: PLC0415 - not for --help

    return platformdirs.user_state_path(APP_NAME)


def journal_path(*, practice: bool) -> Path:
    """Return the journal's file; practice has one of its own."""
    return state_dir() / ("practice-journal.db" if practice else "journal.db")


def make_private_folder(path: Path) -> None:
    """Create the folder for this person alone, or tighten it; a link is followed.

    Raises:
        UnsafePathError: it belongs to somebody else.
        OSError: it cannot be made.
    """
    for each in reversed([path, *path.parents]):
        # Path.mkdir would give the folders above the rights of the umask.
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)
    # On Windows the mode means nothing; the profile folder is private there.
    if sys.platform != "win32":  # pragma: no branch - tested on Linux
        status = path.stat()
        if status.st_uid != os.geteuid():
            raise UnsafePathError("its folder belongs to somebody else")
        if stat.S_IMODE(status.st_mode) != 0o700:  # noqa: PLR2004 - ours alone
            path.chmod(0o700)


def make_private_subfolder(path: Path) -> None:
    """Create a folder in one of ours, or tighten it.

    Raises:
        UnsafePathError: it is a link, or belongs to somebody else.
        OSError: it cannot be made.
    """
    if path.is_symlink():
        raise UnsafePathError(f"{path.name} is a link to elsewhere")
    make_private_folder(path)


def open_private(path: Path, flags: int) -> int:
    """Return a descriptor of a file that only this person may read and write.

    Raises:
        UnsafePathError: it is a link, or belongs to somebody else.
        OSError: it cannot be opened.
    """
    try:
        # Windows makes no links for just anybody, and has no such flag.
        descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafePathError(f"{path.name} is a link to elsewhere") from None
        raise
    if sys.platform != "win32":  # pragma: no branch - tested on Linux
        try:
            if os.fstat(descriptor).st_uid != os.geteuid():
                raise UnsafePathError(f"{path.name} belongs to somebody else")
            os.fchmod(descriptor, 0o600)
        except OSError:
            os.close(descriptor)
            raise
    return descriptor


def why_not(error: OSError) -> str:
    """Return why a file cannot be used, for the middle of a sentence."""
    if isinstance(error, UnsafePathError):
        return str(error)
    if error.errno in _FULL:
        return _FULL[error.errno]
    return os.strerror(error.errno).lower() if error.errno else "no access"


def identity(path: str | Path) -> FileIdentity | None:
    """Return the identity of the file at a path, or None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - once for each part of each entry
    except OSError:
        return None
    return status.st_dev, status.st_ino


def link_to_nothing(path: Path) -> Path | None:
    """Return the link on the way to a path that leads nowhere, if there is one."""
    for each in (path, *path.parents):
        if each.is_symlink() and not each.exists():
            return each
    return None


def is_absent(path: Path) -> bool:
    """Return whether it is certain that there is no such file, and none was meant."""
    try:
        path.lstat()
    except FileNotFoundError:
        return link_to_nothing(path) is None
    except OSError:
        return False
    return False
