"""Runs every benchmark, one after the other, on a machine that does nothing else.

``uv run python -m tests.benchmarks.every`` takes about a quarter of an hour; what is
printed are medians and ratios against floors of the same run.
"""

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run them, and go on where one fails."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name != Path(__file__).name:
            print(f"\n== {path.stem}", flush=True)  # noqa: T201 - a benchmark prints
            module = f"tests.benchmarks.{path.stem}"
            subprocess.run([sys.executable, "-m", module], check=False)


if __name__ == "__main__":
    main()
