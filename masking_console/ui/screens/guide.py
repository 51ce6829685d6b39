"""The guide on the screen: the page that fits the screen below, and all others."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown

from masking_console.presentation.guide import TOPICS, guide_page, next_topic
from masking_console.ui.keys.acts import hints, key_of, moves


class GuideScreen(ModalScreen[bool]):
    """Returns whether the keys of the screen below are wanted instead."""

    CSS_PATH = "guide.tcss"
    AUTO_FOCUS = "#guide"
    BINDING_GROUP_TITLE = "guide"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape,f1", "close", "back", id="guide.close", priority=True, show=True),
        moves("left", "turn(-1)", "page before", id="guide.before", show=True),
        moves("right", "turn(1)", "next page", id="guide.next", show=True),
        moves("question_mark", "keys", "keys", id="guide.keys", key_display="?"),
    ]

    def __init__(self, topic: str) -> None:
        super().__init__()
        self.topic = topic

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="guide"):
            # A link of the guide leads to another page, not to a browser.
            yield Markdown(id="guide-page", open_links=False)

    async def on_mount(self) -> None:
        turns = f"{key_of('guide.before', self)}/{key_of('guide.next', self)} pages"
        ends = hints(self, "guide.keys", "guide.close")
        self.query_one("#guide").border_subtitle = Text(f"{turns}   {ends}")
        await self._show()

    async def _show(self) -> None:
        box = self.query_one("#guide", VerticalScroll)
        number = list(TOPICS).index(self.topic) + 1
        box.border_title = Text(f"Guide: {self.topic}   {number} of {len(TOPICS)}")
        await self.query_one(Markdown).update(guide_page(self.topic))
        box.scroll_home(animate=False)

    def action_close(self) -> None:
        self.dismiss(False)

    def action_keys(self) -> None:
        self.dismiss(True)

    async def action_turn(self, step: int) -> None:
        self.topic = next_topic(self.topic, step)
        await self._show()
