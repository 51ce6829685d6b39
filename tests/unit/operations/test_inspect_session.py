from pathlib import Path

import pytest

from masking_console.errors import PlivoUnavailableError
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.inspect_session import InspectSession
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.listing import Conduct, FilterConduct
from masking_console.practice.rate_limit import RateLimit
from masking_console.practice.simulated_account import SimulatedAccount
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
        assert seen.sharing
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
