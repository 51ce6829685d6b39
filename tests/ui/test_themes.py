from pathlib import Path

import pytest
from rich.color import ColorType
from rich.segment import Segment

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.themes import ANSI, SHIPPED
from tests.support.campaigns import campaign, share
from tests.support.console import Console, console
from tests.support.contrast import ENOUGH, shown_styles, shown_texts
from tests.support.runs import open_ids
from tests.support.scenes import set_stage

pytestmark = pytest.mark.no_cover

THEMES = [theme.name for theme in SHIPPED]
# Between them they have every color that there is.
COLORFUL = (
    "accounts",
    "detail",
    "finished_with_problems",
    "help",
    "history",
    "new_account",
    "pick_filtered",
    "review_count_and_account",
    "running",
    "ticket",
)


SIZES = ((80, 24), (100, 30), (160, 50), (200, 60))
"""The windows that people have."""
WORDS = {
    "accounts": ("ACME-PROD", "ACME-STAGE", "protected"),
    "detail": ("state", "active", "PINs", "on PRACTICE"),
    "finished_with_problems": ("+ expired", "? outcome unknown", "! open when"),
    "help": ("Help", "review", "type to search"),
    "history": ("B-20260304-120431", "marta"),
    "new_account": ("Auth ID", "Auth token", "Check and save"),
    "pick_filtered": ("2 Queue", "IN CALL", "in call, not ticked"),
    "review_count_and_account": ("IN CALL", "go ahead", "Cancel"),
    "running": ("3 of 8", "p pause", "s stop"),
    "ticket": ("Ticket", "Reason", "on PRACTICE"),
}
"""Words that are there in every size: nothing of them is cut off."""


def looks(opened: Console) -> list[list[Segment]]:
    strips = opened.app.screen._compositor.render_strips(opened.app.size)
    return [list(strip) for strip in strips]


async def holds_at(opened: Console, name: str, size: tuple[int, int]) -> None:
    """Nothing is outside of the window, and the focus can be seen."""
    screen, where = opened.app.screen, f"{name} at {size}"
    await opened.pilot.resize_terminal(*size)
    await opened.pilot.pause(0.1)
    await opened.until(
        lambda: all(word in opened.words() for word in WORDS[name]), where
    )
    for box in screen.children:
        assert not box.display or screen.region.contains_region(box.region), where
    focused = screen.focused
    if len(screen.focus_chain) < len(("this one", "and another")):
        return
    assert focused is not None, where
    assert focused.region.overlaps(screen.region), where
    seen = looks(opened)
    screen.set_focus(None)
    await opened.pilot.pause(0.05)
    assert looks(opened) != seen, f"the focus of {where}"
    focused.focus(scroll_visible=False)


@campaign
@pytest.mark.parametrize("name", share("scenes in all sizes and themes", COLORFUL, 3))
async def test_a_scene_holds_in_every_size_and_can_be_read_in_every_theme(
    name: str, tmp_path: Path
) -> None:
    stage = set_stage(name, tmp_path)
    hard_to_read, other_colors = set[str](), set[ColorType]()
    try:
        async with stage.app.run_test(size=stage.scene.size) as pilot:
            await stage.play(pilot)
            opened = Console(stage.app, pilot, stage.account, stage.operations)
            for size in SIZES:
                await holds_at(opened, name, size)
            await pilot.resize_terminal(*stage.scene.size)
            for theme in (*THEMES, ANSI):
                stage.app.theme = theme
                await pilot.pause(0.1)
                if theme == ANSI:
                    colors = [style.color for style in shown_styles(opened)]
                    other_colors |= {each.type for each in colors if each}
                    break
                texts = list(shown_texts(opened))
                assert len(texts) > 5
                hard_to_read |= {
                    f"{each.text}: {each.foreground.hex} on {each.background.hex}"
                    for each in texts
                    if each.contrast < ENOUGH
                }
    finally:
        stage.operations.close()
    assert not hard_to_read
    assert other_colors <= {ColorType.DEFAULT, ColorType.STANDARD}


async def test_without_colors_there_is_none_and_the_focus_can_still_be_seen(
    simulated: SimulatedAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        styles = list(shown_styles(opened))
        assert all(style.color is None or style.color.is_default for style in styles)
        assert all(
            style.bgcolor is None or style.bgcolor.is_default for style in styles
        )
        assert ">[x]" in opened.screen_text()
        assert "┏━ 2 Queue" in opened.screen_text()
        await opened.press("3")
        await opened.until(lambda: "┏━ 3 Log" in opened.screen_text(), "the focus")


async def test_the_ansi_theme_takes_the_colors_of_the_terminal(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(
        simulated, tmp_path, first_text=" ".join(ids), theme=ANSI
    ) as opened:
        await opened.until_checked(2)
        await opened.until(lambda: opened.app.theme == ANSI, "the theme")
        colors = [style.color for style in shown_styles(opened) if style.color]
        assert {color.type for color in colors} <= {
            ColorType.DEFAULT,
            ColorType.STANDARD,
        }
        assert len({color.name for color in colors}) > 2


async def test_a_theme_that_nobody_knows_is_said_and_the_usual_one_is_used(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, theme="solarised[/]") as opened:
        assert opened.app.theme == THEMES[0]
        words = 'There is no theme "solarised[/]".'
        await opened.until(
            lambda: any(words in line for line in opened.log_lines()), words
        )
