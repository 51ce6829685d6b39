"""The queue behind the screen: order, checks, ticks and the way back."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid

UNDO_STEPS = 100
"""How many changes can be undone."""

_AFTERWARDS = {
    ExpiryOutcome.EXPIRED: CheckState.EXPIRED,
    ExpiryOutcome.ALREADY_EXPIRED: CheckState.EXPIRED,
    ExpiryOutcome.NOT_FOUND: CheckState.NOT_FOUND,
}
"""What an outcome says of the state; all others leave it open."""
_PENDING = (CheckState.QUEUED, CheckState.CHECKING)
_TICKABLE = tuple(state for state in CheckState if state.can_be_ticked)
_UNDECIDED = (*_PENDING, CheckState.NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class _Step:
    """One change, with what it takes to undo it."""

    revision: int
    ticked: set[SessionUuid] = field(default_factory=set)
    unticked: set[SessionUuid] = field(default_factory=set)
    agreed: dict[SessionUuid, CheckState] = field(default_factory=dict)
    added: int = 0
    order: list[SessionUuid] | None = None
    removed: tuple[CheckedSession, ...] = ()
    decided: tuple[SessionUuid, ...] = ()


class Undone(NamedTuple):
    """What one undo has put back."""

    ticks: int = 0
    """How many ticks are back or gone."""
    rows: int = 0
    """How many rows are back or gone."""


class SessionQueue:
    """The queued sessions in their order, and which of them are ticked.

    A session that turns out to be active is ticked once by itself; from then on its
    tick is the operator's. Nothing else is ever ticked without a key.
    """

    def __init__(self) -> None:
        self.order: list[SessionUuid] = []
        # None stands for a row of which nothing is known yet: a paste of 100,000 ids
        # must not make as many objects.
        self.checks: dict[SessionUuid, CheckedSession | None] = {}
        self.ticks: set[SessionUuid] = set()
        self.by_state: dict[CheckState, set[SessionUuid]] = {
            state: set() for state in CheckState
        }
        self.revision = 0
        self._decided: set[SessionUuid] = set()
        self._asked: dict[SessionUuid, CheckState] = {}
        self._steps: deque[_Step] = deque(maxlen=UNDO_STEPS)

    def __getitem__(self, uuid: SessionUuid) -> CheckedSession:
        """Return what is known of a row."""
        return self.checks[uuid] or CheckedSession(uuid)

    def add(self, uuids: Iterable[SessionUuid]) -> int:
        """Append those that are not here yet, and return how many they were."""
        new = [uuid for uuid in dict.fromkeys(uuids) if uuid not in self.checks]
        if new:
            self.order += new
            self.checks.update(dict.fromkeys(new))
            self.by_state[CheckState.QUEUED].update(new)
            self._record(_Step(self.revision, added=len(new)))
        return len(new)

    def add_found(self, found: Sequence[CheckedSession]) -> int:
        """Add sessions that Plivo has listed, none of them ticked; return the new."""
        new = [
            each.session_uuid for each in found if each.session_uuid not in self.checks
        ]
        added = self.add(new)
        # Whoever picks from a list ticks by hand.
        self._decided.update(new)
        self.set_checked(found)
        return added

    def set_checked(
        self, batch: Iterable[CheckedSession], *, may_tick: bool = True
    ) -> None:
        """Take over what a check found out; a row that is not here is ignored."""
        checks, decided = self.checks, self._decided
        for checked in batch:
            uuid, state = checked.session_uuid, checked.state
            if uuid not in checks:
                continue
            known = checks[uuid]
            before = CheckState.QUEUED if known is None else known.state
            checks[uuid] = checked
            if state is not before:
                self.by_state[before].discard(uuid)
                self.by_state[state].add(uuid)
                if state in _PENDING:
                    self._ask(checked, known)
                else:
                    before = self._asked.pop(uuid, before)
                    if uuid in self.ticks and not _still_agreed(before, state):
                        self.ticks.discard(uuid)
            if may_tick and state not in _UNDECIDED and uuid not in decided:
                decided.add(uuid)
                if state is CheckState.ACTIVE:
                    self.ticks.add(uuid)

    def _ask(self, checked: CheckedSession, known: CheckedSession | None) -> None:
        # A question takes nothing away: neither what is known of the row nor its tick.
        if known is not None:
            uuid = checked.session_uuid
            self.checks[uuid] = replace(
                checked, session=known.session, checked_at=known.checked_at
            )
            if known.state not in _PENDING:
                self._asked[uuid] = known.state

    def set_outcome(self, uuid: SessionUuid, outcome: ExpiryOutcome | None) -> None:
        """Take over what became of a session; one that is off loses its tick."""
        state = _AFTERWARDS.get(outcome) if outcome else None
        if state is not None and uuid in self.checks:
            self.set_checked([replace(self[uuid], state=state)])

    def tick_fresh(self) -> None:
        """Tick what turned out to be active while ticks were frozen."""
        self.set_checked(
            self[uuid]
            for state in set(CheckState).difference(_UNDECIDED)
            for uuid in self.by_state[state] - self._decided
        )

    def forget_checks(self) -> None:
        """Make every row unchecked and unticked, as for another account."""
        self.checks.update(dict.fromkeys(self.order))
        self.ticks.clear()
        self._asked.clear()
        for state, members in self.by_state.items():
            members.clear()
            if state is CheckState.QUEUED:
                members.update(self.order)
        self._decided.clear()
        self._steps.clear()

    def change_ticks(
        self, ticked: Iterable[SessionUuid], unticked: Iterable[SessionUuid] = ()
    ) -> int:
        """Tick what can be ticked, untick the rest, and return how many changed."""
        on = self._tickable(set(ticked) - self.ticks)
        return self._apply(on, self.ticks.intersection(unticked))

    def tick_active(self, uuids: Collection[SessionUuid], *, swap: bool = False) -> int:
        """Tick those that are active, and with ``swap`` untick those that are ticked.

        Returns:
            How many ticks changed.
        """
        on = self.by_state[CheckState.ACTIVE] - self.ticks
        off = self.ticks.copy() if swap else set[SessionUuid]()
        if len(uuids) < len(self.order):
            on.intersection_update(uuids)
            off.intersection_update(uuids)
        return self._apply(on, off)

    def untick_all(self) -> int:
        """Untick every row, and return how many there were."""
        return self._apply(set(), self.ticks.copy())

    def _apply(self, on: set[SessionUuid], off: set[SessionUuid]) -> int:
        if on or off:
            self.ticks |= on
            self._untick(off)
            agreed = self._agreed(off)
            self._record(_Step(self.revision, ticked=on, unticked=off, agreed=agreed))
        return len(on) + len(off)

    def _untick(self, off: set[SessionUuid]) -> None:
        if len(off) == len(self.ticks):
            self.ticks.clear()
        else:
            self.ticks -= off

    def _agreed(self, uuids: set[SessionUuid]) -> dict[SessionUuid, CheckState]:
        # Undo may tick a session in call only if it was in call when it was ticked.
        others = uuids - self.by_state[CheckState.ACTIVE]
        return {uuid: self[uuid].state for uuid in others}

    def _tickable(self, uuids: set[SessionUuid]) -> set[SessionUuid]:
        found = [uuids & self.by_state[state] for state in _TICKABLE]
        return set[SessionUuid]().union(*found)

    def remove(self, uuids: Collection[SessionUuid]) -> int:
        """Take rows out of the queue, and return how many there were."""
        gone = [uuid for uuid in dict.fromkeys(uuids) if uuid in self.checks]
        if not gone:
            return 0
        removed = tuple(self[uuid] for uuid in gone)
        ticked = self.ticks.intersection(gone)
        agreed = self._agreed(ticked)
        decided = tuple(uuid for uuid in gone if uuid in self._decided)
        before = self.order
        self._drop(gone)
        self.order = [uuid for uuid in before if uuid in self.checks]
        self._record(
            _Step(
                self.revision,
                unticked=ticked,
                agreed=agreed,
                order=before,
                removed=removed,
                decided=decided,
            )
        )
        return len(gone)

    def undo(self) -> Undone | None:
        """Take the latest change back; None when there is none."""
        if not self._steps:
            return None
        step = self._steps.pop()
        if step.added:
            gone = self.order[-step.added :]
            lost = sum(uuid in self.ticks for uuid in gone)
            self._drop(gone)
            self.order = self.order[: -step.added]
            return Undone(lost, len(gone))
        if step.order is not None:
            self.order = step.order
            self._decided.update(step.decided)
            for checked in step.removed:
                self.checks[checked.session_uuid] = checked
                self._change_state(checked.session_uuid, None, checked.state)
        off = step.ticked & self.ticks
        on = step.unticked & self.by_state[CheckState.ACTIVE]
        on |= {uuid for uuid, state in step.agreed.items() if self[uuid].state is state}
        self._untick(off)
        self.ticks |= on
        return Undone(len(on) + len(off), len(step.removed))

    def undo_to(self, revision: int) -> Undone:
        """Take back every change since the revision, and return their sum."""
        ticks = rows = 0
        while self._steps and self._steps[-1].revision >= revision:
            undone = self.undo() or Undone()
            ticks, rows = ticks + undone.ticks, rows + undone.rows
        return Undone(ticks, rows)

    def _record(self, step: _Step) -> None:
        self._steps.append(step)
        self.revision += 1

    def _drop(self, uuids: Iterable[SessionUuid]) -> None:
        for uuid in uuids:
            self._change_state(uuid, self[uuid].state, None)
            del self.checks[uuid]
            self.ticks.discard(uuid)
            self._decided.discard(uuid)
            self._asked.pop(uuid, None)

    def _change_state(
        self, uuid: SessionUuid, before: CheckState | None, after: CheckState | None
    ) -> None:
        if before is not None:
            self.by_state[before].discard(uuid)
        if after is not None:
            self.by_state[after].add(uuid)


def _still_agreed(before: CheckState, after: CheckState) -> bool:
    # A tick says yes to what stood there. To a session that got a call since, or is in
    # a state that nobody knows, nobody said yes.
    return after is CheckState.ACTIVE or (after is before and after.can_be_ticked)
