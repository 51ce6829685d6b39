"""A token is replaced and an account protected wholly, or it is as before, or said."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from keyring import errors

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import (
    INDEX_SERVICE,
    SERVICE,
    TRIAL_SERVICE,
    StoredAccount,
)
from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    KeyringMismatchError,
    KeyringRefusedError,
    Remedy,
)
from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from tests.support.keyrings import (
    KeyringInMemory,
    LyingKeyring,
    RefusingKeyring,
    SilentKeyring,
    using,
)

AUTH_ID = "MAACME00000000007Q2X"
OLD, NEW = "the-old-secret", "the-new-secret"
ENTRY = (SERVICE, "acme-prod")
TRIAL = (TRIAL_SERVICE, "acme-prod")


def account(token: str = NEW, *, protected: bool = False) -> Account:
    return Account(
        AccountName("acme-prod"),
        AuthId(AUTH_ID),
        AuthToken(token),
        protected=protected,
    )


def filled(backend: KeyringInMemory) -> dict[tuple[str, str], str]:
    """Let the keyring hold the account with its old token; return what it holds."""
    backend.kept[ENTRY] = OLD
    backend.kept[INDEX_SERVICE, "0"] = f'[{{"name":"acme-prod","auth_id":"{AUTH_ID}"}}]'
    return dict(backend.kept)


class ScriptedKeyring(KeyringInMemory):
    """A keyring that does, before each write or removal, what `troubles` has for it."""

    def __init__(self, **troubles: Callable[["ScriptedKeyring"], None]) -> None:
        super().__init__()
        self.log: list[str] = []
        self.troubles = troubles

    def _note(self, act: str, service: str) -> None:
        names = {SERVICE: "real", TRIAL_SERVICE: "trial", INDEX_SERVICE: "index"}
        step = f"{act}_{names[service]}"
        step = f"{step}_{sum(each.startswith(step) for each in self.log) + 1}"
        self.log.append(step)
        if step in self.troubles:
            self.troubles[step](self)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._note("set", service)
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._note("delete", service)
        super().delete_password(service, username)


def refuse(_keyring: ScriptedKeyring) -> None:
    raise errors.PasswordSetError("no")


def lose_and_refuse(keyring: ScriptedKeyring) -> None:
    """As a backend does that deletes before it adds."""
    keyring.kept.pop(ENTRY, None)
    refuse(keyring)


def leave(token: str) -> Callable[[ScriptedKeyring], None]:
    """Return a trouble that leaves this token in the place of the real one."""

    def trouble(keyring: ScriptedKeyring) -> None:
        keyring.kept[ENTRY] = token
        refuse(keyring)

    return trouble


async def _until_idle(credentials: Credentials) -> None:
    """Wait until the keyring's thread has nothing left to do."""
    await asyncio.to_thread(credentials._turn.acquire)
    credentials._turn.release()


async def test_a_new_token_takes_the_place_of_the_old_one_after_a_trial() -> None:
    backend = ScriptedKeyring()
    before = filled(backend)
    with using(backend):
        await Credentials().replace_token(account())
        loaded = await Credentials().load(StoredAccount("acme-prod", AUTH_ID))

    assert backend.log == ["set_trial_1", "delete_trial_1", "set_real_1"]
    assert backend.kept == {**before, ENTRY: NEW}
    assert loaded.auth_token.matches(AuthToken(NEW))


async def test_a_token_that_was_missing_is_entered_again() -> None:
    backend = KeyringInMemory()
    before = filled(backend)
    del backend.kept[ENTRY]
    with using(backend):
        await Credentials().replace_token(account())

    assert backend.kept == {**before, ENTRY: NEW}


@pytest.mark.parametrize("protected", [False, True])
async def test_protection_does_not_hinder_a_new_token(*, protected: bool) -> None:
    backend = KeyringInMemory()
    with using(backend):
        await Credentials().save(account(OLD, protected=True))
        await Credentials().replace_token(account(protected=protected))

        assert backend.kept[ENTRY] == NEW
        assert await Credentials().stored() == (
            StoredAccount("acme-prod", AUTH_ID, protected=True),
        )


@pytest.mark.parametrize("index", ["[]", '[{"name":"acme-prod","auth_id":"%s"}]'])
async def test_an_account_that_is_gone_or_another_one_gets_no_token(index: str) -> None:
    backend = KeyringInMemory()
    filled(backend)
    backend.kept[INDEX_SERVICE, "0"] = index.replace("%s", "MAOTHER0000000007Q2X")
    before = dict(backend.kept)
    with using(backend), pytest.raises(AccountUnknownError) as caught:
        await Credentials().replace_token(account())

    assert str(caught.value) == (
        "ACME-PROD is no longer in the keyring. Nothing was stored."
    )
    assert backend.kept == before


@pytest.mark.parametrize(
    ("backend", "error", "words"),
    [
        (
            RefusingKeyring(("set", TRIAL_SERVICE)),
            KeyringRefusedError,
            "The keyring refused (PasswordSetError). Nothing was changed.",
        ),
        (
            LyingKeyring(TRIAL_SERVICE),
            KeyringMismatchError,
            "The keyring did not keep the token as written. Nothing was changed.",
        ),
        (
            RefusingKeyring(("set", SERVICE)),
            KeyringRefusedError,
            "The keyring refused (PasswordSetError). The old token is there.",
        ),
    ],
)
async def test_a_keyring_that_does_not_keep_the_new_token_still_has_the_old_one(
    backend: KeyringInMemory, error: type[CredentialsError], words: str
) -> None:
    before = filled(backend)
    with using(backend), pytest.raises(error) as caught:
        await Credentials().replace_token(account())

    assert str(caught.value) == words
    assert backend.kept == before


async def test_a_copy_of_the_new_token_that_cannot_be_removed_is_named() -> None:
    backend = RefusingKeyring(("delete", TRIAL_SERVICE))
    before = filled(backend)
    with using(backend), pytest.raises(KeyringRefusedError) as caught:
        await Credentials().replace_token(account())

    assert str(caught.value) == (
        "The keyring refused (PasswordDeleteError). The token in use is the old one. "
        'A copy of the new one may be left under "masking-console trial" in the '
        "keyring. Remove it there."
    )
    assert backend.kept == {**before, TRIAL: NEW}


async def test_an_old_token_that_was_overwritten_wrongly_is_put_back_and_read() -> None:
    backend = LyingKeyring(SERVICE, lambda text: "x" if text == NEW else text)
    before = filled(backend)
    with using(backend), pytest.raises(KeyringMismatchError) as caught:
        await Credentials().replace_token(account())

    assert str(caught.value) == (
        "The keyring did not keep the token as written. The old token is there."
    )
    assert backend.kept == before


async def test_where_there_was_no_token_a_failure_leaves_none() -> None:
    backend = LyingKeyring(SERVICE)
    before = filled(backend)
    del before[ENTRY], backend.kept[ENTRY]
    with using(backend), pytest.raises(KeyringMismatchError) as caught:
        await Credentials().replace_token(account())

    assert str(caught.value) == (
        "The keyring did not keep the token as written. There is no token, as before."
    )
    assert backend.kept == before


def read_nothing_more(keyring: ScriptedKeyring) -> None:
    def locked(service: str, username: str) -> str | None:
        raise errors.KeyringLocked(f"{service} {username}")

    keyring.get_password = locked  # type: ignore[method-assign]  # from here on
    refuse(keyring)


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (lose_and_refuse, refuse, "holds no token"),
        (
            leave("third"),
            refuse,
            "holds something else",
        ),
        (
            leave(NEW),
            refuse,
            "holds the new token",
        ),
        (
            lose_and_refuse,
            leave(OLD),
            "holds the old token",
        ),
        (
            lose_and_refuse,
            read_nothing_more,
            "cannot be read, and may hold either or none",
        ),
    ],
)
async def test_when_nothing_can_be_put_back_the_sentence_says_what_is_where(
    first: Callable[[ScriptedKeyring], None],
    second: Callable[[ScriptedKeyring], None],
    state: str,
) -> None:
    backend = ScriptedKeyring(set_real_1=first, set_real_2=second)
    filled(backend)
    with using(backend), pytest.raises(KeyringRefusedError) as caught:
        await Credentials().replace_token(account())

    assert str(caught.value) == (
        "The keyring refused (PasswordSetError). The old token could not be put back: "
        f'under "masking-console" the entry acme-prod {state}.'
    )
    assert caught.value.remedy is Remedy.REPLACE_TOKEN


async def test_no_failure_of_a_replacement_carries_a_token() -> None:
    backend = ScriptedKeyring(set_real_1=lose_and_refuse, set_real_2=refuse)
    filled(backend)
    with using(backend), pytest.raises(CredentialsError) as caught:
        await Credentials().replace_token(account())

    linked: BaseException | None = caught.value
    while linked is not None:
        assert OLD not in repr(linked)
        assert NEW not in repr(linked)
        linked = linked.__cause__ or linked.__context__


class SlowWrite(SilentKeyring):
    """A keyring that hangs where it writes under one service, and nowhere else."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def set_password(self, service: str, username: str, password: str) -> None:
        if service == self._service:
            super().set_password(service, username, password)
        else:
            KeyringInMemory.set_password(self, service, username, password)


async def _give_up(backend: SilentKeyring, change: Coroutine[Any, Any, None]) -> None:
    """Begin a change, stop waiting for it when it hangs, and let it go on."""
    changing = asyncio.create_task(change)
    assert await asyncio.to_thread(backend.is_waiting.wait, 30)
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    backend.wake_up.set()


@pytest.mark.parametrize("service", [TRIAL_SERVICE, SERVICE])
async def test_a_token_that_is_written_too_late_gives_way_to_the_old_one(
    service: str,
) -> None:
    backend = SlowWrite(service)
    before = filled(backend)
    credentials = Credentials()
    with using(backend):
        await _give_up(backend, credentials.replace_token(account()))
        await _until_idle(credentials)

    assert backend.kept == before
    assert credentials.take_late_words() == (
        "The keyring answered too late. The old token is there."
    )
    assert credentials.take_late_words() == ""


async def test_a_change_that_fails_in_time_leaves_nothing_to_say_later() -> None:
    credentials = Credentials()
    backend = RefusingKeyring(("set", TRIAL_SERVICE))
    before = filled(backend)
    with using(backend), pytest.raises(KeyringRefusedError):
        await credentials.replace_token(account())

    assert credentials.take_late_words() == ""
    assert backend.kept == before


async def test_protection_is_switched_on_and_off_and_nothing_else_changes() -> None:
    backend = KeyringInMemory()
    credentials = Credentials()
    with using(backend):
        await credentials.save(account(OLD))
        others = Account(AccountName("other"), AuthId(AUTH_ID), AuthToken(OLD))
        await credentials.save(others)
        before = dict(backend.kept)

        await credentials.protect(AccountName("acme-prod"), protected=True)
        assert await credentials.stored() == (
            StoredAccount("acme-prod", AUTH_ID, protected=True),
            StoredAccount("other", AUTH_ID),
        )
        await credentials.protect(AccountName("acme-prod"), protected=False)

    assert backend.kept == before


async def test_an_account_that_is_gone_cannot_be_protected() -> None:
    backend = KeyringInMemory()
    with using(backend), pytest.raises(AccountUnknownError) as caught:
        await Credentials().protect(AccountName("acme-prod"), protected=True)

    assert str(caught.value) == (
        "ACME-PROD is no longer in the keyring. Nothing was changed."
    )
    assert backend.kept == {}


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (
            RefusingKeyring(("set", INDEX_SERVICE)),
            "The keyring refused (PasswordSetError). Nothing was changed.",
        ),
        (
            LyingKeyring(INDEX_SERVICE, lambda text: text.replace(',"protected"', "")),
            (
                "The keyring did not keep the list of accounts as written. "
                "Nothing was changed."
            ),
        ),
        (
            LyingKeyring(INDEX_SERVICE, lambda text: text.replace("true", "false")),
            (
                "The keyring did not keep the list of accounts as written. "
                "Nothing was changed."
            ),
        ),
    ],
)
async def test_a_protection_that_is_not_kept_is_taken_back(
    backend: KeyringInMemory, words: str
) -> None:
    before = filled(backend)
    with using(backend), pytest.raises(CredentialsError) as caught:
        await Credentials().protect(AccountName("acme-prod"), protected=True)

    assert str(caught.value) == words
    assert backend.kept == before


async def test_a_list_that_cannot_be_put_back_is_named() -> None:
    def damage(keyring: ScriptedKeyring) -> None:
        keyring.kept[INDEX_SERVICE, "0"] = "{"
        refuse(keyring)

    backend = ScriptedKeyring(set_index_1=damage, set_index_2=refuse)
    filled(backend)
    with using(backend), pytest.raises(KeyringRefusedError) as caught:
        await Credentials().protect(AccountName("acme-prod"), protected=True)

    assert str(caught.value) == (
        "The keyring refused (PasswordSetError). The list under "
        '"masking-console accounts" may be damaged.'
    )


async def test_a_protection_that_comes_too_late_is_taken_back() -> None:
    backend = SlowWrite(INDEX_SERVICE)
    before = filled(backend)
    credentials = Credentials()
    with using(backend):
        change = credentials.protect(AccountName("acme-prod"), protected=True)
        await _give_up(backend, change)
        await _until_idle(credentials)

    assert backend.kept == before
    assert credentials.take_late_words() == (
        "The keyring answered too late. Nothing was changed."
    )


async def test_a_trial_that_a_killed_console_left_goes_with_the_account() -> None:
    backend = KeyringInMemory()
    filled(backend)
    backend.kept[TRIAL] = NEW
    with using(backend):
        await Credentials().remove(AccountName("acme-prod"))

    assert backend.kept == {}
