from datetime import UTC, datetime, timedelta

import pytest

from masking_console.errors import InputError
from masking_console.models.expiry import (
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
)
from masking_console.models.history import (
    BatchRecord,
    SessionRecord,
    batch_record,
    standing_after,
)
from masking_console.models.history_query import HistoryQuery
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import past_attempt, unsettled_attempts

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
IDS = (
    SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651"),
    SessionUuid("4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"),
)
BATCH = "B-20260304-120502"
E = JournalEvent


def entry(event: JournalEvent, uuid: str = "", **fields: object) -> JournalEntry:
    return JournalEntry(event, NOW, BATCH, 2, uuid, **fields)  # type: ignore[arg-type]


BEGUN = entry(
    E.BATCH_CONFIRMED,
    sessions=IDS,
    account_name="acme",
    ticket="OPS-4812",
    operator="marta",
    console="C-1",
)


def record(*entries: JournalEntry) -> BatchRecord:
    made = batch_record([BEGUN, *entries], "seal")
    assert made is not None
    return made


def test_a_session_without_an_intent_was_not_sent() -> None:
    made = record(entry(E.BATCH_ENDED, outcome="stopped"))

    assert [each.outcome for each in made.sessions] == [ExpiryOutcome.NOT_SENT] * 2
    assert (made.end, made.ended_at, made.seal) == ("stopped", NOW, "seal")
    assert (made.console, made.off, made.unknown) == ("C-1", 0, ())
    assert made.may_still_connect == IDS


def test_an_intent_without_an_outcome_is_unknown() -> None:
    made = record(entry(E.EXPIRE_INTENDED, IDS[0], attempt=1))

    assert made.sessions[0].outcome is ExpiryOutcome.UNKNOWN
    assert made.unknown == (IDS[0],)
    assert made.ended_at is None


def test_the_last_word_on_a_session_counts() -> None:
    made = record(
        entry(E.EXPIRE_INTENDED, IDS[0], attempt=1),
        entry(E.EXPIRE_UNCLEAR, IDS[0], attempt=1, outcome="unknown"),
        entry(E.EXPIRE_INTENDED, IDS[0], attempt=2),
        entry(E.SESSION_SETTLED, IDS[0], attempt=2, outcome="unknown"),
        entry(E.BATCH_ENDED, outcome="completed"),
        entry(
            E.SESSION_SETTLED,
            IDS[0],
            attempt=2,
            outcome="expired",
            api_id="a",
            evidence="look",
        ),
        entry(E.SESSION_LOOKED, IDS[0], detail="open at the second look"),
        entry(E.SESSION_SETTLED, "0f6cc1d2-21e7-43bd-9447-04bfee92e651"),
    )

    assert made.sessions[0] == SessionRecord(
        ExpiryResult(
            IDS[0],
            ExpiryOutcome.OPEN,
            NOW,
            evidence=Evidence.LOOK,
            attempts=2,
            detail=PlainText("open at the second look"),
        ),
        before=ExpiryResult(IDS[0], ExpiryOutcome.UNKNOWN, NOW, attempts=2),
    )
    assert (made.off, made.may_still_connect) == (0, (IDS[0], IDS[1]))


def test_what_was_open_when_looked_at_is_settled_by_a_later_look() -> None:
    opened = entry(E.SESSION_SETTLED, IDS[0], attempt=1, outcome="open when looked at")
    intent = entry(E.EXPIRE_INTENDED, IDS[1], attempt=1)
    made = record(opened, intent)

    assert made.sessions[0].outcome is ExpiryOutcome.OPEN
    assert made.unknown == IDS[1:]
    assert made.unsettled == IDS
    assert made.may_still_connect == IDS
    later = entry(E.SESSION_SETTLED, IDS[0], attempt=1, outcome="expired")
    assert record(opened, later).off == 1


def test_a_word_that_this_console_does_not_know_is_no_fact() -> None:
    newer = entry(
        E.SESSION_SETTLED, IDS[0], attempt=1, outcome="half done", evidence="an oracle"
    )
    result = record(newer).sessions[0].result

    assert (result.outcome, result.evidence) == (ExpiryOutcome.UNKNOWN, Evidence.NONE)


@pytest.mark.parametrize("word", ["failed", "refused", "not found"])
def test_the_words_of_an_older_console_are_read_as_they_were(word: str) -> None:
    old = entry(E.SESSION_SETTLED, IDS[0], attempt=3, outcome=word, evidence="look")
    result = record(old).sessions[0].result

    assert (result.outcome.value, result.evidence) == (word, Evidence.LOOK)


def test_a_resumed_batch_belongs_to_the_console_that_resumed_it() -> None:
    assert record(entry(E.BATCH_RESUMED, console="C-2")).console == "C-2"


def test_entries_without_a_beginning_are_no_batch() -> None:
    assert batch_record([entry(E.BATCH_ENDED)]) is None


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        (HistoryQuery(), True),
        (HistoryQuery(batch="b-2026"), True),
        (HistoryQuery(batch="2026"), False),
        (HistoryQuery(ticket="ops-48"), True),
        (HistoryQuery(ticket="ops-49"), False),
        (HistoryQuery(session="C28B77"), True),
        (HistoryQuery(session="77d4"), False),
        (HistoryQuery(account="ACME"), True),
        (HistoryQuery(account="acm"), False),
        (HistoryQuery(operator="Marta"), True),
        (HistoryQuery(operator="joao"), False),
        (HistoryQuery(outcome="unknown"), True),
        (HistoryQuery(outcome="expired"), False),
        (HistoryQuery(outcome="Unk"), True),
        (HistoryQuery(outcome="open"), False),
        (HistoryQuery(session="c28b", outcome="not sent"), False),
        (HistoryQuery(since=NOW), True),
        (HistoryQuery(since=NOW + timedelta(seconds=1)), False),
    ],
)
def test_a_query_finds_by_every_field(query: HistoryQuery, matches: bool) -> None:
    made = record(entry(E.EXPIRE_INTENDED, IDS[0], attempt=1))
    assert query.matches(made) is matches


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", HistoryQuery()),
        ("ticket:OPS session:c28b", HistoryQuery(ticket="OPS", session="c28b")),
        ("since:2026-03-04 marta", HistoryQuery(since=NOW.replace(
            hour=0, minute=0, second=0), words=("marta",))),
    ],
)  # fmt: skip
def test_a_query_is_typed_as_words_and_fields(text: str, query: HistoryQuery) -> None:
    assert HistoryQuery.of(text) == query


@pytest.mark.parametrize("text", ["colour:red", "since:yesterday", "since:2026-13-01"])
def test_a_query_that_cannot_be_read_says_why(text: str) -> None:
    with pytest.raises(InputError, match=r"No field colour|Write the date as"):
        HistoryQuery.of(text)


@pytest.mark.parametrize(
    ("text", "matches"),
    [("marta", True), ("ops", True), ("acme", True), ("b-2026", True),
     ("C28B77", True), ("marta c28b", True), ("marta nobody", False)],
)  # fmt: skip
def test_words_stand_anywhere(text: str, matches: bool) -> None:
    made = record(entry(E.EXPIRE_INTENDED, IDS[0], attempt=1))
    assert HistoryQuery.of(text).matches(made) is matches


@pytest.mark.parametrize(
    ("entries", "outcome", "is_ours", "may_be_ours"),
    [
        ([entry(E.EXPIRE_INTENDED, attempt=1)], "unknown", False, True),
        (
            [
                entry(E.EXPIRE_INTENDED, attempt=1),
                entry(E.EXPIRE_UNCLEAR, outcome="unknown"),
                entry(E.SESSION_SETTLED, outcome="expired"),
                entry(E.SESSION_CAME_BACK),
            ],
            "expired",
            True,
            False,
        ),
        # A later look has found it open: what expired it then is not known.
        (
            [
                entry(E.EXPIRE_INTENDED, attempt=1),
                entry(E.SESSION_SETTLED, outcome="expired"),
                entry(E.SESSION_LOOKED, detail="open at the second look"),
            ],
            "open when looked at",
            False,
            True,
        ),
        # A look proves that it is expired, and not by whom.
        (
            [
                entry(E.EXPIRE_INTENDED, attempt=1),
                entry(E.SESSION_SETTLED, outcome="unknown"),
                entry(E.SESSION_LOOKED, outcome="expired", evidence="look"),
            ],
            "expired",
            False,
            True,
        ),
        (
            [entry(E.SESSION_SETTLED, outcome="already expired")],
            "already expired",
            False,
            False,
        ),
        ([entry(E.SESSION_SETTLED, outcome="failed")], "failed", False, True),
    ],
)
def test_what_a_batch_did_to_one_session_is_its_last_word(
    entries: list[JournalEntry], outcome: str, is_ours: bool, may_be_ours: bool
) -> None:
    attempt = past_attempt(BEGUN, entries)

    assert attempt is not None
    assert attempt.outcome.value == outcome
    assert (attempt.operator, attempt.ticket) == ("marta", "OPS-4812")
    assert (attempt.batch_id, attempt.at) == (BATCH, NOW)
    assert attempt.has_expired_it is is_ours
    assert attempt.may_have_expired_it is may_be_ours


def test_a_batch_that_sent_nothing_for_a_session_did_nothing_to_it() -> None:
    assert past_attempt(BEGUN, []) is None
    assert past_attempt(BEGUN, [entry(E.SESSION_CAME_BACK)]) is None


def test_a_look_that_tells_less_is_not_the_last_word() -> None:
    entries = [
        entry(E.EXPIRE_INTENDED, IDS[0], attempt=1),
        entry(E.SESSION_SETTLED, IDS[0], outcome="expired", evidence="answer"),
        entry(E.BATCH_ENDED, outcome="completed"),
        entry(E.SESSION_LOOKED, IDS[0], outcome="unknown", evidence="none"),
    ]
    made = record(*entries)
    assert made.sessions[0].outcome is ExpiryOutcome.EXPIRED
    assert made.sessions[0].before is None
    attempt = past_attempt(BEGUN, entries)
    assert attempt is not None
    assert attempt.outcome is ExpiryOutcome.EXPIRED
    assert not attempt.is_looked


def test_the_standing_begins_with_the_batch_that_names_the_session() -> None:
    begun = standing_after("", BEGUN)
    assert begun == "not sent"
    assert standing_after(begun, entry(E.BATCH_RESUMED)) == begun


def test_what_a_newer_console_tells_of_a_batch_changes_nothing_of_it() -> None:
    assert record(entry(E.NUMBERS_SHOWN)) == record()


def test_a_batch_that_sent_nothing_leaves_an_earlier_one_unsettled() -> None:
    unknown = past_attempt(BEGUN, [entry(E.EXPIRE_INTENDED, attempt=1)])
    unsent = past_attempt(BEGUN, [entry(E.SESSION_SETTLED, outcome="not sent")])
    expired = past_attempt(BEGUN, [entry(E.SESSION_SETTLED, outcome="expired")])
    assert unknown is not None
    assert unsent is not None
    assert expired is not None
    assert unsettled_attempts([unknown, unsent]) == (unknown,)
    assert unsettled_attempts([unknown, expired]) == ()
