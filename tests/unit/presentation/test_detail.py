from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from masking_console.models.expiry import ExpiryOutcome, ExpiryResult
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.plain_text import PlainText
from masking_console.models.session_detail import (
    Interaction,
    SessionDetail,
    SessionInspection,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.sessions import detail_lines

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
SESSION = MaskingSession(
    UUID,
    SessionStatus.ACTIVE,
    PlainText("active"),
    PlainText("919003459051"),
    PlainText(""),
    PlainText("911150000011"),
    NOW - timedelta(minutes=30),
    NOW + timedelta(minutes=21),
    NOW - timedelta(minutes=6),
    2,
)
EMPTY = SessionDetail(SESSION, None, None, PlainText(""), ())
INSPECTION = SessionInspection(EMPTY, NOW - timedelta(seconds=3), None, ())


def lines(
    inspection: SessionInspection = INSPECTION, *, shows_numbers: bool = False
) -> dict[str, str]:
    made = detail_lines(inspection, NOW, shows_numbers=shows_numbers)
    return {line[:12].strip(): line[12:] for line in made}


def test_numbers_are_hidden_until_asked_for() -> None:
    hidden, shown = lines(), lines(shows_numbers=True)

    assert (hidden["first"], hidden["second"]) == ("+91..051", "-")
    assert "9003459" not in " ".join(hidden.values())
    assert (shown["first"], shown["second"]) == ("919003459051", "-")


def test_times_are_told_from_now() -> None:
    told = lines()
    assert told["state"] == "active   checked 3 s ago"
    assert told["created"] == "2026-03-04 11:34:31 UTC   30 min ago"
    assert told["ends"] == "2026-03-04 12:25:31 UTC   in 21 min, by itself"
    assert told["calls"] == "2 legs   last 6 min ago"
    gone = replace(SESSION, expiry_time=NOW, created_time=None,
                   last_interaction_time=None, total_call_count=None)  # fmt: skip
    told = lines(replace(INSPECTION, detail=replace(EMPTY, session=gone)))
    assert (told["created"], told["calls"]) == ("-", "-")
    assert told["ends"].endswith("ended 0 s ago")
    never = replace(gone, expiry_time=None)
    told = lines(replace(INSPECTION, detail=replace(EMPTY, session=never)))
    assert told["ends"] == "-"


@pytest.mark.parametrize(
    ("sharing", "words"),
    [
        (None, "+91..011"),
        (0, "+91..011   no other open session shares it (of the last 7 days)"),
        (1, "+91..011   1 other open session shares it (of the last 7 days)"),
        (17, "+91..011   17 other open sessions share it (of the last 7 days)"),
    ],
)
def test_what_shares_the_number_is_told(sharing: int | None, words: str) -> None:
    assert lines(replace(INSPECTION, sharing=sharing))["virtual"] == words


def test_settings_are_told_and_pins_are_not() -> None:
    told = lines()
    assert (told["recording"], told["callback"]) == ("-", "none")
    assert told["PINs"] == "never shown or saved"
    full = SessionDetail(SESSION, True, True, PlainText("hooks.acme.example"), ())
    told = lines(replace(INSPECTION, detail=full))
    assert told["PINs"] == "required; never shown or saved"
    assert told["recording"] == "on"
    assert told["callback"] == "set (host only: hooks.acme.example)"


def record(outcome: ExpiryOutcome, later: str = "") -> BatchRecord:
    empty = PlainText("")
    sessions = (SessionRecord(ExpiryResult(UUID, outcome, NOW), PlainText(later)),)
    return BatchRecord(
        "B-1", NOW, empty, empty, empty, empty, empty, empty, "", sessions
    )


def test_our_own_past_is_told() -> None:
    assert lines()["here before"] == "never expired from this computer"
    once = replace(INSPECTION, before=(record(ExpiryOutcome.EXPIRED),))
    assert lines(once)["here before"] == "in 1 batch, expired 1 time"
    ticket = replace(record(ExpiryOutcome.EXPIRED), ticket=PlainText("OPS-4812"))
    asked = replace(INSPECTION, before=(ticket, ticket))
    words = "in 2 batches, expired 2 times, for OPS-4812"
    assert lines(asked)["here before"] == words
    records = (
        record(ExpiryOutcome.FAILED),
        record(ExpiryOutcome.EXPIRED, "open again"),
    )
    twice = replace(INSPECTION, before=records)
    assert lines(twice)["here before"] == "in 2 batches, expired 1 time; open again"


def test_calls_are_a_table_that_ends_somewhere() -> None:
    call = Interaction(NOW, NOW + timedelta(seconds=103), 2, has_recording=True)
    running = Interaction(NOW, None, None, has_recording=False)
    odd = Interaction(None, None, 1, has_recording=False)
    many = replace(EMPTY, interactions=(running, odd, *[call] * 7))
    made = detail_lines(replace(INSPECTION, detail=many), NOW, shows_numbers=False)

    table = made[made.index("") :][1:]
    table = table[table.index("") + 2 :]
    assert table[0].split() == ["2026-03-04", "12:04:31", "running", "-", "-"]
    assert table[1].split() == ["-", "-", "1", "-"]
    assert table[2].split() == ["2026-03-04", "12:04:31", "1:43", "2", "yes"]
    assert table[-1] == "1 more"
