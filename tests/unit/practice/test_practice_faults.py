import random
from datetime import UTC, datetime

import pytest

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest, Replies
from masking_console.practice.faults import (
    SLOW_SECONDS,
    Ending,
    Fault,
    Mark,
    MarkedFaults,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MARKED = {
    mark: SessionUuid(f"c28b77d4-21e7-43bd-9447-{number:012x}")
    for number, mark in enumerate(Mark)
}


@pytest.fixture
def faults() -> MarkedFaults:
    return MarkedFaults(MARKED, Replies(random.Random(1)))  # noqa: S311 - no secret


def _request(mark: Mark, method: str = "DELETE", end: str = "") -> ReceivedRequest:
    path = f"/v1/Account/MA/Masking/Session/{MARKED[mark]}{end}"
    return ReceivedRequest(method, path, NOON)


def _status(fault: Fault | None) -> int | None:
    return fault.reply.status if fault and fault.reply else None


def test_one_answers_500_twice_without_effect_and_then_works(
    faults: MarkedFaults,
) -> None:
    first = faults(_request(Mark.ERROR_TWICE))
    second = faults(_request(Mark.ERROR_TWICE, end="/"))

    assert _status(first) == _status(second) == 500
    assert first is not None
    assert not first.has_effect
    assert faults(_request(Mark.ERROR_TWICE)) is None


def test_one_answers_429_with_retry_after_once(faults: MarkedFaults) -> None:
    fault = faults(_request(Mark.RATE_LIMITED_ONCE))

    assert fault is not None
    assert fault.reply is not None
    assert fault.reply.status == 429
    assert ("retry-after", "2") in fault.reply.headers
    assert not fault.has_effect
    assert faults(_request(Mark.RATE_LIMITED_ONCE)) is None


def test_one_is_expired_but_never_answers(faults: MarkedFaults) -> None:
    assert faults(_request(Mark.LOST_ANSWER)) == Fault(ending=Ending.SILENT)
    assert faults(_request(Mark.LOST_ANSWER)) is None


def test_one_is_expired_at_once_but_answers_late(faults: MarkedFaults) -> None:
    expected = Fault(delay_after_seconds=SLOW_SECONDS)

    assert faults(_request(Mark.SLOW)) == expected


def test_only_a_delete_of_a_marked_session_goes_wrong(faults: MarkedFaults) -> None:
    assert faults(_request(Mark.ERROR_TWICE, "GET")) is None
    assert faults(_request(Mark.IN_CALL)) is None
    assert faults(ReceivedRequest("DELETE", "/", NOON)) is None


def test_a_fault_without_effect_needs_a_reply_to_be_answered() -> None:
    with pytest.raises(ValueError, match="needs a reply"):
        Fault(has_effect=False)

    assert Fault(has_effect=False, ending=Ending.DROPPED).reply is None
