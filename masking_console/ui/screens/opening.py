"""What is painted first: the frame of the panes, while everything else is loaded."""

import asyncio

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from masking_console.ui.keys.acts import key_of, moves
from masking_console.ui.screens.roomy import RoomyScreen

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
    """Where the panes are, in every size of window; see ``panes.tcss``."""

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
