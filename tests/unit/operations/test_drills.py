"""Drills: the accident that each sets up, and its debrief."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.cli import main
from masking_console.errors import InputError, RefusedError
from masking_console.models.drill import DRILLS, Debrief, Drill
from masking_console.models.expiry import ExpiryOutcome, ExpiryResult, RunEnd
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.wiring import build_operations
from masking_console.practice.drills import prepare
from masking_console.practice.exchange import PRACTICE_AUTH_ID, ReceivedRequest
from masking_console.practice.faults import Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.presentation.debrief import clock_words, debrief_words
from masking_console.settings import Settings

IDS = tuple(SessionUuid(f"{n:08x}-0000-4000-8000-000000000000") for n in range(4))
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def record(
    outcomes: Mapping[SessionUuid, ExpiryOutcome],
    *,
    end: str = RunEnd.COMPLETED.value,
    began_at: datetime = NOW,
) -> BatchRecord:
    sessions = tuple(
        SessionRecord(ExpiryResult(uuid, outcome, NOW))
        for uuid, outcome in outcomes.items()
    )
    return BatchRecord(
        batch_id="B-20260304-120000",
        account_name=PlainText("practice"),
        auth_id_tail=PlainText("MA..7Q2X"),
        began_at=began_at,
        ticket=PlainText(""),
        reason=PlainText(""),
        operator=PlainText("asha"),
        host=PlainText("laptop"),
        console="C-1",
        sessions=sessions,
        end=end,
    )


def drill_of(
    wanted: int, forbidden: int, name: str = "wrong-number", *, over: bool = False
) -> Drill:
    ids = frozenset(IDS[:wanted]), frozenset(IDS[wanted : wanted + forbidden])
    return Drill(name, "End it.", "", *ids, "It matters.", is_handed_over=over)


def debriefed(
    drill: Drill, *outcomes: ExpiryOutcome, end: str = "completed"
) -> Debrief:
    batch = record(dict(zip(IDS, outcomes, strict=False)), end=end, began_at=NOW)
    return Debrief.of(drill, [batch] if outcomes else [], 133.0)


EXPIRED, UNKNOWN = ExpiryOutcome.EXPIRED, ExpiryOutcome.UNKNOWN
NOT_SENT = ExpiryOutcome.NOT_SENT


@pytest.mark.parametrize(
    ("found", "is_well", "lines"),
    [
        (
            debriefed(drill_of(1, 1), EXPIRED),
            True,
            [
                "It took 2 min 13 s.",
                "+ The session that was meant is expired.",
                "+ Nothing was expired that was not meant.",
            ],
        ),
        (
            debriefed(drill_of(1, 2), NOT_SENT, EXPIRED, EXPIRED),
            False,
            [
                "It took 2 min 13 s.",
                "! The session that was meant is not expired.",
                "! 2 were expired that were not meant.",
            ],
        ),
        (
            debriefed(drill_of(3, 0), EXPIRED, UNKNOWN, ExpiryOutcome.OPEN),
            False,
            [
                "It took 2 min 13 s.",
                "! 1 of 3 that were meant are expired.",
                "! 2 are unknown or open: look again.",
            ],
        ),
        (
            debriefed(drill_of(0, 1)),
            True,
            ["It took 2 min 13 s.", "+ Nothing was expired that was not meant."],
        ),
        (
            debriefed(
                drill_of(2, 0, "half-way", over=True),
                EXPIRED,
                NOT_SENT,
                end=RunEnd.STOPPED.value,
            ),
            True,
            ["It took 2 min 13 s.", "+ Stopped by you: 1 expired, 1 not sent."],
        ),
        (
            debriefed(drill_of(2, 0, "half-way", over=True)),
            False,
            ["It took 2 min 13 s.", "! The list was not stopped by you."],
        ),
    ],
)
def test_a_debrief_says_what_was_done_and_missed(
    found: Debrief, is_well: bool, lines: list[str]
) -> None:
    assert found.is_well is is_well
    assert debrief_words(found).splitlines() == [*lines, "", "It matters."]


def test_the_latest_outcome_of_a_session_counts() -> None:
    first = record({IDS[0]: UNKNOWN}, began_at=NOW)
    later = record({IDS[0]: EXPIRED}, began_at=NOW + timedelta(minutes=1))

    found = Debrief.of(drill_of(1, 0), [later, first], 1.0)

    assert found.is_well
    assert (found.done, found.unsettled) == (1, 0)


def test_the_clock_tells_minutes_and_seconds() -> None:
    assert clock_words(drill_of(1, 0), 125.9) == "DRILL wrong-number 2:05"


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_names_sessions_that_are_open_on_the_account(name: str) -> None:
    account = SimulatedAccount()
    drill = prepare(name, account)

    assert drill.title == DRILLS[name]
    assert drill.words
    assert drill.why
    for uuid in drill.wanted | drill.forbidden:
        assert account.status_of(uuid) == "active"
        assert uuid in drill.text
    assert not drill.wanted & drill.forbidden


def test_a_lost_answer_concerns_its_session_alone() -> None:
    account = SimulatedAccount()
    (uuid,) = prepare("lost-answer", account).wanted
    assert account.fault is not None

    def asked(method: str, last: str) -> Fault | None:
        assert account.fault is not None
        path = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session/{last}"
        return account.fault(ReceivedRequest(method, path, account.now))

    assert asked("DELETE", IDS[0]) is None
    assert asked("GET", uuid) is None
    assert asked("DELETE", uuid) is not None
    assert [asked("GET", uuid) is not None for _ in range(4)] == [*[True] * 3, False]


def test_a_drill_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="Drills: wrong-number, wrong-account"):
        prepare("zzz", SimulatedAccount())


async def test_a_real_account_has_no_drills(tmp_path: Path) -> None:
    operations = build_operations(Settings(tmp_path / "j.db"), {})
    try:
        assert not operations.drills.are_possible
        with pytest.raises(RefusedError, match="for the practice account alone"):
            await operations.drills.begin("lost-answer")
        assert await operations.drills.debrief() is None
        assert operations.drills.seconds == 0.0
    finally:
        operations.close()


def test_the_time_of_day_that_a_drill_puts_forward_is_a_sleep_for_a_run() -> None:
    drill = prepare("closed-laptop", SimulatedAccount())
    assert drill.wall is not None
    before = drill.wall()
    assert replace(drill, wall=None).wall is None
    assert drill.wall() - before < 60


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--drill"], None, "wrong-number   the wrong number\n"),
        (["--practice", "--drill"], None, "half-way       the list of 240"),
        (["--practice", "--drill", "zzz"], 1, "No drill of this name."),
        (["--drill", "lost-answer"], 1, "add --practice"),
    ],
)
def test_the_command_lists_drills_and_refuses_what_is_none(
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int | None,
    words: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr()
    assert (ended.value.code or None) == code
    assert words in told.out + told.err
