from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.errors import PlivoUnavailableError
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.check_sessions import InspectSession
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.listing import Conduct, FilterConduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.practice.stored_session import StoredSession
from tests.support.runs import (
    Bench,
    bench,
    open_ids,
    plivos,
    quick_account,
    reply,
    script,
)

UNKNOWN = SessionUuid("9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917")


def inspector(opened: Bench) -> InspectSession:
    return InspectSession(opened.connections, opened.settings.journal_path)


async def test_a_session_its_neighbors_and_our_own_past_are_told(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    uuid, other = open_ids(simulated, 2)
    async with bench(simulated, tmp_path) as opened:
        seen = await inspector(opened).run(opened.account, uuid)
        assert seen.before == ()
        assert seen.sharing is not None
        assert seen.detail.session.session_uuid == uuid
        await opened.run([uuid])
        await opened.run([other])
        seen = await inspector(opened).run(opened.account, uuid)

    assert [len(record.sessions) for record in seen.before] == [1]
    assert {request.method for request in simulated.requests[:2]} == {"GET"}


async def test_pins_are_never_in_what_is_told(tmp_path: Path) -> None:
    simulated = quick_account()
    with_pins = simulated.marked[Mark.WITH_PINS]
    stored = simulated.session(with_pins)
    assert stored is not None
    assert stored.pins
    async with bench(simulated, tmp_path) as opened:
        seen = await inspector(opened).run(opened.account, SessionUuid(with_pins))

    assert seen.detail.has_pins
    assert not any(str(pin) in repr(seen.detail) for pin in stored.pins)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (reply(500), r"No answer to use .answered 500, not in Plivo's form."),
        (Fault(has_effect=False, ending=Ending.DROPPED), "the connection broke"),
        (None, "not on this account"),
    ],
)
async def test_a_session_that_cannot_be_seen_says_why(
    tmp_path: Path, fault: Fault | None, words: str
) -> None:
    simulated = quick_account()
    simulated.fault = script("GET", fault)
    async with bench(simulated, tmp_path) as opened:
        with pytest.raises(PlivoUnavailableError, match=words):
            await inspector(opened).run(opened.account, UNKNOWN)


@pytest.mark.parametrize("conduct", [FilterConduct.IGNORED, FilterConduct.REFUSED])
async def test_a_filter_that_is_not_obeyed_gives_no_number_of_neighbors(
    tmp_path: Path, conduct: FilterConduct
) -> None:
    simulated = SimulatedAccount(
        conduct=Conduct((0.0, 0.0), number_filters=conduct),
        rate_limit=RateLimit(limit=None),
    )
    (uuid,) = open_ids(simulated, 1)
    async with bench(simulated, tmp_path) as opened:
        seen = await inspector(opened).run(opened.account, uuid)

    assert seen.sharing is None


async def test_a_session_without_a_virtual_number_and_a_damaged_journal_do_no_harm(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    simulated.fault = lambda _request: plivos(
        200, session_uuid=UNKNOWN, status="active"
    )
    async with bench(simulated, tmp_path) as opened:
        path = opened.settings.journal_path
        path.parent.mkdir()
        path.write_bytes(b"no database" * 1000)
        seen = await inspector(opened).run(opened.account, UNKNOWN)

        assert (seen.sharing, seen.before) == (None, ())
        path.unlink()
        await opened.journal.record_numbers_shown(opened.account, UNKNOWN)
        await opened.journal.record_numbers_shown(opened.account, None)
        shown, every = await opened.journal.entries("")
    assert shown.event is every.event is JournalEvent.NUMBERS_SHOWN
    assert (shown.session_uuid, every.session_uuid) == (UNKNOWN, "")


NOW = datetime(2026, 3, 4, 12, 4, 31, tzinfo=UTC)


def neighbors(count: int, **first: object) -> tuple[SimulatedAccount, SessionUuid]:
    """Return an account with so many sessions on one virtual number."""
    simulated = SimulatedAccount(
        count=0,
        clock=lambda: NOW,
        conduct=Conduct((0.0, 0.0)),
        rate_limit=RateLimit(limit=None),
    )
    # The one that is looked at is the oldest, so a long list does not show it.
    sessions = [
        StoredSession(
            session_uuid=SessionUuid(f"c28b77d4-21e7-43bd-9447-{at:012d}"),
            first_party="14155550101",
            second_party="14155550102",
            virtual_number="14155559999",
            created_time=NOW - timedelta(hours=1 + count - at),
            expiry_time=NOW + timedelta(hours=1),
        )
        for at in range(count)
    ]
    sessions[0] = replace(sessions[0], **first)  # type: ignore[arg-type]
    for session in sessions:
        simulated.put(session)
    return simulated, sessions[0].session_uuid


@pytest.mark.parametrize(
    ("count", "first", "sharing"),
    [
        (1, {}, 0),
        (3, {}, 2),
        (25, {}, 24),
        # It is not among those that were counted.
        (3, {"was_expired": True}, 2),
        (25, {"was_expired": True}, 24),
        (3, {"created_time": NOW - timedelta(days=8)}, 2),
        (25, {"created_time": NOW - timedelta(days=8)}, 24),
    ],
)
async def test_a_session_is_not_counted_among_those_that_share_its_number(
    tmp_path: Path, count: int, first: dict[str, object], sharing: int
) -> None:
    simulated, uuid = neighbors(count, **first)
    async with bench(simulated, tmp_path) as opened:
        path = opened.settings.journal_path
        operation = InspectSession(opened.connections, path, lambda: NOW)
        seen = await operation.run(opened.account, uuid)

    assert seen.sharing == sharing
