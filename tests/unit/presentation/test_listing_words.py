from datetime import UTC, datetime, timedelta

import pytest

from masking_console.models.listing import ListEnd, ListProgress, Wanted
from masking_console.presentation.listing import (
    end_words,
    found_words,
    progress_words,
    stopped_words,
)
from masking_console.presentation.sessions import undone_words

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)
END = ListEnd(NOW - timedelta(days=90), NOW, 3, 3)


def test_progress_says_how_to_stop() -> None:
    assert progress_words(ListProgress(2, 3, 140)) == (
        "Reading sessions: window 2 of 3, 140 so far. Esc stops."
    )


@pytest.mark.parametrize(
    ("wanted", "found", "words"),
    [
        (Wanted(), 0, "No open session in the last 90 days."),
        (Wanted(), 1, "1 open session in the last 90 days."),
        (Wanted(), 213, "213 open sessions in the last 90 days."),
        (Wanted.of("+91 90034 59051"), 2, "2 open sessions with +91..051."),
        (Wanted.of("c28b77"), 1, "1 open session whose id begins with c28b77."),
    ],
)
def test_what_was_found_is_told_without_the_number(
    wanted: Wanted, found: int, words: str
) -> None:
    assert found_words(wanted, found) == words


def test_complete_is_said_only_when_it_is_proved() -> None:
    _found, searched, older = end_words(Wanted(), END, 5)
    assert searched == "Searched 4 Dec to 4 Mar, 3 of 3 windows. Complete for 90 days."
    assert "Paste their ids instead." in older
    broken = ListEnd(END.since, NOW, 3, 2, ("Window 2 failed (no connection).",))
    _found, searched = end_words(Wanted(), broken, 5)
    assert searched == (
        "Searched 4 Dec to 4 Mar, 2 of 3 windows. "
        "Not complete: Window 2 failed (no connection). Press r."
    )
    assert stopped_words(Wanted(), 5)[1] == "Stopped by you. Not complete. Press r."


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
