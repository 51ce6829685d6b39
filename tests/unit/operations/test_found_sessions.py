"""The numbers and ids behind a search, and what is told of each session found."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from masking_console.errors import TokenRefusedError
from masking_console.journal.journal import Journal
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import (
    FoundSession,
    ListEnd,
    ListEvent,
    Wanted,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.find_sessions import FindSessions
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.stored_session import StoredSession
from tests.support.large_account import find
from tests.support.runs import bench, plivos, reply, script
from tests.support.still_account import (
    NOW,
    events_of,
    found_in,
    ids,
    still_account,
    stored,
)

UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")


async def test_every_reading_of_a_spelling_is_searched(tmp_path: Path) -> None:
    simulated = still_account(0)
    for at, number in enumerate(["919812345678", "09812345678"]):
        simulated.put(stored(at, first_party=number))
    for at, field in enumerate(["first_party", "second_party", "virtual_number"]):
        simulated.put(stored(10 + at, **{field: "+919812345678"}))

    wanted = Wanted.of("098123 45678", "IN")
    events = await events_of(simulated, tmp_path, wanted)
    found = [each for event in events[:-1] for each in event.found]  # type: ignore[union-attr]
    end = events[-1]

    assert isinstance(end, ListEnd)
    assert {int(each.session.session_uuid[-2:]) for each in found} == {0, 1, 10, 11, 12}
    readings = {each.session.session_uuid[-2:]: each.reading for each in found}
    assert readings["00"] == readings["12"] == "+91..678 (India)"
    assert readings["01"] == "...678 as typed"
    # What was met is named as well as what was meant.
    assert end.readings == ("+91..678 (India)", "...678 as typed")
    assert end.is_complete
    assert {each.search.words for each in found} == {"+91..678 (India)"}
    assert {each.search.at for each in found} == {NOW}
    told = [repr(replace(each, session=None)) for each in found]
    assert not any("9812345678" in each for each in [*told, repr(end)])


async def test_digits_that_plivo_refuses_do_not_make_everything_be_read(
    tmp_path: Path,
) -> None:
    simulated = still_account(300)
    simulated.put(stored(1, first_party="919812345678"))
    simulated.fault = lambda request: (
        plivos(400, error="not a number") if "=0981" in request.query else None
    )
    found, end = await find(simulated, tmp_path, Wanted.of("098123 45678", "IN"))

    assert ids(found) == {str(stored(1).session_uuid)}
    assert end.is_complete
    assert end.readings == ("+91..678 (India)",)
    assert len(simulated.requests) <= 27
    # Where nothing else was meant, everything is read and looked through.
    found, end = await find(simulated, tmp_path, Wanted.of("098123 45678"))
    assert (found, end.proved, end.is_reading_sure) == ([], 3, False)


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_spelling_that_is_not_sure_is_proved_only_by_what_it_finds(
    tmp_path: Path, is_there: bool
) -> None:
    simulated = still_account(0)
    if is_there:
        simulated.put(stored(1, first_party="447700900073"))
    _found, end = await find(simulated, tmp_path, Wanted.of("447700900073"))

    assert end.is_reading_sure is is_there
    assert end.is_complete is is_there
    assert end.proved == 3


async def test_the_journal_tells_who_expired_a_session_and_nothing_is_inferred(
    tmp_path: Path,
) -> None:
    simulated = still_account(0)
    ours, lost, elsewhere, refused, still_open = (
        stored(at, first_party="919812345678") for at in range(5)
    )
    for each in (ours, lost, elsewhere, refused, still_open):
        simulated.put(each)
    async with bench(simulated, tmp_path) as opened:
        await opened.run([ours.session_uuid])
        batch = opened.summary.batch.batch_id
        simulated.fault = lambda _request: Fault(ending=Ending.DROPPED)
        await opened.run([lost.session_uuid])
        simulated.fault = script("DELETE", plivos(400, error="no"))
        await opened.run([refused.session_uuid])
    simulated.fault = None
    for each in (elsewhere, refused):
        simulated.put(replace(each, was_expired=True))

    events = await events_of(simulated, tmp_path, Wanted.of("+919812345678"))
    found = found_in(events)
    assert len(found) == 5

    def past(of: StoredSession) -> FoundSession:
        assert found[of.session_uuid].is_past_read
        return found[of.session_uuid]

    assert past(ours).past is not None
    assert past(ours).past.batch_id == batch  # type: ignore[union-attr]
    assert past(ours).past.has_expired_it  # type: ignore[union-attr]
    assert past(lost).past.outcome is ExpiryOutcome.UNKNOWN  # type: ignore[union-attr]
    assert past(elsewhere).past is None
    assert past(refused).past is None
    assert not found[still_open.session_uuid].is_past_read
    # Open first, then the newest.
    order = [each.session_uuid for each in (still_open, ours, lost, elsewhere, refused)]
    assert list(found) == order


async def test_a_journal_that_cannot_be_read_claims_nothing(tmp_path: Path) -> None:
    simulated = still_account(0)
    simulated.put(replace(stored(1, first_party="919812345678"), was_expired=True))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.db").write_bytes(b"no database" * 1000)

    events = await events_of(simulated, tmp_path, Wanted.of("+919812345678"))

    (found,) = found_in(events).values()
    assert (found.is_past_read, found.past) == (False, None)
    assert events[-1].is_complete  # type: ignore[union-attr]


@pytest.mark.parametrize("number", [1, 9])
async def test_one_session_is_asked_for_by_its_id(tmp_path: Path, number: int) -> None:
    simulated = still_account(0)
    simulated.put(replace(stored(1), was_expired=True))
    wanted = Wanted(session_uuid=stored(number).session_uuid)

    found, end = await find(simulated, tmp_path, wanted)

    assert [each.session_uuid for each in found] == [stored(1).session_uuid][
        : number == 1
    ]
    assert (end.windows, end.proved, end.is_complete) == (1, 1, True)
    assert len(simulated.requests) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [(500, "answered 500"), (429, "answered 429"), (None, "connection broke")],
)
async def test_one_session_that_cannot_be_asked_for_is_not_called_absent(
    tmp_path: Path, status: int | None, words: str
) -> None:
    simulated = still_account(0)
    no_answer = Fault(has_effect=False, ending=Ending.DROPPED)
    fault = reply(status, b"", ("retry-after", "0")) if status else no_answer
    simulated.fault = lambda _request: fault

    _found, end = await find(simulated, tmp_path, Wanted(session_uuid=UUID))

    assert not end.is_complete
    assert not end.is_anything_read
    assert end.is_rate_limited is (status == 429)
    assert words in end.problems[0]


async def test_one_session_on_a_refused_account_ends_the_search(tmp_path: Path) -> None:
    simulated = still_account(0)
    simulated.fault = lambda _request: reply(401)

    with pytest.raises(
        TokenRefusedError, match="refused with 401, not in Plivo's form"
    ):
        await find(simulated, tmp_path, Wanted(session_uuid=UUID))


async def test_what_is_expired_is_told_also_where_the_search_is_refused_later(
    tmp_path: Path,
) -> None:
    simulated = still_account(0)
    simulated.put(replace(stored(1, first_party="919812345678"), was_expired=True))
    answers = 0

    def fault(_request: ReceivedRequest) -> Fault | None:
        nonlocal answers
        answers += 1
        return None if answers == 1 else reply(401)

    simulated.fault = fault
    events: list[ListEvent] = []
    async with bench(simulated, tmp_path) as opened:
        path = opened.settings.journal_path
        operation = FindSessions(opened.connections, path, lambda: NOW)
        with pytest.raises(TokenRefusedError):
            await operation.run(
                opened.account, Wanted.of("+919812345678"), events.append
            )

    (found,) = found_in(events).values()
    assert not found.is_past_read


async def test_a_journal_that_has_lost_entries_does_not_say_that_it_was_not_us(
    tmp_path: Path,
) -> None:
    simulated = still_account(0)
    older = replace(stored(1, first_party="919812345678"), was_expired=True)
    newer = replace(older, session_uuid=UUID, created_time=NOW - timedelta(minutes=1))
    for each in (older, newer):
        simulated.put(each)
    path = tmp_path / "state" / "journal.db"
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    journal = Journal(path, lambda: NOW - timedelta(hours=1))
    assert "journal-damaged" in " ".join(await journal.open())
    await asyncio.to_thread(journal.close)

    found = found_in(await events_of(simulated, tmp_path, Wanted.of("+919812345678")))

    assert not found[older.session_uuid].is_past_read
    assert found[newer.session_uuid].is_past_read
