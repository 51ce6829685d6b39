"""The pane for pasted and typed text, and what was found in it."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from masking_console.models.plain_text import plain_lines
from masking_console.models.session_ids import PastedIds, read_session_ids
from masking_console.presentation.listing import HOW_TO_FIND

MOST_SHOWN = 100_000
"""Characters of a paste that stay on the screen; all of it is read."""
_TYPING_PAUSE_SECONDS = 0.2


class SourceText(TextArea):
    """The text itself; escape leads back to the list."""

    BINDING_GROUP_TITLE = "in the pasted text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "to the queue", id="source.leave"),
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
    """Where a number or an id is typed; escape leads back to the list."""

    BINDING_GROUP_TITLE = "in the field to find by"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "to the queue", id="find.leave"),
        Binding("enter", "submit", "find", id="find.find"),
    ]

    def action_leave(self) -> None:
        self.post_message(SourceText.Left())


class SourcePane(Vertical):
    """Reads ids out of any text, or asks what to look for at Plivo."""

    class FindRequested(Message):
        """The operator wants to find sessions."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Read(Message):
        """A text has been read."""

        def __init__(self, pasted: PastedIds) -> None:
            super().__init__()
            self.pasted = pasted

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
        self._field = FindField(
            placeholder="phone number or session id", id="find", compact=True
        )
        self._found = Static(id="source-found")
        self._how = Static(Text(HOW_TO_FIND), id="find-words")

    def compose(self) -> ComposeResult:
        yield self.text_area
        yield self._field
        yield self._found
        yield self._how

    def on_mount(self) -> None:
        self.pick(is_picking=False)

    @property
    def is_picking(self) -> bool:
        """Whether sessions are picked from Plivo's lists."""
        return self.has_class("-pick")

    def pick(self, *, is_picking: bool) -> None:
        """Show the field to find by, or the text to paste into."""
        self.set_class(is_picking, "-pick")
        self.border_title = f"1 Source: {'pick' if is_picking else 'paste'}"
        self.border_subtitle = f"S {'paste' if is_picking else 'find or pick'}"

    @property
    def entry(self) -> Widget:
        """Where one types."""
        return self._field if self.is_picking else self.text_area

    def say(self, words: str) -> None:
        """Say how finding goes."""
        self._how.update(Text(words))

    @on(Input.Submitted, "#find")
    def _find(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.FindRequested(event.value))

    def take(self, text: str) -> None:
        """Add a pasted text and read it."""
        rest = "\n(the rest is read, but not shown)" if text[MOST_SHOWN:] else ""
        shown = plain_lines(text[:MOST_SHOWN]) + rest
        area = self.text_area
        with self.prevent(TextArea.Changed):
            if len(area.text) + len(shown) > 2 * MOST_SHOWN:
                area.clear()
            area.move_cursor(area.document.end)
            separator = "\n" if area.text and not area.text.endswith("\n") else ""
            area.insert(separator + shown)
        self.read(text)

    def read(self, text: str) -> None:
        """Read a text in a thread, then post `Read`."""
        self.run_worker(self._read(text), group="read-source")

    async def _read(self, text: str) -> None:
        self._found.update(Text("Reading..."))
        self.post_message(self.Read(await asyncio.to_thread(read_session_ids, text)))

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
