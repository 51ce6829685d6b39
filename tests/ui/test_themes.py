from pathlib import Path

import pytest
from rich.color import ColorType

from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.themes import ANSI, SHIPPED
from tests.support.console import Console, console
from tests.support.contrast import ENOUGH, shown_styles, shown_texts
from tests.support.runs import open_ids
from tests.support.scenes import set_stage

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


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", COLORFUL)
async def test_every_text_can_be_read(name: str, theme: str, tmp_path: Path) -> None:
    stage = set_stage(name, tmp_path)
    try:
        async with stage.app.run_test(size=stage.scene.size) as pilot:
            stage.app.theme = theme
            await stage.play(pilot)
            opened = Console(stage.app, pilot, stage.account, stage.operations)
            texts = list(shown_texts(opened))
    finally:
        stage.operations.close()
    assert len(texts) > 5
    assert not {
        f"{each.text}: {each.foreground.hex} on {each.background.hex}"
        for each in texts
        if each.contrast < ENOUGH
    }


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
