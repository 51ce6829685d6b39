from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from masking_console.models.expiry import ExpiryOutcome, ExpiryResult
from masking_console.models.history import Addition, BatchRecord, SessionRecord
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import NotSettled, not_settled
from masking_console.presentation.finished import (
    ended_by,
    matter_words,
    unsettled_outcomes_words,
    unsettled_words,
)

NOW = datetime(2026, 3, 4, 12, 5, tzinfo=UTC)
SINCE = NOW - timedelta(days=90)
U = ExpiryOutcome
NOTHING = PlainText("")


def uuid(number: int) -> SessionUuid:
    return SessionUuid(f"c28b77d4-21e7-43bd-9447-04bfee92e65{number}")


def batch(
    number: int, *outcomes: ExpiryOutcome, end: str = "completed", days: int = 0
) -> BatchRecord:
    """Return a batch whose sessions are numbered from 0."""
    at = NOW - timedelta(days=days)
    return BatchRecord(
        batch_id=f"B-{number}",
        began_at=at,
        account_name=PlainText("acme"),
        auth_id_tail=PlainText("MA..7Q2X"),
        ticket=NOTHING,
        reason=NOTHING,
        operator=NOTHING,
        host=NOTHING,
        console="C-1",
        sessions=tuple(
            SessionRecord(ExpiryResult(uuid(at_), outcome, at))
            for at_, outcome in enumerate(outcomes)
        ),
        ended_at=at if end else None,
        end=end,
    )


def left(*records: BatchRecord, cut_off: tuple[str, ...] = ()) -> list[NotSettled]:
    return list(not_settled(records, cut_off, SINCE))


@pytest.mark.parametrize("end", ["terminal closed", "signal", "sleep", "completed"])
def test_what_was_not_sent_is_offered_unless_the_operator_stopped_it(end: str) -> None:
    (matter,) = left(batch(1, U.EXPIRED, U.NOT_SENT, end=end))
    assert matter.sessions == matter.not_sent == (uuid(1),)
    assert left(batch(1, U.EXPIRED, U.NOT_SENT, end="stopped")) == []


@pytest.mark.parametrize("outcome", [U.UNKNOWN, U.OPEN])
def test_what_was_sent_and_is_not_known_is_offered_whoever_stopped_it(
    outcome: ExpiryOutcome,
) -> None:
    (matter,) = left(batch(1, outcome, U.NOT_SENT, U.REFUSED, end="stopped"))
    assert matter.sessions == (uuid(0),)
    assert matter.not_sent == ()


def test_a_batch_without_an_end_is_offered_when_nobody_works_on_it() -> None:
    running = batch(1, U.UNKNOWN, U.NOT_SENT, U.EXPIRED, end="")
    assert left(running) == []
    (matter,) = left(running, cut_off=("B-1",))
    assert matter.is_cut_off
    assert matter.sessions == (uuid(0), uuid(1))
    assert ended_by(matter) == "cut off"


def test_what_is_old_settled_or_set_aside_is_not_offered() -> None:
    aside = Addition(NOW, PlainText("marta"), NOTHING, PlainText("left"))
    assert left(batch(1, U.UNKNOWN, days=91)) == []
    assert left(batch(1, U.EXPIRED, U.ALREADY_EXPIRED, U.NOT_FOUND, U.REFUSED)) == []
    assert left(replace(batch(1, U.UNKNOWN), set_aside=aside)) == []


def test_a_later_batch_has_its_own_word_on_a_session() -> None:
    # It was expired later on: nothing is left of the earlier one.
    assert left(batch(1, U.UNKNOWN, U.OPEN), batch(2, U.EXPIRED, U.EXPIRED)) == []
    # It was not sent there: what happened before is as unknown as it was.
    (matter,) = left(batch(1, U.UNKNOWN), batch(2, U.NOT_SENT, end="stopped"))
    assert matter.record.batch_id == "B-1"
    # It was planned again, and the operator stopped that.
    sent_again = batch(2, U.NOT_SENT, end="stopped")
    assert left(batch(1, U.NOT_SENT, end="signal"), sent_again) == []


def test_the_newest_comes_first_and_all_is_counted() -> None:
    matters = left(
        batch(1, U.EXPIRED, U.EXPIRED, U.UNKNOWN, days=2),
        batch(2, U.OPEN, U.NOT_SENT, end="sleep"),
    )
    assert [each.record.batch_id for each in matters] == ["B-2", "B-1"]
    words = "2 batches are not settled: 1 unknown, 1 open when looked at, 1 not sent."
    assert unsettled_words(matters) == words
    assert unsettled_words(matters[:1]).startswith("1 batch is not settled: 1 open")
    assert "This computer slept. 0 expired, 1 not sent." in matter_words(matters[0])
    assert ended_by(matters[0]) == "sleep"


def test_leaving_names_what_may_still_connect() -> None:
    words = unsettled_outcomes_words([U.UNKNOWN, U.OPEN, U.OPEN])
    assert words == (
        "3 sessions may still connect calls: 1 is unknown, 2 are open when looked at."
    )
