"""Sessions and log lines as a check or a run would deliver them."""

from datetime import UTC, datetime, timedelta

from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import LogLine, Sign

NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


def session_uuid(number: int) -> SessionUuid:
    return SessionUuid(f"{number:08x}-21e7-43bd-9447-04bfee92e651")


def session_uuids(count: int) -> list[SessionUuid]:
    return [session_uuid(number) for number in range(count)]


def checked(
    number: int, state: CheckState = CheckState.ACTIVE, *, first_party: str = ""
) -> CheckedSession:
    session = MaskingSession(
        session_uuid=session_uuid(number),
        status=SessionStatus.ACTIVE,
        status_word=PlainText("active"),
        first_party=PlainText(first_party or f"9198765{number:05d}"),
        second_party=PlainText("919876543073"),
        virtual_number=PlainText("918031274011"),
        created_time=NOW - timedelta(minutes=30),
        expiry_time=NOW + timedelta(minutes=21),
        last_interaction_time=None,
        total_call_count=2,
    )
    return CheckedSession(session.session_uuid, state, session, NOW)


def log_line(number: int, *, word: str = "expired", text: str = "verified") -> LogLine:
    return LogLine(
        at=NOW,
        sign=Sign.DONE if word == "expired" else Sign.FAILED,
        word=word,
        text=PlainText(text),
        session_uuid=session_uuid(number),
        status="200",
        elapsed_ms=118,
        api_id=PlainText("69f64f62-94a1-11ef"),
    )
