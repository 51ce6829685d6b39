"""Results of runs on a bad service; run it as a script, nothing is asserted.

``python tests/benchmarks/outcomes_under_faults.py 200`` makes 200 runs a row, in
virtual time; 17 % of their requests meet one kind of trouble. "left" are sessions of
which no DELETE is known to have got through, "open" those that the last look found so,
"unknown" those that somebody has to look at. A wrong verdict says of a session what is
not true; there must be none.
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from masking_console.models.expiry import ExpiryOutcome
from tests.simulation.promises import check, story
from tests.simulation.shelf import journal_shelf
from tests.simulation.troubles import KINDS, Weather
from tests.simulation.world import World

INTENSITY = 0.17
ROW = "{:18} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>6}\n"
LEFT = (
    ExpiryOutcome.NOT_SENT,
    ExpiryOutcome.REFUSED,
    ExpiryOutcome.FAILED,
    ExpiryOutcome.NOT_FOUND,
)


def outcomes(weather: Weather, runs: int) -> Counter[str]:
    """Return what so many runs come to, in numbers."""
    counts: Counter[str] = Counter()
    with journal_shelf() as shelf:
        for seed in range(runs):
            world = World(seed, shelf, weather, is_calm=True)
            world.live()
            check(world)
            summary = world.summary
            if summary is None:
                sys.exit(story(world))
            counts["sessions"] += len(summary.results)
            counts["requests"] += len(world.arrivals)
            counts["off"] += summary.off
            counts["open"] += summary.count(ExpiryOutcome.OPEN)
            counts["left"] += summary.count(*LEFT)
            counts["unknown"] += summary.count(ExpiryOutcome.UNKNOWN)
            counts["wrong"] += len(world.problems)
    return counts


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    scenarios = {
        "none": Weather((), 0.0),
        **{kind: Weather((kind,), INTENSITY) for kind in KINDS},
        "all mixed": Weather(tuple(KINDS), INTENSITY),
    }
    names = ("scenario", "sessions", "requests", "off", "open", "left", "unknown")
    sys.stdout.write(ROW.format(*names, "unknown %", "wrong"))
    for name, weather in scenarios.items():
        counts = outcomes(weather, runs)
        sessions = counts["sessions"]
        sys.stdout.write(
            ROW.format(
                name,
                sessions,
                f"{counts['requests'] / sessions:.2f}",
                *(counts[each] for each in ("off", "open", "left", "unknown")),
                f"{counts['unknown'] / sessions:.2%}",
                counts["wrong"],
            )
        )


if __name__ == "__main__":
    main()
