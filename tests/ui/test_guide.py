"""The guide in the console: the page that fits, all others, and the keys."""

from pathlib import Path

import pytest
from textual.widgets import Input, Markdown

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.presentation.guide import TOPICS
from masking_console.ui.screens.guide import GuideScreen
from masking_console.ui.screens.help import HelpScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.console import Console, console


async def opened_guide(opened: Console) -> GuideScreen:
    await opened.press("f1")
    await opened.until(lambda: isinstance(opened.app.screen, GuideScreen), "the guide")
    screen = opened.app.screen
    assert isinstance(screen, GuideScreen)
    return screen


@pytest.mark.parametrize(
    ("key", "topic", "words"),
    [
        ("", "agent", "ten minutes"),
        ("H", "promises", "Promises"),
        ("P", "network", "keyring"),
        ("U", "accidents", "Accidents"),
    ],
)
async def test_the_page_that_fits_the_screen_is_shown(
    simulated: SimulatedAccount, tmp_path: Path, key: str, topic: str, words: str
) -> None:
    async with console(simulated, tmp_path) as opened:
        if key:
            await opened.press(key)
            await opened.until(lambda: opened.app.screen is not opened.main, key)
        screen = await opened_guide(opened)
        assert screen.topic == topic
        await opened.until(lambda: words in opened.words(), words)
        await opened.press("f1")
        await opened.until(lambda: opened.app.screen is not screen, "closed")


async def test_all_pages_follow_each_other_and_can_be_painted(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, size=(80, 24)) as opened:
        screen = await opened_guide(opened)
        seen = []
        for _ in TOPICS:
            seen.append(screen.topic)
            title = f"Guide: {screen.topic}"
            await opened.until(lambda t=title: t in opened.words(), title)  # type: ignore[misc]
            assert screen.query_one(Markdown).children
            await opened.press("right")
        assert seen == list(TOPICS)
        assert screen.topic == seen[0]
        await opened.press("left")
        assert screen.topic == seen[-1]
        await opened.press("escape")
        await opened.until(lambda: opened.app.screen is opened.main, "main")


async def test_from_a_field_the_guide_leads_to_the_keys(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("T")
        await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "T")
        await opened.until(lambda: isinstance(opened.app.focused, Input), "a field")
        await opened_guide(opened)
        await opened.press("?")
        await opened.until(lambda: isinstance(opened.app.screen, HelpScreen), "keys")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "back")
