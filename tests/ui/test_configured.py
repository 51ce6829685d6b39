"""Changes of the screen by the configuration."""

from datetime import timedelta
from pathlib import Path

from masking_console.models.cause import CauseRules, TicketPattern
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import ShowNumbers
from masking_console.ui.screens.session_detail import DetailScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.clock import Clock
from tests.support.console import console
from tests.support.runs import open_ids

RULES = CauseRules(
    ticket_required=True,
    ticket_patterns=(TicketPattern.of(r"OPS-\d{1,6}", "like OPS-4812"),),
)


async def test_without_a_ticket_that_fits_nothing_is_reviewed(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(
        simulated, tmp_path, first_text=ids[0], cause_rules=RULES
    ) as opened:
        await opened.until_checked(1)
        await opened.press("X")
        await opened.until(
            lambda: isinstance(opened.app.screen, TicketScreen), "the ticket"
        )
        words = "A ticket is required. Give one first. It looks like OPS-4812."
        await opened.until(lambda: words in opened.words(), "the words")
        await opened.press(*"4812", "enter", "enter")
        words = "This is no ticket here. It must look like OPS-4812."
        await opened.until(lambda: words in opened.words(), "a no")
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "no review")
        await opened.press("X")
        await opened.until(
            lambda: isinstance(opened.app.screen, TicketScreen), "the ticket"
        )
        await opened.press(*"OPS-4812", "enter", "enter")
        await opened.until(lambda: "Expire 1 session" in opened.screen_text(), "review")
        await opened.until(lambda: "OPS-4812" in opened.screen_text(), "the words")


async def test_numbers_that_are_never_shown_stay_hidden_everywhere(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    stored = simulated.session(uuid)
    assert stored is not None
    words = "The configuration never shows numbers."
    async with console(
        simulated, tmp_path, first_text=uuid, show_numbers=ShowNumbers.NEVER
    ) as opened:
        await opened.until_checked(1)
        await opened.press("m")
        await opened.until(lambda: words in opened.screen_text(), "the list's no")
        await opened.press("enter")
        await opened.until(lambda: "by itself" in opened.screen_text(), "the detail")
        await opened.press("m")
        await opened.until(
            lambda: words in str(opened.app.screen.query_one("#detail-words").render()),
            "the detail's no",
        )
        assert stored.first_party not in opened.screen_text()


async def test_numbers_that_are_always_shown_are_recorded_and_stay(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    clock = Clock()
    (uuid,) = open_ids(simulated, 1)
    stored = simulated.session(uuid)
    assert stored is not None
    number = stored.first_party
    async with console(
        simulated,
        tmp_path,
        first_text=uuid,
        show_numbers=ShowNumbers.ALWAYS,
        clock=clock,
    ) as opened:
        await opened.until_checked(1)
        await opened.press("m")
        await opened.until(lambda: number in opened.screen_text(), "the list's")
        clock.advance(timedelta(minutes=5))
        opened.main.tick()
        assert opened.main.numbers.notice == "Numbers shown (recorded)."
        await opened.press("m")
        await opened.until(lambda: number not in opened.screen_text(), "hidden")
        await opened.press("enter")
        await opened.until(
            lambda: (
                isinstance(opened.app.screen, DetailScreen)
                and opened.app.screen.shows_numbers
            ),
            "the detail's, without a key",
        )
        assert number in opened.screen_text()
        assert sum("(recorded)" in line for line in opened.log_lines()) == 2
