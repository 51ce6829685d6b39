import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SessionStore
from masking_console.practice.stored_session import StoredSession

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def _session(number: int, hours_old: float) -> StoredSession:
    return StoredSession(
        session_uuid=SessionUuid(f"00000000-0000-4000-8000-{number:012d}"),
        first_party="910000000051",
        second_party="447700900073",
        virtual_number="12025550140",
        created_time=NOON - timedelta(hours=hours_old),
        expiry_time=NOON + timedelta(hours=1),
    )


def _store(*sessions: StoredSession) -> SessionStore:
    return SessionStore(sessions, random.Random(1))  # noqa: S311 - no secret


def _numbers(store: SessionStore, now: datetime = NOON) -> list[int]:
    return [int(str(s.session_uuid)[-12:]) for s in store.newest_first(now)]


def test_the_newest_come_first_and_those_of_one_moment_as_they_came() -> None:
    store = _store(_session(1, 5), _session(2, 3), _session(3, 5), _session(4, 1))

    assert _numbers(store) == [4, 2, 1, 3]
    store.put(_session(5, 5))
    store.put(_session(6, 4))
    assert _numbers(store) == [4, 2, 6, 1, 3, 5]


def test_one_that_changes_keeps_its_place_unless_its_time_changes() -> None:
    store = _store(*(_session(number, 5) for number in (1, 2, 3)))

    store.put(replace(_session(2, 5), was_expired=True))
    assert _numbers(store) == [1, 2, 3]
    changed = store.get(_session(2, 5).session_uuid, NOON)
    assert changed is not None
    assert changed.was_expired

    store.put(_session(1, 9))
    assert _numbers(store) == [2, 3, 1]
    assert len(store.oldest_first) == 3


def test_what_is_created_later_is_kept_and_does_not_show_yet() -> None:
    store = _store(_session(1, 1), _session(2, -1))

    assert _numbers(store) == [1]
    assert store.get(_session(2, -1).session_uuid, NOON) is None
    assert _numbers(store, NOON + timedelta(hours=1)) == [2, 1]
    assert len(store.oldest_first) == 2


def test_expiring_changes_the_record_in_its_place() -> None:
    store = _store(_session(1, 5), _session(2, 3))

    store.expire(_session(1, 5), NOON)

    assert _numbers(store) == [2, 1]
    (expired,) = (s for s in store.oldest_first if s.was_expired)
    assert expired.expiry_time == NOON
