from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from masking_console.models.masking_session import CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.queue.session_queue import RowsByState
from masking_console.queue.undo import merged, without

UUIDS = [SessionUuid(f"{n:08x}-21e7-43bd-9447-{n:012x}") for n in range(12)]


@given(
    st.lists(st.tuples(st.sampled_from(UUIDS), st.sampled_from(CheckState))),
    st.lists(st.booleans()),
)
def test_the_kept_set_of_active_rows_is_always_right(
    moves: list[tuple[SessionUuid, CheckState]], looks: list[bool]
) -> None:
    rows, state = RowsByState(), dict.fromkeys(UUIDS, CheckState.QUEUED)
    rows.append(UUIDS)
    kept: list[tuple[set[SessionUuid], set[SessionUuid]]] = []
    for (uuid, after), is_looked_at in zip(moves, [*looks, *[True] * 99], strict=False):
        rows.move(uuid, state[uuid], after)
        state[uuid] = after
        if is_looked_at:
            active = rows.active()
            assert active == {u for u, s in state.items() if s is CheckState.ACTIVE}
            assert rows.are_the_active(active)
            kept.append((active, active.copy()))
    # Steps of undo hold them, so nobody may have changed them since.
    assert all(then == now for now, then in kept)


def test_every_change_makes_the_kept_set_stale() -> None:
    rows = RowsByState()
    rows.append(UUIDS)
    rows.move(UUIDS[0], CheckState.QUEUED, CheckState.ACTIVE)
    changes: list[Callable[[], None]] = [
        lambda: rows.put(UUIDS[1], CheckState.ACTIVE),
        lambda: rows.drop({UUIDS[0]}),
        lambda: rows.forget(UUIDS),
    ]
    for change in changes:
        before = rows.active()
        change()
        assert not rows.are_the_active(before)
    assert rows.active() == set()


@given(st.sets(st.integers(0, 11)))
def test_rows_that_were_taken_out_go_back_to_their_places(places: set[int]) -> None:
    gone = [UUIDS[place] for place in sorted(places)]
    rest = without(UUIDS, set(gone))
    assert rest == [uuid for uuid in UUIDS if uuid not in gone]
    assert merged(rest, gone, sorted(places)) == UUIDS
    # One that is there again already stands at its old place as well.
    again = merged(UUIDS[::-1], gone, sorted(places))
    assert sorted(again) == sorted(UUIDS)
    assert [again[place] for place in sorted(places)] == gone
