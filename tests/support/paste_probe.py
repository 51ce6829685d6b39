"""A small app that writes what reaches it, one JSON line each, to a file.

Run as ``python -m tests.support.paste_probe EVENTS_FILE [ignore-hangup]``.
"""

import json
import signal
import sys
from pathlib import Path
from typing import TextIO

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

from masking_console.ui.terminal import PasteDropped, console_driver_class


class ProbeApp(App[None]):
    """Shows ``ready`` and leaves with ctrl+q only."""

    def __init__(self, sink: TextIO) -> None:
        super().__init__(driver_class=console_driver_class())
        self._sink = sink

    def compose(self) -> ComposeResult:
        yield Static("ready", id="state")

    async def on_event(self, event: events.Event) -> None:
        # What a widget left alone comes back to the app a second time.
        if event.is_forwarded:
            pass
        elif isinstance(event, events.Key):
            self._record({"key": event.key, "character": event.character})
        elif isinstance(event, events.Paste):
            # Lone surrogates cannot be there, since bytes were decoded with marks.
            self._record({"paste": event.text})
        elif isinstance(event, (events.MouseDown, events.MouseUp)):
            self._record({"mouse": type(event).__name__, "x": event.x, "y": event.y})
        await super().on_event(event)

    def on_paste_dropped(self, message: PasteDropped) -> None:
        self._record({"dropped": message.reason})

    def _record(self, entry: dict[str, object]) -> None:
        self._sink.write(json.dumps(entry) + "\n")
        self._sink.flush()


def main() -> int:
    path, *options = sys.argv[1:]
    if "ignore-hangup" in options:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Path(path).open("w", encoding="utf-8") as sink:
        app = ProbeApp(sink)
        app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
