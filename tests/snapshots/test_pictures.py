from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.scenes import SCENES, set_stage


@pytest.mark.parametrize("name", SCENES)
def test_picture(name: str, snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    stage = set_stage(name, tmp_path)
    try:
        assert snap_compare(
            stage.app, terminal_size=stage.scene.size, run_before=stage.play
        )
    finally:
        stage.operations.close()
