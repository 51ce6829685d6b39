"""The frozen list in the review, with the left-out sessions behind it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from masking_console.models.expiry import ExpiryPlan
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.sessions import (
    calls_in_words,
    ends,
    masked,
    origin_short,
    origin_words,
    parties,
    state_words,
)
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

_SHORT_ID, _FULL_ID = Column("session", 8, gap=2), Column("session", 36, gap=2)
_STATE = Column("state", 8, gap=2)
_LEGS = Column("legs", 8, gap=2)
_ENDS, _ENDS_SHORT = Column("ends", 14, gap=2), Column("ends", 7, gap=2)
_PARTIES = Column("parties", 17, gap=2)
_VIRTUAL = Column("virtual", 8, gap=2)
_FROM, _FROM_IN_FULL = Column("from", 8), Column("from", 32)
_FACTS = (_STATE, _LEGS, _ENDS, _PARTIES)
_NARROW = (_SHORT_ID, *_FACTS)
_NARROW_FROM = (_SHORT_ID, _STATE, _LEGS, _ENDS_SHORT, _PARTIES, _FROM)
_WIDE = (_FULL_ID, *_FACTS, _VIRTUAL)
_WIDE_FROM = (_SHORT_ID, *_FACTS, _VIRTUAL, _FROM_IN_FULL)
_WIDE_AT = 104


class ReviewList(RowsView[SessionUuid, CheckedSession]):
    """What will be expired; `toggle` shows what was left out instead."""

    empty_text = "Nothing was left out."

    def __init__(
        self,
        plan: ExpiryPlan,
        clock: Callable[[], datetime],
        origins: Mapping[SessionUuid, Origin | None],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        everything = (*plan.sessions, *plan.left_out)
        super().__init__({each.session_uuid: each for each in everything}, id=id)
        self._plan = plan
        self._clock = clock
        self._origins = origins
        self._has_searches = any(each and each.is_search for each in origins.values())
        self._shows_left_out = False

    def on_mount(self) -> None:
        self._show()

    def toggle(self) -> None:
        """Show the other half of the queue."""
        self._shows_left_out = not self._shows_left_out
        self._show()

    def _show(self) -> None:
        plan = self._plan
        shown = plan.left_out if self._shows_left_out else plan.sessions
        self.border_title = "Left out" if self._shows_left_out else "To expire"
        self.show_keys([each.session_uuid for each in shown])

    def layout_of(self, width: int) -> Sequence[Column]:
        if width >= _WIDE_AT:
            return _WIDE_FROM if self._has_searches else _WIDE
        return _NARROW_FROM if self._has_searches else _NARROW

    def cells(self, row: CheckedSession, columns: Sequence[Column]) -> Sequence[Cell]:
        session, origin = row.session, self._origins.get(row.session_uuid)
        if session is None:
            return (Cell(row.session_uuid.short), Cell(state_words(row)))
        when = ends(row, self._clock())
        ending = when if when in {"ended", "-"} else f"ends in {when}"
        cells = {
            _SHORT_ID: row.session_uuid.short,
            _FULL_ID: row.session_uuid,
            _STATE: state_words(row),
            _LEGS: calls_in_words(session),
            _ENDS: ending,
            _ENDS_SHORT: when,
            _PARTIES: parties(session),
            _VIRTUAL: masked(session.virtual_number),
            _FROM: origin_short(origin),
            _FROM_IN_FULL: origin_words(origin),
        }
        return [Cell(cells[column]) for column in columns]
