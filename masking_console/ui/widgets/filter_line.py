"""The line in which the filter of a list is typed; it filters as one types."""

from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input

from masking_console.ui.keys.acts import moves
from masking_console.ui.widgets.rows_view import RowsView


class FilterLine(Input):
    """Belongs to one list at a time; Enter keeps the filter, Esc drops it."""

    BINDING_GROUP_TITLE = "in the filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "drop", "no filter", id="filter.drop", show=True),
        moves("enter", "submit", "keep filter", id="filter.keep", show=True),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="filter", id="filter", compact=True)
        self._view: RowsView[Any, Any] | None = None

    def open_for(self, view: RowsView[Any, Any]) -> None:
        """Type the filter of this list."""
        self._view = view
        self.value = view.filter_text
        self.add_class("-open")
        self.focus()

    def close(self) -> None:
        """Give the focus back to the list."""
        self.remove_class("-open")
        if self._view is not None:
            self._view.focus()

    def action_drop(self) -> None:
        self.value = ""
        if self._view is not None:
            self._view.filter_text = ""
        self.close()

    @on(Input.Changed)
    def _apply(self, event: Input.Changed) -> None:
        event.stop()
        if self._view is not None and self.has_class("-open"):
            self._view.filter_text = event.value

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
