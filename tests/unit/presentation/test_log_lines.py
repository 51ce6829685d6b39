from datetime import UTC, datetime

import pytest

from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import EXAMPLE, SessionUuid
from masking_console.presentation.display import LogLine, Sign, elapsed

AT = datetime(2026, 3, 4, 12, 2, 10, tzinfo=UTC)
SESSION = SessionUuid(EXAMPLE)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            LogLine(
                AT,
                Sign.DONE,
                "expired",
                PlainText("verified"),
                SESSION,
                "200",
                118,
                PlainText("69f64f62-94a1-11ef"),
            ),
            "12:02:10 + expired   c28b77d4  200  118 ms  api 69f64f62  verified",
        ),
        (
            LogLine(
                AT,
                Sign.UNKNOWN,
                "unknown",
                PlainText("no answer in time"),
                SESSION,
                "---",
                15_000,
            ),
            "12:02:10 ? unknown   c28b77d4  --- 15.0 s   no answer in time",
        ),
        (
            LogLine(AT, Sign.NOTE, "seen", PlainText("by hand"), SESSION, "GET"),
            "12:02:10 . seen      c28b77d4  GET          by hand",
        ),
        (
            LogLine(AT, Sign.ABSENT, "not found", PlainText("not here"), SESSION),
            "12:02:10 - not found c28b77d4  not here",
        ),
        (
            LogLine(AT, Sign.NOTE, "checked", PlainText("16 ids: 12 active")),
            "12:02:10 . checked   16 ids: 12 active",
        ),
    ],
)
def test_a_line_keeps_its_columns(line: LogLine, shown: str) -> None:
    assert line.line == shown
    assert line.head + line.text == shown


def test_a_long_duration_is_said_in_seconds() -> None:
    assert elapsed(9_999) == "9999 ms"
    assert elapsed(10_000) == "10.0 s"
