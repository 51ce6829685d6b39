"""The frozen list in the review, with the left-out sessions behind it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from masking_console.models.expiry import ExpiryPlan
from masking_console.models.masking_session import CheckedSession
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.sessions import (
    calls_in_words,
    ends,
    parties,
    state_words,
)
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

_COLUMNS = (
    Column("session", 8, gap=2),
    Column("state", 8, gap=2),
    Column("legs", 8, gap=2),
    Column("ends", 14, gap=2),
    Column("parties", 22),
)


class ReviewList(RowsView[SessionUuid, CheckedSession]):
    """What will be expired; `toggle` shows what was left out instead."""

    empty_text = "Nothing was left out."

    def __init__(
        self,
        plan: ExpiryPlan,
        clock: Callable[[], datetime],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        everything = (*plan.sessions, *plan.left_out)
        super().__init__({each.session_uuid: each for each in everything}, id=id)
        self._plan = plan
        self._clock = clock
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

    def layout_of(self, width: int) -> Sequence[Column]:  # noqa: ARG002 - a hook
        return _COLUMNS

    def cells(self, row: CheckedSession, columns: Sequence[Column]) -> Sequence[Cell]:  # noqa: ARG002 - a hook
        session = row.session
        if session is None:
            return (Cell(row.session_uuid.short), Cell(state_words(row)))
        when = ends(row, self._clock())
        ending = when if when in {"ended", "-"} else f"ends in {when}"
        return (
            Cell(row.session_uuid.short),
            Cell(state_words(row)),
            Cell(calls_in_words(session)),
            Cell(ending),
            Cell(parties(session)),
        )
