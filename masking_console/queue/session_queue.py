"""The queue behind the screen: order, checks, ticks and the way back."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.queue.undo import (
    AFTERWARDS,
    Found,
    SearchStep,
    Step,
    Undone,
    common,
    merged,
    places_of,
    still_agreed,
    without,
)


class RowsByState(dict[CheckState, set[SessionUuid]]):
    """A set of rows for each state; only these methods change them."""

    def __init__(self) -> None:
        super().__init__((state, set()) for state in CheckState)
        self._active_once: set[SessionUuid] | None = None

    def append(self, uuids: Iterable[SessionUuid]) -> None:
        """Add rows of which nothing is known."""
        self[CheckState.QUEUED].update(uuids)

    def put(self, uuid: SessionUuid, state: CheckState) -> None:
        """Add a row that is in this state."""
        self[state].add(uuid)
        self._active_once = None

    def move(self, uuid: SessionUuid, before: CheckState, after: CheckState) -> None:
        """Take a row from one state to another."""
        self[before].discard(uuid)
        self.put(uuid, after)

    def drop(self, gone: set[SessionUuid]) -> None:
        """Take rows out."""
        for members in self.values():
            members.difference_update(gone if members else ())
        self._active_once = None

    def forget(self, uuids: Iterable[SessionUuid]) -> None:
        """Begin anew with these rows, of which nothing is known."""
        for members in self.values():
            members.clear()
        self._active_once = None
        self.append(uuids)

    def active(self) -> set[SessionUuid]:
        """Return the active rows in a set that stays as it is.

        It is the same one until a row changes, so that to be it answers what would take
        two looks at a hundred thousand rows.
        """
        if self._active_once is None:
            self._active_once = self[CheckState.ACTIVE].copy()
        return self._active_once

    def are_the_active(self, uuids: set[SessionUuid]) -> bool:
        """Return whether this is the set of the active rows, and still right."""
        return uuids is self._active_once

    def open(self) -> Iterator[set[SessionUuid]]:
        """Yield the sets of rows that may be ticked."""
        return (self[state] for state in CheckState if state.can_be_ticked)


UNDO_STEPS = 100
"""Most changes that can be undone."""

_PENDING = (CheckState.QUEUED, CheckState.CHECKING)
_NOT_ACTIVE = (CheckState.IN_CALL, CheckState.OTHER, *_PENDING)
"""The states besides active in which a row may have a tick."""
_UNDECIDED = (*_PENDING, CheckState.NOT_CHECKED)


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
        # Steps of undo hold the same set, so that a key on 100,000 rows copies none.
        self.ticks: set[SessionUuid] = set()
        self._are_ticks_shared = False
        self.by_state = RowsByState()
        self.revision = 0
        self._decided: set[SessionUuid] = set()
        self._asked: dict[SessionUuid, CheckState] = {}
        self._steps: deque[Step] = deque(maxlen=UNDO_STEPS)
        self.origins: dict[SessionUuid, Origin] = {}
        """The origin of a row; one that is not here was pasted before any search."""
        self.search: Origin | None = None
        """The latest search."""
        self._found: SearchStep | None = None
        self._context: frozenset[Origin] = frozenset()

    def __getitem__(self, uuid: SessionUuid) -> CheckedSession:
        """Return what is known of a row."""
        return self.checks[uuid] or CheckedSession(uuid)

    def add(self, uuids: Iterable[SessionUuid], origin: Origin | None = None) -> int:
        """Append those that are not here yet, and return how many they were."""
        new = self._append(uuids)
        if new:
            self._record(Step(self.revision, added=new))
            if origin is not None and self.search is not None:
                self.origins.update(dict.fromkeys(new, origin))
                self._context |= {origin}
        return len(new)

    def begin_search(self, origin: Origin) -> None:
        """Begin a search, which is one step of undo with all that it brings."""
        found = SearchStep(self.search, self._context, list(self.order))
        self._record(Step(self.revision, search=found))
        self._found = found
        self.search, self._context = origin, frozenset({origin})

    def add_found(
        self,
        found: Sequence[CheckedSession],
        origin: Origin | None = None,
        *,
        may_tick: bool = True,
    ) -> Found:
        """Put sessions that the latest search has found on top, none of them ticked.

        What a search brings that was taken back meanwhile is left out. Without an
        origin, new sessions are appended.
        """
        if origin is not None and origin is not self.search:
            return Found(0, 0)
        new = self._append(each.session_uuid for each in found)
        # Whoever picks from a list ticks by hand.
        self._decided.update(new)
        if origin is not None and self._found is not None:
            self._put_on_top(found, set(new), origin, self._found)
        return Found(len(new), self.set_checked(found, may_tick=may_tick))

    def _put_on_top(
        self,
        found: Sequence[CheckedSession],
        new: set[SessionUuid],
        origin: Origin,
        step: SearchStep,
    ) -> None:
        origins = self.origins
        for each in found:
            uuid = each.session_uuid
            if uuid in step.found:
                continue
            if uuid in new:
                step.new.add(uuid)
            else:
                step.moved.setdefault(uuid, origins.get(uuid))
            origins[uuid] = origin
            step.take(uuid, is_open=each.state.can_be_ticked)
        rest = (uuid for uuid in self.order if uuid not in step.found)
        self.order = [*step.open, *step.ended, *rest]

    @property
    def hits(self) -> int:
        """Number of rows that the latest search has found."""
        return len(self._found.found) if self._found is not None else 0

    @property
    def is_mixed(self) -> bool:
        """Whether the queue has rows of the latest search beside others."""
        return self.search is not None and self.hits < len(self.order)

    @property
    def is_search_latest(self) -> bool:
        """Whether nothing was pasted since the latest search."""
        return self.search is not None and len(self._context) == 1

    def strays(self, uuids: Iterable[SessionUuid]) -> list[SessionUuid]:
        """Return those that neither the latest search nor a paste since brought."""
        if self.search is None:
            return []
        context, origins = self._context, self.origins
        return [uuid for uuid in uuids if origins.get(uuid) not in context]

    def _append(self, uuids: Iterable[SessionUuid]) -> list[SessionUuid]:
        checks = self.checks
        new = [uuid for uuid in dict.fromkeys(uuids) if uuid not in checks]
        if new:
            self.order += new
            checks.update(dict.fromkeys(new))
            self.by_state.append(new)
        return new

    def set_checked(
        self, batch: Iterable[CheckedSession], *, may_tick: bool = True
    ) -> int:
        """Take over what a check found out; a row that is not here is ignored.

        Returns:
            How many rows have lost their tick by it.
        """
        checks, by_state, decided = self.checks, self.by_state, self._decided
        queued, lost = CheckState.QUEUED, 0
        for checked in batch:
            uuid, state = checked.session_uuid, checked.state
            if uuid not in checks:
                continue
            known = checks[uuid]
            before = queued if known is None else known.state
            checks[uuid] = checked
            if state is not before:
                by_state.move(uuid, before, state)
                if state in _PENDING:
                    self._ask(checked, known)
                else:
                    lost += self._answered(uuid, before, state)
            if uuid not in decided and may_tick and state not in _UNDECIDED:
                decided.add(uuid)
                if state is CheckState.ACTIVE:
                    self._own_ticks().add(uuid)
        return lost

    def _answered(
        self, uuid: SessionUuid, before: CheckState, state: CheckState
    ) -> bool:
        before = self._asked.pop(uuid, before)
        is_lost = uuid in self.ticks and not still_agreed(before, state)
        if is_lost:
            self._own_ticks().discard(uuid)
        return is_lost

    def _own_ticks(self) -> set[SessionUuid]:
        if self._are_ticks_shared:
            self.ticks = self.ticks.copy()
            self._are_ticks_shared = False
        return self.ticks

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
        state = AFTERWARDS.get(outcome) if outcome else None
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
        self.search, self._context = None, frozenset()
        self.origins.clear()
        self.checks.update(dict.fromkeys(self.order))
        self._put_ticks(set())
        self._asked.clear()
        self.by_state.forget(self.order)
        self._decided.clear()
        self._steps.clear()
        self._found = None

    def change_ticks(
        self, ticked: Iterable[SessionUuid], unticked: Iterable[SessionUuid] = ()
    ) -> int:
        """Tick what can be ticked, untick the rest, and return how many changed."""
        asked = set(ticked) - self.ticks
        on = set[SessionUuid]().union(*(asked & each for each in self.by_state.open()))
        return self._apply(on, self.ticks.intersection(unticked))

    def tick_active(self, uuids: Collection[SessionUuid], *, swap: bool = False) -> int:
        """Tick those that are active, and with ``swap`` untick those that are ticked.

        Returns:
            How many ticks changed.
        """
        ticks = self.ticks
        off = ticks if swap else set[SessionUuid]()
        if len(uuids) < len(self.order):
            on = self.by_state[CheckState.ACTIVE].intersection(uuids) - ticks
            off = off.intersection(uuids)
        elif self.by_state.are_the_active(ticks):
            on = set()
        else:
            active = self.by_state.active()
            on = active - ticks if ticks else active
        return self._apply(on, off)

    def untick_all(self) -> int:
        """Untick every row, and return how many there were."""
        return self._apply(set(), self.ticks)

    def _apply(self, on: set[SessionUuid], off: set[SessionUuid]) -> int:
        if on or off:
            step = Step(self.revision, on, off, self._agreed(off))
            self._change(on, off)
            self._record(step)
        return len(on) + len(off)

    def _change(self, on: set[SessionUuid], off: set[SessionUuid]) -> None:
        """Take off the ones, all of them ticked, and then put on the others."""
        if len(off) == len(self.ticks):
            self._put_ticks(on)
        else:
            ticks = self._own_ticks()
            ticks -= off
            ticks |= on

    def _put_ticks(self, ticks: set[SessionUuid]) -> None:
        self.ticks = ticks
        self._are_ticks_shared = True

    def _agreed(self, uuids: set[SessionUuid]) -> dict[SessionUuid, CheckState]:
        # Undo may tick a session in call only if it was in call when it was ticked.
        if self.by_state.are_the_active(uuids):
            return {}
        return {
            uuid: state
            for state in _NOT_ACTIVE
            for uuid in uuids & self.by_state[state]
        }

    def remove(self, uuids: Collection[SessionUuid]) -> int:
        """Take rows out of the queue, and return how many there were."""
        gone = self.checks.keys() & uuids
        if not gone:
            return 0
        places = places_of(gone, self.order)
        ticked = self.ticks & gone
        step = Step(
            self.revision,
            unticked=ticked,
            agreed=self._agreed(ticked),
            removed=[self[self.order[place]] for place in places],
            places=places,
            decided=gone & self._decided,
        )
        self._drop(gone)
        self._record(step)
        return len(gone)

    def undo(self) -> Undone | None:
        """Take the latest change back; None when there is none."""
        if not self._steps:
            return None
        step = self._steps.pop()
        if step.search is not None:
            return self._take_search_back(step.search)
        if step.added:
            gone = set(step.added)
            lost = len(gone & self.ticks)
            self._drop(gone)
            return Undone(lost, len(gone))
        self._put_back(step)
        off = common(step.ticked, self.ticks)
        on = common(step.unticked, self.by_state[CheckState.ACTIVE])
        agreed = step.agreed.items()
        still = {uuid for uuid, state in agreed if self[uuid].state is state}
        on = on | still if still else on
        self._change(on, off)
        return Undone(len(on) + len(off), len(step.removed))

    def _take_search_back(self, search: SearchStep) -> Undone:
        gone = search.new & self.checks.keys()
        lost = len(gone & self.ticks)
        self._found = None
        self._drop(gone)
        for uuid, origin in (*search.moved.items(), *dict.fromkeys(gone).items()):
            if origin is None:
                self.origins.pop(uuid, None)
            else:
                self.origins[uuid] = origin
        there = set(search.order)
        later = [uuid for uuid in self.order if uuid not in there]
        kept = [uuid for uuid in search.order if uuid in self.checks]
        self.order = kept + later
        self.search, self._context = search.previous, search.context
        steps = (step.search for step in reversed(self._steps))
        self._found = next((step for step in steps if step is not None), None)
        return Undone(lost, len(gone), is_search=True)

    def _put_back(self, step: Step) -> None:
        """Put rows back in their places; rows found since then stay behind them."""
        if not step.removed:
            return
        self._decided |= step.decided
        removed = [checked.session_uuid for checked in step.removed]
        for uuid, checked in zip(removed, step.removed, strict=True):
            # One that Plivo has listed again is known better by now.
            if uuid not in self.checks:
                self.checks[uuid] = checked
                self.by_state.put(uuid, checked.state)
        self.order = merged(self.order, removed, step.places)

    def undo_to(self, revision: int) -> Undone:
        """Take back every change since the revision, and return their sum."""
        ticks = rows = 0
        while self._steps and self._steps[-1].revision >= revision:
            undone = self.undo() or Undone()
            ticks, rows = ticks + undone.ticks, rows + undone.rows
        return Undone(ticks, rows)

    def _record(self, step: Step) -> None:
        self._steps.append(step)
        self.revision += 1

    def _drop(self, gone: set[SessionUuid]) -> None:
        self.order = without(self.order, gone)
        if not gone.isdisjoint(self.ticks):
            self._own_ticks().difference_update(gone)
        self.by_state.drop(gone)
        self._decided.difference_update(gone)
        for uuid in gone:
            del self.checks[uuid]
            self._asked.pop(uuid, None)
        # Their origins stay: undo may bring them back.
        if self._found is not None:
            self._found.drop(gone)
