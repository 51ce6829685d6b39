import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from textual.widgets import Button, Input

from masking_console.models.account import Account, AccountName
from masking_console.models.consent import ENTER_GAP_SECONDS
from masking_console.operations.policy import WriteState
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.question import QuestionScreen, TypedNameScreen
from masking_console.ui.screens.review import ReviewScreen
from tests.support.clock import Clock
from tests.support.console import Console, console
from tests.support.runs import open_ids


def protected(opened: Console) -> Account:
    account = opened.main.account
    assert account is not None
    return replace(account, name=AccountName("acme-prod"), protected=True)


def state(opened: Console) -> str:
    return opened.main.writes.state.value


async def ask_to_turn_on(opened: Console) -> None:
    await opened.press("W")
    await opened.until(
        lambda: (
            isinstance(opened.app.screen, TypedNameScreen)
            and isinstance(opened.app.focused, Button)
        ),
        "the question, its safe answer in focus",
    )


async def turn_on(opened: Console) -> None:
    await ask_to_turn_on(opened)
    await opened.answer("acme-prod")
    await opened.until(lambda: opened.main.writes.state is WriteState.ON, "writes on")


async def test_an_ordinary_account_has_writes_on_and_w_turns_them_off_and_on(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        assert "WRITES ON" in opened.screen_text()
        await opened.press("W")
        await opened.until(lambda: "WRITES OFF" in opened.screen_text(), "off")
        await opened.press("X")
        await opened.until(
            lambda: "Writes are off. Press W" in opened.screen_text(), "the reason"
        )
        await opened.press("W")
        await opened.until(lambda: "WRITES ON" in opened.screen_text(), "on")
        await opened.open_review()


async def test_a_protected_account_starts_with_writes_off_and_asks_for_its_name(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        opened.main.accounts.use(protected(opened))
        assert state(opened) == "WRITES OFF"
        await ask_to_turn_on(opened)
        assert "off again after 15 minutes without a key" in opened.words()
        await opened.look()
        await opened.press(*"acme-stage")
        await asyncio.sleep(ENTER_GAP_SECONDS)
        opened.send("\n")
        words = "That is not acme-prod."
        await opened.until(lambda: "Wait a second" in opened.screen_text(), words)
        await opened.press("escape")
        assert state(opened) == "WRITES OFF"
        await turn_on(opened)


async def test_neither_a_paste_nor_a_burst_of_keys_turns_writes_on(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        opened.main.accounts.use(protected(opened))
        await ask_to_turn_on(opened)
        await opened.look()
        await opened.press("shift+tab")
        await opened.paste("acme-prod\n")
        assert opened.app.screen.query_one("#typed-field", Input).value == ""
        assert "A paste is not taken here." in opened.screen_text()
        await opened.look()
        await opened.burst("acme-prod\n")
        await opened.look()
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "no dialog")
        assert state(opened) == "WRITES OFF"


async def test_writes_on_a_protected_account_go_off_when_nobody_is_there(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    clock = Clock()
    async with console(simulated, tmp_path, clock=clock) as opened:
        opened.main.accounts.use(protected(opened))
        await turn_on(opened)
        clock.advance(timedelta(minutes=14))
        opened.main.tick()
        assert state(opened) == "WRITES ON"
        await opened.press("down")
        clock.advance(timedelta(minutes=14))
        opened.main.tick()
        assert state(opened) == "WRITES ON"
        clock.advance(timedelta(minutes=1))
        opened.main.tick()
        assert state(opened) == "WRITES OFF"
        assert "nothing pressed for 15 minutes" in opened.log_lines()[-1]


async def test_writes_on_an_ordinary_account_stay_on(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    clock = Clock()
    async with console(simulated, tmp_path, clock=clock) as opened:
        clock.advance(timedelta(hours=5))
        opened.main.tick()
        assert state(opened) == "WRITES ON"


async def test_a_review_that_was_left_open_until_writes_went_off_sends_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    clock = Clock()
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0], clock=clock) as opened:
        opened.main.accounts.use(protected(opened))
        await opened.until_checked(1)
        await turn_on(opened)
        await opened.open_review()
        clock.advance(timedelta(minutes=15))
        opened.main.tick()
        await opened.answer("1 acme-prod")
        await opened.until(lambda: opened.app.screen is opened.main, "the main screen")
        assert "Writes are off" in opened.log_lines()[-1]
        assert not [each for each in simulated.requests if each.method == "DELETE"]


async def test_a_read_only_console_never_opens_a_review(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(
        simulated, tmp_path, first_text=ids[0], read_only=True
    ) as opened:
        await opened.until_checked(1)
        assert "READ ONLY" in opened.screen_text()
        await opened.press("W", "X")
        read_only = [line for line in opened.log_lines() if "read-only" in line]
        await opened.until(lambda: len(read_only) == 2, "two refusals")
        assert not isinstance(opened.app.screen, ReviewScreen)


async def test_going_over_to_another_account_empties_the_queue_after_saying_so(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        other = protected(opened)
        work = opened.main.accounts.go_over(other)
        opened.main.run_worker(work)
        await opened.until(
            lambda: isinstance(opened.app.screen, QuestionScreen), "question"
        )
        words = "takes 2 sessions of PRACTICE out of the queue"
        await opened.until(lambda: words in opened.words(), words)
        assert "2 of them ticked" in opened.words()
        await opened.press("escape")
        assert opened.main.account is not other
        assert len(opened.main.queue.ticked()) == 2
        opened.main.run_worker(opened.main.accounts.go_over(other))
        await opened.until(
            lambda: isinstance(opened.app.screen, QuestionScreen), "question"
        )
        await opened.press("tab")
        await opened.look()
        await opened.press("enter")
        await opened.until(lambda: opened.main.account is other, "the other one")
        await opened.until(lambda: not opened.main.queue.keys, "an empty queue")
        await opened.until(lambda: opened.main.queue.has_focus, "focus")
        await opened.press("z")
        await opened.until_checked(2)


async def test_a_new_token_of_the_same_account_leaves_the_queue_alone(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        account = opened.main.account
        assert account is not None
        again = replace(account)
        await opened.main.accounts.go_over(again)
        assert opened.main.account is again
        assert len(opened.main.queue.ticked()) == 2
