from datetime import UTC, datetime

import pytest

from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.history_query import (
    SealedEntry,
    SessionEvent,
    events_of_batch,
)
from masking_console.models.journal_entry import (
    DamagedEntry,
    JournalEntry,
    JournalEvent,
)
from masking_console.presentation.session_events import (
    event_line,
    event_object,
    session_table,
)

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
UUID = "c28b77d4-21e7-43bd-9447-04bfee92e651"
SEAL = "ab" * 32


def entry(event: JournalEvent, **fields: object) -> JournalEntry:
    base = {"batch_id": "B-1", "operator": "marta", "host": "desk-7", **fields}
    return JournalEntry(event, NOW, **base)  # type: ignore[arg-type]


CONFIRMED = entry(
    JournalEvent.BATCH_CONFIRMED,
    account_name="acme-prod",
    auth_id_tail="MA..7Q2X",
    ticket="OPS-1",
    reason="stale",
    sessions=(UUID,),
)


def batch() -> BatchRecord:
    made = batch_record([CONFIRMED])
    assert made is not None
    return made


def event(what: JournalEntry | DamagedEntry, *tickets: str) -> SessionEvent:
    return SessionEvent(UUID, SealedEntry(7, SEAL, what), batch(), tickets)


def test_a_line_says_when_what_who_where_why_on_what_evidence_and_its_seal() -> None:
    settled = entry(
        JournalEvent.SESSION_SETTLED,
        session_uuid=UUID,
        outcome="expired",
        evidence="answer",
        http_status=200,
        api_id="69f64f62-0000",
        attempt=1,
        sudo_user="root",
    )

    assert event_line(event(settled, "OPS-1", "OPS-2")) == (
        "2026-03-04 12:05:02 UTC  expired        by marta (sudo by root)  "
        'on ACME-PROD (MA..7Q2X)  for OPS-1, OPS-2 "stale"  '
        "attempt 1, Plivo's answer, 200, api 69f64f62-0000  batch B-1  "
        f"seal {SEAL}"
    )


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (entry(JournalEvent.SESSION_SETTLED), "unknown"),
        (entry(JournalEvent.BATCH_ENDED, outcome="stopped"), "batch ended: stopped"),
        (
            entry(JournalEvent.TICKET_ADDED, ticket="OPS-2", reason="again"),
            'for OPS-2 "again"',
        ),
        (entry(JournalEvent.SECOND_LOOK_ENDED, outcome="clean"), "second look: clean"),
        (
            entry(JournalEvent.SESSION_LOOKED, detail="call +44 7700 900123"),
            "call (number)",
        ),
        (entry(JournalEvent.JOURNAL_CUT), "journal.cut"),
        (DamagedEntry(7), "entry 7 is damaged, see history verify"),
    ],
)
def test_every_event_has_words(what: JournalEntry | DamagedEntry, words: str) -> None:
    assert words in event_line(event(what))
    assert event_object(event(what))["sequence"] == 7


def test_what_concerns_no_batch_is_told_too() -> None:
    shown = entry(JournalEvent.NUMBERS_SHOWN, account_name="acme", auth_id_tail="MA")
    line = event_line(SessionEvent(UUID, SealedEntry(7, SEAL, shown)))
    assert "numbers shown  by marta  on ACME (MA)  seal" in line
    assert event_object(SessionEvent(UUID, SealedEntry(7, SEAL, shown)))["batch"] == ""


def test_the_sessions_stand_apart() -> None:
    one, other = event(CONFIRMED), SessionEvent("d", SealedEntry(8, SEAL, CONFIRMED))
    lines = session_table([one, one, other]).splitlines()
    assert [line[:9] for line in lines if not line.startswith("2026")] == [
        "Session c", "", "Session d",
    ]  # fmt: skip


def test_a_damaged_entry_belongs_to_each_session_that_it_may_name() -> None:
    other = "2c9d4c0e-91c2-4c55-8d0f-6f2b8a9f1e77"
    entries = [
        SealedEntry(1, SEAL, CONFIRMED),
        SealedEntry(2, SEAL, DamagedEntry(2)),
        SealedEntry(3, SEAL, DamagedEntry(3, session_uuids=frozenset({UUID}))),
        SealedEntry(4, SEAL, DamagedEntry(4, session_uuids=frozenset({other}))),
    ]

    told = events_of_batch(UUID, batch(), entries)

    assert [each.sealed.sequence for each in told] == [1, 2, 3]
