"""The pane for pasted and typed text, and what was found in it."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static, TextArea

from masking_console.models.phone_number import phone_number_in
from masking_console.models.plain_text import plain_lines
from masking_console.models.session_ids import PastedIds, read_session_ids
from masking_console.ui.keys.acts import asks, hints, key_of, moves

HOW_TO_FIND = "Enter finds. Empty: all open sessions."
MOST_SHOWN = 100_000
"""Characters of a paste that stay on the screen; all of it is read."""
_TYPING_PAUSE_SECONDS = 0.2


class SourceText(TextArea):
    """The text itself; escape leads back to the list."""

    BINDING_GROUP_TITLE = "in the pasted text"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "leave", "to the queue", id="source.leave", show=True),
    ]

    class Left(Message):
        """The operator is done with the text."""

    def on_mount(self) -> None:
        # A paste would start it in a pane that does not have the focus.
        self.cursor_blink = False

    def on_focus(self) -> None:
        self.cursor_blink = True

    def on_blur(self) -> None:
        self.cursor_blink = False

    def action_leave(self) -> None:
        self.post_message(self.Left())


class FindField(Input):
    """Field for a number or an id; escape leads back to the list."""

    BINDING_GROUP_TITLE = "in the field to find by"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "leave", "to the queue", id="find.leave", show=True),
        asks("enter", "submit", "find", id="find.find", show=True),
    ]

    def action_leave(self) -> None:
        self.post_message(SourceText.Left())


class SourcePane(Vertical):
    """The field to find by, and below it the text to paste into."""

    class FindRequested(Message):
        """The operator wants to find sessions."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Read(Message):
        """A text has been read."""

        def __init__(self, pasted: PastedIds, number: str = "") -> None:
            super().__init__()
            self.pasted = pasted
            self.number = number
            """The whole text, where it is nothing but a phone number."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._typing: Timer | None = None
        self.text_area = SourceText(
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            highlight_cursor_line=False,
            placeholder="Paste anything: log, CSV, JSON, chat.",
            id="source-text",
        )
        self.field = FindField(
            placeholder="phone number or session id", id="find", compact=True
        )
        self._found = Static(id="source-found")
        self._how = Static(Text(HOW_TO_FIND), id="find-words")

    def compose(self) -> ComposeResult:
        yield self.field
        yield self._how
        yield self.text_area
        yield self._found

    def on_mount(self) -> None:
        self.border_title = Text(f"{key_of('main.source', self)} Source")
        self.border_subtitle = Text(hints(self, "main.find"))

    def say(self, words: str) -> None:
        """Say how finding goes."""
        self._how.update(Text(words))

    @on(Input.Submitted, "#find")
    def _find(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.FindRequested(event.value))

    def take(self, text: str, *, is_rest: bool = False) -> None:
        """Add a pasted text and read it; a phone number goes to the field instead.

        The rest of a paste, which came as keys, is told of only where it holds ids.
        """
        if phone_number_in(text):
            self.field.focus()
            key = key_of("find.find", self)
            self._offer(text.strip(), f"A phone number: {key} finds it.")
            return
        rest = "\n(the rest is read, but not shown)" if text[MOST_SHOWN:] else ""
        shown = plain_lines(text[:MOST_SHOWN]) + rest
        area = self.text_area
        with self.prevent(TextArea.Changed):
            if len(area.text) + len(shown) > 2 * MOST_SHOWN:
                area.clear()
            area.move_cursor(area.document.end)
            separator = "\n" if area.text and not area.text.endswith("\n") else ""
            area.insert(separator + shown)
        self.read(text, is_rest=is_rest)

    def read(self, text: str, *, is_rest: bool = False) -> None:
        """Read a text in a thread, then post `Read`."""
        self.run_worker(self._read(text, is_rest=is_rest), group="read-source")

    async def _read(self, text: str, *, is_rest: bool) -> None:
        if not is_rest:
            self._found.update(Text("Reading..."))
        pasted = await asyncio.to_thread(read_session_ids, text)
        if not is_rest or pasted.found or pasted.incomplete or pasted.ignored:
            self.post_message(self.Read(pasted, phone_number_in(text)))

    def offer_number(self, number: str) -> None:
        """Put a number from the text into the field as well."""
        keys = f"{key_of('main.find', self)}, then {key_of('find.find', self)}"
        self._offer(number, f"A phone number: {keys} finds it.")

    def _offer(self, number: str, words: str) -> None:
        self.field.value = number
        self.say(words)

    def show_found(self, words: Sequence[str]) -> None:
        """Say what was found, line by line."""
        self._found.update(Text("\n".join(words)))

    @on(TextArea.Changed)
    def _wait_for_a_pause(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_PAUSE_SECONDS, self._read_typed)

    def _read_typed(self) -> None:
        self.read(self.text_area.text)
