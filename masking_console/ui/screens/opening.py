"""What is painted first: the frame of the panes, while everything else is loaded."""

import asyncio

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from masking_console.ui.screens.roomy import RoomyScreen


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
            yield _pane("source", "1 Source")
            yield _pane("queue", "2 Queue")
        yield _pane("log", "3 Log")
        yield Static(classes="keys")
        yield Static(id="too-small")


def _pane(name: str, title: str) -> Static:
    pane = Static(id=name, classes="pane")
    pane.border_title = Text(title)
    return pane
