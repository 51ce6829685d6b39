from collections.abc import Callable
from pathlib import Path

from masking_console.models.history_query import HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.console import Console, console

IdsOf = Callable[[str, int], list[SessionUuid]]
EVERYTHING = HistoryQuery()


async def ask(opened: Console) -> None:
    await opened.press("T")
    await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "ticket")


async def test_ticket_and_reason_stand_in_header_review_and_journal(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        await ask(opened)
        await opened.press(*"OPS-4812", "enter", *"stale", "enter")
        await opened.until(lambda: "ticket OPS-4812" in opened.screen_text(), "header")
        review = await opened.open_review()
        assert (review.plan.ticket, review.plan.reason) == ("OPS-4812", "stale")
        words = "Ticket     OPS-4812   Reason: stale"
        await opened.until(lambda: words in opened.screen_text(), "review")
        await opened.press("y")
        words = "Ticket OPS-4812"
        await opened.until(lambda: words in opened.screen_text(), "finished")
        (record,) = await opened.operations.history.batches(EVERYTHING)

    assert (record.ticket, record.reason) == ("OPS-4812", "stale")


async def test_escape_keeps_what_was_there(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        for leave in (("escape",), ("tab", "tab", "enter")):
            await ask(opened)
            await opened.press("O", *leave)
            await opened.until(
                lambda: isinstance(opened.app.screen, MainScreen), "main"
            )
        assert opened.ticket == ""


async def test_a_phone_number_is_not_kept(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await ask(opened)
        await opened.press("tab")
        await opened.paste("+91 90034-59051\nand more")
        await opened.press("tab", "tab", "enter")
        words = "taken out of the reason. Enter keeps it."
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
        assert isinstance(opened.app.screen, TicketScreen)
        assert opened.main.space.cause.reason == ""
        assert "(number)" in opened.screen_text()
        keep = opened.app.screen.query_one("#keep")
        await opened.until(lambda: not keep.has_class("-active"), "a free button")
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        assert "(number)" in opened.main.space.cause.reason
        assert "59051" not in opened.main.space.cause.reason


async def test_a_ticket_that_is_a_number_or_a_token_is_refused_and_stays_as_typed(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await ask(opened)
        await opened.press(*"+14155550123", "enter", "enter")
        words = "This ticket looks like a phone number."
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
        assert isinstance(opened.app.screen, TicketScreen)
        assert "+14155550123" in opened.screen_text()
        assert opened.ticket == ""


async def test_a_paste_that_does_not_fit_is_refused_in_so_many_words(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await ask(opened)
        await opened.paste("x" * 41)
        words = "Not pasted: 41 characters, and 40 fit here."
        await opened.until(lambda: words in opened.words(), words)
        await opened.paste("OPS-4812\nthe rest")
        words = "Only the first line was taken."
        await opened.until(lambda: words in opened.words(), words)
        await opened.press("enter", "enter")
        await opened.until(lambda: opened.ticket == "OPS-4812", "the ticket")
