"""Speed of reading ids out of a paste; run it as a script, nothing is asserted.

``python tests/benchmarks/paste_ids.py`` prints one row a text: how many ids, how large,
how long, against a bare search for the same shape, how much longer than for a half of
it (2 is linear), and the longest time for which another thread had to wait.
"""

import random
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable
from itertools import islice, pairwise

from masking_console.models.session_ids import read_session_ids

ROUNDS = 5
BARE = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
SIZE = 4_000_000


def texts() -> dict[str, str]:
    """Return friendly and hostile texts of about 4 MB by their names."""
    source = random.Random(7)  # noqa: S311 - the same ids in every run
    ids = [str(uuid.UUID(int=source.getrandbits(128), version=4)) for _ in range(10**5)]
    log = (
        f"2026-03-04 12:0{n % 10}:31,{n % 1000:03d} INFO api_id={ids[-n]} session {one}"
        for n, one in enumerate(ids[:40_000], 1)
    )
    rows = (f"{one},{two},active" for one, two in pairwise(ids[:40_000]))
    objects = (
        f'{{"api_id": "{ids[-n]}", "session_uuid": "{one}", "status": "active"}}'
        for n, one in enumerate(ids[:32_000], 1)
    )
    quoted = (f'"4812","{one}","so\n""it"" is","{two}"' for one, two in pairwise(ids))
    report = (
        f"+ {one}  expired  confirmed by Plivo  api {ids[-n]}"
        for n, one in enumerate(ids[:35_000], 1)
    )
    title = "Plivo masking sessions expired with masking-console, batch B-1\n"
    return {
        "one id a line": "\n".join(ids),
        "log": "\n".join(log),
        "CSV": "api_id,session_uuid,status\n" + "\n".join(rows),
        "CSV, quoted": '"ticket","session_uuid","note","api_id"\n'
        + "\n".join(islice(quoted, 35_000)),
        "our own report": title + "\n".join(report),
        "encoded ids": "\n".join(one.replace("-", "%2D") for one in ids[:80_000]),
        "ids as escapes": "".join(f"\\u{ord(c):04x}" for c in " ".join(ids[:18_000])),
        "other dashes": "\n".join(one.replace("-", "_") for one in ids),
        "JSON on one line": "[" + ", ".join(objects) + "]",
        "ids cut by one": "\n".join(one[:-1] for one in ids),
        "hex digits": "deadbeef" * (SIZE // 8),
        "dashes": "-" * SIZE,
        "half an id": "c28b77d4-21e7-" * (SIZE // 14),
        "groups of four": "abcd-" * (SIZE // 5),
        "quotes": "\"'" * (SIZE // 2),
        "key without end": "a" * (SIZE // 2) + " " * (SIZE // 2),
        "openers": ("[" * 100 + ids[0]) * (SIZE // 136),
        "commas and breaks": "id,\n" * (SIZE // 4) + ids[0],
        "escapes": "%41" * (SIZE // 3),
        "zero width": "\u200b" * SIZE,
        "backslashes": "\\" * SIZE,
        "open brackets": ('{{{{{"id": "' + ids[0]) * (SIZE // 47),
        "open quotes": f'a,api_id\n"x,{ids[0]}\n' * (SIZE // 49),
        "tags": "<a " * (SIZE // 3),
        "prose": "please expire the stale session, api id unknown\n" * (SIZE // 48),
    }


def best_ms(work: Callable[[], object]) -> float:
    """Return the shortest of a few runs in milliseconds."""
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1_000


def longest_wait_ms(work: Callable[[], object]) -> float:
    """Return for how long this thread had to wait while another one did the work."""
    worker = threading.Thread(target=work)
    worker.start()
    longest, last = 0.0, time.perf_counter()
    while worker.is_alive():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest * 1_000


def main() -> None:
    """Print the table."""
    row = "{:18} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n"
    sys.stdout.write(row.format("text", "ids", "MB", "ms", "ratio", "x 2", "wait ms"))
    for name, text in texts().items():

        def work(text: str = text) -> object:
            return read_session_ids(text)

        spent = best_ms(work)
        half = best_ms(lambda text=text: work(text[: len(text) // 2]))  # type: ignore[misc]
        floor = best_ms(lambda text=text: BARE.findall(text))  # type: ignore[misc]
        sys.stdout.write(
            row.format(
                name,
                len(read_session_ids(text).found),
                f"{len(text) / 1e6:.1f}",
                f"{spent:.0f}",
                f"{spent / floor:.1f}",
                f"{spent / half:.1f}",
                f"{longest_wait_ms(work):.1f}",
            )
        )


if __name__ == "__main__":
    main()
