"""The queue of sessions with its keys; none of them can occur in a session id."""

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from masking_console.models.session_uuid import SessionUuid
from masking_console.queue.undo import Undone
from masking_console.ui.keys.acts import asks, grave, moves
from masking_console.ui.widgets.queue_view import QueueView

_CHANGES = frozenset(
    {"tick", "range", "extend", "tick_shown", "swap", "untick_all", "take_out", "undo"}
)
"""The actions that change ticks or rows."""
_ASKS = frozenset({"check", "review"})
"""The actions that ask for more; while a run is on, they wait like those above."""


_TICK_COLUMNS = range(1, 4)
"""Screen columns of ``[x]``."""
_DOUBLE = 2


class _AboutSessions(Message):
    def __init__(self, uuids: tuple[SessionUuid, ...]) -> None:
        super().__init__()
        self.uuids = uuids


class QueueTable(QueueView):
    """The queued sessions, to be ticked by key.

    A key that ticks many ticks active sessions alone; one in call takes a space of its
    own on its own row.
    """

    BINDING_GROUP_TITLE = "in the queue"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves(
            "space",
            "tick",
            "tick",
            id="queue.tick",
            show=True,
            tooltip="tick or untick",
        ),
        moves("v", "range", "range", id="queue.range", tooltip="start or end a range"),
        moves(
            "shift+up",
            "extend(-1)",
            "range up",
            id="queue.up",
            tooltip="range, upwards",
        ),
        moves(
            "shift+down",
            "extend(1)",
            "range down",
            id="queue.down",
            tooltip="range, downwards",
        ),
        grave(
            "*",
            "tick_shown",
            "all shown",
            id="queue.all",
            key_display="*",
            show=True,
            tooltip="tick all shown",
        ),
        moves(
            "i", "swap", "invert", id="queue.swap", tooltip="swap ticks of all shown"
        ),
        moves(
            "u",
            "untick_all",
            "untick all",
            id="queue.untick",
            tooltip="untick every row",
        ),
        grave(
            "delete,backspace",
            "take_out",
            "take out",
            id="queue.remove",
            tooltip="take out of the queue",
        ),
        moves("z", "undo", "undo", id="queue.undo", tooltip="undo ticks and rows"),
        moves(
            "r",
            "check",
            "check",
            id="queue.check",
            show=True,
            tooltip="check or find again",
        ),
        asks("o", "sort", "sort", id="queue.sort", tooltip="sort in another way"),
        asks(
            "m",
            "numbers",
            "show numbers",
            id="queue.numbers",
            tooltip="phone numbers for 60 s",
        ),
        moves(
            "y", "copy", "copy id", id="queue.copy", tooltip="copy ticked ids, or this"
        ),
        grave(
            "X",
            "review",
            "review",
            id="queue.review",
            key_display="X",
            show=True,
            tooltip="review and expire",
        ),
    ]

    class CheckRequested(_AboutSessions):
        """The operator wants these sessions to be checked again."""

    class CopyRequested(_AboutSessions):
        """The operator wants these ids in the clipboard."""

    class Removed(_AboutSessions):
        """The operator took these rows out of the queue."""

    class NumbersRequested(Message):
        """The operator wants to read the phone numbers, or to hide them again."""

    class ReviewRequested(Message):
        """The operator wants to review what is ticked."""

    class TickRefused(Message):
        """A tick was meant for the row that was there a moment ago."""

    class UndoAnswered(Message):
        """The operator asked to undo; None when there was nothing."""

        def __init__(self, undone: Undone | None) -> None:
            super().__init__()
            self.undone = undone

    left_out_by_hand: SessionUuid | None = None
    """The row that has just been unticked; None when the cursor has moved since."""

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self.left_out_by_hand = None

    def on_click(self, event: events.Click) -> None:
        # The list's own handler comes after this one, and moves the cursor there.
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self.has_header:
            is_tick = offset.x in _TICK_COLUMNS
            if is_tick and self.has_just_shifted:
                self.post_message(self.TickRefused())
            elif is_tick or event.chain == _DOUBLE:
                act = "tick" if is_tick else "open"
                self.call_later(self.run_action, act)
        elif offset is not None:
            self.call_later(self.run_action, "sort")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _CHANGES | _ASKS and self.is_frozen:
            return False
        if action == "clear_filter" and self.range_start is not None:
            return True
        return super().check_action(action, parameters)

    def action_clear_filter(self) -> None:
        if self.range_start is None:
            super().action_clear_filter()
        else:
            self.start_range(None)

    def action_tick(self) -> None:
        if self.has_just_moved or self.cursor_key is None:
            self.post_message(self.TickRefused())
        elif self.range_start is not None:
            self._finish_range()
        elif self.cursor_key in self._queue.ticks:
            self.change_ticks((), self.in_range())
            self.left_out_by_hand = self.cursor_key
        else:
            self.change_ticks(self.in_range())

    def action_range(self) -> None:
        if self.range_start is None:
            self.start_range(self.cursor_key)
            self.refresh_bindings()
        else:
            self._finish_range()

    def action_extend(self, step: int) -> None:
        start = self.cursor_index
        self.action_move(step)
        rows = self.keys[min(start, self.cursor_index) :][: abs(step) + 1]
        self.tick_active(rows)

    def action_tick_shown(self) -> None:
        self.tick_active(self.keys)

    def action_swap(self) -> None:
        self.tick_active(self.keys, swap=True)

    def action_untick_all(self) -> None:
        self.untick_all()

    def action_take_out(self) -> None:
        gone = tuple(self.in_range())
        self.start_range(None)
        if self.take_out(gone):
            self.post_message(self.Removed(gone))

    def action_undo(self) -> None:
        self.post_message(self.UndoAnswered(self.undo()))

    def action_sort(self) -> None:
        self.order = self.order.next
        self.refilter()

    def action_check(self) -> None:
        self.post_message(self.CheckRequested(tuple(self._queue.order)))

    def action_numbers(self) -> None:
        self.post_message(self.NumbersRequested())

    def action_copy(self) -> None:
        queue = self._queue
        ticked = tuple(uuid for uuid in queue.order if uuid in queue.ticks)
        if uuids := ticked or tuple(self.in_range()):
            self.post_message(self.CopyRequested(uuids))

    def action_review(self) -> None:
        self.post_message(self.ReviewRequested())

    def _finish_range(self) -> None:
        rows = self.in_range()
        self.start_range(None)
        self.refresh_bindings()
        if not self.tick_active(rows):
            self.change_ticks((), rows)
