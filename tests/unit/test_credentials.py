import asyncio
import subprocess
import sys
import traceback
from collections.abc import Iterator

import pytest
from keyring import errors

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import (
    INDEX_SERVICE,
    PART_LENGTH,
    SERVICE,
    StoredAccount,
)
from masking_console.credentials.waiting import saying
from masking_console.errors import (
    CredentialsError,
    KeyringLockedError,
    KeyringMismatchError,
    KeyringMissingError,
    KeyringRefusedError,
    KeyringSilentError,
    Remedy,
    TokenMissingError,
)
from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from tests.support.keyrings import (
    DeafKeyring,
    KeyringInMemory,
    LockedKeyring,
    LyingKeyring,
    RefusingKeyring,
    SilentKeyring,
    using,
)

AUTH_ID = "MAACME00000000007Q2X"
SECRET = "a-secret-that-nobody-may-see"


_TWICE = (
    f'[{{"name":"acme","auth_id":"{AUTH_ID}"}},{{"name":"ACME","auth_id":"{AUTH_ID}"}}]'
)


def account(name: str = "acme-prod", *, protected: bool = False) -> Account:
    return Account(
        AccountName(name), AuthId(AUTH_ID), AuthToken(SECRET), protected=protected
    )


@pytest.fixture
def memory() -> Iterator[KeyringInMemory]:
    backend = KeyringInMemory()
    with using(backend):
        yield backend


async def test_what_is_saved_is_listed_and_loaded(memory: KeyringInMemory) -> None:
    credentials = Credentials()
    await credentials.save(account())
    await credentials.save(account("acme-stage", protected=True))

    stored = await credentials.stored()
    loaded = [await credentials.load(each) for each in stored]

    assert [each.name for each in loaded] == ["acme-prod", "acme-stage"]
    assert [each.protected for each in loaded] == [False, True]
    assert all(each.auth_token.matches(AuthToken(SECRET)) for each in loaded)
    assert memory.threads == {"keyring"}


async def test_the_index_holds_no_token(memory: KeyringInMemory) -> None:
    await Credentials().save(account())

    assert memory.kept.pop((SERVICE, "acme-prod")) == SECRET
    assert memory.kept == {
        (INDEX_SERVICE, "0"): f'[{{"name":"acme-prod","auth_id":"{AUTH_ID}"}}]'
    }


async def test_an_index_longer_than_windows_keeps_is_split_and_shrinks_again(
    memory: KeyringInMemory,
) -> None:
    credentials = Credentials()
    names = [f"account-{number:02}" for number in range(45)]
    for name in names:
        await credentials.save(account(name))
    index = [text for key, text in memory.kept.items() if key[0] == INDEX_SERVICE]

    assert len(index) > 2
    assert max(map(len, index)) == PART_LENGTH
    assert [each.name for each in await credentials.stored()] == names

    for name in names:
        await credentials.remove(AccountName(name))
    assert memory.kept == {}


async def test_a_name_that_is_there_in_other_letters_is_refused(
    memory: KeyringInMemory,
) -> None:
    credentials = Credentials()
    await credentials.save(account("Acme"))

    with pytest.raises(KeyringRefusedError, match=r"An account ACME exists already\."):
        await credentials.save(account("acme"))
    assert (SERVICE, "acme") not in memory.kept


async def test_only_the_account_that_is_removed_goes(memory: KeyringInMemory) -> None:
    credentials = Credentials()
    for name in ("one", "two", "three"):
        await credentials.save(account(name))

    await credentials.remove(AccountName("two"))

    assert [each.name for each in await credentials.stored()] == ["one", "three"]
    assert {user for service, user in memory.kept if service == SERVICE} == {
        "one",
        "three",
    }


async def test_an_account_whose_token_has_gone_can_still_be_removed(
    memory: KeyringInMemory,
) -> None:
    credentials = Credentials()
    await credentials.save(account())
    del memory.kept[SERVICE, "acme-prod"]

    await credentials.remove(AccountName("acme-prod"))

    assert memory.kept == {}


@pytest.mark.parametrize(
    ("held", "state"),
    [
        (None, "its token is not in the keyring"),
        ("", "its token is not in the keyring"),
        ("two words", "its token is damaged"),
        ("t\x1b]52;c;aGk=\x07", "its token is damaged"),
    ],
)
async def test_a_token_that_is_missing_or_damaged_is_reported(
    memory: KeyringInMemory, held: str | None, state: str
) -> None:
    credentials = Credentials()
    await credentials.save(account())
    del memory.kept[SERVICE, "acme-prod"]
    if held is not None:
        memory.kept[SERVICE, "acme-prod"] = held

    with pytest.raises(TokenMissingError, match=f"ACME-PROD is set up, but {state}"):
        await credentials.load((await credentials.stored())[0])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        '{"name":"acme"}',
        f'[{{"name":"acme","auth_id":"{AUTH_ID}","token":"x"}}]',
        f'[{{"name":"acme\\n","auth_id":"{AUTH_ID}"}}]',
        f'[{{"name":"acme\\u001b[2J","auth_id":"{AUTH_ID}"}}]',
        f'[{{"name":"acme","auth_id":" {AUTH_ID}"}}]',
        '[{"name":"acme","auth_id":"MA/../Account"}]',
        _TWICE,
    ],
)
async def test_a_damaged_index_is_reported_and_never_overwritten(
    memory: KeyringInMemory, text: str
) -> None:
    memory.kept[INDEX_SERVICE, "0"] = text
    memory.kept[SERVICE, "acme-prod"] = "an older token"
    before = dict(memory.kept)
    credentials = Credentials()

    for act in (
        credentials.stored(),
        credentials.save(account()),
        credentials.remove(AccountName("acme-prod")),
    ):
        with pytest.raises(KeyringRefusedError, match="is damaged"):
            await act
    assert memory.kept == before


async def test_a_keyring_that_has_a_part_for_every_number_is_not_read_for_ever() -> (
    None
):
    class Endless(KeyringInMemory):
        def get_password(self, service: str, username: str) -> str | None:
            del service, username
            return " "

    with using(Endless()), pytest.raises(KeyringRefusedError, match="is damaged"):
        await Credentials().stored()


async def test_keyring_saying_that_there_is_none_is_believed() -> None:
    class Absent(KeyringInMemory):
        def get_password(self, service: str, username: str) -> str | None:
            raise errors.NoKeyringError(service, username)

    with using(Absent()), pytest.raises(KeyringMissingError):
        await Credentials().stored()


async def test_a_locked_keyring_says_how_to_go_on() -> None:
    with using(LockedKeyring()), pytest.raises(KeyringLockedError) as caught:
        await Credentials().stored()

    assert str(caught.value) == (
        "The keyring is locked. Unlock it, or use the token for this run only."
    )
    assert caught.value.remedy is Remedy.READ_KEYRING_AGAIN


async def test_a_silent_keyring_is_given_up_and_its_words_are_the_agreed_ones() -> None:
    silent = SilentKeyring(reads=False)
    with using(silent):
        with pytest.raises(KeyringSilentError) as caught:
            await Credentials(answer_seconds=0.05).stored()
        silent.wake_up.set()

    assert str(caught.value) == (
        "The keyring has not answered for 0.05 s. "
        "It may be waiting for a window you cannot see."
    )


async def _until_idle(credentials: Credentials) -> None:
    """Wait until the keyring's thread has nothing left to do."""
    await asyncio.to_thread(credentials._turn.acquire)
    credentials._turn.release()


async def test_a_save_that_was_given_up_stores_nothing_when_the_keyring_wakes_up() -> (
    None
):
    silent = SilentKeyring()
    credentials = Credentials(answer_seconds=0.2)
    with using(silent):
        with pytest.raises(KeyringSilentError):
            await credentials.save(account())
        assert silent.is_waiting.is_set()
        silent.wake_up.set()
        await _until_idle(credentials)

        assert silent.kept == {}
        await credentials.save(account())
        assert silent.kept[SERVICE, "acme-prod"] == SECRET


async def test_a_save_given_up_while_the_index_is_written_is_taken_back_whole() -> None:
    class SlowIndex(SilentKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            if service == INDEX_SERVICE:
                super().set_password(service, username, password)
            else:
                KeyringInMemory.set_password(self, service, username, password)

    silent = SlowIndex()
    credentials = Credentials(answer_seconds=0.2)
    with using(silent):
        with pytest.raises(KeyringSilentError):
            await credentials.save(account())
        assert (SERVICE, "acme-prod") in silent.kept
        silent.wake_up.set()
        await _until_idle(credentials)

    assert silent.kept == {}


async def test_a_save_whose_screen_was_left_stores_nothing() -> None:
    silent = SilentKeyring()
    credentials = Credentials()
    with using(silent):
        saving = asyncio.create_task(credentials.save(account()))
        assert await asyncio.to_thread(silent.is_waiting.wait, 10)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
        silent.wake_up.set()
        await _until_idle(credentials)

    assert silent.kept == {}


async def test_what_was_asked_of_a_hanging_keyring_and_given_up_is_never_begun() -> (
    None
):
    silent = SilentKeyring()
    silent.kept = {
        (SERVICE, "acme-prod"): SECRET,
        (INDEX_SERVICE, "0"): f'[{{"name":"acme-prod","auth_id":"{AUTH_ID}"}}]',
    }
    before = dict(silent.kept)
    credentials = Credentials(answer_seconds=0.2)
    with using(silent):
        with pytest.raises(KeyringSilentError):
            await credentials.save(account("other"))
        with pytest.raises(KeyringSilentError):
            await credentials.remove(AccountName("acme-prod"))
        silent.wake_up.set()
        await _until_idle(credentials)

    assert silent.kept == before


async def test_an_answer_after_the_end_of_the_event_loop_is_dropped_quietly() -> None:
    silent = SilentKeyring(reads=False)
    credentials = Credentials(answer_seconds=0.05)
    with using(silent):
        with pytest.raises(KeyringSilentError):
            await asyncio.to_thread(lambda: asyncio.run(credentials.stored()))
        silent.wake_up.set()
        await _until_idle(credentials)


def test_a_keyring_that_hangs_does_not_keep_the_process_from_ending() -> None:
    code = (
        "import asyncio\n"
        "from masking_console.credentials.credentials import Credentials\n"
        "from tests.support.keyrings import SilentKeyring, using\n"
        "with using(SilentKeyring(reads=False)):\n"
        "    try: asyncio.run(Credentials(answer_seconds=0.05).stored())\n"
        "    except Exception as error: print(type(error).__name__)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "KeyringSilentError\n"


async def test_a_token_that_was_not_kept_as_written_is_taken_back() -> None:
    lying = LyingKeyring(SERVICE)
    with using(lying), pytest.raises(KeyringMismatchError) as caught:
        await Credentials().save(account())

    assert str(caught.value) == (
        "The keyring did not keep the token as written. Nothing was stored."
    )
    assert lying.kept == {}


async def test_an_index_that_was_not_kept_as_written_is_taken_back() -> None:
    lying = LyingKeyring(INDEX_SERVICE, lambda text: text.replace("prod", "test"))
    with using(lying), pytest.raises(KeyringMismatchError, match="list of accounts"):
        await Credentials().save(account())

    assert lying.kept == {}


@pytest.mark.parametrize("service", [SERVICE, INDEX_SERVICE])
async def test_after_a_refusal_nothing_is_left(service: str) -> None:
    refusing = RefusingKeyring(("set", service))
    with using(refusing), pytest.raises(KeyringRefusedError) as caught:
        await Credentials().save(account())

    assert (
        str(caught.value)
        == "The keyring refused (PasswordSetError). Nothing was stored."
    )
    assert refusing.kept == {}


async def test_a_token_that_cannot_be_taken_back_is_named() -> None:
    refusing = RefusingKeyring(("set", INDEX_SERVICE), ("delete", SERVICE))
    with using(refusing), pytest.raises(KeyringRefusedError) as caught:
        await Credentials().save(account())

    assert str(caught.value) == (
        "The keyring refused (PasswordSetError). A token of ACME-PROD may be left "
        'under "masking-console" in the keyring. Remove it there.'
    )


async def test_no_error_of_the_keyring_carries_the_token() -> None:
    refusing = RefusingKeyring(("set", SERVICE))
    with using(refusing), pytest.raises(CredentialsError) as caught:
        await Credentials().save(account())

    shown = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    linked: BaseException | None = caught.value
    while linked is not None:
        assert SECRET not in repr(linked)
        linked = linked.__cause__ or linked.__context__
    assert SECRET not in "".join(shown.format())


async def test_a_token_that_stays_after_its_removal_is_reported_and_still_listed() -> (
    None
):
    deaf = DeafKeyring()
    credentials = Credentials()
    with using(deaf):
        await credentials.save(account())
        with pytest.raises(KeyringMismatchError) as caught:
            await credentials.remove(AccountName("acme-prod"))

        assert str(caught.value) == (
            "The keyring still holds the token of ACME-PROD. "
            'Remove it there, under "masking-console".'
        )
        assert [each.name for each in await credentials.stored()] == ["acme-prod"]


async def test_an_index_that_cannot_be_shortened_never_hides_a_token() -> None:
    refusing = RefusingKeyring()
    credentials = Credentials()
    with using(refusing):
        await credentials.save(account())
        refusing.refuses.add(("delete", INDEX_SERVICE))
        with pytest.raises(KeyringRefusedError):
            await credentials.remove(AccountName("acme-prod"))

        assert (SERVICE, "acme-prod") not in refusing.kept
        assert await credentials.stored() == (StoredAccount("acme-prod", AUTH_ID),)


async def test_a_backend_of_somebody_else_that_breaks_is_reported_by_type_alone() -> (
    None
):
    class Broken(KeyringInMemory):
        def get_password(self, service: str, username: str) -> str | None:
            raise OSError(f"\x1b[2J {service} {username} {SECRET}")

    with using(Broken()), pytest.raises(KeyringRefusedError) as caught:
        await Credentials().stored()

    assert str(caught.value) == "The keyring refused (OSError)."


async def test_a_slow_keyring_is_waited_for_with_a_word() -> None:
    silent, said = SilentKeyring(reads=False), list[str]()
    with using(silent), saying(said.append):
        waiting = asyncio.create_task(Credentials(word_seconds=0.0).stored())
        async with asyncio.timeout(20):
            while not said:
                await asyncio.sleep(0.01)
        assert not waiting.done()
        silent.wake_up.set()
        assert await waiting == ()
        assert said == [
            "Waiting for the keyring. It may want to be unlocked: look for its window."
        ]
        await Credentials(word_seconds=20.0).stored()
        assert len(said) == 1
