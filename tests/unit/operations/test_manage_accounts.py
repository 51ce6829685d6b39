from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import INDEX_SERVICE, SERVICE
from masking_console.credentials.token_command import TokenCommands
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InputError,
    InvalidAccountNameError,
    InvalidAuthIdError,
    KeyringLockedError,
    KeyringMissingError,
    KeyringRefusedError,
    PlivoUnavailableError,
    Remedy,
    TokenMissingError,
    TokenRefusedError,
)
from masking_console.models.account import (
    Account,
    AccountEntry,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
    CommandAccount,
    LastCheck,
)
from masking_console.models.plain_text import plain_text
from masking_console.operations.manage_accounts import ManageAccounts
from tests.support.keyrings import (
    DeafKeyring,
    KeyringInMemory,
    LockedKeyring,
    RefusingKeyring,
    using,
)
from tests.support.plivo_double import PlivoDouble

AUTH_ID = "MAACME00000000007Q2X"
NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
SECRET = "a-secret-that-nobody-may-see"
KEYRING, MEMORY = AccountSource.KEYRING, AccountSource.MEMORY


@pytest.fixture
def plivo() -> PlivoDouble:
    return PlivoDouble()


@pytest.fixture
def memory() -> Iterator[KeyringInMemory]:
    backend = KeyringInMemory()
    with using(backend):
        yield backend


def manage(
    plivo: PlivoDouble, environment: Mapping[str, str] | None = None
) -> ManageAccounts:
    return ManageAccounts(plivo, environment or {}, now=lambda: NOW)


def environment(auth_id: str = AUTH_ID, token: str = SECRET) -> dict[str, str]:
    return {"PLIVO_AUTH_ID": auth_id, "PLIVO_AUTH_TOKEN": token}


async def test_a_new_account_is_checked_and_then_stored(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo)

    added = await accounts.add(" acme-prod ", AUTH_ID, AuthToken(SECRET), KEYRING)

    assert [each.name for each in plivo.asked] == ["acme-prod"]
    assert memory.kept[SERVICE, "acme-prod"] == SECRET
    assert added.source is KEYRING
    assert (await accounts.list_accounts()).entries == (
        AccountEntry(
            "acme-prod",
            "MA..7Q2X",
            KEYRING,
            last_check=LastCheck("ok", NOW, plain_text("Acme Logistics")),
        ),
    )


@pytest.mark.parametrize("source", [KEYRING, MEMORY])
@pytest.mark.parametrize("problem", [TokenRefusedError, PlivoUnavailableError])
async def test_an_account_that_plivo_does_not_confirm_is_kept_nowhere(
    memory: KeyringInMemory,
    plivo: PlivoDouble,
    problem: type[Exception],
    source: AccountSource,
) -> None:
    plivo.problem = problem("no")
    accounts = manage(plivo)

    with pytest.raises(problem):
        await accounts.add("acme", AUTH_ID, AuthToken(SECRET), source)

    assert memory.kept == {}
    assert (await accounts.list_accounts()).entries == ()


@pytest.mark.parametrize(
    ("name", "auth_id", "token", "error", "words"),
    [
        ("a", AUTH_ID, SECRET, InvalidAccountNameError, "2 to 20 letters"),
        ("acme\x1b[2J", AUTH_ID, SECRET, InvalidAccountNameError, "2 to 20 letters"),
        ("ENV", AUTH_ID, SECRET, InvalidAccountNameError, "The name ENV is taken"),
        ("practice", AUTH_ID, SECRET, InvalidAccountNameError, "practice is taken"),
        ("acme", "MA123", SECRET, InvalidAuthIdError, "starts with MA"),
        ("acme", AUTH_ID, " ", InputError, "Enter the Auth Token"),
        ("acme", AUTH_ID, "two words", InputError, "has no spaces"),
        ("acme", AUTH_ID, "naïve", InputError, "has no spaces"),
        ("acme", AUTH_ID, "k" * 1_281, InputError, "keeps at most 1,280 characters"),
    ],
)
async def test_what_cannot_be_an_account_is_refused_before_plivo_is_asked(  # noqa: PLR0913, PLR0917, E501, RUF100 - one row a mistake
    memory: KeyringInMemory,
    plivo: PlivoDouble,
    name: str,
    auth_id: str,
    token: str,
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        await manage(plivo).add(name, auth_id, AuthToken(token), KEYRING)

    assert plivo.asked == []
    assert memory.kept == {}


@pytest.mark.parametrize("first", [KEYRING, MEMORY])
@pytest.mark.parametrize("second", [KEYRING, MEMORY])
async def test_a_name_is_taken_whatever_its_letters_and_wherever_it_is(
    memory: KeyringInMemory,
    plivo: PlivoDouble,
    first: AccountSource,
    second: AccountSource,
) -> None:
    accounts = manage(plivo)
    await accounts.add("Acme", AUTH_ID, AuthToken(SECRET), first)
    before = dict(memory.kept)

    with pytest.raises(InvalidAccountNameError, match=r"The name acme is taken\."):
        await accounts.add("acme", AUTH_ID, AuthToken("other"), second)
    assert memory.kept == before


@pytest.mark.parametrize("source", [KEYRING, MEMORY])
async def test_an_account_is_loaded_and_removed_whatever_the_letters_of_its_name(
    memory: KeyringInMemory, plivo: PlivoDouble, source: AccountSource
) -> None:
    accounts = manage(plivo)
    await accounts.add("Acme", AUTH_ID, AuthToken(SECRET), source)

    loaded = await accounts.load("aCME")
    assert loaded.auth_token.matches(AuthToken(SECRET))
    assert (loaded.name, loaded.source) == ("Acme", source)

    await accounts.remove("ACME")
    assert memory.kept == {}
    with pytest.raises(AccountUnknownError):
        await accounts.load("Acme")


async def test_an_account_for_this_run_leaves_nothing_in_the_keyring(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo)
    added = await accounts.add("acme", AUTH_ID, AuthToken(SECRET), MEMORY)

    assert added.label == "acme (memory)"
    assert memory.kept == {}
    assert await manage(plivo).first_choice(None) is None


async def test_an_account_for_this_run_needs_no_keyring(plivo: PlivoDouble) -> None:
    accounts = manage(plivo)
    with using(LockedKeyring()):
        await accounts.add("acme", AUTH_ID, AuthToken(SECRET), MEMORY)

        assert (await accounts.load("acme")).source is MEMORY
        with pytest.raises(KeyringLockedError):
            await accounts.add("other", AUTH_ID, AuthToken(SECRET), KEYRING)
    assert [each.name for each in plivo.asked] == ["acme"]


async def test_an_account_of_this_run_is_shown_once_when_the_keyring_has_it_too(
    plivo: PlivoDouble,
) -> None:
    locked = LockedKeyring()
    locked.is_locked = False
    with using(locked):
        await manage(plivo).add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)
        locked.is_locked = True
        accounts = manage(plivo)
        await accounts.add("Acme", AUTH_ID, AuthToken("other"), MEMORY)
        locked.is_locked = False

        entries = (await accounts.list_accounts()).entries
    assert [(each.name, each.source) for each in entries] == [("Acme", MEMORY)]


async def test_a_keyring_that_works_is_named(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    found = await manage(plivo).list_accounts()

    assert memory.kept == {}
    assert found.keyring_works
    assert found.keyring == "Keyring: KeyringInMemory."
    assert await manage(plivo).keyring_problem() is None


async def test_a_locked_keyring_is_not_mistaken_for_an_empty_one(
    plivo: PlivoDouble,
) -> None:
    with using(LockedKeyring()):
        found = await manage(plivo, environment()).list_accounts()
        problem = await manage(plivo).keyring_problem()
        with pytest.raises(KeyringLockedError):
            await manage(plivo).first_choice(None)

    assert not found.keyring_works
    assert found.keyring.startswith("The keyring is locked. Unlock it, or")
    assert [each.name for each in found.entries] == ["env"]
    assert isinstance(problem, KeyringLockedError)


async def test_a_damaged_list_of_accounts_is_reported(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    memory.kept[INDEX_SERVICE, "0"] = "{"

    found = await manage(plivo).list_accounts()

    assert not found.keyring_works
    assert "is damaged" in found.keyring
    with pytest.raises(KeyringRefusedError):
        await manage(plivo).first_choice(None)


async def test_without_a_keyring_there_is_simply_no_first_choice(
    plivo: PlivoDouble,
) -> None:
    import keyring.backends.fail as none_at_all  # noqa: PLC0415 - this test's alone

    kind = none_at_all.Keyring
    with using(kind()):  # type: ignore[no-untyped-call]
        assert await manage(plivo).first_choice(None) is None
        assert isinstance(await manage(plivo).keyring_problem(), KeyringMissingError)


async def test_the_only_stored_account_is_the_first_choice(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    await manage(plivo).add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)

    chosen = await manage(plivo, environment()).first_choice(None)

    assert chosen is not None
    assert chosen.name == "acme"
    assert (SERVICE, "acme") in memory.kept


async def test_of_several_accounts_none_is_chosen_for_the_operator(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    for name in ("one", "two"):
        await manage(plivo).add(name, AUTH_ID, AuthToken(SECRET), KEYRING)

    with pytest.raises(AccountUnknownError) as caught:
        await manage(plivo).first_choice(None)
    assert str(caught.value) == "2 accounts are set up."
    assert caught.value.remedy is Remedy.CHOOSE_ACCOUNT
    chosen = await manage(plivo).first_choice("TWO")
    assert chosen is not None
    assert chosen.name == "two"
    assert len(memory.kept) == 3


async def test_the_environment_is_listed_but_has_to_be_chosen(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo, environment())

    assert await accounts.first_choice(None) is None
    assert (await accounts.list_accounts()).entries == (
        AccountEntry("env", "MA..7Q2X", AccountSource.ENVIRONMENT),
    )
    chosen = await accounts.first_choice("env")
    assert chosen is not None
    assert chosen.source is AccountSource.ENVIRONMENT
    assert chosen.auth_token.matches(AuthToken(SECRET))
    assert memory.kept == {}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (environment(auth_id="\x1b[2Jme"), "PLIVO_AUTH_ID: An Auth ID has 20 letters"),
        (environment(token="  "), "PLIVO_AUTH_TOKEN is blank or has spaces"),
        (environment(token="two words"), "PLIVO_AUTH_TOKEN is blank or has spaces"),
    ],
)
async def test_an_environment_that_cannot_be_used_says_why(
    memory: KeyringInMemory,
    plivo: PlivoDouble,
    variables: dict[str, str],
    words: str,
) -> None:
    accounts = manage(plivo, variables)

    (entry,) = (await accounts.list_accounts()).entries

    assert entry.problem.startswith(words)
    assert "\x1b" not in repr(entry)
    with pytest.raises(CredentialsError, match=words):
        await accounts.load("env")
    assert memory.kept == {}


@pytest.mark.parametrize("missing", ["PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"])
async def test_half_an_environment_is_no_account(
    memory: KeyringInMemory, plivo: PlivoDouble, missing: str
) -> None:
    variables = environment()
    variables[missing] = ""
    accounts = manage(plivo, variables)

    assert not accounts.has_environment
    assert (await accounts.list_accounts()).entries == ()
    with pytest.raises(AccountUnknownError, match="Set PLIVO_AUTH_ID"):
        await accounts.load("env")
    assert memory.kept == {}


async def test_the_environment_cannot_be_removed_here(plivo: PlivoDouble) -> None:
    with pytest.raises(AccountUnknownError, match="Unset PLIVO_AUTH_ID"):
        await manage(plivo, environment()).remove("Env")


async def test_an_unknown_account_is_named_in_harmless_letters(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    with pytest.raises(AccountUnknownError) as caught:
        await manage(plivo).load("x\x1b[2J" + "y" * 500)

    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 120
    assert memory.kept == {}


async def test_a_check_says_when_it_was_and_what_came_of_it(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo)
    await accounts.add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)
    assert await accounts.check("acme") == "Acme Logistics"

    found = []
    for problem in (TokenRefusedError("no"), PlivoUnavailableError("no")):
        plivo.problem = problem
        with pytest.raises(type(problem)):
            await accounts.check("ACME")
        (entry,) = (await accounts.list_accounts()).entries
        found.append((entry.last_check.words, entry.last_check.checked_at))

    assert found == [("refused", NOW), ("no answer", NOW)]
    assert (SERVICE, "acme") in memory.kept


async def test_an_account_that_was_removed_and_added_anew_is_not_called_checked(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo)
    await accounts.add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)
    await accounts.remove("acme")
    await Credentials().save(
        Account(AccountName("acme"), AuthId(AUTH_ID), AuthToken(SECRET), KEYRING, True)
    )

    (entry,) = (await accounts.list_accounts()).entries

    assert entry.last_check.words == "never"
    assert entry.protected
    assert (await accounts.load("acme")).protected
    assert len(memory.kept) == 2


async def test_a_stored_account_without_its_token_says_so(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo)
    await accounts.add("acme-prod", AUTH_ID, AuthToken(SECRET), KEYRING)
    del memory.kept[SERVICE, "acme-prod"]

    with pytest.raises(TokenMissingError, match="ACME-PROD is set up, but its token"):
        await accounts.load("acme-prod")


async def test_a_keyring_that_refuses_keeps_nothing_of_a_new_account(
    plivo: PlivoDouble,
) -> None:
    refusing = RefusingKeyring(("set", INDEX_SERVICE))
    with using(refusing), pytest.raises(KeyringRefusedError):
        await manage(plivo).add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)

    assert refusing.kept == {}


async def test_an_account_that_the_keyring_keeps_stays_on_the_list(
    plivo: PlivoDouble,
) -> None:
    with using(DeafKeyring()):
        accounts = manage(plivo)
        await accounts.add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)
        with pytest.raises(CredentialsError, match="still holds the token of ACME"):
            await accounts.remove("acme")

        entries = (await accounts.list_accounts()).entries
    assert [each.name for each in entries] == ["acme"]


async def test_no_entry_shows_a_token(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = manage(plivo, environment())
    await accounts.add("acme", AUTH_ID, AuthToken(SECRET), KEYRING)
    await accounts.add("other", AUTH_ID, AuthToken(SECRET), MEMORY)

    assert len((found := await accounts.list_accounts()).entries) == 3
    assert SECRET not in repr(found)
    assert SECRET in memory.kept.values()


def with_command(plivo: PlivoDouble, *body: str) -> ManageAccounts:
    command = CommandAccount(
        AccountName("vaulted"), AuthId(AUTH_ID), ("/bin/sh", "-c", *body)
    )
    return ManageAccounts(
        plivo, {}, now=lambda: NOW, commands=TokenCommands([command], {})
    )


async def test_the_token_of_a_command_is_checked_with_plivo_and_kept_nowhere(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    accounts = with_command(plivo, f"echo {SECRET}")
    chosen = await accounts.first_choice(None)

    assert chosen is not None
    assert chosen.source is AccountSource.COMMAND
    assert chosen.auth_token.matches(AuthToken(SECRET))
    assert [each.name for each in plivo.asked] == ["vaulted"]
    assert memory.kept == {}
    (entry,) = (await accounts.list_accounts()).entries
    assert (entry.source, entry.program) == (AccountSource.COMMAND, "/bin/sh")
    assert not entry.hides_stored
    plivo.problem = PlivoUnavailableError("no way")
    assert (await accounts.load("VAULTED")).name == "vaulted"
    plivo.problem = TokenRefusedError("no", Remedy.CORRECT_COMMAND)
    with pytest.raises(TokenRefusedError):
        await accounts.load("vaulted")


async def test_what_the_configuration_says_is_changed_there(
    memory: KeyringInMemory, plivo: PlivoDouble
) -> None:
    await Credentials().save(
        Account(AccountName("Vaulted"), AuthId(AUTH_ID), AuthToken(SECRET))
    )
    accounts = with_command(plivo, f"echo {SECRET}")
    entries = (await accounts.list_accounts()).entries
    assert [each.hides_stored for each in entries if each.program] == [True]
    words = "VAULTED stands in config.toml with its token_command. Change it there."
    for act in (
        accounts.replace_token("vaulted", AuthToken(SECRET)),
        accounts.protect("vaulted", protected=True),
        accounts.remove("vaulted"),
    ):
        with pytest.raises(AccountUnknownError) as caught:
            await act
        assert str(caught.value) == words
    with pytest.raises(InvalidAccountNameError, match="is taken"):
        await accounts.add("VAULTED", AUTH_ID, AuthToken(SECRET), MEMORY)
    assert len(memory.kept) == 2
