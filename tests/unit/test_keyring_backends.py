"""Keyrings that are used or refused, the reasons, and their names."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import keyring.core
import pytest
from keyring import errors
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import INDEX_SERVICE, SERVICE
from masking_console.errors import (
    CredentialsError,
    KeyringLockedError,
    KeyringMissingError,
    KeyringRefusedError,
    KeyringSilentError,
    KeyringUnsafeError,
)
from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from tests.support.keyrings import KeyringInMemory, using

NONE_AT_ALL = (
    "This computer has no keyring. Use the token for this run only, "
    "or set up a keyring (see the guide) and start again."
)
LOCKED = "The keyring is locked. Unlock it, or use the token for this run only."
SECRET = "a-secret-that-nobody-may-see"


def account() -> Account:
    return Account(
        AccountName("acme-prod"), AuthId("MAACME00000000007Q2X"), AuthToken(SECRET)
    )


def made(kind: type[KeyringBackend]) -> KeyringBackend:
    return kind()


def of_module(module: str, name: str) -> type[KeyringInMemory]:
    """Return a keyring in memory that says it is of this module."""
    return type(name, (KeyringInMemory,), {"__module__": module})


def chain(*members: KeyringBackend) -> KeyringBackend:
    return made(type("Chain", (chainer.ChainerBackend,), {"backends": members}))


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let keyring look for its configuration anew; return where its file belongs."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setattr("keyring.util.platform_.config_root", lambda: tmp_path)
    return tmp_path / "keyringrc.cfg"


@pytest.mark.parametrize("kind", [fail.Keyring, null.Keyring])
async def test_a_keyring_that_keeps_nothing_counts_as_none(
    kind: type[KeyringBackend],
) -> None:
    with using(made(kind)), pytest.raises(KeyringMissingError) as caught:
        await Credentials().save(account())

    assert str(caught.value) == NONE_AT_ALL


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        (
            "keyrings.alt.file",
            "PlaintextKeyring",
            "PlaintextKeyring keeps tokens readable in a file. It is not used.",
        ),
        (
            "keyrings.alt.file",
            "EncryptedKeyring",
            (
                "EncryptedKeyring is not a keyring of the operating system. "
                "It is not used."
            ),
        ),
        (
            "keyrings.cryptfile.cryptfile",
            "CryptFileKeyring",
            (
                "CryptFileKeyring is not a keyring of the operating system. "
                "It is not used."
            ),
        ),
    ],
)
async def test_a_keyring_that_keeps_files_is_refused_with_a_reason(
    module: str, name: str, words: str
) -> None:
    backend = of_module(module, name)()
    with using(backend), pytest.raises(KeyringUnsafeError) as caught:
        await Credentials().save(account())

    assert str(caught.value) == words
    assert backend.kept == {}


async def test_what_is_built_on_such_a_keyring_is_refused_too() -> None:
    plain = of_module("keyrings.alt.file", "PlaintextKeyring")
    backend = type("Better", (plain,), {"__module__": "somebody.elses"})()
    with using(backend), pytest.raises(KeyringUnsafeError, match="Better is not a"):
        await Credentials().save(account())

    assert backend.kept == {}


def careless() -> Sequence[KeyringBackend]:
    plain = of_module("keyrings.alt.file", "PlaintextKeyring")()
    return made(null.Keyring), plain


async def test_a_chain_of_careless_keyrings_is_refused_with_the_reason() -> None:
    with using(chain(*careless())), pytest.raises(KeyringUnsafeError, match="readable"):
        await Credentials().survey()


async def test_an_empty_chain_counts_as_none() -> None:
    with using(chain()), pytest.raises(KeyringMissingError) as caught:
        await Credentials().survey()

    assert str(caught.value) == NONE_AT_ALL


async def test_in_a_chain_the_careless_member_gets_nothing() -> None:
    careful = KeyringInMemory()
    plain = of_module("keyrings.alt.file", "PlaintextKeyring")()
    with using(chain(plain, careful)):
        await Credentials().save(account())

    assert plain.kept == {}
    assert careful.kept[SERVICE, "acme-prod"] == SECRET


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        (
            "keyring.backends.null.Keyring",
            KeyringMissingError,
            f"{NONE_AT_ALL} PYTHON_KEYRING_BACKEND turns it off.",
        ),
        (
            "no_such_module.Keyring",
            KeyringRefusedError,
            (
                "PYTHON_KEYRING_BACKEND names a keyring that cannot be used "
                "(ModuleNotFoundError). Correct or remove it."
            ),
        ),
        (
            "keyring.backends.null.NoSuchKeyring",
            KeyringRefusedError,
            (
                "PYTHON_KEYRING_BACKEND names a keyring that cannot be used "
                "(AttributeError). Correct or remove it."
            ),
        ),
        (
            "",
            KeyringRefusedError,
            (
                "PYTHON_KEYRING_BACKEND names a keyring that cannot be used "
                "(ValueError). Correct or remove it."
            ),
        ),
    ],
)
async def test_a_variable_that_chooses_badly_is_named(
    undecided: Path,
    monkeypatch: pytest.MonkeyPatch,
    choice: str,
    error: type[CredentialsError],
    words: str,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", choice)

    with pytest.raises(error) as caught:
        await Credentials().stored()

    assert str(caught.value) == words
    assert not undecided.exists()


async def test_a_variable_that_chooses_well_is_followed(
    undecided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = "tests.support.keyrings.KeyringInMemory"
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", choice)

    assert (await Credentials().survey())[1] == "KeyringInMemory"
    assert not undecided.exists()


async def test_a_variable_that_chooses_a_file_is_named_with_the_reason(
    undecided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "anything")
    plain = of_module("keyrings.alt.file", "PlaintextKeyring")()
    monkeypatch.setattr(keyring.core, "_keyring_backend", plain)

    with pytest.raises(KeyringUnsafeError) as caught:
        await Credentials().stored()

    assert str(caught.value) == (
        "PlaintextKeyring keeps tokens readable in a file. It is not used. "
        "PYTHON_KEYRING_BACKEND chooses it."
    )
    assert not undecided.exists()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (
            "[backend]\ndefault-keyring=keyring.backends.fail.Keyring\n",
            KeyringMissingError,
            f"{NONE_AT_ALL} <file> turns it off.",
        ),
        (
            "[backend]\ndefault-keyring=keyring.backends.nowhere.Keyring\n",
            KeyringRefusedError,
            (
                "<file> names a keyring that cannot be used (ModuleNotFoundError). "
                "Correct or remove it."
            ),
        ),
        (
            "no section\n",
            KeyringRefusedError,
            (
                "<file> names a keyring that cannot be used "
                "(MissingSectionHeaderError). Correct or remove it."
            ),
        ),
    ],
)
async def test_a_config_file_that_chooses_badly_is_named(
    undecided: Path, text: str, error: type[CredentialsError], words: str
) -> None:
    undecided.write_text(text, encoding="utf-8")

    with pytest.raises(error) as caught:
        await Credentials().stored()

    assert str(caught.value) == words.replace("<file>", str(undecided))


async def test_keyring_breaking_by_itself_is_reported_by_type_alone(
    undecided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> KeyringBackend:
        raise OSError(SECRET)

    monkeypatch.setattr(keyring, "get_keyring", broken)

    with pytest.raises(KeyringRefusedError) as caught:
        await Credentials().stored()

    assert str(caught.value) == "The keyring refused (OSError)."
    assert not undecided.exists()


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("LockedException", KeyringLockedError, LOCKED),
        ("PromptDismissedException", KeyringLockedError, LOCKED),
        ("SecretServiceNotAvailableException", KeyringMissingError, NONE_AT_ALL),
    ],
)
async def test_what_secretstorage_raises_past_keyring_is_understood(
    kind: str, error: type[CredentialsError], words: str
) -> None:
    raised = type(kind, (Exception,), {})

    class Passing(KeyringInMemory):
        def get_password(self, service: str, username: str) -> str | None:
            raise raised(service, username)

    with using(Passing()), pytest.raises(error) as caught:
        await Credentials().stored()

    assert str(caught.value) == words


@pytest.mark.parametrize("kind", [FileNotFoundError, ConnectionResetError])
async def test_a_socket_that_is_dead_or_gone_is_no_keyring(
    kind: type[Exception],
) -> None:
    class Dead(KeyringInMemory):
        def get_password(self, service: str, username: str) -> str | None:
            raise kind(service, username)

    with using(Dead()), pytest.raises(KeyringMissingError) as caught:
        await Credentials().stored()

    assert str(caught.value) == NONE_AT_ALL


@pytest.mark.parametrize(
    ("module", "empty", "in_use"),
    [
        ("keyring.backends.macOS", "macOS Keychain", "macOS Keychain, unlocked"),
        (
            "keyring.backends.Windows",
            "Windows Credential Manager",
            "Windows Credential Manager",
        ),
        (
            "keyring.backends.SecretService",
            "Secret Service, unlocked",
            "Secret Service, unlocked",
        ),
        ("keyring.backends.libsecret", "Secret Service", "Secret Service, unlocked"),
        ("keyring.backends.kwallet", "KWallet, unlocked", "KWallet, unlocked"),
        ("somebody.elses", "Strange", "Strange"),
    ],
)
async def test_the_keyring_has_its_real_name_and_is_unlocked_where_that_is_proved(
    module: str, empty: str, in_use: str
) -> None:
    backend = of_module(module, "Strange")()
    with using(backend):
        assert (await Credentials().survey())[1] == empty
        await Credentials().save(account())
        assert (INDEX_SERVICE, "0") in backend.kept
        assert (await Credentials().survey())[1] == in_use


@pytest.mark.parametrize("text", ["", "[backend]\nkeyring-path=/opt/modules\n"])
async def test_a_config_file_that_chooses_nothing_is_not_blamed(
    undecided: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    undecided.write_text(text, encoding="utf-8")
    monkeypatch.setattr(keyring.core, "_detect_backend", lambda *_: made(fail.Keyring))

    with pytest.raises(KeyringMissingError) as caught:
        await Credentials().stored()

    assert str(caught.value) == NONE_AT_ALL


class BusError(Exception):
    """An error of the bus, as `dbus-python` has it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"something with {SECRET}")
        self._name = name

    def get_dbus_name(self) -> str:
        return f"org.freedesktop.DBus.Error.{self._name}"


class Bus:
    def __init__(self, *, is_enabled: bool | None) -> None:
        self._is_enabled = is_enabled

    def isEnabled(self) -> bool:  # noqa: N802 - its name on the bus
        if self._is_enabled is None:
            raise BusError("NoReply")
        return self._is_enabled


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("failure", "is_enabled", "kind", "words"),
    [
        (BusError("ServiceUnknown"), True, KeyringMissingError, "is not running"),
        (
            chained(errors.InitError("no"), BusError("NoReply")),
            True,
            KeyringSilentError,
            "was not unlocked in time",
        ),
        (BusError("AccessDenied"), True, KeyringLockedError, "was not opened"),
        (errors.KeyringLocked("no"), True, KeyringLockedError, "was not opened"),
        (errors.KeyringLocked("no"), None, KeyringLockedError, "was not opened"),
        (errors.KeyringLocked("no"), False, KeyringMissingError, "is turned off"),
        (RuntimeError("Cancelled by user"), True, KeyringLockedError, "not opened"),
        (BusError("Strange"), True, KeyringRefusedError, "The keyring refused"),
        (errors.InitError("no"), True, KeyringLockedError, "The keyring is locked"),
    ],
)
async def test_the_failures_of_kwallet_are_told_apart(
    failure: Exception,
    is_enabled: bool | None,
    kind: type[CredentialsError],
    words: str,
) -> None:
    class Wallet(KeyringInMemory):
        __module__ = "keyring.backends.kwallet"
        iface = Bus(is_enabled=is_enabled)

        def get_password(self, *_: str) -> str | None:
            raise failure

    with using(Wallet()), pytest.raises(kind) as caught:
        await Credentials().stored()
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_a_keyring_whose_choice_fails_is_not_taken_for_kwallet(
    undecided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> NoReturn:
        raise errors.InitError("no choice")

    monkeypatch.setattr(keyring.core, "_detect_backend", broken)
    with pytest.raises(KeyringLockedError) as caught:
        await Credentials().stored()
    assert str(caught.value) == LOCKED
    assert not undecided.exists()
