"""New tokens, protection and Auth IDs on the screen of the accounts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import INDEX_SERVICE, SERVICE
from masking_console.errors import TokenRefusedError
from masking_console.models.account import AccountSource, AuthToken
from masking_console.models.masking_session import CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.policy import WriteState
from masking_console.operations.wiring import build_operations
from masking_console.practice.exchange import PRACTICE_AUTH_ID, PRACTICE_TOKEN, Reply
from masking_console.practice.faults import Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import Settings
from masking_console.ui.app import ConsoleApp
from masking_console.ui.screens.account_forms import ReplaceTokenScreen, TokenField
from masking_console.ui.screens.accounts import AccountsScreen
from masking_console.ui.screens.question import QuestionScreen, TypedNameScreen
from masking_console.ui.widgets.bottom_lines import KeyFooter
from tests.support.accounts import AUTH_ID, SECRET, account, opened
from tests.support.console import Console, console
from tests.support.keyrings import (
    KeyringInMemory,
    LockedKeyring,
    RefusingKeyring,
    SilentKeyring,
    using,
)

NEW = "a-new-secret-nobody-may-see"
ENVIRONMENT = {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": SECRET}


@pytest.fixture
def memory() -> Iterator[KeyringInMemory]:
    backend = KeyringInMemory()
    with using(backend):
        yield backend


@pytest.mark.parametrize("in_use", [True, False])
async def test_o_replaces_the_token_once_plivo_took_the_new_one(
    memory: KeyringInMemory, *, in_use: bool
) -> None:
    await Credentials().save(account())
    current = account() if in_use else account("other")
    async with opened(current=current) as screen:
        form = await screen.open_dialog("o", ReplaceTokenScreen)
        assert "New token for ACME-PROD" in screen.text()
        assert screen.host.focused is form.query_one(TokenField)
        form.query_one(TokenField).value = NEW
        await screen.until_shown("*" * 22)
        assert NEW not in screen.text()
        await screen.press_button("#replace")
        await screen.until_shown("ACME-PROD has a new token. Plivo took it, and the")

        text = screen.text()
        assert ("This console uses it from now on." in text) is in_use
        assert [each.name for each in screen.host.renewed] == ["acme-prod"] * in_use
        assert screen.host.returned == []
        assert NEW not in text
    assert memory.kept[SERVICE, "acme-prod"] == NEW
    assert screen.plivo.asked[0].auth_token.matches(AuthToken(NEW))


async def test_a_new_token_that_is_refused_is_said_in_the_form_and_can_be_corrected(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    before = dict(memory.kept)
    async with opened(current=account()) as screen:
        form = await screen.open_dialog("o", ReplaceTokenScreen)
        await screen.press_button("#replace")
        await screen.until_shown("Enter the Auth Token.")
        screen.plivo.problem = TokenRefusedError("Plivo refused [/x] this token.")
        form.query_one(TokenField).value = NEW
        await screen.press_button("#replace")
        await screen.until_shown("Plivo refused [/x] this token.")
        assert memory.kept == before
        assert form.query_one(TokenField).value == NEW

        screen.plivo.problem = None
        await screen.press_button("#replace")
        await screen.until_shown("ACME-PROD has a new token.")
    assert memory.kept[SERVICE, "acme-prod"] == NEW


async def test_a_keyring_that_refuses_is_reported_and_the_old_token_stays() -> None:
    refusing = RefusingKeyring(("set", SERVICE))
    refusing.kept = {
        (SERVICE, "acme-prod"): SECRET,
        (INDEX_SERVICE, "0"): f'[{{"name":"acme-prod","auth_id":"{AUTH_ID}"}}]',
    }
    before = dict(refusing.kept)
    with using(refusing):
        async with opened(current=account()) as screen:
            form = await screen.open_dialog("o", ReplaceTokenScreen)
            form.query_one(TokenField).value = NEW
            await screen.press_button("#replace")
            await screen.until_shown("(PasswordSetError). The old token is there.")
            assert screen.host.renewed == []
    assert refusing.kept == before


async def test_while_plivo_is_asked_the_form_is_not_sent_twice_and_can_be_left(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    before = dict(memory.kept)
    async with opened() as screen:
        form = await screen.open_dialog("o", ReplaceTokenScreen)
        screen.plivo.may_answer.clear()
        field = form.query_one(TokenField)
        field.value = NEW
        await screen.press_button("#replace")
        await screen.until_shown("Checking with Plivo...")
        await screen.press_button("#replace")
        await screen.pilot.pause()
        assert len(screen.plivo.asked) == 1

        await screen.pilot.press("escape")
        await screen.until_shown("Keyring: KeyringInMemory.")
        screen.plivo.may_answer.set()
        await screen.pilot.pause(0.1)
        assert field.value == ""
        assert "has a new token" not in screen.text()
    assert memory.kept == before


async def test_a_form_that_is_left_while_the_keyring_hangs_says_what_came_of_it() -> (
    None
):
    silent = SilentKeyring()
    silent.kept = {
        (SERVICE, "acme-prod"): SECRET,
        (INDEX_SERVICE, "0"): f'[{{"name":"acme-prod","auth_id":"{AUTH_ID}"}}]',
    }
    before = dict(silent.kept)
    with using(silent):
        async with opened() as screen:
            form = await screen.open_dialog("o", ReplaceTokenScreen)
            form.query_one(TokenField).value = NEW
            await screen.press_button("#replace")
            await screen.until(silent.is_waiting.is_set, "the keyring to hang")
            await screen.pilot.press("escape")
            await screen.until(
                lambda: isinstance(screen.host.screen, AccountsScreen), "the list"
            )
            silent.wake_up.set()
            await screen.until_shown("The keyring answered too late. The old token is")
    assert silent.kept == before


@pytest.mark.parametrize("way_out", ["escape", "enter"])
async def test_enter_in_the_field_leads_to_cancel(
    memory: KeyringInMemory, way_out: str
) -> None:
    await Credentials().save(account())
    before = dict(memory.kept)
    async with opened() as screen:
        form = await screen.open_dialog("o", ReplaceTokenScreen)
        await screen.pilot.press(*"token", "enter")
        assert screen.host.focused is form.query_one("#cancel")
        await screen.pilot.press(way_out)
        await screen.until(
            lambda: isinstance(screen.host.screen, AccountsScreen), "the list"
        )
    assert screen.plivo.asked == []
    assert memory.kept == before


async def test_a_token_that_is_missing_is_said_and_mended(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    del memory.kept[SERVICE, "acme-prod"]
    async with opened() as screen:
        await screen.pilot.press("enter")
        await screen.until_shown("ACME-PROD is set up, but its token is not in the")
        words = " ".join(screen.text().replace("┃", " ").split())
        assert "is not in the keyring. Press o to replace the token." in words

        form = await screen.open_dialog("o", ReplaceTokenScreen)
        form.query_one(TokenField).value = NEW
        await screen.press_button("#replace")
        await screen.until_shown("ACME-PROD has a new token.")
        await screen.pilot.press("enter")
        await screen.until(lambda: screen.host.returned, "the choice")
    assert memory.kept[SERVICE, "acme-prod"] == NEW


async def test_a_token_that_is_missing_at_the_start_leads_to_the_accounts(
    memory: KeyringInMemory, tmp_path: Path
) -> None:
    await Credentials().save(account())
    del memory.kept[SERVICE, "acme-prod"]
    operations = build_operations(Settings(journal_path=tmp_path / "journal.db"), {})
    app = ConsoleApp(operations.settings, lambda: operations)
    try:
        async with app.run_test(size=(100, 30)) as pilot:
            real = Console(app, pilot, SimulatedAccount(), operations)
            await real.until(
                lambda: "Press P, then o, to replace the token." in real.screen_text(),
                "words",
            )
            await real.press("P")
            await real.until(lambda: "ACME-PROD" in real.screen_text(), "the list")
    finally:
        await asyncio.to_thread(operations.close)
    assert len(memory.kept) == 1


async def test_a_keyring_that_is_locked_later_is_said_once() -> None:
    locked = LockedKeyring()
    locked.is_locked = False
    with using(locked):
        await Credentials().save(account())
        async with opened() as screen:
            locked.is_locked = True
            await screen.pilot.press("r")
            await screen.until_shown("The keyring is locked.")
            await screen.pilot.pause()
            assert screen.text().count("The keyring is locked.") == 1


async def test_an_account_of_this_run_gets_its_token_in_memory(
    memory: KeyringInMemory,
) -> None:
    async with opened() as screen:
        kept = AccountSource.MEMORY
        await screen.accounts.add("acme", AUTH_ID, AuthToken(SECRET), kept)
        await screen.pilot.press("r")
        await screen.until_shown("this run only")
        form = await screen.open_dialog("o", ReplaceTokenScreen)
        form.query_one(TokenField).value = NEW
        await screen.press_button("#replace")
        await screen.until_shown("ACME has a new token. Plivo took it. It is kept for")
        assert (await screen.accounts.load("acme")).auth_token.matches(AuthToken(NEW))
        await screen.pilot.press("p")
        await screen.until_shown("ACME is protected. That holds for this run only.")
    assert memory.kept == {}


async def test_p_protects_and_typing_the_name_unprotects(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    before = dict(memory.kept)
    async with opened(current=account()) as screen:
        await screen.until_shown("protected: no")
        await screen.pilot.press("p")
        await screen.until_shown("ACME-PROD is protected. The keyring reads it back.")
        await screen.until_shown("protected: yes (starts with writes off, always asks")
        renewed = screen.host.renewed
        await screen.until(lambda: [r.protected for r in renewed] == [True], "news")

        form = await screen.open_dialog("p", TypedNameScreen)
        assert "Type acme-prod to go ahead." in screen.text()
        assert screen.host.focused is form.query_one("#typed-cancel")
        await screen.type_name("acme-x")
        await screen.until_shown("That is not acme-prod. Wait a second, then type")
        await asyncio.sleep(1)
        await screen.type_name("ACME-prod")
        await screen.press_button("#typed-act")
        await screen.until_shown("ACME-PROD is no longer protected. The keyring reads")
        await screen.until(
            lambda: [r.protected for r in renewed] == [True, False], "the news"
        )
    assert memory.kept == before


async def test_however_many_accounts_there_are_the_report_can_be_read(
    memory: KeyringInMemory,
) -> None:
    for number in range(20):
        await Credentials().save(account(f"account-{number:02}"))
    async with opened(ENVIRONMENT, account("account-00")) as screen:
        await screen.until_shown("Press enter on env to use them.")
        await screen.pilot.press("p")
        await screen.until_shown("ACCOUNT-00 is protected. The keyring reads it back.")
        assert "protected: yes" in screen.text()
    assert len(memory.kept) == 20 + 2


async def test_protection_stays_unless_its_end_is_meant(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account(protected=True))
    before = dict(memory.kept)
    async with opened() as screen:
        await screen.open_dialog("p", TypedNameScreen)
        await screen.pilot.press("enter")
        await screen.until_shown("protected: yes")
        assert screen.host.renewed == []
    assert memory.kept == before


async def test_a_refused_protection_is_reported_and_nothing_changes() -> None:
    refusing = RefusingKeyring()
    with using(refusing):
        await Credentials().save(account())
        before = dict(refusing.kept)
        refusing.refuses.add(("set", INDEX_SERVICE))
        async with opened() as screen:
            await screen.pilot.press("p")
            await screen.until_shown("(PasswordSetError). Nothing was changed.")
            await screen.until_shown("protected: no")
    assert refusing.kept == before


async def test_what_the_config_file_protects_is_changed_there(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    before = dict(memory.kept)
    async with opened(protected=frozenset({"Acme-Prod"})) as screen:
        await screen.until_shown("protected: yes, by the configuration")
        await screen.pilot.press("p")
        await screen.until_shown("The configuration protects ACME-PROD.")
        # It asks for its name all the same when it is removed.
        await screen.open_dialog("x", TypedNameScreen)
    assert memory.kept == before


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("o", "env is not stored here. Set PLIVO_AUTH_TOKEN and start again."),
        ("p", 'env is not stored here. Set protected = ["env"] in config.toml.'),
    ],
)
async def test_the_environment_is_neither_renewed_nor_protected_here(
    memory: KeyringInMemory, key: str, words: str
) -> None:
    async with opened(ENVIRONMENT) as screen:
        await screen.pilot.press(key)
        await screen.until_shown(words)
        assert isinstance(screen.host.screen, AccountsScreen)
    assert memory.kept == {}


async def test_o_and_p_on_an_empty_list_do_nothing(memory: KeyringInMemory) -> None:
    async with opened() as screen:
        await screen.pilot.press("o", "p")
        await screen.until_shown("No account yet")
        assert isinstance(screen.host.screen, AccountsScreen)
    assert memory.kept == {}


async def test_removing_the_account_in_use_says_so_before_and_after(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    async with opened(current=account()) as screen:
        await screen.open_dialog("x", QuestionScreen)
        assert "It is in use. This console uses it until you" in screen.text()
        await screen.press_button("#act")
        await screen.until_shown("The keyring was read again: its token is gone.")
        assert "This console uses it until you choose another." in screen.text()
    assert memory.kept == {}


async def test_the_auth_id_is_explained_while_it_is_typed(
    memory: KeyringInMemory,
) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        form.query_one("#auth-id").focus()
        await screen.pilot.press(*"SA")
        await screen.until_shown("This is a sub-account id. Masking may need the main")
        await screen.pilot.press("backspace", "backspace", *"MAACME")
        await screen.until(lambda: "sub-account" not in screen.text(), "no warning")
        await screen.pilot.press("enter")
        await screen.until_shown("An Auth ID has 20 characters. This has 6.")
        form.query_one("#auth-id").focus()
        await screen.pilot.press("end", "minus")
        await screen.until_shown("An Auth ID has letters and digits alone.")
        # A complete one has nothing to be said of, and keeps what was said before.
        form.query_one("#auth-id", Input).value = AUTH_ID
        await screen.until(lambda: "alone" not in screen.text(), "no complaint")
        screen.plivo.problem = TokenRefusedError("Plivo refused this token.")
        await screen.fill_form()
        await screen.save()
        await screen.until_shown("Plivo refused this token.")
        form.query_one("#auth-id").focus()
        await screen.pilot.press("enter")
        await screen.pilot.pause()
        assert "Plivo refused this token." in screen.text()
    assert memory.kept == {}


async def test_the_footer_has_at_most_seven_keys(
    memory: KeyringInMemory, simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, size=(80, 24)) as real:
        await real.press("P")
        await real.until(lambda: isinstance(real.app.screen, AccountsScreen), "list")
        await real.until(lambda: "Keyring" in real.screen_text(), "the keyring")
        keys = real.app.screen.query_one(KeyFooter).keys
        assert [key.words for key in keys] == [
            "use",
            "new",
            "check now",
            "replace token",
            "protect",
            "remove",
            "help",
        ]
        # None of them is cut off.
        assert sum(key.width for key in keys) <= 80
    assert memory.kept == {}


@asynccontextmanager
async def on_a_stored_account(
    simulated: SimulatedAccount, folder: Path
) -> AsyncIterator[Console]:
    """Open the console on an account of the keyring."""
    async with console(simulated, folder) as real:
        stored = await real.operations.accounts.add(
            "acme-eu",
            PRACTICE_AUTH_ID,
            AuthToken(PRACTICE_TOKEN),
            AccountSource.KEYRING,
        )
        real.main.accounts.use(stored)
        yield real


async def replace_token(real: Console) -> None:
    """Paste the token into the form and press its button."""
    await real.press("P")
    await real.until(lambda: "ACME-EU" in real.screen_text(), "the account")
    await real.press("o")
    await real.until(lambda: isinstance(real.app.screen, ReplaceTokenScreen), "form")
    await real.paste(f"{PRACTICE_TOKEN}\rsecond line\r")
    assert real.app.screen.query_one(TokenField).value == PRACTICE_TOKEN
    assert PRACTICE_TOKEN not in real.screen_text()
    real.app.screen.query_one("#replace").focus()
    await real.press("enter")
    await real.until(lambda: "has a new token" in real.screen_text(), "the report")


async def test_a_new_token_is_used_from_then_on_and_the_queue_stays(
    memory: KeyringInMemory,
    simulated: SimulatedAccount,
    ids_of: Callable[[str, int], list[SessionUuid]],
    tmp_path: Path,
) -> None:
    async with on_a_stored_account(simulated, tmp_path) as real:
        await real.paste("\n".join(ids_of("active", 4)))
        await real.until_checked(4)
        await real.press("space")
        before, asked = real.main.account, len(simulated.requests)
        assert real.main.queue.summary().ticked == 3
        await replace_token(real)
        await real.press("escape")
        await real.until(lambda: real.app.screen is real.main, "the main screen")

        after = real.main.account
        assert after is not None
        assert before is not None
        assert after.auth_token is not before.auth_token
        assert real.main.queue.summary().ticked == 3
        # One question: whether Plivo takes the token. No row was asked about again.
        assert len(simulated.requests) == asked + 1
        await real.press("r")
        await real.until(lambda: len(simulated.requests) > asked + 1, "a new check")
        await real.until_checked(4)
        assert real.main.queue.summary().ticked == 3
    assert memory.kept[SERVICE, "acme-eu"] == PRACTICE_TOKEN


async def test_rows_that_were_refused_with_the_old_token_are_asked_about_again(
    memory: KeyringInMemory,
    simulated: SimulatedAccount,
    ids_of: Callable[[str, int], list[SessionUuid]],
    tmp_path: Path,
) -> None:
    async with on_a_stored_account(simulated, tmp_path) as real:
        refusal = Fault(has_effect=False, reply=Reply(HTTPStatus.UNAUTHORIZED))
        simulated.fault = lambda _request: refusal
        await real.paste("\n".join(ids_of("active", 3)))
        await real.until(lambda: isinstance(real.app.screen, QuestionScreen), "no")
        await real.press("escape")
        simulated.fault = lambda _request: None
        await replace_token(real)
        await real.press("escape")
        await real.until_checked(3)
        rows = real.main.queue.rows_in([CheckState.ACTIVE])

        assert len(rows) == 3
    assert (SERVICE, "acme-eu") in memory.kept


async def test_protection_changes_what_the_review_asks_for(
    memory: KeyringInMemory,
    simulated: SimulatedAccount,
    ids_of: Callable[[str, int], list[SessionUuid]],
    tmp_path: Path,
) -> None:
    async with on_a_stored_account(simulated, tmp_path) as real:
        await real.paste("\n".join(ids_of("active", 2)))
        await real.until_checked(2)
        await real.press("P")
        await real.until(lambda: "ACME-EU" in real.screen_text(), "the account")
        await real.press("p")
        await real.until(lambda: "is protected" in real.screen_text(), "the report")
        await real.press("escape")
        assert real.main.writes.state is WriteState.OFF
        await real.press("W")
        await real.until(
            lambda: isinstance(real.app.screen, TypedNameScreen), "the question"
        )
        await real.until(lambda: isinstance(real.app.focused, Button), "its focus")
        await real.answer("acme-eu")
        await real.until(lambda: "WRITES ON" in real.screen_text(), "writes on")
        screen = await real.open_review()

        assert screen.plan.phrase == "2 acme-eu"
    assert '"protected":true' in memory.kept[INDEX_SERVICE, "0"]
