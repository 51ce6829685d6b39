"""Pastes: where they go, and how those are told that arrive as key presses.

A terminal without bracketed paste, and tmux's `paste-buffer` without `-p`, send a
paste as keys by nature. Keys that only mark rows act at once and are taken back when
they turn out to be part of one. Keys that lead anywhere wait for a moment, too short
to be noticed, and act only when no other key follows: no person types that fast.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Protocol

from rich.text import Text
from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from masking_console.models.consent import KEY_GAP_SECONDS
from masking_console.models.plain_text import plain_text
from masking_console.presentation.display import Sign
from masking_console.queue.undo import QueueSnapshot
from masking_console.ui.keys.acts import characters_that_move
from masking_console.ui.keys.asking import AnswerField, typed_text
from masking_console.ui.widgets.queue_view import QueueView

BURST_KEYS = 8
"""Keys in a row, each that close to the one before, that are a paste."""
_HELD_SECONDS = 0.04
"""Time for which a key that leads somewhere waits for another one behind it."""
_QUIET_AFTER_PASTE_SECONDS = 0.1


class KeyKind(Enum):
    """Treatment of a key by the console."""

    PERSON = "person"
    """A key by itself, which may act."""
    FAST = "fast"
    """A key right behind another, which may do nothing that leads anywhere."""
    PASTE = "paste"
    """A part of a paste."""


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


class PasteTarget(Protocol):
    """The screen for pastes, as far as they concern it."""

    @property
    def queue(self) -> QueueView:
        """The rows, whose changes are taken back."""

    @property
    def focused(self) -> Widget | None:
        """The pane or field that takes the keys."""

    def set_focus(self, widget: Widget | None) -> None:
        """Let a pane or a field take the keys."""

    def query(self, selector: str) -> Iterable[Widget]:
        """Return its widgets."""

    def take_text(self, text: str, *, is_rest: bool = False) -> None:
        """Read a pasted text, or the rest of one."""

    def note(self, sign: Sign, word: str, text: str) -> None:
        """Add a line to the log."""


class PasteGuard:
    """Every paste passes here, and every key that no dialog has taken as an answer."""

    def __init__(
        self,
        app: App[Any],
        main: PasteTarget,
        press: Callable[[events.Key], Awaitable[None]],
    ) -> None:
        """Make the guard.

        Args:
            app: tells which screen is on top and what has the focus.
            main: the screen for pastes.
            press: lets a key act that was held back for a moment.
        """
        self._app = app
        self._main = main
        self._press = press
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
        main, focused = self._main, self._app.focused
        # Most terminals send a carriage return for the end of a line.
        lines = text.strip().splitlines()
        is_text = not isinstance(focused, Input) or (
            focused.id == "find" and len(lines) > 1
        )
        if self._is_main_on_top and is_text:
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
        follows = self._burst.is_followed_by(key.time)
        if self._is_typing and not follows:
            return True
        if not follows and self._is_main_on_top:
            self._before = self._main.queue.snapshot()
            self._focus_before = self._main.focused
        self._held = None
        kind = self._burst.note(key.time, typed_text(key))
        if kind is KeyKind.PASTE:
            self._swallow()
            return False
        if not self._leads_somewhere(key):
            return True
        if kind is KeyKind.PERSON:
            self._held = key
            self._app.set_timer(_HELD_SECONDS, lambda: self._release(key))
        return False

    def _leads_somewhere(self, key: events.Key) -> bool:
        if self._is_main_on_top:
            return key.is_printable and key.character not in self._moving
        return key.is_printable or key.key in {"enter", "space"}

    @cached_property
    def _moving(self) -> frozenset[str]:
        """Keys that only move and mark in every pane, whatever has the focus.

        A key that came before may still be moving the focus.
        """
        panes = [*self._main.query("*"), self._app.screen, self._app]
        return characters_that_move(panes)

    @property
    def _is_main_on_top(self) -> bool:
        top: object = self._app.screen
        return top is self._main

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
        self._main.note(Sign.NOTE, "pasted", words)

    async def _release(self, key: events.Key) -> None:
        if self._held is key:
            self._held = None
            await self._press(key)

    def _swallow(self) -> None:
        """Wait for the end of the burst."""
        if self._delivery is not None:
            self._delivery.stop()
        self._delivery = self._app.set_timer(_QUIET_AFTER_PASTE_SECONDS, self._deliver)

    def _deliver(self) -> None:
        """Take back what the burst has done, and read it as the paste that it was."""
        self._delivery = None
        if not self._is_main_on_top:
            self._burst.take_text()
            self._app.bell()
            return
        # The first keys may still be on their way from the pane up to the app, each of
        # which has a queue of its own; what is asked for here comes behind them.
        start = self._focus_before or self._main.queue
        self._follow(list(start.ancestors_with_self))

    def _follow(self, path: list[DOMNode]) -> None:
        if path:
            path[0].call_later(self._follow, path[1:])
        else:
            self._read_as_paste()

    def _read_as_paste(self) -> None:
        text, main = self._burst.take_text(), self._main
        if self._before is not None:
            main.queue.restore(self._before)
        main.set_focus(self._focus_before)
        main.note(Sign.NOTE, "pasted", "Keys came too fast: taken as a paste.")
        main.take_text(text)
