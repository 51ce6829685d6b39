from dataclasses import replace
from datetime import UTC, datetime

import pytest

from masking_console.models.expiry import Evidence, ExpiryOutcome, ExpiryResult
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.plain_text import PlainText
from masking_console.models.session_ids import OwnReport, read_reports, read_session_ids
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.run_lines import report

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
OUTCOMES = (
    ExpiryOutcome.EXPIRED,
    ExpiryOutcome.ALREADY_EXPIRED,
    ExpiryOutcome.UNKNOWN,
    ExpiryOutcome.FAILED,
    ExpiryOutcome.NOT_FOUND,
    ExpiryOutcome.NOT_SENT,
)
IDS = [SessionUuid(f"c28b77d4-21e7-43bd-9447-{n:012x}") for n in range(240)]
API_IDS = [f"7d962130-8eb6-49f1-920b-{n:012x}" for n in range(240)]


def text_of(count: int = 240, **fields: object) -> str:
    sessions = tuple(
        SessionRecord(
            ExpiryResult(
                IDS[number],
                OUTCOMES[number % 6],
                NOW,
                Evidence.ANSWER,
                http_status=200,
                api_id=PlainText(API_IDS[number]),
                attempts=1,
            ),
            later=PlainText("open again" if number == 6 else ""),
        )
        for number in range(count)
    )
    record = BatchRecord(
        batch_id="B-20260304-120502",
        began_at=NOW,
        account_name=PlainText("acme-prod"),
        auth_id_tail=PlainText("MA..7Q2X"),
        ticket=PlainText("OPS-4812"),
        reason=PlainText("stale masking"),
        operator=PlainText("marta"),
        host=PlainText("desk-7"),
        console="",
        sessions=sessions,
        ended_at=NOW,
        end="completed",
        seal="5e" * 32,
    )
    return report(replace(record, **fields))  # type: ignore[arg-type] # by name


def wrapped(text: str) -> str:
    """Return a text as mail brings it: wrapped, quoted, one space for many."""
    lines = []
    for line in text.splitlines():
        words, at = " ".join(line.split()), 60
        while len(words) > at and (cut := words.rfind(" ", 0, at)) > 0:
            lines.append(words[:cut])
            words = words[cut + 1 :]
        lines.append(words)
    return "".join(f"> {line}\r\n" for line in lines)


def as_it_is(text: str) -> str:
    return text


@pytest.mark.parametrize("sent", [as_it_is, wrapped])
def test_a_report_gives_its_sessions_and_no_id_of_a_request(
    sent: type[str],
) -> None:
    read = read_session_ids(sent(text_of()))

    assert read.found == tuple(IDS)
    assert read.ignored_names == (("api_id", 240),)
    assert read.incomplete_count == 0
    (one,) = read.reports
    assert one.batch_id == "B-20260304-120502"
    assert (one.account, one.auth_id_tail) == ("acme-prod", "MA..7Q2X")
    assert one.ticket == "OPS-4812"


def test_what_a_report_calls_off_is_known_and_a_later_look_counts() -> None:
    (one,) = read_reports(text_of(8))

    assert one.called_off == {IDS[0], IDS[1], IDS[7]}


def test_an_id_in_a_report_is_found_whatever_the_report_says_of_it() -> None:
    forged = text_of(6).replace("+ ", "= ").replace("failed", "expired")
    read = read_session_ids(forged)

    assert read.found == tuple(IDS[:6])


def test_what_is_not_legible_is_left_empty() -> None:
    bare = "Plivo masking sessions expired with masking-console, batch B-1\n"
    number = text_of(1, ticket=PlainText("call 919003459051"))

    assert read_reports(bare) == (OwnReport(PlainText("B-1")),)
    assert read_reports(number)[0].ticket == ""
    assert read_reports(text_of(1, ticket=PlainText("x" * 60)))[0].ticket == ""
    assert read_reports(text_of(1, ticket=PlainText("")))[0].ticket == ""
    assert read_reports("made with masking-console") == ()


def test_a_ticket_may_have_several_words() -> None:
    text = text_of(1, ticket=PlainText("OPS 4812 by the way on hold"))

    assert read_reports(text)[0].ticket == "OPS 4812 by the way on hold"


def test_a_long_report_is_read_to_its_end() -> None:
    long = text_of(240) + "x\n" * 40_000 + text_of(2).partition("\n\n")[2]

    (one,) = read_reports(long)
    assert len(one.called_off) == 79
    for lines in range(32_700, 32_780, 7):
        (one,) = read_reports(text_of(0) + "x\n" * lines + f"+ {IDS[0]}  expired  x")
        assert one.called_off == {IDS[0]}


def test_a_report_is_found_wherever_it_stands() -> None:
    for shift in range(0, 400, 13):
        (one,) = read_reports("x" * (65_200 + shift) + "\n" + text_of(1))
        assert one.ticket == "OPS-4812"


def test_each_of_several_reports_has_its_own_sessions() -> None:
    two = text_of(1) + "\n" + text_of(2, batch_id="B-2")

    assert [(one.batch_id, len(one.called_off)) for one in read_reports(two)] == [
        ("B-20260304-120502", 1),
        ("B-2", 2),
    ]
