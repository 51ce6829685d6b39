"""Paths of this program's files, and their protection from other users."""

import errno
import os
import stat
import sys
from collections import deque
from contextlib import ExitStack
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
_ROOT = 0
_MOST_LINKS = 40
# Windows has neither.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_GROUPS_OF_ADMINISTRATORS = {80} if sys.platform == "darwin" else set()
"""On macOS the group ``admin``, which may write to some folders of the system."""


class PathVariableError(OSError):
    """A variable does not name an absolute path; the text is a whole sentence."""


FileIdentity = tuple[int, int]
"""Device and inode: the file itself, whatever its names are."""


def config_dir() -> Path:
    """Return the folder of ``config.toml``; it may not exist yet."""
    variable = "MASKING_CONSOLE_CONFIG_DIR"
    override = os.environ.get(variable)
    if override:
        return _absolute(Path(override), variable)
    import platformdirs  # noqa: PLC0415 - not for --help

    return platformdirs.user_config_path(APP_NAME)


def config_path() -> Path:
    """Return the configuration's file; it may not exist."""
    return config_dir() / "config.toml"


def system_config_path() -> Path:
    """Return the configuration of administrators, which no variable moves."""
    if sys.platform == "win32":  # pragma: no cover - tested on Linux
        import winreg  # noqa: PLC0415 - there alone

        # %PROGRAMDATA% is the operator's to set; the registry's answer is not.
        folders = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Shell Folders"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, folders) as key:
            folder = winreg.QueryValueEx(key, "Common AppData")[0]
    else:
        is_mac = sys.platform == "darwin"
        folder = "/Library/Application Support" if is_mac else "/etc"
    return Path(folder) / APP_NAME / "config.toml"


def state_dir() -> Path:
    """Return the folder of the journal; it may not exist yet."""
    variable = "MASKING_CONSOLE_STATE_DIR"
    override = os.environ.get(variable)
    if override:
        return _absolute(Path(override), variable)
    import platformdirs  # noqa: PLC0415 - not for --help

    return platformdirs.user_state_path(APP_NAME)


def journal_path(*, practice: bool) -> Path:
    """Return the journal's file; practice has one of its own."""
    return state_dir() / ("practice-journal.db" if practice else "journal.db")


def _absolute(path: Path, variable: str) -> Path:
    """Return the path, which must not depend on the folder of the moment.

    Else each folder in which the console is started would get a journal of its own.

    Raises:
        PathVariableError: it is relative, as one with a ``~`` is without a shell.
    """
    if path.is_absolute():
        return path
    raise PathVariableError(
        f'{variable} must be an absolute path, written in full, and is "{path}".'
    )


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


if sys.platform == "win32":  # pragma: no cover - tested on Linux
    import msvcrt

    def try_lock(descriptor: int) -> None:
        """Take the lock of a file; see below."""
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def unlock(descriptor: int) -> None:
        """Give the lock of a file back."""
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(descriptor: int) -> None:
        """Take the lock of a file until it is given back or closed.

        Raises:
            OSError: somebody else has it.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(descriptor: int) -> None:
        """Give the lock of a file back."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def why_not(error: OSError) -> str:
    """Return why a file cannot be used, for the middle of a sentence."""
    if isinstance(error, UnsafePathError):
        return str(error)
    if error.errno in _FULL:
        return _FULL[error.errno]
    return os.strerror(error.errno).lower() if error.errno else "no access"


def open_guarded(path: Path, owner: int = _ROOT, top: Path = Path("/")) -> int:
    """Return a descriptor of a file that administrators alone can have written.

    Each folder is opened from the one above and looked at when it is open, so nothing
    can be exchanged after the look. A link is followed where it lies in such a folder,
    and what it leads to is looked at in the same way. Access lists of macOS are not
    read; those of Linux show in the rights of the group. On Windows nothing is looked
    at but that it is a file.

    Args:
        path: the file.
        owner: the user id of the administrator.
        top: the first folder that is looked at.

    Raises:
        UnsafePathError: it is no file, or somebody else may write to it or to a folder
            above it.
        OSError: it cannot be opened.
    """
    if os.name != "posix":  # pragma: no cover - tested on Linux
        return os.open(path, os.O_RDONLY)
    names = deque([str(top), *path.relative_to(top).parts])
    at, where, links = None, Path(), 0
    with ExitStack() as folders:
        while names:
            name = names.popleft()
            where = where / name
            try:
                # Without waiting for the writer of a pipe.
                flags = os.O_RDONLY | _NO_LINK | _NO_WAIT
                at = os.open(name, flags, dir_fd=at)
            except OSError as error:
                links += 1
                if error.errno != errno.ELOOP or links > _MOST_LINKS:
                    raise
                target = Path(os.readlink(name, dir_fd=at))
                names.extendleft(reversed(target.parts))
                where = where.parent
                continue
            folders.callback(os.close, at)
            _refuse_others(where, os.fstat(at), owner)
        if at is None or not stat.S_ISREG(os.fstat(at).st_mode):
            raise UnsafePathError("it is not a file")
        return os.dup(at)


def _refuse_others(where: Path, status: os.stat_result, owner: int) -> None:
    if status.st_uid != owner:
        raise UnsafePathError(f"{where} does not belong to an administrator")
    forbidden = stat.S_IWOTH
    if status.st_gid not in _GROUPS_OF_ADMINISTRATORS:
        forbidden |= stat.S_IWGRP
    # Also in a folder where each may only remove his own, as /tmp is: what is missing
    # there could be anybody's tomorrow.
    if status.st_mode & forbidden:
        raise UnsafePathError(f"others than administrators can write to {where}")


def is_ours_alone(descriptor: int) -> bool:
    """Return whether only this person can read or write an open file."""
    status = os.fstat(descriptor)
    # On Windows the mode means nothing; the profile folder is private there.
    return sys.platform == "win32" or (
        status.st_uid == os.geteuid() and not status.st_mode & 0o077
    )


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
