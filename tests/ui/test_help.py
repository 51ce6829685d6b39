from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.keys.key_words import commands, help_groups
from masking_console.ui.keys.keymap import owners
from masking_console.ui.screens.help import HelpScreen
from masking_console.ui.screens.history import HistoryScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.console import Console, console
from tests.support.runs import open_ids


async def opened_help(opened: Console, *keys: str) -> str:
    await opened.press(*(keys or "?"))
    await opened.until(lambda: isinstance(opened.app.screen, HelpScreen), "help")
    await opened.until(lambda: "SIGNS" in help_text(opened), "the keys")
    return help_text(opened)


def help_text(opened: Console) -> str:
    return str(opened.app.screen.query_one("#help-text").render())


@pytest.mark.parametrize(("size", "columns"), [((80, 24), 2), ((160, 50), 4)])
async def test_help_shows_the_keys_of_the_focus_first(
    simulated: SimulatedAccount, tmp_path: Path, size: tuple[int, int], columns: int
) -> None:
    async with console(simulated, tmp_path, size=size) as opened:
        text = await opened_help(opened)
        lines = text.splitlines()
        assert lines[0].startswith("IN THE QUEUE")
        for words in ("X           review and expire", "ANYWHERE", "IN THE CONSOLE"):
            assert words in text
        assert max(map(len, lines)) <= size[0]
        titles = sum(word.isupper() and len(word) > 1 for word in lines[0].split())
        assert titles >= columns
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "no help")
        await opened.press("3")
        text = await opened_help(opened, "f1", "?")
        assert text.startswith("IN THE LOG")
        await opened.press("?")
        await opened.until(lambda: opened.app.screen is opened.main, "no help")


async def test_typing_in_the_help_searches_it(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened_help(opened)
        await opened.press(*"undo")
        await opened.until(lambda: "untick" not in help_text(opened), "a search")
        assert "undo ticks and rows" in help_text(opened)
        await opened.press(*"xyz")
        await opened.until(
            lambda: help_text(opened) == "No key does that.", "nothing found"
        )


async def test_help_lies_over_every_other_screen_and_a_field_takes_its_key(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("H")
        await opened.until(lambda: isinstance(opened.app.screen, HistoryScreen), "H")
        text = await opened_help(opened)
        assert "HISTORY" in text
        await opened.press("escape", "escape")
        await opened.until(lambda: opened.app.screen is opened.main, "main")
        await opened.press("T")
        await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "T")
        await opened.until(lambda: isinstance(opened.app.focused, Input), "a field")
        await opened.press("?")
        assert opened.app.screen.query_one("#ticket", Input).value == "?"
        text = await opened_help(opened, "f1", "?")
        assert text.startswith("TICKET")


async def test_own_keys_stand_in_the_help(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    keymap = {"queue.check": ("f5",)}
    async with console(simulated, tmp_path, keymap=keymap) as opened:
        text = await opened_help(opened)
        assert "check or find again" in text
        line = next(each for each in text.splitlines() if "check or find" in each)
        assert line.startswith("f5 ") or "  f5 " in line


def test_the_words_of_every_key_fit_into_the_help() -> None:
    words = {
        binding.tooltip or binding.description
        for owner in owners()
        for binding in owner.__dict__["BINDINGS"]
    }

    assert {"review and expire", "back"} <= words
    assert max(map(len, words)) <= 26


async def test_the_palette_offers_what_is_possible_and_nothing_that_confirms(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        screen = opened.app.screen
        offered = {key.binding.id for key in commands(screen)}
        assert {"queue.review", "app.accounts", "main.find", "app.quit"} <= offered
        assert "main.stop" not in offered
        names = {each.title for each in opened.app.get_system_commands(screen)}
        assert "theme" in names
        assert "Screenshot" not in names
        review = await opened.open_review()
        assert "review.yes" not in {key.binding.id for key in commands(review)}
        groups = help_groups(review)
        assert "review" in {group.title for group in groups}


async def test_a_command_of_the_palette_does_what_its_key_does(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        await opened.press("ctrl+p")
        await opened.until(
            lambda: isinstance(opened.app.screen, CommandPalette), "the palette"
        )
        await opened.press(*"untick")
        await opened.until(lambda: "untick every row" in opened.words(), "the command")
        await opened.press("down", "enter")
        await opened.until(lambda: not opened.main.queue.ticked(), "no ticks")
