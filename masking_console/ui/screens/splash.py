"""The first paint: the frame of the panes, while everything else is loaded."""

import asyncio

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from masking_console.ui.keys.acts import key_of, moves


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


PANE_ACTS = (
    moves(
        "1",
        "show_pane('source')",
        "source",
        id="main.source",
        tooltip="go to the source",
    ),
    moves(
        "2", "show_pane('queue')", "queue", id="main.queue", tooltip="go to the queue"
    ),
    moves("3", "show_pane('log')", "log", id="main.log", tooltip="go to the log"),
)
"""The acts of the main screen that are named from the first paint on."""


class PanesScreen(RoomyScreen):
    """Layout of the panes in every size of window; see ``panes.tcss``."""

    def __init__(self) -> None:
        super().__init__()
        self.painted = asyncio.Event()
        """Set from the first paint on."""

    def on_mount(self) -> None:
        self.call_after_refresh(self.painted.set)


class OpeningScreen(PanesScreen):
    """The frame alone; it needs nothing but Textual."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        words = f" masking-console   Opening ...   {self._place}".rstrip()
        yield Static(Text(words), classes="status")
        with Horizontal(id="panes"):
            yield self._pane("source", "Source")
            yield self._pane("queue", "Queue")
        yield self._pane("log", "Log")
        yield Static(classes="keys")
        yield Static(id="too-small")

    def _pane(self, name: str, title: str) -> Static:
        pane = Static(id=name, classes="pane")
        pane.border_title = Text(f"{key_of(f'main.{name}', self)} {title}")
        return pane
