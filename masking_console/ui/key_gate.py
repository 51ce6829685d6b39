"""Keeps a paste that arrives as key presses from doing anything.

Keys that only mark rows act at once and are taken back when they turn out to be part of
a paste. Keys that lead anywhere wait for a moment, too short to be noticed, and act
only when no other key follows: no person types that fast.
"""

from typing import TYPE_CHECKING

from textual import events
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widget import Widget

from masking_console.presentation.display import Sign
from masking_console.ui.key_burst import KeyBurst, KeyKind
from masking_console.ui.own_gate import OwnGate
from masking_console.ui.widgets.queue_steps import QueueSnapshot

if TYPE_CHECKING:
    from masking_console.ui.app import ConsoleApp

HELD_SECONDS = 0.04
"""How long a key that leads somewhere waits for another one behind it."""
_QUIET_AFTER_PASTE_SECONDS = 0.1
LOCAL = frozenset(" *iuvryz/?123")
"""They mark, look or move; everything they do can be taken back."""


class KeyGate:
    """Every key passes here before any widget sees it."""

    def __init__(self, app: "ConsoleApp") -> None:
        self._app = app
        self._burst = KeyBurst()
        self._held: events.Key | None = None
        self._before: QueueSnapshot | None = None
        self._focus_before: Widget | None = None
        self._delivery: Timer | None = None

    def lets_through(self, key: events.Key) -> bool:
        """Return whether the key may act now; it may act a moment later instead."""
        app = self._app
        if isinstance(app.screen, OwnGate):
            return app.screen.hears(key)
        follows = self._burst.is_followed_by(key.time)
        if app.pastes.is_typing and not follows:
            return True
        if not follows and app.screen is app.main:
            self._before = app.main.queue.snapshot()
            self._focus_before = app.main.focused
        self._held = None
        kind = self._burst.note(key.time, _text(key))
        if kind is KeyKind.PASTE:
            self._swallow()
            return False
        if not _leads_somewhere(key, is_main=app.screen is app.main):
            return True
        if kind is KeyKind.PERSON:
            self._held = key
            app.set_timer(HELD_SECONDS, lambda: self._release(key))
        return False

    async def _release(self, key: events.Key) -> None:
        if self._held is key:
            self._held = None
            await self._app.press(key)

    def _swallow(self) -> None:
        """Wait for the end of the burst."""
        if self._delivery is not None:
            self._delivery.stop()
        self._delivery = self._app.set_timer(_QUIET_AFTER_PASTE_SECONDS, self._deliver)

    def _deliver(self) -> None:
        """Take back what the burst has done, and read it as the paste that it was."""
        self._delivery = None
        if self._app.screen is not self._app.main:
            self._burst.take_text()
            self._app.bell()
            return
        # The first keys may still be on their way from the pane up to the app, each of
        # which has a queue of its own; what is asked for here comes behind them.
        start = self._focus_before or self._app.main.queue
        self._follow(list(start.ancestors_with_self))

    def _follow(self, path: list[DOMNode]) -> None:
        if path:
            path[0].call_later(self._follow, path[1:])
        else:
            self._read_as_paste()

    def _read_as_paste(self) -> None:
        text, main = self._burst.take_text(), self._app.main
        if self._before is not None:
            main.queue.restore(self._before)
        main.set_focus(self._focus_before)
        main.note(Sign.NOTE, "pasted", "Keys came too fast: taken as a paste.")
        main.take_text(text)


def _leads_somewhere(key: events.Key, *, is_main: bool) -> bool:
    if is_main:
        return key.is_printable and key.character not in LOCAL
    return key.is_printable or key.key in {"enter", "space"}


def _text(key: events.Key) -> str:
    named = {"enter": "\n", "tab": "\t"}
    return named.get(key.key, key.character if key.is_printable else "") or ""
