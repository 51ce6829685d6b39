"""Every answer that proves nothing, met in practice mode: what is said, and what is."""

import asyncio
from pathlib import Path

import pytest

from masking_console.linear.exit_code import exit_code
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord
from masking_console.models.run_events import LookedAgain, LookFinished, LookFound
from masking_console.operations.second_look import SecondLook
from masking_console.practice import faults
from masking_console.practice.faults import ODD_ANSWERS, Mark
from masking_console.presentation.run_lines import headline, result_words
from tests.support.runs import bench, open_ids, quick_account

E, R, F, OPEN = (
    ExpiryOutcome.EXPIRED,
    ExpiryOutcome.REFUSED,
    ExpiryOutcome.FAILED,
    ExpiryOutcome.OPEN,
)
LOOKED = "; open when looked at"
THRICE = f", 3 times{LOOKED}"
NOT_CONFIRMED = "answered 200, but did not confirm: "
ROWS = [
    # The answer, the truth, what is said and in which words, the exit code, and how
    # many DELETEs and GETs it takes.
    (
        Mark.MISSING_TO_DELETE,
        "active",
        OPEN,
        f"Plivo answered 404: not found{LOOKED}",
        8,
        (1, 3),
    ),
    (
        Mark.MISSING_PAGE,
        "active",
        OPEN,
        f"answered 404, not in Plivo's form{LOOKED}",
        8,
        (1, 3),
    ),
    (
        Mark.COULD_NOT,
        "active",
        OPEN,
        f"{NOT_CONFIRMED}Session could not be expired{THRICE}",
        8,
        (3, 5),
    ),
    (
        Mark.NOT_ALREADY,
        "active",
        OPEN,
        f"{NOT_CONFIRMED}was not already expired, could not process{THRICE}",
        8,
        (3, 5),
    ),
    (Mark.ERROR_BESIDE, "active", OPEN, f"{NOT_CONFIRMED}ok{THRICE}", 8, (3, 5)),
    (
        Mark.QUEUED,
        "active",
        OPEN,
        f"answered 202, but did not confirm: queued{THRICE}",
        8,
        (3, 5),
    ),
    (
        Mark.PARTIAL,
        "active",
        OPEN,
        f"answered 206, but did not confirm: Session expired{THRICE}",
        8,
        (3, 5),
    ),
    (
        Mark.NO_WORDS,
        "expired",
        E,
        "confirmed by a look, after answer 204",
        0,
        (1, 1),
    ),
    (
        Mark.PORTAL,
        "active",
        OPEN,
        f"{NOT_CONFIRMED}Welcome! Log in to this network.{THRICE}",
        8,
        (3, 5),
    ),
    (Mark.MOVED, "active", F, "redirected to /v1/Account/MA..7Q2X/Masking/", 3, (1, 0)),
    (Mark.LATE, "active", OPEN, f"Plivo error 500{THRICE}", 8, (3, 5)),
    (
        Mark.COPY,
        "active",
        OPEN,
        f"the answer to an earlier request came once more{THRICE}",
        8,
        (3, 5),
    ),
    (Mark.TWICE, "expired", E, "confirmed by Plivo", 0, (1, 0)),
    (
        Mark.ECHO,
        "active",
        R,
        "bad header Authorization: Basic (token)",
        3,
        (1, 0),
    ),
    (Mark.NOT_ENABLED, "active", R, "masking is not enabled", 3, (1, 0)),
    (Mark.NO_CREDIT, "active", R, "insufficient credit", 3, (1, 0)),
    (
        Mark.REGION,
        "active",
        R,
        "the region of this account could not be resolved",
        2,
        (1, 0),
    ),
    (
        Mark.ADDRESS,
        "active",
        R,
        "IP address 203.0.113.7 is not whitelisted",
        2,
        (1, 0),
    ),
    (Mark.BLOCKED, "active", R, "answered 403, not in Plivo's form", 2, (1, 0)),
]


def test_every_odd_answer_has_its_row() -> None:
    assert {row[0] for row in ROWS} == set(ODD_ANSWERS)


@pytest.mark.parametrize(
    ("mark", "truth", "outcome", "words", "code", "requests"),
    ROWS,
    ids=lambda each: each.name.lower() if isinstance(each, Mark) else "",
)
async def test_what_an_odd_answer_comes_to(  # noqa: PLR0913 - a table
    tmp_path: Path,
    mark: Mark,
    truth: str,
    outcome: ExpiryOutcome,
    words: str,
    code: int,
    requests: tuple[int, int],
) -> None:
    simulated = quick_account()
    uuid = simulated.marked[mark]
    async with bench(simulated, tmp_path) as opened:
        if mark is Mark.COPY:
            (other,) = open_ids(simulated, 1)
            assert (await opened.expire(other)).outcome is E
        before = len(opened.sent("DELETE")), len(opened.sent("GET"))
        result = await opened.expire(uuid)
        after = len(opened.sent("DELETE")), len(opened.sent("GET"))

    assert simulated.status_of(uuid) == truth
    assert result.outcome is outcome
    assert result_words(result).startswith(words)
    assert exit_code(opened.summary, []) == code
    assert tuple(b - a for a, b in zip(before, after, strict=True)) == requests
    said = headline(BatchRecord.of(opened.summary))
    if outcome is R and code == 2:
        assert words in said
    assert "token" not in said


async def test_what_takes_effect_late_is_settled_by_the_second_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "LATE_SECONDS", 0.3)
    simulated = quick_account()
    uuid = simulated.marked[Mark.LATE]
    found: list[LookFound] = []
    async with bench(simulated, tmp_path) as opened:
        result = await opened.expire(uuid)
        assert result.outcome is OPEN
        look = SecondLook(opened.connections, opened.journal)
        await look.run(opened.summary, found.append)
        assert simulated.status_of(uuid) == "active"
        (still,) = found
        assert still == LookFinished(1, 0, 0, 0, still_open=1)
        while simulated.status_of(uuid) == "active":
            await asyncio.sleep(0.05)
        found.clear()
        await look.run(opened.summary, found.append)
        entries = await opened.entries()

    settled = found[0]
    assert isinstance(settled, LookedAgain)
    assert (settled.result.outcome, settled.before) == (E, OPEN)
    assert [entry.outcome for entry in entries][-3:] == ["found", E.value, "clean"]
