"""The keyring of this computer: its backend, its use and its failures."""

import configparser
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from masking_console.errors import (
    CredentialsError,
    KeyringLockedError,
    KeyringMissingError,
    KeyringRefusedError,
    KeyringSilentError,
    KeyringUnsafeError,
    Remedy,
)
from masking_console.models.plain_text import PlainText, plain_text

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

_NAMES = {
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
}
_KEEPS_NOTHING = ("keyring.backends.fail", "keyring.backends.null")
_KEEPS_FILES = ("keyrings.alt.", "keyrings.cryptfile.")
"""Files, the registry, a web service: whatever they are, none is the system's own."""
_CHOICE_VARIABLE = "PYTHON_KEYRING_BACKEND"

_LOCKED = frozenset({"LockedException", "PromptDismissedException"})
_GONE = "SecretServiceNotAvailableException"
"""SecretStorage's own exceptions, which keyring lets through; it exists on Linux alone,
so they are known by their names."""


_NOT_RUNNING = frozenset(
    {"ServiceUnknown", "NameHasNoOwner", "NoServer", "ExecFailed", "ChildExited"}
)
_LATE = frozenset({"NoReply", "Timeout", "TimedOut"})
_DENIED = frozenset({"AccessDenied", "AuthFailed"})
"""Names of errors of the bus, whose beginnings differ."""
_CANCELLED = "Cancelled by user"
"""The text of keyring's for a wallet that was not opened for writing."""
_START_KWALLET = "Start it (KDE Wallet), or use the token for this run only."
_KWALLET_OFF = (
    "KWallet is turned off. Enable it in the system settings under KDE Wallet, "
    "or use the token for this run only."
)
_KWALLET_CLOSED = (
    "KWallet was not opened: it stayed locked, or denied this program. Unlock and "
    "allow it, or use the token for this run only."
)
_KWALLET_LATE = "KWallet was not unlocked in time. Look for its window and unlock it."


def translated(question: Callable[[], T]) -> T:
    """Return what the question returns; every failure of a keyring becomes ours.

    Raises:
        CredentialsError: the keyring is missing, locked, or refused.
    """
    from keyring import errors  # noqa: PLC0415 - costs 100 ms

    try:
        return question()
    except CredentialsError:
        raise
    except errors.NoKeyringError:
        problem: CredentialsError = _missing()
    except (errors.KeyringLocked, errors.InitError) as error:
        problem = _of_kwallet(error) or _locked()
    except (ConnectionError, FileNotFoundError):
        # The socket to the service is dead or gone: the session has ended.
        problem = _missing()
    # A backend is somebody else's code that talks to somebody else's service; whatever
    # it raises, the operator is told. Its text may carry a token, its type does not.
    except Exception as error:  # noqa: BLE001 - see above
        problem = _of_kwallet(error) or _named(type(error).__name__)
    # Raised here, it has no context whose frames hold what was to be stored.
    raise problem


def trusted_backend() -> "KeyringBackend":
    """Return the keyring of this computer.

    Raises:
        KeyringMissingError: there is none, or none that keeps a secret.
        KeyringRefusedError: one was chosen that cannot be loaded.
    """
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415 - costs 100 ms

    backend = _chosen_backend()
    # A chain would read from its careless members too, so the first good one is taken.
    candidates = backend.backends if isinstance(backend, ChainerBackend) else [backend]
    for candidate in candidates:
        if not _comes_from(candidate, (*_KEEPS_NOTHING, *_KEEPS_FILES)):
            return candidate
    raise _refusal(candidates)


def name_of(backend: "KeyringBackend") -> PlainText:
    """Return what the keyring is called on this platform."""
    kind = type(backend)
    return plain_text(_NAMES.get(kind.__module__, kind.__name__), limit=60)


def _chosen_backend() -> "KeyringBackend":
    import keyring  # noqa: PLC0415 - costs 100 ms

    try:
        return keyring.get_keyring()
    # It imports the module that a variable or a file names: anything may come of it.
    except Exception as error:
        chooser = _chooser()
        if not chooser:
            raise
        kind = plain_text(type(error).__name__, limit=60)
    raise KeyringRefusedError(
        f"{chooser} names a keyring that cannot be used ({kind}). Correct or remove it."
    )


def _comes_from(backend: "KeyringBackend", modules: tuple[str, ...]) -> bool:
    """Return whether the backend, or one of its bases, comes from such a module."""
    return any(kind.__module__.startswith(modules) for kind in type(backend).__mro__)


def _refusal(candidates: Sequence["KeyringBackend"]) -> KeyringMissingError:
    """Say why none of them is used; one that keeps files is worth naming."""
    chooser = _chooser()
    for candidate in candidates:
        if _comes_from(candidate, _KEEPS_FILES):
            chosen = f" {chooser} chooses it." if chooser else ""
            return KeyringUnsafeError(f"{_why_not(candidate)} It is not used.{chosen}")
    problem = _missing()
    return (
        KeyringMissingError(f"{problem} {chooser} turns it off.")
        if chooser
        else problem
    )


def _why_not(backend: "KeyringBackend") -> str:
    name = name_of(backend)
    if name.startswith("Plaintext"):
        return f"{name} keeps tokens readable in a file."
    return f"{name} is not a keyring of the operating system."


def _chooser() -> str:
    """Return what decided which keyring is used: a variable, a file, or nothing."""
    from keyring.util import platform_  # noqa: PLC0415 - costs 100 ms

    if _CHOICE_VARIABLE in os.environ:
        return _CHOICE_VARIABLE
    # The same folder in which keyring itself looks.
    path = Path(platform_.config_root()) / "keyringrc.cfg"
    return plain_text(str(path), limit=200) if _is_choice(path) else ""


def _is_choice(path: Path) -> bool:
    """Return whether a file of keyring's chooses one, or breaks the choice.

    It may hold no more than a folder of modules, or nothing; keyring chooses by itself
    then.
    """
    config = configparser.RawConfigParser()
    try:
        config.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return True
    return config.has_option("backend", "default-keyring")


def _named(kind: str) -> CredentialsError:
    if kind in _LOCKED:
        return _locked()
    if kind == _GONE:
        return _missing()
    return KeyringRefusedError(f"The keyring refused ({plain_text(kind, limit=60)}).")


def _of_kwallet(error: Exception) -> CredentialsError | None:
    """Return what a failure of KWallet means, and None for any other keyring's.

    Why a request on the bus failed stands in the error that led to keyring's own.
    """
    try:
        backend = _chosen_backend()
    # The choice itself is what has failed.
    except Exception:  # noqa: BLE001 - somebody else's code, see above
        return None
    if not _comes_from(backend, ("keyring.backends.kwallet",)):
        return None
    of_bus = _of_bus(error) or _of_bus(error.__cause__)
    return of_bus or _of_closed_kwallet(error, backend)


def _of_bus(error: BaseException | None) -> CredentialsError | None:
    """Return what the failure of a request on the bus means."""
    name = str(getattr(error, "get_dbus_name", str)()).rpartition(".")[2]
    if name in _NOT_RUNNING:
        return KeyringMissingError(f"KWallet is not running. {_START_KWALLET}")
    if name in _LATE:
        return KeyringSilentError(_KWALLET_LATE)
    return KeyringLockedError(_KWALLET_CLOSED) if name in _DENIED else None


def _of_closed_kwallet(
    error: Exception, backend: "KeyringBackend"
) -> CredentialsError | None:
    """Return why a wallet is closed; keyring has one error for one that is turned off.

    For writing it is known by its text alone.
    """
    is_closed = type(error).__name__ == "KeyringLocked" or str(error) == _CANCELLED
    if not is_closed:
        return None
    is_off = not _is_enabled(backend)
    return (
        KeyringMissingError(_KWALLET_OFF)
        if is_off
        else KeyringLockedError(_KWALLET_CLOSED)
    )


def _is_enabled(backend: "KeyringBackend") -> bool:
    """Return whether KWallet is turned on; one that is off opens no wallet."""
    try:
        return bool(getattr(backend, "iface").isEnabled())  # noqa: B009 - on Linux alone
    # Somebody else's code again, see above; then it is taken for closed.
    except Exception:  # noqa: BLE001 - see above
        return True


def _missing() -> KeyringMissingError:
    return KeyringMissingError(
        "This computer has no keyring. Use the token for this run only, "
        "or set up a keyring (see the guide) and start again."
    )


def _locked() -> KeyringLockedError:
    return KeyringLockedError(
        "The keyring is locked. Unlock it, or use the token for this run only.",
        Remedy.READ_KEYRING_AGAIN,
    )
