"""Writes the README's pictures from the real app on the practice account.

``uv run python screenshots/make.py`` writes them; with ``--check`` it only says which
are out of date.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

# After the path, because the scenes belong to the tests.
from screenshots.tour import tour  # noqa: E402
from tests.support.scenes import set_stage  # noqa: E402

PICTURES = (
    "main",
    "review_count",
    "running",
    "finished_with_problems",
    "main_80x24",
    "first_run",
    "history",
    "pick",
    "detail",
    "help",
)


async def _picture(name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MASKING_CONSOLE_STATE_DIR"] = folder
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        stage = set_stage(name, Path(folder))
        try:
            async with stage.app.run_test(size=stage.scene.size) as pilot:
                await stage.play(pilot)
                return stage.app.export_screenshot(title="masking-console")
        finally:
            await asyncio.to_thread(stage.operations.close)


def main() -> int:
    """Write or check every picture; return how many differed."""
    stale = []
    pictures = {name: asyncio.run(_picture(name)) for name in PICTURES}
    for name, picture in {**pictures, "tour": tour(pictures)}.items():
        path = FOLDER / f"{name}.svg"
        if not path.exists() or path.read_text(encoding="utf-8") != picture:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(picture, encoding="utf-8")
    print("\n".join(stale) or "every picture is up to date")  # noqa: T201
    return len(stale) if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
