from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from screenshots.make import FOLDER, PICTURES
from screenshots.tour import tour
from tests.support.scenes import SCENES, set_stage


def picture(name: str) -> str:
    """Return a picture of the README as it is kept."""
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENES)
def test_picture(name: str, snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    stage, shown = set_stage(name, tmp_path), list[str]()

    async def play(pilot: Pilot[Any]) -> None:
        await stage.play(pilot)
        shown.append(stage.app.export_screenshot(title="masking-console"))

    try:
        assert snap_compare(stage.app, terminal_size=stage.scene.size, run_before=play)
    finally:
        stage.operations.close()
    if name in PICTURES:
        assert shown == [picture(name)], "uv run python screenshots/make.py renews it"


def test_the_tour_is_made_of_the_pictures() -> None:
    assert set(PICTURES) <= set(SCENES)
    assert picture("tour") == tour({name: picture(name) for name in PICTURES})
