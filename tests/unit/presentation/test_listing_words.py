from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import (
    FoundSession,
    ListEnd,
    ListProgress,
    Search,
    Wanted,
)
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import (
    PastAttempt,
)
from masking_console.presentation.listing import (
    end_words,
    ended_words,
    found_words,
    progress_words,
    search_words,
    session_words,
    stopped_words,
    wholeness,
)
from masking_console.presentation.sessions import undone_words

AGAIN = "Press r."
ended = partial(end_words, again=AGAIN)
stopped = partial(stopped_words, again=AGAIN)
whole = partial(wholeness, again=AGAIN)

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
END = ListEnd(NOW - timedelta(days=90), NOW, 3, 3)
NUMBER = Wanted.of("+91 90034 59051")
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
SESSION = MaskingSession(
    UUID,
    SessionStatus.ACTIVE,
    PlainText("active"),
    PlainText("919003459051"),
    PlainText("14155550123"),
    PlainText("911150000011"),
    NOW - timedelta(hours=2),
    NOW + timedelta(minutes=21),
    None,
    2,
)
OPEN = FoundSession(SESSION, Search(PlainText("+91..051 (India)"), NOW))
GONE = replace(
    OPEN,
    session=replace(
        SESSION, status=SessionStatus.EXPIRED, expiry_time=NOW - timedelta(hours=1)
    ),
    is_past_read=True,
)
BY_MARTA = PastAttempt(
    "B-20260303-183102",
    PlainText("marta"),
    PlainText("OPS-4807"),
    ExpiryOutcome.EXPIRED,
    datetime(2026, 3, 3, 18, 31, 2, tzinfo=UTC),
)


def test_progress_says_how_far_reading_is() -> None:
    assert progress_words(ListProgress(2, 3, 140)) == (
        "Reading sessions: 2 of 3 windows, 140 so far."
    )


@pytest.mark.parametrize(
    ("wanted", "found", "words"),
    [
        (Wanted(), [], "No open session in the last 90 days."),
        (Wanted(), [OPEN], "1 open session in the last 90 days."),
        (Wanted(), [OPEN] * 213, "213 open sessions in the last 90 days."),
        (NUMBER, [], "No session with +91..051."),
        (NUMBER, [OPEN] * 2, "2 open with +91..051."),
        (
            NUMBER,
            [OPEN, OPEN, replace(GONE, past=BY_MARTA)],
            (
                "2 open, 1 expired 3 Mar 18:31 (by marta, OPS-4807, B-20260303-183102) "
                "with +91..051."
            ),
        ),
        (
            NUMBER,
            [GONE, replace(GONE, past=BY_MARTA)],
            (
                "2 expired with +91..051. "
                "The last one expired 4 Mar 11:04, not by this computer."
            ),
        ),
        (
            NUMBER,
            [replace(GONE, session=replace(SESSION, expiry_time=None)), GONE, GONE],
            (
                "1 open, 2 expired with +91..051. "
                "The last one expired 4 Mar 11:04, not by this computer."
            ),
        ),
        (
            Wanted.of("6591234567", "IN"),
            [],
            "No session with +65..567 or +91..567.",
        ),
        # Nobody knows what the digits begin with, so they are not made to look known.
        (Wanted.of("9812345678"), [], "No session with ...678."),
        (Wanted.of("c28b77"), [OPEN], "1 open whose id begins with c28b77."),
        (Wanted.of(UUID), [OPEN], "1 open with id c28b77d4."),
        (Wanted.of(UUID), [], "No session with id c28b77d4 is on this account."),
    ],
)
def test_what_was_found_is_told_without_the_number(
    wanted: Wanted, found: list[FoundSession], words: str
) -> None:
    assert found_words(wanted, found) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            replace(GONE, past=BY_MARTA),
            "expired 3 Mar 18:31 (by marta, OPS-4807, B-20260303-183102)",
        ),
        (
            replace(GONE, past=replace(BY_MARTA, ticket=PlainText(""))),
            "expired 3 Mar 18:31 (by marta, B-20260303-183102)",
        ),
        (GONE, "expired 4 Mar 11:04, not by this computer"),
        (
            replace(GONE, is_past_read=False),
            "expired 4 Mar 11:04 (the history cannot say by whom)",
        ),
        # Plivo's time for its end is still to come: nobody knows when it was.
        (
            replace(
                GONE, session=replace(GONE.session, expiry_time=NOW + timedelta(1))
            ),
            "expired, not by this computer",
        ),
        (
            replace(GONE, session=replace(GONE.session, expiry_time=None)),
            "expired, not by this computer",
        ),
        # A request was sent, and nobody knows what it did.
        (
            replace(GONE, past=replace(BY_MARTA, outcome=ExpiryOutcome.UNKNOWN)),
            (
                "expired 4 Mar 11:04 "
                "(tried by marta, OPS-4807, B-20260303-183102: unknown)"
            ),
        ),
    ],
)
def test_who_expired_a_session_is_told_and_never_inferred(
    found: FoundSession, words: str
) -> None:
    assert ended_words(found) == words


def test_a_session_is_told_from_its_neighbors() -> None:
    assert session_words(OPEN) == (
        "active, 2 legs, created 4 Mar 10:04, ends in 21 min, "
        "+91..051 +1...123, virtual +91..011"
    )
    assert session_words(GONE).startswith(
        "expired 4 Mar 11:04, not by this computer, 2 legs, created 4 Mar 10:04, +91"
    )
    bare = replace(SESSION, created_time=None, expiry_time=None, total_call_count=None)
    assert session_words(replace(OPEN, session=bare)).startswith("active, +91..051")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (NUMBER, "+91..051 (India)"),
        (Wanted.of("6591234567", "IN"), "+65..567 (Singapore) or +91..567 (India)"),
        (Wanted.of("+44 7700 900073"), "+44..073"),
        (Wanted.of("020 7946 0018"), "...018 as typed"),
        (Wanted(), "all open sessions"),
        (Wanted.of("c28b77"), "ids that begin with c28b77"),
        (Wanted.of(UUID), "id c28b77d4"),
    ],
)
def test_what_is_looked_for_is_named_and_masked(wanted: Wanted, words: str) -> None:
    assert search_words(wanted) == words


def test_complete_is_said_only_when_it_is_proved() -> None:
    _found, searched, older = ended(Wanted(), END, [OPEN])
    assert searched == "Searched 4 Dec to 4 Mar, 3 of 3 windows. Complete for 90 days."
    assert "Paste their ids instead." in older
    broken = ListEnd(END.since, NOW, 3, 2, ("Window 2 failed (no connection).",))
    _found, searched = ended(Wanted(), broken, [OPEN])
    assert searched == (
        "Searched 4 Dec to 4 Mar, 2 of 3 windows. "
        "Not complete: Window 2 failed (no connection). Press r."
    )
    assert stopped(NUMBER, [OPEN])[0] == "1 open with +91..051."
    assert stopped(NUMBER, [])[0] == "Nothing was found so far."
    assert stopped(Wanted(), [])[1] == "Stopped by you. Not complete. Press r."
    _found, again = stopped_words(Wanted(), [], "Run this again.")
    assert again == "Stopped by you. Not complete. Run this again."


def test_complete_names_the_number_that_was_read() -> None:
    end = replace(END, readings=(PlainText("+91..051 (India)"), PlainText("+1...204")))

    assert ended(NUMBER, end, [])[:2] == (
        "No session with +91..051.",
        (
            "Searched 4 Dec to 4 Mar, 3 of 3 windows. "
            "Complete for 90 days, read as +91..051 (India) or +1...204."
        ),
    )


def test_a_spelling_that_is_not_sure_is_not_called_complete() -> None:
    wanted = Wanted.of("020 7946 0018")
    end = replace(END, is_reading_sure=False)

    assert ended(wanted, end, []) == (
        "No session with ...018.",
        (
            "Searched 4 Dec to 4 Mar, 3 of 3 windows. Not complete: The digits were "
            "searched as typed; no country is known to have such a number. "
            "Check it, and type it with + and its country code."
        ),
    )
    end = replace(end, problems=("Window 1 kept changing.",), proved=2)
    assert ended(wanted, end, [])[1].endswith("country code. Press r.")
    short = ended(Wanted.of("61130623"), end, [])[1]
    assert "For an id that begins so, add a dash." in short
    assert "Not complete: Window 1 kept changing. The" in ended(wanted, end, [])[1]


def test_the_log_says_in_short_whether_that_is_all() -> None:
    unsure = replace(END, is_reading_sure=False)

    assert whole(END) == "Complete."
    assert whole(None) == "Not complete. Press r."
    assert whole(unsure) == "Not complete: check the number."
    failed = replace(unsure, problems=("Window 1 failed.",))
    assert whole(failed) == whole(replace(END, proved=2)) == whole(None)


def test_nothing_read_is_not_nothing_found() -> None:
    problem = "Window 1 failed (Plivo answered 500)."
    end = replace(END, proved=0, problems=(problem,), is_anything_read=False)

    for wanted in (Wanted(), NUMBER, Wanted.of(UUID)):
        assert ended(wanted, end, []) == (
            "Nothing could be read.",
            f"{problem} Press r.",
        )


def test_one_session_by_its_id_is_answered_in_one_line() -> None:
    end = replace(END, windows=1, proved=1)

    assert ended(Wanted.of(UUID), end, [OPEN]) == ("1 open with id c28b77d4.",)


@pytest.mark.parametrize(
    ("ticks", "rows", "back"),
    [
        (3, 0, "3 ticks"),
        (1, 2, "1 tick and 2 rows"),
        (0, 1, "1 row"),
        (0, 0, "nothing"),
    ],
)
def test_an_undo_says_what_it_cannot_do(ticks: int, rows: int, back: str) -> None:
    assert undone_words(ticks, rows) == (
        f"Put back {back}. Expired sessions cannot be brought back."
    )
