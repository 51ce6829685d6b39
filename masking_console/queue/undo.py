"""Undo of changes of the queue."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid

AFTERWARDS = {
    ExpiryOutcome.EXPIRED: CheckState.EXPIRED,
    ExpiryOutcome.ALREADY_EXPIRED: CheckState.EXPIRED,
    ExpiryOutcome.NOT_FOUND: CheckState.NOT_FOUND,
}
"""State that an outcome proves; all others leave it open."""
_FEW = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One change, with what it takes to undo it.

    Its sets may be those of other steps, or the ticks themselves: nobody changes them.
    """

    revision: int
    """Number of changes before it."""
    ticked: set[SessionUuid] = field(default_factory=set)
    """Sessions that it ticked."""
    unticked: set[SessionUuid] = field(default_factory=set)
    """Sessions that it unticked."""
    agreed: dict[SessionUuid, CheckState] = field(default_factory=dict)
    """The states of those that were unticked and were not active."""
    added: Sequence[SessionUuid] = ()
    """The rows that came by it."""
    removed: Sequence[CheckedSession] = ()
    """The rows that went by it, in the order of the queue."""
    places: Sequence[int] = ()
    """Former place of each of them."""
    decided: set[SessionUuid] = field(default_factory=set)
    """Rows of it that are not ticked by themselves any more."""
    search: "SearchStep | None" = None
    """The search that it was, if it was one."""


@dataclass(slots=True)
class SearchStep:
    """A search as a change of the queue; it grows while the search brings rows."""

    previous: Origin | None
    """The search before it."""
    context: frozenset[Origin]
    """Origins of the rows that the operator was concerned with before it."""
    order: list[SessionUuid]
    """The order before it."""
    open: list[SessionUuid] = field(default_factory=list)
    """The open sessions it found, in the order in which they came."""
    ended: list[SessionUuid] = field(default_factory=list)
    """The others it found."""
    found: set[SessionUuid] = field(default_factory=set)
    """All of both."""
    new: set[SessionUuid] = field(default_factory=set)
    """Rows of it that were not in the queue before."""
    moved: dict[SessionUuid, Origin | None] = field(default_factory=dict)
    """The origins of those that were there before; None for a paste before all."""

    def take(self, uuid: SessionUuid, *, is_open: bool) -> None:
        """Take a session for one that it found."""
        self.found.add(uuid)
        (self.open if is_open else self.ended).append(uuid)

    def drop(self, gone: set[SessionUuid]) -> None:
        """Forget rows that were taken out of the queue."""
        if not self.found.isdisjoint(gone):
            self.found -= gone
            self.open = [uuid for uuid in self.open if uuid not in gone]
            self.ended = [uuid for uuid in self.ended if uuid not in gone]


class Undone(NamedTuple):
    """Result of one undo."""

    ticks: int = 0
    """Number of ticks that are back or gone."""
    rows: int = 0
    """Number of rows that are back or gone."""
    is_search: bool = False
    """Whether it was a search that was taken back."""


class Found(NamedTuple):
    """Result of adding a list."""

    added: int
    """Number of new sessions."""
    unticked: int
    """Number of rows that lost their tick by it."""


class QueueSnapshot(NamedTuple):
    """A moment of the queue to which a burst of keys can be taken back."""

    revision: int
    """Number of changes so far."""
    cursor: SessionUuid | None
    """Row of the cursor."""
    range_start: SessionUuid | None
    """First row of a range that was being made."""


def common(some: set[SessionUuid], others: set[SessionUuid]) -> set[SessionUuid]:
    """Return what is in both sets; it may be the first one itself."""
    # To look whether all are there takes half as long as to make another set.
    return some if some <= others else some & others


def places_of(uuids: set[SessionUuid], order: list[SessionUuid]) -> list[int]:
    """Return their places, in rising order."""
    if len(uuids) < _FEW:
        return sorted(map(order.index, uuids))
    return [place for place, uuid in enumerate(order) if uuid in uuids]


def without(order: Sequence[SessionUuid], gone: set[SessionUuid]) -> list[SessionUuid]:
    """Return the order without these; it is a list of its own."""
    if len(gone) >= _FEW:
        return [uuid for uuid in order if uuid not in gone]
    rest = list(order)
    for uuid in gone:
        with suppress(ValueError):
            rest.remove(uuid)
    return rest


def merged(
    order: Sequence[SessionUuid], back: Sequence[SessionUuid], places: Sequence[int]
) -> list[SessionUuid]:
    """Return the order with these back at their places, wherever they are now."""
    rest = without(order, set(back))
    if len(back) < _FEW:
        for uuid, place in zip(back, places, strict=True):
            rest.insert(place, uuid)
        return rest
    made, taken = list[SessionUuid](), 0
    for uuid, place in zip(back, places, strict=True):
        upto = taken + place - len(made)
        made += rest[taken:upto]
        made.append(uuid)
        taken = upto
    return made + rest[taken:]


def still_agreed(before: CheckState, after: CheckState) -> bool:
    """Return whether a tick that was put on one state holds for another."""
    # A tick says yes to what stood there. To a session that got a call since, or is in
    # a state that nobody knows, nobody said yes.
    return after is CheckState.ACTIVE or (after is before and after.can_be_ticked)
