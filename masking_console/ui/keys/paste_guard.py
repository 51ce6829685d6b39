"""Pastes: where they go, and how those are told that arrive as key presses.

A terminal without bracketed paste, and tmux's `paste-buffer` without `-p`, send a
paste as keys by nature. Keys that only mark rows act at once and are taken back when
they turn out to be part of one. Keys that lead anywhere wait for a moment, too short
to be noticed, and act only when no other key follows: no person types that fast.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from masking_console.models.consent import KEY_GAP_SECONDS
from masking_console.models.plain_text import plain_text
from masking_console.presentation.display import Sign
from masking_console.ui.keys.asking import AnswerField, typed_text
from masking_console.ui.widgets.queue_steps import QueueSnapshot

if TYPE_CHECKING:
    from masking_console.ui.app import ConsoleApp

BURST_KEYS = 8
"""So many keys in a row, each that close to the one before, are a paste."""
_HELD_SECONDS = 0.04
"""How long a key that leads somewhere waits for another one behind it."""
_QUIET_AFTER_PASTE_SECONDS = 0.1
LOCAL = frozenset(" *iuvryz/?123")
"""They mark, look or move; everything they do can be taken back."""


class KeyKind(Enum):
    """What the console does with a key."""

    PERSON = "person"
    """It stands alone: it may act."""
    FAST = "fast"
    """It came right behind another: it may do nothing that leads anywhere."""
    PASTE = "paste"
    """It is part of a paste."""


@dataclass(slots=True)
class KeyBurst:
    """The latest keys, with the times at which the terminal sent them, in seconds."""

    _characters: list[str] = field(default_factory=list)
    _last: float = float("-inf")

    def note(self, time: float, character: str) -> KeyKind:
        """Return what the key is, in the light of those before it."""
        is_close = self.is_followed_by(time)
        self._last = time
        if not is_close:
            self._characters.clear()
        self._characters.append(character)
        if not is_close:
            return KeyKind.PERSON
        is_paste = len(self._characters) >= BURST_KEYS
        return KeyKind.PASTE if is_paste else KeyKind.FAST

    def take_text(self) -> str:
        """Return what the burst would have pasted, and forget it."""
        text = "".join(self._characters)
        self._characters.clear()
        return text

    def is_followed_by(self, time: float) -> bool:
        """Return whether a key at this time would belong to the latest ones."""
        return time - self._last < KEY_GAP_SECONDS


class PasteGuard:
    """Every paste passes here, and every key that no dialog has taken as an answer."""

    def __init__(self, app: "ConsoleApp") -> None:
        self._app = app
        self._burst = KeyBurst()
        self._held: events.Key | None = None
        self._before: QueueSnapshot | None = None
        self._focus_before: Widget | None = None
        self._delivery: Timer | None = None

    def take(self, text: str, *, is_rest: bool = False) -> None:
        """Bring a paste to the pane or the field that it is for, or say why not.

        Args:
            text: what was pasted.
            is_rest: whether it came as keys, right behind a paste.
        """
        main, focused = self._app.main, self._app.focused
        # Most terminals send a carriage return for the end of a line.
        lines = text.strip().splitlines()
        is_text = not isinstance(focused, Input) or (
            focused.id == "find" and len(lines) > 1
        )
        if self._app.screen is main and is_text:
            main.take_text(text, is_rest=is_rest)
        elif isinstance(focused, AnswerField):
            # The dialog has said so itself.
            main.note(Sign.NOTE, "pasted", "A paste is not taken here. Type it.")
        elif isinstance(focused, Input):
            self._fill(focused, lines)
        else:
            self._refuse("Not taken in a dialog. Close it and paste again.")

    def lets_through(self, key: events.Key) -> bool:
        """Return whether a key may act now; it may act a moment later instead."""
        app = self._app
        follows = self._burst.is_followed_by(key.time)
        if self._is_typing and not follows:
            return True
        if not follows and app.screen is app.main:
            self._before = app.main.queue.snapshot()
            self._focus_before = app.main.focused
        self._held = None
        kind = self._burst.note(key.time, typed_text(key))
        if kind is KeyKind.PASTE:
            self._swallow()
            return False
        if not _leads_somewhere(key, is_main=app.screen is app.main):
            return True
        if kind is KeyKind.PERSON:
            self._held = key
            app.set_timer(_HELD_SECONDS, lambda: self._release(key))
        return False

    @property
    def _is_typing(self) -> bool:
        """Whether printable keys go into a text field."""
        return isinstance(self._app.focused, Input | TextArea)

    def _fill(self, field: Input, lines: list[str]) -> None:
        text = plain_text("".join(lines[:1]))
        if field.max_length:
            room = field.max_length - len(field.value)
            if len(text) > room:
                words = f"Not pasted: {len(text)} characters, and {room} fit here."
                self._refuse(words)
                return
        # As with keys: what is selected gives way, so that two numbers never join.
        field.replace(text, *field.selection)
        if any(line.strip() for line in lines[1:]):
            self._refuse("Only the first line was taken.")

    def _refuse(self, words: str) -> None:
        """Say so where the dialog says what is wrong, and in the log behind it."""
        for line in self._app.screen.query(".says").results(Static):
            line.update(Text(words))
        self._app.main.note(Sign.NOTE, "pasted", words)

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
