"""The queue on the screen: its rows, their ticks, and what a run says of them."""

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from datetime import UTC, datetime

from textual._time import get_time  # the clock of the events
from textual.message import Message

from masking_console.models.expiry import UNSETTLED, ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.queue.filters import (
    QueueSummary,
    RowOrder,
    filtered,
    ordered,
    summary_of,
)
from masking_console.queue.session_queue import SessionQueue
from masking_console.queue.undo import QueueSnapshot, Undone, without
from masking_console.ui.widgets.queue_cells import (
    OutcomeShown,
    queue_cells,
    queue_layout,
)
from masking_console.ui.widgets.row_cells import Cell, Column, position
from masking_console.ui.widgets.rows_view import NOWHERE, RowsView

SETTLED_SECONDS = 0.4
"""Time for which rows that moved by themselves rest before a tick is meant for them."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class QueueView(RowsView[SessionUuid, CheckedSession]):
    """The queued sessions with their ticks; `QueueTable` adds the keys."""

    empty_text = "Paste session ids here."
    has_header = True

    class Changed(Message):
        """Rows, states or ticks have changed."""

        def can_replace(self, message: Message) -> bool:
            # A list that is read brings hundreds of them; the latest says all.
            return isinstance(message, QueueView.Changed)

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = _utc_now,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        self._queue = SessionQueue()
        super().__init__(self._queue, id=id, classes=classes)
        self._clock = clock
        self._outcomes: dict[SessionUuid, OutcomeShown] = {}
        self._unsettled: dict[SessionUuid, ExpiryOutcome] = {}
        self._range_start: SessionUuid | None = None
        self._range_index: int | None = None
        self._frozen = False
        self._shows_numbers = False
        self._lost_ticks = 0
        self._is_parked = False
        self._moved_at = self._shifted_at = float("-inf")
        self.order = RowOrder.QUEUED

    def on_mount(self) -> None:
        # What ends by itself does so while nobody presses a key.
        self.set_interval(15, self.refresh)

    def add(self, uuids: Iterable[SessionUuid]) -> int:
        """Append those that are not here yet, and return how many they were."""
        added = self._queue.add(uuids, Origin(self._clock()))
        if added:
            self._forget_old_outcomes()
            self.refilter()
        return added

    def begin_search(self, origin: Origin) -> None:
        """Make room on top for what a search finds; the cursor waits there."""
        self._queue.begin_search(origin)
        self._is_parked = True
        self.refilter()
        self._scroll_top(0)

    def add_found(
        self, found: Sequence[CheckedSession], origin: Origin | None = None
    ) -> int:
        """Take over sessions from a list: new ones unticked, known ones renewed.

        Those that a search has found stand together on top, open ones first.
        """
        if not found:
            return 0
        with self._news():
            return self._add_found(found, origin)

    def _add_found(self, found: Sequence[CheckedSession], origin: Origin | None) -> int:
        hits = self._queue.hits
        may_tick = not self._frozen
        added, lost = self._queue.add_found(found, origin, may_tick=may_tick)
        self._lost_ticks += lost
        for row in found if self._outcomes else ():
            self._outcomes.pop(row.session_uuid, None)
        if added or self.filter_text or self._queue.hits != hits:
            self.refilter()
        else:
            self._redraw({row.session_uuid for row in found})
        return added

    @contextmanager
    def _news(self) -> Iterator[None]:
        """Note where rows have moved that no key of the operator moved."""
        key, seen, was_parked = self.cursor_key, self._seen(), self._is_parked
        yield
        now = get_time()
        if self.cursor_key != key and (key is not None or was_parked):
            self._moved_at = now
        if self._seen() != seen:
            self._shifted_at = now

    def _seen(self) -> Sequence[SessionUuid]:
        return self.keys[self._top : self._top + self._page_height]

    @property
    def has_just_moved(self) -> bool:
        """Whether another row came under the cursor by itself a moment ago."""
        return get_time() - self._moved_at < SETTLED_SECONDS

    @property
    def has_just_shifted(self) -> bool:
        """Whether other rows came into sight by themselves a moment ago."""
        return get_time() - self._shifted_at < SETTLED_SECONDS

    @property
    def search(self) -> Origin | None:
        """The latest search."""
        return self._queue.search

    @property
    def is_search_latest(self) -> bool:
        """Whether nothing was pasted since the latest search."""
        return self._queue.is_search_latest

    def origins_of(
        self, uuids: Iterable[SessionUuid]
    ) -> Mapping[SessionUuid, Origin | None]:
        """Return what led to these sessions; None is a paste before any search."""
        return {uuid: self._queue.origins.get(uuid) for uuid in uuids}

    def strays(self, uuids: Iterable[SessionUuid]) -> Sequence[SessionUuid]:
        """Return those that neither the latest search nor a paste since brought."""
        return self._queue.strays(uuids)

    def _forget_old_outcomes(self) -> None:
        # A row that was taken out and pasted again starts anew.
        queued = self._queue.by_state[CheckState.QUEUED]
        for uuid in queued.intersection(self._outcomes):
            del self._outcomes[uuid]

    def set_checked(self, batch: Iterable[CheckedSession]) -> None:
        """Take over what a check found out, many at once."""
        checked = list(batch)
        lost = self._queue.set_checked(checked, may_tick=not self._frozen)
        self._lost_ticks += lost
        for row in checked if self._outcomes else ():
            self._outcomes.pop(row.session_uuid, None)
        if self.filter_text:
            with self._news():
                self.refilter()
        else:
            self._redraw({row.session_uuid for row in checked})

    def take_lost_ticks(self) -> int:
        """Return how many ticks news have taken off since this was last asked."""
        lost, self._lost_ticks = self._lost_ticks, 0
        return lost

    def set_results(
        self, batch: Iterable[tuple[SessionUuid, ExpiryOutcome | None, str]]
    ) -> None:
        """Show what became of sessions; None is one that is being sent."""
        changed = set()
        for uuid, outcome, word in batch:
            if uuid in self._queue.checks:
                self._queue.set_outcome(uuid, outcome)
                self._outcomes[uuid] = OutcomeShown.of(outcome, word)
                changed.add(uuid)
            if outcome is not None:
                self.settle(uuid, outcome)
        if changed:
            self._redraw(changed)

    def settle(self, uuid: SessionUuid, outcome: ExpiryOutcome) -> None:
        """Note the latest outcome of a session; its row shows what it is now."""
        if outcome in UNSETTLED:
            self._unsettled[uuid] = outcome
        else:
            self._unsettled.pop(uuid, None)

    @property
    def unsettled(self) -> Mapping[SessionUuid, ExpiryOutcome]:
        """The sessions that were tried here and are unknown or still open."""
        return self._unsettled

    def summary(self) -> QueueSummary:
        """Return the queue in numbers."""
        return summary_of(self._queue, self.keys)

    def ticked(self) -> tuple[CheckedSession, ...]:
        """Return the ticked rows in the order of the queue, hidden ones as well.

        One that is being checked again is among them; a plan refuses it.
        """
        queue = self._queue
        return tuple(queue[uuid] for uuid in queue.order if uuid in queue.ticks)

    def seen_open(self) -> tuple[SessionUuid, ...]:
        """Return the open sessions that can be seen right now."""
        return tuple(
            uuid for uuid in self._seen() if self._queue[uuid].state.can_be_ticked
        )

    def left_out(self) -> tuple[CheckedSession, ...]:
        """Return the rows that are not ticked, in the order of the queue."""
        queue = self._queue
        return tuple(queue[uuid] for uuid in queue.order if uuid not in queue.ticks)

    def rows_in(self, states: Collection[CheckState]) -> tuple[CheckedSession, ...]:
        """Return the rows in one of these states, in the order of the queue."""
        queue = self._queue
        asked = set[SessionUuid]().union(*(queue.by_state[state] for state in states))
        return tuple(queue[uuid] for uuid in queue.order if asked and uuid in asked)

    def rows_of(self, uuids: Iterable[SessionUuid]) -> tuple[CheckedSession, ...]:
        """Return the rows of these sessions, as far as they are here."""
        queue = self._queue
        return tuple(queue[uuid] for uuid in uuids if uuid in queue.checks)

    def take_out(self, uuids: Collection[SessionUuid]) -> int:
        """Take rows out of the queue, and return how many there were."""
        removed = self._queue.remove(uuids)
        if removed:
            # What is left stays in its order, so nothing need be sorted.
            self._show(without(self.keys, set(uuids)))
        return removed

    def clear(self) -> int:
        """Take everything out of the queue; this can be undone."""
        return self.take_out(self._queue.order)

    def forget_checks(self) -> None:
        """Make every row unchecked and unticked, as for another account."""
        self._queue.forget_checks()
        self._outcomes.clear()
        self.refilter()

    def undo(self) -> Undone | None:
        """Take the latest change of ticks or rows back; None when there is none."""
        undone = self._queue.undo()
        if undone and undone.is_search:
            self._is_parked = False
        if undone and (undone.rows or undone.is_search):
            self.refilter()
        else:
            self._redraw()
        return undone

    def snapshot(self) -> QueueSnapshot:
        """Return this moment, for `restore`; it costs nothing."""
        return QueueSnapshot(self._queue.revision, self.cursor_key, self._range_start)

    def restore(self, snapshot: QueueSnapshot) -> Undone:
        """Take back what was done since then, the cursor's moves as well."""
        undone = self._queue.undo_to(snapshot.revision)
        self._range_start = snapshot.range_start
        self.refilter()
        index = position(self.keys, snapshot.cursor)
        if index is not None:
            self.move_to(index)
        return undone

    @property
    def is_frozen(self) -> bool:
        """Whether the operator's keys leave ticks and rows alone."""
        return self._frozen

    def show_numbers(self, *, are_shown: bool) -> None:
        """Show phone numbers in full, or hide them."""
        self._shows_numbers = are_shown
        self.refresh()

    def freeze(self) -> None:
        """Keep ticks and rows as they are, while a run is on."""
        self._frozen = True
        self.start_range(None)
        self.refresh_bindings()

    def thaw(self) -> None:
        """Let ticks change again, and tick what was found active meanwhile."""
        self._frozen = False
        self._queue.tick_fresh()
        self.refresh_bindings()
        self._redraw()

    @property
    def range_start(self) -> SessionUuid | None:
        """First row of the range that is being made."""
        return self._range_start

    def start_range(self, uuid: SessionUuid | None) -> None:
        """Start a range here; None forgets it."""
        self._range_start = uuid
        self._range_index = position(self.keys, uuid)
        self.refresh()

    def in_range(self) -> Sequence[SessionUuid]:
        """Return the rows of the range, or the one under the cursor."""
        if self.cursor_key is None:
            return ()
        cursor = self.cursor_index
        start = cursor if self._range_index is None else self._range_index
        return self.keys[min(start, cursor) : max(start, cursor) + 1]

    def change_ticks(
        self, ticked: Iterable[SessionUuid], unticked: Iterable[SessionUuid] = ()
    ) -> int:
        """Tick and untick as one change, and return how many it was."""
        return self._redrawn(self._queue.change_ticks(ticked, unticked))

    def tick_active(self, uuids: Collection[SessionUuid], *, swap: bool = False) -> int:
        """Tick those that are active; with ``swap``, untick those that are ticked."""
        return self._redrawn(self._queue.tick_active(uuids, swap=swap))

    def untick_all(self) -> int:
        """Untick every row, shown or not, and return how many there were."""
        return self._redrawn(self._queue.untick_all())

    def _redrawn(self, changed: int) -> int:
        if changed:
            self._redraw()
        return changed

    def refilter(self) -> None:
        shown = filtered(self._queue, self.filter_text, self._clock())
        self._show(ordered(self._queue, shown, self.order))

    def _show(self, keys: Sequence[SessionUuid]) -> None:
        if self._is_parked:
            self.leave_row()
            self._is_parked = not self._queue.hits
        self.show_keys(keys)
        self.start_range(self._range_start)
        self._redraw()

    def index_without_cursor(self) -> int:
        # Rows from before are not what the operator has just looked for.
        return NOWHERE if self._is_parked and not self._queue.hits else 0

    def move_to(self, index: int) -> None:
        self._is_parked = False
        super().move_to(index)
        if self._range_start is not None:
            self.refresh()

    def layout_of(self, width: int) -> Sequence[Column]:
        return queue_layout(
            width,
            shows_numbers=self._shows_numbers,
            shows_origins=self._queue.is_mixed,
        )

    def cells(self, row: CheckedSession, columns: Sequence[Column]) -> Sequence[Cell]:
        uuid = row.session_uuid
        return queue_cells(
            row,
            columns,
            ticked=uuid in self._queue.ticks,
            outcome=self._outcomes.get(uuid),
            origin=self._queue.origins.get(uuid),
            now=self._clock(),
        )

    def is_marked(self, index: int) -> bool:
        start, cursor = self._range_index, self.cursor_index
        if start is None:
            return False
        return min(start, cursor) <= index <= max(start, cursor)

    def _redraw(self, uuids: Collection[SessionUuid] | None = None) -> None:
        if uuids is None:
            self.refresh()
        else:
            self.refresh_rows(uuids)
        self.post_message(self.Changed())
