"""A screen that fits its panes to the window, and says when that is too small."""

from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widgets import Static


class RoomyScreen(Screen[None]):
    """Has classes for the sizes of windows, and a ``#too-small`` for the smallest."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-tiny"),
        (80, "-narrow"),
        (100, "-wide"),
        (150, "-wider"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-short"),
        (24, "-tall"),
        (42, "-taller"),
    ]

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        words = f"This window is {width}x{height}. Please make it at least 80x24."
        self.query_one("#too-small", Static).update(Text(words))
