from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import EXAMPLE, SessionUuid
from masking_console.presentation.display import Sign
from masking_console.presentation.sessions import (
    age,
    calls,
    calls_in_words,
    checked_ago,
    ends,
    ends_in,
    origin_short,
    origin_words,
    outcome_sign,
    outcome_word,
    parties,
    state_flag,
    state_words,
    strays_words,
    undone_words,
)

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
SESSION = MaskingSession(
    session_uuid=SessionUuid(EXAMPLE),
    status=SessionStatus.ACTIVE,
    status_word=PlainText("active"),
    first_party=PlainText("12025550777"),
    second_party=PlainText("919876543073"),
    virtual_number=PlainText("918031274011"),
    created_time=None,
    expiry_time=NOW + timedelta(minutes=21),
    last_interaction_time=None,
    total_call_count=2,
)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 d"),
        (timedelta(days=90), "90 d"),
    ],
)
def test_an_age_is_one_unit_rounded_down(span: timedelta, words: str) -> None:
    assert age(NOW, NOW + span) == words


def test_the_end_is_said_in_time_from_now() -> None:
    assert ends_in(NOW + timedelta(minutes=21), NOW) == "21 min"
    assert ends_in(NOW, NOW) == "ended"
    assert ends_in(None, NOW) == "-"


def test_an_expired_session_has_ended_whatever_its_time_says() -> None:
    checked = CheckedSession.of(SESSION, NOW)
    assert ends(checked, NOW) == "21 min"
    assert ends(replace(checked, state=CheckState.EXPIRED), NOW) == "ended"
    assert ends(CheckedSession(SESSION.session_uuid), NOW) == "-"


def test_a_failed_check_says_why() -> None:
    checked = CheckedSession(
        SESSION.session_uuid,
        CheckState.NOT_CHECKED,
        reason=PlainText("Plivo error 500"),
    )
    assert state_words(checked) == "not checked (Plivo error 500)"
    assert state_words(replace(checked, reason=PlainText(""))) == "not checked"
    assert state_words(replace(checked, state=CheckState.ACTIVE)) == "active"


def test_only_a_live_call_is_flagged() -> None:
    flagged = [state for state in CheckState if state_flag(state) == "!"]
    assert flagged == [CheckState.IN_CALL]


def test_calls_that_plivo_does_not_count_are_no_zero() -> None:
    uncounted = replace(SESSION, total_call_count=None)
    assert (calls(SESSION), calls_in_words(SESSION)) == ("2", "2 legs")
    assert calls_in_words(replace(SESSION, total_call_count=1)) == "1 leg"
    assert (calls(uncounted), calls_in_words(uncounted)) == ("-", "")
    assert (calls(None), calls_in_words(None)) == ("-", "")


def test_parties_are_masked_and_aligned() -> None:
    assert parties(SESSION) == "+1...777 +91..073"
    assert parties(replace(SESSION, first_party=PlainText(""))) == "-        +91..073"
    assert parties(None) == ""


def test_a_check_says_how_old_it_is() -> None:
    assert checked_ago(NOW - timedelta(seconds=8), NOW) == "checked 8 s ago"
    assert checked_ago(None, NOW) == "not checked"


def test_every_outcome_has_a_word_and_a_sign() -> None:
    shown = {
        f"{outcome_word(each)} {outcome_sign(each).value}"
        for each in (*ExpiryOutcome, None)
    }
    assert shown == {
        "expired +",
        "already =",
        "not found -",
        "refused !",
        "failed !",
        "open !",
        "unknown ?",
        "not sent .",
        "sending ~",
    }
    assert outcome_sign(ExpiryOutcome.UNKNOWN) is Sign.UNKNOWN


def test_an_undo_says_what_it_put_back() -> None:
    assert undone_words(2, 1).startswith("Put back 2 ticks and 1 row. Expired")
    assert undone_words(0, 0).startswith("Put back nothing.")
    assert undone_words(0, 1, is_search=True) == "Took the search back: 1 row."
    assert undone_words(0, 3, is_search=True) == "Took the search back: 3 rows."


def test_where_a_session_comes_from_is_said() -> None:
    search = Origin(NOW, PlainText("+44..123 (UK)"), PlainText("+44..123"))
    assert origin_words(None) == origin_short(None) == "pasted"
    assert search.searched in origin_words(search)
    assert strays_words(0, search) == strays_words(1, None) == ""
    assert strays_words(2, search).startswith("2 sessions are not from the last search")
    assert strays_words(1, search).startswith("1 session is not")
