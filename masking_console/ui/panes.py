"""Which pane of the main screen is shown, and which has the focus."""

from typing import TYPE_CHECKING

from masking_console.ui.keys.acts import key_of

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class Panes:
    """Side by side in a wide window; in a narrow one, one at a time above the log."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen

    def show(self, pane: str) -> None:
        """Give a pane the focus, and bring it to the front where there is no room."""
        screen = self._screen
        screen.set_class(pane == "source", "-pane-source")
        screen.set_class(False, "-full-log")
        is_source = pane == "source"
        (screen.source.text_area if is_source else screen.query_one(f"#{pane}")).focus()

    def show_field(self) -> None:
        """Bring the field to find by to the front, and give it the focus."""
        self.show("source")
        self._screen.source.field.focus()

    def toggle_full_log(self) -> None:
        """Give the log the whole window, or give it back."""
        self._screen.toggle_class("-full-log")
        self._screen.log_pane.focus()

    def tabs(self) -> str:
        """Return the panes, the shown one in brackets, for a narrow window."""
        queue = f"Queue {len(self._screen.queue.keys)}"
        words = {"source": "Source", "queue": queue, "log": "Log"}
        names = {
            pane: f"{key_of(f'main.{pane}', self._screen)} {word}"
            for pane, word in words.items()
        }
        return "  ".join(
            f"[{name}]" if pane == self._shown else name for pane, name in names.items()
        )

    @property
    def _shown(self) -> str:
        if self._screen.has_class("-full-log"):
            return "log"
        return "source" if self._screen.has_class("-pane-source") else "queue"
