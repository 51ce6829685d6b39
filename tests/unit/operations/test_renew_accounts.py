"""New tokens and protection, wherever an account is kept."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from masking_console.credentials.keyring_entries import SERVICE, TRIAL_SERVICE
from masking_console.errors import (
    AccountUnknownError,
    InputError,
    KeyringLockedError,
    KeyringRefusedError,
    PlivoUnavailableError,
    TokenMissingError,
    TokenRefusedError,
)
from masking_console.models.account import (
    AccountSource,
    AuthToken,
    LastCheck,
)
from masking_console.models.plain_text import plain_text
from masking_console.operations.manage_accounts import ManageAccounts
from tests.support.keyrings import (
    KeyringInMemory,
    LockedKeyring,
    RefusingKeyring,
    SilentKeyring,
    using,
)
from tests.support.plivo_double import PlivoDouble

AUTH_ID = "MAACME00000000007Q2X"
NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
OLD, NEW = "the-old-secret", "the-new-secret"
KEYRING, MEMORY = AccountSource.KEYRING, AccountSource.MEMORY
ENVIRONMENT = {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": OLD}


@pytest.fixture
def plivo() -> PlivoDouble:
    return PlivoDouble()


@pytest.fixture
def memory() -> Iterator[KeyringInMemory]:
    backend = KeyringInMemory()
    with using(backend):
        yield backend


async def with_account(
    plivo: PlivoDouble, source: AccountSource, protected: frozenset[str] = frozenset()
) -> ManageAccounts:
    accounts = ManageAccounts(
        plivo, ENVIRONMENT, now=lambda: NOW, protected_by_config=protected
    )
    await accounts.add("Acme", AUTH_ID, AuthToken(OLD), source)
    plivo.asked.clear()
    return accounts


@pytest.mark.parametrize("source", [KEYRING, MEMORY])
async def test_a_new_token_is_checked_and_takes_the_place_of_the_old_one(
    memory: KeyringInMemory, plivo: PlivoDouble, source: AccountSource
) -> None:
    accounts = await with_account(plivo, source)
    await accounts.protect("acme", protected=True)

    renewed = await accounts.replace_token("ACME", AuthToken(f" {NEW}\n"))

    (asked,) = plivo.asked
    assert asked.auth_token.matches(AuthToken(NEW))
    assert (renewed.name, renewed.source, renewed.protected) == ("Acme", source, True)
    assert renewed.auth_token.matches(AuthToken(NEW))
    assert (await accounts.load("acme")).auth_token.matches(AuthToken(NEW))
    assert memory.kept.get((SERVICE, "Acme")) == (NEW if source is KEYRING else None)
    assert (TRIAL_SERVICE, "Acme") not in memory.kept


@pytest.mark.parametrize("source", [KEYRING, MEMORY])
@pytest.mark.parametrize("problem", [TokenRefusedError, PlivoUnavailableError])
async def test_a_new_token_that_plivo_does_not_confirm_changes_nothing(
    memory: KeyringInMemory,
    plivo: PlivoDouble,
    source: AccountSource,
    problem: type[Exception],
) -> None:
    accounts = await with_account(plivo, source)
    before = dict(memory.kept)
    plivo.problem = problem("no")

    with pytest.raises(problem):
        await accounts.replace_token("acme", AuthToken(NEW))

    assert memory.kept == before
    assert (await accounts.load("acme")).auth_token.matches(AuthToken(OLD))
    entry = (await accounts.list_accounts()).entries[0]
    assert entry.last_check == LastCheck("ok", NOW, plain_text("Acme Logistics"))


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (" ", "Enter the Auth Token"),
        ("two words", "has no spaces"),
        ("k" * 1_281, "A keyring keeps at most 1,280 characters"),
    ],
)
async def test_what_cannot_be_a_token_is_refused_before_plivo_is_asked(
    memory: KeyringInMemory, plivo: PlivoDouble, token: str, words: str
) -> None:
    accounts = await with_account(plivo, KEYRING)
    before = dict(memory.kept)

    with pytest.raises(InputError, match=words):
        await accounts.replace_token("acme", AuthToken(token))

    assert plivo.asked == []
    assert memory.kept == before


async def test_a_token_as_long_as_windows_keeps_is_taken_and_longer_in_memory(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = await with_account(plivo, KEYRING)
    await accounts.replace_token("acme", AuthToken("k" * 1_280))
    assert memory.kept[SERVICE, "Acme"] == "k" * 1_280

    await accounts.add("long", AUTH_ID, AuthToken("k" * 1_281), MEMORY)
    assert (SERVICE, "long") not in memory.kept


async def test_a_token_that_is_missing_is_mended(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = await with_account(plivo, KEYRING)
    del memory.kept[SERVICE, "Acme"]
    with pytest.raises(TokenMissingError) as caught:
        await accounts.load("acme")
    assert str(caught.value) == ("ACME is set up, but its token is not in the keyring.")

    await accounts.replace_token("acme", AuthToken(NEW))

    assert (await accounts.load("acme")).auth_token.matches(AuthToken(NEW))


async def test_a_keyring_that_fails_keeps_the_old_token_in_use(
    plivo: PlivoDouble,
) -> None:
    refusing = RefusingKeyring()
    with using(refusing):
        accounts = await with_account(plivo, KEYRING)
        before = dict(refusing.kept)
        refusing.refuses.add(("set", SERVICE))
        with pytest.raises(KeyringRefusedError, match="The old token is there"):
            await accounts.replace_token("acme", AuthToken(NEW))

        assert refusing.kept == before
        assert (await accounts.load("acme")).auth_token.matches(AuthToken(OLD))


async def test_a_locked_keyring_is_said_before_plivo_is_asked(
    plivo: PlivoDouble,
) -> None:
    locked = LockedKeyring()
    locked.is_locked = False
    with using(locked):
        accounts = await with_account(plivo, KEYRING)
        locked.is_locked = True
        with pytest.raises(KeyringLockedError):
            await accounts.replace_token("acme", AuthToken(NEW))

    assert plivo.asked == []


async def test_what_came_of_a_change_too_late_is_said_with_the_next_list(
    plivo: PlivoDouble,
) -> None:
    silent = SilentKeyring()
    silent.wake_up.set()
    with using(silent):
        accounts = ManageAccounts(plivo, {})
        await accounts.add("acme", AUTH_ID, AuthToken(OLD), KEYRING)
        silent.wake_up.clear()
        silent.is_waiting.clear()
        replacing = asyncio.create_task(accounts.replace_token("acme", AuthToken(NEW)))
        assert await asyncio.to_thread(silent.is_waiting.wait, 30)
        replacing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await replacing
        silent.wake_up.set()
        # Waits for its turn behind the change that hung.
        late = [(await accounts.list_accounts()).late for _ in range(2)]

    assert late == ["The keyring answered too late. The old token is there.", ""]


async def test_the_environment_gets_no_token_and_no_protection_here(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = await with_account(plivo, MEMORY)
    with pytest.raises(AccountUnknownError) as refused:
        await accounts.replace_token("Env", AuthToken(NEW))
    with pytest.raises(InputError) as unprotected:
        await accounts.protect("env", protected=True)

    assert str(refused.value) == (
        "env is not stored here. Set PLIVO_AUTH_TOKEN and start again."
    )
    assert str(unprotected.value) == (
        'env is not stored here. Set protected = ["env"] in config.toml.'
    )
    assert memory.kept == {}


@pytest.mark.parametrize("source", [KEYRING, MEMORY])
async def test_protection_is_switched_on_and_off(
    memory: KeyringInMemory, plivo: PlivoDouble, source: AccountSource
) -> None:
    accounts = await with_account(plivo, source)
    before = dict(memory.kept)

    for protected in (True, False):
        await accounts.protect("aCME", protected=protected)
        entry = (await accounts.list_accounts()).entries[0]
        assert entry.protected is protected
        assert (await accounts.load("acme")).protected is protected
    assert memory.kept == before
    assert plivo.asked == []


@pytest.mark.parametrize("source", [KEYRING, MEMORY])
async def test_what_the_config_file_protects_is_protected_everywhere(
    memory: KeyringInMemory, plivo: PlivoDouble, source: AccountSource
) -> None:
    accounts = await with_account(plivo, source, frozenset({"ACME", "Env"}))

    entries = (await accounts.list_accounts()).entries
    assert [(each.protected, each.protected_by_config) for each in entries] == [
        (True, True),
        (True, True),
    ]
    assert (await accounts.load("acme")).protected
    assert (await accounts.load("env")).protected
    assert (await accounts.replace_token("acme", AuthToken(NEW))).protected
    for name in ("acme", "env"):
        with pytest.raises(InputError) as caught:
            await accounts.protect(name, protected=False)
        assert str(caught.value) == (
            f"The configuration protects {name.upper()}. `config show` says where."
        )
    # What the file says is not written into the keyring.
    assert not any("protected" in text for text in memory.kept.values())


async def test_a_new_account_and_the_first_choice_are_protected_by_the_config_file(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = ManageAccounts(plivo, {}, protected_by_config=frozenset({"Acme"}))

    assert (await accounts.add("acme", AUTH_ID, AuthToken(OLD), KEYRING)).protected
    chosen = await accounts.first_choice(None)
    assert chosen is not None
    assert chosen.protected
    assert len(memory.kept) == 2


async def test_an_account_nobody_knows_is_named(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = ManageAccounts(plivo, {})
    with pytest.raises(AccountUnknownError, match="There is no account acme"):
        await accounts.replace_token("acme", AuthToken(NEW))
    with pytest.raises(AccountUnknownError, match="There is no account acme"):
        await accounts.protect("acme", protected=True)
    assert memory.kept == {}
