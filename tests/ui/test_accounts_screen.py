import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Button, Input, RadioSet

from masking_console.credentials.credentials import Credentials
from masking_console.credentials.keyring_entries import INDEX_SERVICE, SERVICE
from masking_console.errors import PlivoUnavailableError, TokenRefusedError
from masking_console.models.account import (
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)
from masking_console.practice.exchange import PRACTICE_AUTH_ID, PRACTICE_TOKEN
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.account_forms import NewAccountScreen, TokenField
from masking_console.ui.screens.accounts import AccountsScreen
from masking_console.ui.screens.question import QuestionScreen, TypedNameScreen
from tests.support.accounts import (
    AUTH_ID,
    LOOK_SECONDS,
    SECRET,
    account,
    opened,
)
from tests.support.console import console
from tests.support.keyrings import (
    KeyringInMemory,
    LockedKeyring,
    RefusingKeyring,
    using,
)

SUBACCOUNT = "SAACME00000000007Q2X"
ENVIRONMENT = {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": SECRET}


@pytest.fixture
def memory() -> Iterator[KeyringInMemory]:
    backend = KeyringInMemory()
    with using(backend):
        yield backend


async def test_without_an_account_the_screen_says_how_to_begin(
    memory: KeyringInMemory,
) -> None:
    async with opened() as screen:
        await screen.until_shown("Keyring: KeyringInMemory.")
        text = screen.text()

    assert "No account yet. You need the Auth ID and Auth Token" in text
    assert "from the Plivo console home page." in text
    assert "Keyring: KeyringInMemory." in text
    assert memory.kept == {}


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_accounts_are_listed_with_what_is_known_of_them(
    memory: KeyringInMemory, size: tuple[int, int]
) -> None:
    await Credentials().save(account("acme-prod"))
    await Credentials().save(account("acme-stage"))
    async with opened(ENVIRONMENT, account("acme-prod"), size=size) as screen:
        await screen.until_shown("PLIVO_AUTH_TOKEN")
        await screen.until_shown("are set but not in use")
        lines = [line.strip(" ┃│") for line in screen.text().splitlines()]

    rows = [" ".join(line.split()) for line in lines]
    assert "* ACME-PROD MA..7Q2X OS keyring never" in rows
    assert "ACME-STAGE MA..7Q2X OS keyring never" in rows
    assert "env MA..7Q2X PLIVO_AUTH_TOKEN never" in rows
    assert (
        "Environment variables are set but not in use. Press enter on env to use them."
    ) in lines
    assert len(memory.kept) == 3


async def test_an_environment_in_use_is_not_called_unused(
    memory: KeyringInMemory,
) -> None:
    used = Account(
        AccountName("env"),
        AuthId(AUTH_ID),
        AuthToken(SECRET),
        AccountSource.ENVIRONMENT,
    )
    async with opened(ENVIRONMENT, used) as screen:
        await screen.until_shown("PLIVO_AUTH_TOKEN")
        await screen.until_shown("Keyring: ")
        assert "not in use" not in screen.text()
    assert memory.kept == {}


async def test_enter_uses_the_account_under_the_cursor(memory: KeyringInMemory) -> None:
    await Credentials().save(account("one"))
    await Credentials().save(account("two"))
    async with opened() as screen:
        await screen.pilot.press("down", "enter")
        await screen.until(lambda: screen.host.returned, "a choice")

        (chosen,) = screen.host.returned
    assert chosen is not None
    assert chosen.name == "two"
    assert len(memory.kept) == 3


@pytest.mark.parametrize("key", ["escape", "P"])
async def test_leaving_chooses_nothing(memory: KeyringInMemory, key: str) -> None:
    await Credentials().save(account())
    async with opened() as screen:
        await screen.pilot.press(key)
        await screen.until(lambda: screen.host.returned, "the end")

        assert screen.host.returned == [None]
    assert len(memory.kept) == 2


async def test_an_environment_that_cannot_be_used_says_why_and_is_not_used(
    memory: KeyringInMemory,
) -> None:
    async with opened({**ENVIRONMENT, "PLIVO_AUTH_ID": "[/x]"}) as screen:
        await screen.until_shown("PLIVO_AUTH_ID: An Auth ID has 20 letters")
        await screen.pilot.press("enter")
        await screen.pilot.pause()

        assert screen.host.returned == []
    assert memory.kept == {}


async def test_a_locked_keyring_is_said_and_read_again_with_r() -> None:
    locked = LockedKeyring()
    locked.is_locked = False
    with using(locked):
        await Credentials().save(account())
        locked.is_locked = True
        async with opened() as screen:
            text = " ".join(screen.text().split())
            assert "The keyring is locked. Unlock it, or use" in text
            assert "Press r to read it again." in text
            assert "No account yet" not in text

            locked.is_locked = False
            await screen.pilot.press("r")
            await screen.until_shown("ACME-PROD")


async def test_r_checks_the_account_and_the_cursor_stays_on_it(
    memory: KeyringInMemory,
) -> None:
    for name in ("one", "two", "three"):
        await Credentials().save(account(name))
    async with opened() as screen:
        await screen.pilot.press("down", "r")
        await screen.until_shown("TWO works.")
        text = screen.text()
        assert "TWO   account name at Plivo: Acme [/x] Logistics" in text
        assert "12:04 UTC  ok" in text

        screen.plivo.problem = TokenRefusedError("Plivo refused [/x] this token.")
        await screen.pilot.press("r")
        await screen.until_shown("Plivo refused [/x] this token.")
        assert "12:04 UTC  refused" in screen.text()
    assert [each.name for each in screen.plivo.asked] == ["two", "two"]
    assert len(memory.kept) == 4


async def test_while_one_thing_is_done_no_key_begins_another(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account())
    async with opened() as screen:
        screen.plivo.may_answer.clear()
        await screen.pilot.press("r")
        await screen.until(lambda: screen.plivo.asked, "the question")
        await screen.pilot.press("r", "x", "n", "enter")
        await screen.pilot.pause()
        assert isinstance(screen.host.screen, AccountsScreen)
        assert screen.host.returned == []

        screen.plivo.may_answer.set()
        await screen.until_shown("ACME-PROD works.")
    assert len(screen.plivo.asked) == 1
    assert len(memory.kept) == 2


async def test_a_removal_has_to_be_meant(memory: KeyringInMemory) -> None:
    await Credentials().save(account())
    async with opened(current=account()) as screen:
        await screen.pilot.press("x")
        await screen.until(
            lambda: isinstance(screen.host.screen, QuestionScreen), "the question"
        )
        await screen.pilot.press("enter")
        await screen.pilot.pause()
        assert len(memory.kept) == 2

        await screen.pilot.press("x")
        await screen.until(
            lambda: isinstance(screen.host.screen, QuestionScreen), "the question"
        )
        await screen.pilot.press("tab", "enter")
        await screen.until_shown("Too soon after other input.")
        await screen.press_button("#act")
        await screen.until_shown("ACME-PROD is removed.")
        assert "This console uses it until you choose another." in screen.text()
    assert memory.kept == {}


async def test_a_protected_account_is_removed_by_its_name_alone(
    memory: KeyringInMemory,
) -> None:
    await Credentials().save(account(protected=True))
    async with opened() as screen:

        async def ask() -> None:
            await screen.pilot.press("x")
            await screen.until(
                lambda: isinstance(screen.host.screen, TypedNameScreen), "a field"
            )

        await ask()
        assert screen.host.focused is screen.host.screen.query_one("#typed-cancel")
        await screen.pilot.press("enter")
        await screen.pilot.pause()
        await ask()
        await screen.pilot.press("escape")
        await screen.pilot.pause()
        await ask()
        # Typing leads from the safe answer to the field.
        await screen.type_name("acme-pro")
        assert screen.host.focused is screen.host.screen.query_one(Input)
        await screen.pilot.press("enter")
        await screen.until_shown("Type acme-prod to go ahead.")
        await screen.press_button("#typed-act")
        await screen.until_shown("Type acme-prod to go ahead.")
        assert len(memory.kept) == 2

        screen.host.screen.query_one(Input).focus()
        await screen.type_name("d")
        await asyncio.sleep(LOOK_SECONDS)
        await screen.pilot.press("enter")
        await screen.until_shown("ACME-PROD is removed.")
    assert memory.kept == {}


async def test_the_environment_is_not_removed_and_nothing_is_asked(
    memory: KeyringInMemory,
) -> None:
    async with opened(ENVIRONMENT) as screen:
        await screen.pilot.press("x")
        await screen.until_shown("Unset PLIVO_AUTH_ID")
    assert memory.kept == {}


async def test_keys_on_an_empty_list_do_nothing(memory: KeyringInMemory) -> None:
    async with opened() as screen:
        await screen.pilot.press("x", "enter", "r")
        await screen.pilot.pause()
        await screen.until_shown("No account yet")

        assert screen.host.returned == []
    assert memory.kept == {}


async def test_a_new_account_is_checked_stored_and_used(
    memory: KeyringInMemory,
) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        await screen.pilot.press(
            *"acme-eu", "enter", *AUTH_ID, "enter", *"tok", "enter"
        )
        assert screen.host.focused is form.query_one(RadioSet)
        await screen.save()
        await screen.until(lambda: screen.host.returned, "the account")

        (added,) = screen.host.returned
    assert added is not None
    assert (added.name, added.source) == ("acme-eu", AccountSource.KEYRING)
    assert memory.kept[SERVICE, "acme-eu"] == "tok"
    assert (INDEX_SERVICE, "0") in memory.kept


async def test_the_form_can_open_at_once(memory: KeyringInMemory) -> None:
    async with opened(new=True) as screen:
        await screen.until(
            lambda: isinstance(screen.host.screen, NewAccountScreen), "the form"
        )
        await screen.pilot.press("escape")
        await screen.until_shown("No account yet")
    assert memory.kept == {}


async def test_this_run_only_leaves_the_keyring_alone(memory: KeyringInMemory) -> None:
    async with opened() as screen:
        await screen.open_form()
        await screen.fill_form()
        assert "(x) OS keyring" in screen.text()
        await screen.pilot.press("right", "enter")
        await screen.until_shown("(x) this run only")
        assert "( ) OS keyring" in screen.text()
        await screen.save()
        await screen.until(lambda: screen.host.returned, "the account")

        (added,) = screen.host.returned
    assert added is not None
    assert added.label == "acme-eu (memory)"
    assert memory.kept == {}


async def test_without_a_keyring_this_run_only_is_chosen_and_the_reason_said() -> None:
    from keyring.backends import fail  # noqa: PLC0415 - this test's alone

    kind = fail.Keyring
    with using(kind()):  # type: ignore[no-untyped-call]
        async with opened() as screen:
            form = await screen.open_form()
            await screen.until_shown("(x) this run only")
            text = " ".join(screen.text().split())
            assert form.query_one(RadioSet).pressed_index == 1
            assert "This computer has no keyring. Use the token for this run" in text
            await screen.fill_form()
            await screen.save()
            await screen.until(lambda: screen.host.returned, "the account")


@pytest.mark.parametrize("length", [1, 7, 40])
async def test_the_token_field_tells_neither_the_token_nor_its_length(
    memory: KeyringInMemory, length: int
) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        field = form.query_one(TokenField)
        field.focus()
        field.value = "k" * length
        await screen.until_shown("*")
        line = next(line for line in screen.text().splitlines() if "Auth token" in line)

        assert line.count("*") == 22
        assert "k" not in line.partition("Auth token")[2]
        assert "•" not in line
        assert field.cursor_screen_offset == field.content_region.offset
    assert memory.kept == {}


async def test_the_token_cannot_be_copied_out_of_its_field(
    memory: KeyringInMemory,
) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        field = form.query_one(TokenField)
        field.focus()
        await screen.pilot.press(*"secret", "ctrl+shift+a", "ctrl+c", "ctrl+x")
        await screen.pilot.pause()

        assert screen.host.clipboard == ""
        assert field.value == "secret"
    assert memory.kept == {}


async def test_a_subaccount_is_accepted_with_a_warning(memory: KeyringInMemory) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        await screen.fill_form(auth_id=SUBACCOUNT)
        text = " ".join(screen.text().replace("│", " ").replace("┃", " ").split())
        assert "This is a sub-account id. Masking may need the main account" in text
        assert form.query_one("#auth-id", Input).value == SUBACCOUNT
        await screen.save()
        await screen.until(lambda: screen.host.returned, "the account")
    assert (SERVICE, "acme-eu") in memory.kept


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (TokenRefusedError("Plivo refused [/x]."), "Plivo refused [/x]."),
        (PlivoUnavailableError("Plivo is away."), "Plivo is away."),
    ],
)
async def test_an_error_stands_in_the_form_and_nothing_typed_is_lost(
    memory: KeyringInMemory, problem: Exception, words: str
) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        screen.plivo.problem = problem
        await screen.fill_form()
        await screen.save()
        await screen.until_shown(words)

        assert [field.value for field in form.query(Input)] == [
            "acme-eu",
            AUTH_ID,
            SECRET,
        ]
        assert memory.kept == {}
        screen.plivo.problem = None
        await screen.save()
        await screen.until(lambda: screen.host.returned, "the account")
    assert memory.kept[SERVICE, "acme-eu"] == SECRET


async def test_a_refusing_keyring_is_reported_in_the_form() -> None:
    refusing = RefusingKeyring(("set", SERVICE))
    with using(refusing):
        async with opened() as screen:
            await screen.open_form()
            await screen.fill_form()
            await screen.save()
            await screen.until_shown("The keyring refused (PasswordSetError).")
    assert refusing.kept == {}


async def test_while_plivo_is_asked_the_form_lives_and_is_not_sent_twice(
    memory: KeyringInMemory,
) -> None:
    async with opened() as screen:
        await screen.open_form()
        screen.plivo.may_answer.clear()
        await screen.fill_form()
        await screen.save()
        await screen.until_shown("Checking with Plivo...")
        await screen.save()
        await screen.pilot.pause()
        assert len(screen.plivo.asked) == 1

        await screen.pilot.press("escape")
        await screen.until_shown("No account yet")
        screen.plivo.may_answer.set()
        await screen.pilot.pause(0.1)
        assert screen.host.returned == []
    assert memory.kept == {}


@pytest.mark.parametrize("way_out", ["escape", "#cancel"])
async def test_cancelling_forgets_the_token(
    memory: KeyringInMemory, way_out: str
) -> None:
    async with opened() as screen:
        form = await screen.open_form()
        await screen.fill_form()
        field = form.query_one(TokenField)
        if way_out == "#cancel":
            form.query_one("#cancel", Button).focus()
        await screen.pilot.press("enter" if way_out == "#cancel" else way_out)
        await screen.until(
            lambda: isinstance(screen.host.screen, AccountsScreen), "the list"
        )

        assert field.value == ""
        assert screen.host.returned == []
    assert memory.kept == {}


async def test_no_burst_of_keys_saves_an_account(
    memory: KeyringInMemory, simulated: SimulatedAccount, tmp_path: Path
) -> None:
    bursts = (
        f"acme-eu\n{PRACTICE_AUTH_ID}\n{PRACTICE_TOKEN}\n\n\n\n\n",
        f"acme-eu\t{PRACTICE_AUTH_ID}\t{PRACTICE_TOKEN}\t\t\t\n\n\n",
        "\t\t\t\t\t\n",
        "\n" * 40,
    )
    async with console(simulated, tmp_path) as real:
        await real.press("P")
        await real.until(lambda: isinstance(real.app.screen, AccountsScreen), "list")
        await real.press("n")
        await real.until(lambda: isinstance(real.app.screen, NewAccountScreen), "form")
        before = len(simulated.requests)
        form = real.app.screen
        for burst in bursts:
            for start in ("#name", "#source", "#save"):
                form.query_one(start).focus()
                await real.burst(burst)
                assert real.app.screen is form
        assert len(simulated.requests) == before
        assert memory.kept == {}

        # The same values are taken when a person presses the button.
        texts = ("acme-eu", PRACTICE_AUTH_ID, PRACTICE_TOKEN)
        for field, text in zip(form.query(Input), texts, strict=True):
            field.value = text
        form.query_one("#save").focus()
        await asyncio.sleep(0.3)
        await real.press("enter")
        await real.until(lambda: real.app.screen is real.main, "the account")
        assert len(simulated.requests) > before
    assert memory.kept[SERVICE, "acme-eu"] == PRACTICE_TOKEN


async def test_a_paste_fills_one_field_with_one_harmless_line(
    memory: KeyringInMemory, simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as real:
        await real.press("P")
        await real.until(lambda: isinstance(real.app.screen, AccountsScreen), "list")
        await real.press("n")
        await real.until(lambda: isinstance(real.app.screen, NewAccountScreen), "form")
        await real.paste("acme\u202e-eu\nsecond line\n\n\n")
        form = real.app.screen

        assert form.query_one("#name", Input).value == "acme\ufffd-eu"
        assert form.query_one("#auth-id", Input).value == ""
        assert isinstance(form, NewAccountScreen)
    assert memory.kept == {}


async def test_p_does_not_open_the_accounts_twice(
    memory: KeyringInMemory, simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as real:
        await real.press("P")
        await real.until(lambda: isinstance(real.app.screen, AccountsScreen), "list")
        await real.press("P")
        await real.until(lambda: real.app.screen is real.main, "the main screen")
    assert memory.kept == {}
