import pytest

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText
from masking_console.queue.session_queue import UNDO_STEPS, SessionQueue
from masking_console.queue.undo import Undone
from tests.support.queued_sessions import NOW, checked, session_uuid, session_uuids

FIRST = session_uuid(0)
ACTIVE, EXPIRED = CheckState.ACTIVE, CheckState.EXPIRED


def queue_of(*states: CheckState) -> SessionQueue:
    queue = SessionQueue()
    queue.add(session_uuids(len(states)))
    queue.set_checked(checked(number, state) for number, state in enumerate(states))
    return queue


def test_repeated_ids_are_queued_once_and_keep_their_order() -> None:
    queue = SessionQueue()
    first, second, third = session_uuids(3)
    assert queue.add([second, first, second]) == 2
    assert queue.add([first, third]) == 1
    assert queue.add([third]) == 0
    assert queue.order == [second, first, third]


@pytest.mark.parametrize("state", list(CheckState))
def test_only_an_active_session_is_ticked_by_itself(state: CheckState) -> None:
    queue = queue_of(state)
    assert (FIRST in queue.ticks) == (state is CheckState.ACTIVE)


@pytest.mark.parametrize("state", list(CheckState))
def test_only_an_open_session_can_be_ticked_by_hand(state: CheckState) -> None:
    queue = queue_of(state)
    queue.change_ticks([FIRST])
    assert (FIRST in queue.ticks) == state.can_be_ticked


def test_an_untick_survives_the_next_check() -> None:
    queue = queue_of(CheckState.ACTIVE)
    queue.change_ticks((), [FIRST])
    queue.set_checked([CheckedSession(FIRST, CheckState.CHECKING)])
    queue.set_checked([checked(0)])
    assert not queue.ticks


@pytest.mark.parametrize("question", [CheckState.QUEUED, CheckState.CHECKING])
@pytest.mark.parametrize("state", [CheckState.ACTIVE, CheckState.IN_CALL])
def test_a_tick_survives_a_question_with_the_same_answer(
    question: CheckState, state: CheckState
) -> None:
    queue = queue_of(state)
    queue.change_ticks([FIRST])
    queue.set_checked([CheckedSession(FIRST, question)])
    assert FIRST in queue.ticks
    assert queue[FIRST].session is not None
    queue.set_checked([checked(0, state)])
    assert FIRST in queue.ticks


@pytest.mark.parametrize(
    "state", [state for state in CheckState if state is not CheckState.ACTIVE]
)
@pytest.mark.parametrize("asked", [True, False])
def test_a_tick_on_an_active_session_does_not_survive_another_verdict(
    state: CheckState, asked: bool
) -> None:
    queue = queue_of(CheckState.ACTIVE)
    if asked:
        queue.set_checked([CheckedSession(FIRST, CheckState.CHECKING)])
    queue.set_checked([checked(0, state)])
    is_question = state in {CheckState.QUEUED, CheckState.CHECKING}
    assert (FIRST in queue.ticks) == is_question


def test_a_session_whose_call_is_over_is_not_ticked_by_itself() -> None:
    queue = queue_of(CheckState.IN_CALL)
    queue.set_checked([checked(0)])
    assert not queue.ticks


def test_a_session_that_could_not_be_checked_at_first_is_ticked_later() -> None:
    queue = queue_of(CheckState.NOT_CHECKED)
    queue.set_checked([checked(0)])
    assert FIRST in queue.ticks


def test_a_check_of_a_row_that_is_not_here_changes_nothing() -> None:
    queue = queue_of(CheckState.ACTIVE)
    queue.set_checked([checked(7)])
    queue.set_outcome(session_uuid(7), ExpiryOutcome.EXPIRED)
    assert queue.order == [FIRST]
    assert set(queue.checks) == {FIRST}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (None, CheckState.ACTIVE),
        (ExpiryOutcome.EXPIRED, CheckState.EXPIRED),
        (ExpiryOutcome.ALREADY_EXPIRED, CheckState.EXPIRED),
        (ExpiryOutcome.NOT_FOUND, CheckState.NOT_FOUND),
        (ExpiryOutcome.UNKNOWN, CheckState.ACTIVE),
        (ExpiryOutcome.FAILED, CheckState.ACTIVE),
    ],
)
def test_a_session_that_is_off_loses_its_tick(
    outcome: ExpiryOutcome | None, state: CheckState
) -> None:
    queue = queue_of(CheckState.ACTIVE)
    queue.set_outcome(FIRST, outcome)
    assert queue[FIRST].state is state
    assert (FIRST in queue.ticks) == state.can_be_ticked


def test_rows_that_are_frozen_are_ticked_afterwards() -> None:
    queue = SessionQueue()
    queue.add(session_uuids(2))
    queue.set_checked([checked(0), checked(1, CheckState.IN_CALL)], may_tick=False)
    assert not queue.ticks
    queue.tick_fresh()
    assert queue.ticks == {FIRST}


def test_undo_goes_back_one_change_at_a_time() -> None:
    queue = queue_of(*[CheckState.ACTIVE] * 4)
    queue.untick_all()
    queue.change_ticks(session_uuids(3))
    queue.tick_active(queue.order, swap=True)
    assert queue.ticks == {session_uuid(3)}
    assert queue.undo() == Undone(ticks=4)
    assert queue.ticks == set(session_uuids(3))
    assert queue.undo() == Undone(ticks=3)
    assert not queue.ticks
    assert queue.undo() == Undone(ticks=4)
    assert queue.undo() == Undone(ticks=4, rows=4)
    assert queue.order == []
    assert queue.undo() is None


def test_a_change_that_changes_nothing_is_no_step_of_undo() -> None:
    queue = queue_of(CheckState.ACTIVE)
    revision = queue.revision
    assert queue.change_ticks([FIRST]) == 0
    assert queue.tick_active(queue.order) == 0
    assert queue.remove([session_uuid(9)]) == 0
    assert queue.revision == revision


def test_rows_that_were_taken_out_come_back_where_they_were() -> None:
    states = [CheckState.ACTIVE, CheckState.IN_CALL, CheckState.EXPIRED]
    queue = queue_of(*states)
    before = list(queue.order)
    assert queue.remove([session_uuid(1), FIRST, FIRST]) == 2
    assert queue.order == [session_uuid(2)]
    assert not queue.ticks
    queue.add([session_uuid(8)])
    queue.undo()
    assert queue.undo() == Undone(ticks=1, rows=2)
    assert queue.order == before
    assert queue.ticks == {FIRST}
    assert [queue[uuid].state for uuid in queue.order] == states
    queue.set_checked([checked(1)])
    assert session_uuid(1) not in queue.ticks


def test_undo_never_ticks_what_can_no_longer_be_ticked() -> None:
    queue = queue_of(CheckState.ACTIVE, CheckState.ACTIVE)
    queue.untick_all()
    queue.set_checked([checked(0, CheckState.EXPIRED)])
    assert queue.undo() == Undone(ticks=1)
    assert queue.ticks == {session_uuid(1)}


def test_undo_never_ticks_a_session_that_got_a_call_since() -> None:
    queue = queue_of(CheckState.ACTIVE)
    queue.untick_all()
    queue.set_checked([checked(0, CheckState.IN_CALL)])
    assert queue.undo() == Undone()
    assert not queue.ticks


def test_undo_ticks_a_live_call_again_that_was_ticked_by_hand() -> None:
    queue = queue_of(CheckState.IN_CALL, CheckState.OTHER)
    queue.change_ticks(session_uuids(2))
    queue.untick_all()
    queue.set_checked([checked(1, CheckState.IN_CALL)])
    assert queue.undo() == Undone(ticks=1)
    assert queue.ticks == {FIRST}


def test_a_burst_can_be_taken_back_as_a_whole() -> None:
    queue = queue_of(*[CheckState.ACTIVE] * 3)
    queue.change_ticks((), [FIRST])
    revision = queue.revision
    for number in range(3):
        queue.tick_active([session_uuid(number)], swap=True)
    queue.remove([session_uuid(2)])
    assert queue.undo_to(revision) == Undone(ticks=3, rows=1)
    assert queue.ticks == set(session_uuids(3)) - {FIRST}
    assert queue.undo_to(queue.revision) == Undone()


def test_at_least_fifty_changes_can_be_undone() -> None:
    queue = queue_of(CheckState.ACTIVE)
    for _ in range(UNDO_STEPS + 10):
        queue.tick_active([FIRST], swap=True)
    undone = 0
    while queue.undo() is not None:
        undone += 1
    assert undone == UNDO_STEPS >= 50


def test_another_account_knows_nothing_of_the_rows() -> None:
    queue = queue_of(CheckState.ACTIVE, CheckState.IN_CALL)
    queue.forget_checks()
    assert [queue[uuid].state for uuid in queue.order] == [CheckState.QUEUED] * 2
    assert not queue.ticks
    assert queue.undo() is None
    queue.set_checked([checked(1)])
    assert queue.ticks == {session_uuid(1)}


def search(words: str = "+91..051") -> Origin:
    return Origin(NOW, PlainText(words), PlainText(words))


def test_what_a_search_finds_stands_on_top_open_ones_first() -> None:
    queue = queue_of(ACTIVE, ACTIVE, ACTIVE)
    first, second, third = queue.order
    origin = search()
    queue.begin_search(origin)
    assert (queue.hits, queue.is_mixed) == (0, True)
    new, ended = checked(7), checked(8, EXPIRED)
    queue.add_found([ended, checked(1)], origin)
    queue.add_found([new], origin)

    assert queue.order == [second, new.session_uuid, ended.session_uuid, first, third]
    assert queue.hits == 3
    assert queue.ticks == {first, second, third}
    assert queue.strays([second, third, new.session_uuid]) == [third]


def test_a_search_is_taken_back_with_all_that_it_brought() -> None:
    queue = queue_of(ACTIVE, ACTIVE)
    before = list(queue.order)
    one, other = search("one"), search("other")
    queue.begin_search(one)
    queue.add_found([checked(7)], one)
    queue.begin_search(other)
    queue.add_found([checked(7), checked(8), checked(1)], other)
    queue.change_ticks([session_uuid(8)])
    assert queue.undo() == Undone(ticks=1)
    queue.change_ticks([session_uuid(8)])
    queue.undo()
    assert queue.undo() == Undone(rows=1, is_search=True)
    assert queue.order == [session_uuid(7), *before]
    assert queue.search is one
    assert queue.origins[session_uuid(7)] is one
    assert session_uuid(1) not in queue.origins
    # What comes late for a search that was taken back is left out.
    assert queue.add_found([checked(9)], other) == (0, 0)
    queue.add_found([checked(6)], one)
    assert queue.order == [session_uuid(7), session_uuid(6), *before]
    assert queue.undo() == Undone(rows=2, is_search=True)
    assert queue.order == before
    assert queue.origins == {}
    assert queue.search is None


def test_a_paste_after_a_search_is_no_stray_and_one_from_before_is() -> None:
    queue = queue_of(ACTIVE)
    origin = search()
    assert queue.strays(queue.order) == []
    queue.begin_search(origin)
    latest = [queue.is_search_latest]
    queue.add([session_uuid(5)], Origin(NOW))
    latest.append(queue.is_search_latest)
    assert latest == [True, False]
    assert queue.strays(queue.order) == [FIRST]


def test_another_account_knows_no_search() -> None:
    queue = queue_of(ACTIVE)
    queue.begin_search(search())
    queue.forget_checks()
    assert queue.strays(queue.order) == []
    assert queue.search is None


def test_rows_taken_out_of_a_search_come_back_where_they_stood() -> None:
    queue = queue_of(ACTIVE)
    origin = search()
    queue.begin_search(origin)
    queue.add_found([checked(4), checked(5)], origin)
    queue.remove([session_uuid(4)])
    queue.undo()
    queue.add_found([checked(5), checked(6)], origin)

    assert set(queue.order) == {FIRST, *map(session_uuid, (4, 5, 6))}
    assert queue.strays([session_uuid(4)]) == []


def test_a_row_that_was_taken_out_and_found_again_keeps_what_is_known_now() -> None:
    queue = SessionQueue()
    origin = Origin(NOW, PlainText("+91..051"), PlainText("..051"), False)
    queue.begin_search(origin)
    queue.add_found([checked(0), checked(1)], origin)
    queue.remove([FIRST])
    queue.add_found([checked(0, CheckState.EXPIRED)], origin)
    queue.undo()
    assert queue[FIRST].state is CheckState.EXPIRED
    assert set(queue.order) == set(session_uuids(2))


def test_what_another_search_brings_is_left_out() -> None:
    queue = SessionQueue()
    old = Origin(NOW, PlainText("a"), PlainText("a"), False)
    new = Origin(NOW, PlainText("b"), PlainText("b"), False)
    queue.begin_search(old)
    queue.begin_search(new)
    assert queue.add_found([checked(0)], old) == (0, 0)


def test_sessions_of_no_search_are_appended_without_a_tick() -> None:
    queue = queue_of(CheckState.ACTIVE)
    assert queue.add_found([checked(1)]) == (1, 0)
    assert queue.order == session_uuids(2)
    assert queue.ticks == {FIRST}


def test_rows_of_nothing_that_was_found_leave_the_search_as_it_is() -> None:
    queue = queue_of(CheckState.ACTIVE)
    origin = Origin(NOW, PlainText("a"), PlainText("a"), False)
    queue.begin_search(origin)
    queue.add_found([checked(1)], origin)
    queue.remove([FIRST])
    assert queue.order == [session_uuid(1)]
    assert queue.hits == 1
