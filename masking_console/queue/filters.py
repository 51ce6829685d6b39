"""Filters, orders and counts of queued sessions.

What looks at rows is one expression each and calls as little as it can, because a
hundred thousand rows are looked at between two keys.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.sessions import origin_words
from masking_console.queue.session_queue import SessionQueue

Uuids = Sequence[SessionUuid]

_ENDS = re.compile(r"ends<(\d{1,5})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """The queue in numbers."""

    total: int = 0
    """Rows in the queue."""
    shown: int = 0
    """Rows that the filter lets through."""
    ticked: int = 0
    """Rows with a tick."""
    hidden_ticked: int = 0
    """Rows with a tick that the filter hides."""
    in_call_left: int = 0
    """Rows in a call and without a tick."""
    expired: int = 0
    """Rows that are expired."""
    not_found: int = 0
    """Rows that are not on this account."""
    pending: int = 0
    """Rows that wait for the answer of a check."""
    not_checked: int = 0
    """Rows whose check failed."""

    @property
    def text(self) -> str:
        """The numbers in words, for a border; what is zero is left out."""
        parts = [
            (self.ticked, "ticked"),
            (self.hidden_ticked, "of them hidden"),
            (self.in_call_left, "in call, not ticked"),
            (self.expired, "expired"),
            (self.not_found, "not found"),
            (self.pending, "being checked"),
            (self.not_checked, "not checked"),
        ]
        return "  ".join(f"{count} {words}" for count, words in parts if count)


def summary_of(queue: SessionQueue, shown: Sequence[SessionUuid]) -> QueueSummary:
    """Return the queue in numbers, with what the filter lets through."""
    total, states = len(queue.order), queue.by_state
    hidden = 0
    if len(shown) != total:
        hidden = len(queue.ticks.difference(shown))
    return QueueSummary(
        total=total,
        shown=len(shown),
        ticked=len(queue.ticks),
        hidden_ticked=hidden,
        in_call_left=len(states[CheckState.IN_CALL] - queue.ticks),
        expired=_sum(states, CheckState.EXPIRED),
        not_found=_sum(states, CheckState.NOT_FOUND),
        pending=_sum(states, CheckState.QUEUED, CheckState.CHECKING),
        not_checked=_sum(states, CheckState.NOT_CHECKED),
    )


def _sum(by_state: Mapping[CheckState, Sized], *states: CheckState) -> int:
    return sum(len(by_state[state]) for state in states)


class RowOrder(Enum):
    """Order of the queue."""

    QUEUED = ""
    """As it came."""
    ENDS = "ends soonest"
    """Sessions that end soonest by themselves first."""
    CALLS = "most legs"
    """Sessions with the most call legs first."""
    STATE = "state"
    """In call, open, and then those that cannot be expired."""
    NEWEST = "newest"
    """Sessions that were created last first."""

    @property
    def next(self) -> "RowOrder":
        """The order that follows when the operator asks for another."""
        orders = list(RowOrder)
        return orders[(orders.index(self) + 1) % len(orders)]


def queue_title(
    summary: QueueSummary, order: RowOrder, search: Origin | None = None
) -> str:
    """Return how many rows are shown, what was searched, and in which order."""
    if search is not None:
        return f"{queue_title(summary, order)}   {origin_words(search)}"
    if not summary.total:
        return "Queue"
    is_all = summary.shown == summary.total
    counts = summary.total if is_all else f"{summary.shown} of {summary.total}"
    return f"Queue {counts}   {order.value}".rstrip()


_STATES_RANKED = (
    CheckState.IN_CALL,
    CheckState.ACTIVE,
    CheckState.OTHER,
    CheckState.NOT_CHECKED,
    CheckState.CHECKING,
    CheckState.QUEUED,
    CheckState.EXPIRED,
    CheckState.NOT_FOUND,
)


def ordered(queue: SessionQueue, uuids: Uuids, order: RowOrder) -> Uuids:
    """Return the sessions in an order; equal ones stay as they were."""
    if order is RowOrder.STATE:
        ranked = [queue.by_state[state] for state in _STATES_RANKED]
        return [uuid for each in ranked if each for uuid in uuids if uuid in each]
    key = _KEYS.get(order)
    if key is None:
        return uuids
    checks = queue.checks
    return sorted(uuids, key=lambda uuid: key(checks[uuid]))


def _ends(checked: CheckedSession | None) -> datetime:
    session = checked.session if checked else None
    return session.expiry_time or _NEVER if session else _NEVER


def _calls(checked: CheckedSession | None) -> int:
    session = checked.session if checked else None
    return -(session.total_call_count or 0) if session else 1


def _newest(checked: CheckedSession | None) -> timedelta:
    session = checked.session if checked else None
    created = session.created_time if session else None
    return _NEVER - created if created else timedelta.max


_KEYS: dict[RowOrder, Callable[[CheckedSession | None], "int | datetime | timedelta"]]
_KEYS = {
    RowOrder.ENDS: _ends,
    RowOrder.CALLS: _calls,
    RowOrder.NEWEST: _newest,
}


def filtered(queue: SessionQueue, text: str, now: datetime) -> Uuids:
    """Return the queued sessions that contain every word of a filter, in their order.

    ``status:`` looks at the state alone, ``number:`` at the end of all numbers and
    ``virtual:`` at the end of the virtual one; ``ends<30m`` at the time that is left.
    Any other word is looked for in the id, the state and the numbers.
    """
    uuids: Uuids = queue.order
    for word in text.casefold().split():
        kind, colon, rest = word.partition(":")
        tail = rest.rpartition(".")[2]
        if colon and kind == "status":
            members = _in_state(queue, rest)
            uuids = [uuid for uuid in uuids if uuid in members]
        elif colon and kind == "number":
            uuids = _with_number(queue, uuids, tail)
        elif colon and kind == "virtual":
            uuids = _with_virtual(queue, uuids, tail)
        elif match := _ENDS.fullmatch(word):
            seconds = int(match[1]) * _UNITS[match[2]]
            uuids = _ending(queue, uuids, now, now + timedelta(seconds=seconds))
        else:
            uuids = _with_word(queue, uuids, word)
    return uuids


def _in_state(queue: SessionQueue, word: str) -> set[SessionUuid]:
    found = [queue.by_state[state] for state in CheckState if word in _folded(state)]
    return set[SessionUuid]().union(*found)


def _folded(state: CheckState) -> str:
    return state.value.casefold()


def _ending(
    queue: SessionQueue, uuids: Uuids, now: datetime, limit: datetime
) -> list[SessionUuid]:
    checks = queue.checks
    return [
        uuid
        for uuid in uuids
        if (checked := checks[uuid])
        and (session := checked.session)
        and (end := session.expiry_time)
        and now <= end <= limit
        and checked.state is not CheckState.EXPIRED
    ]


def _with_virtual(queue: SessionQueue, uuids: Uuids, tail: str) -> list[SessionUuid]:
    checks = queue.checks
    return [
        uuid
        for uuid in uuids
        if (checked := checks[uuid])
        and (session := checked.session)
        and session.virtual_number.endswith(tail)
    ]


def _with_number(queue: SessionQueue, uuids: Uuids, tail: str) -> list[SessionUuid]:
    checks = queue.checks
    return [
        uuid
        for uuid in uuids
        if (checked := checks[uuid])
        and (session := checked.session)
        and (
            session.first_party.endswith(tail)
            or session.second_party.endswith(tail)
            or session.virtual_number.endswith(tail)
        )
    ]


def _with_word(queue: SessionQueue, uuids: Uuids, word: str) -> list[SessionUuid]:
    checks, members = queue.checks, _in_state(queue, word)
    return [
        uuid
        for uuid in uuids
        if word in uuid
        or uuid in members
        or (
            (checked := checks[uuid])
            and (session := checked.session)
            and (
                word in session.first_party
                or word in session.second_party
                or word in session.virtual_number
            )
        )
    ]
