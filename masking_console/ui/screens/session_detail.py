"""One session in full; its numbers only when asked, and then for a minute."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Protocol

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import Account
from masking_console.models.session_detail import SessionInspection
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.sessions import detail_lines
from masking_console.settings import ShowNumbers
from masking_console.ui.keys.acts import asks, grave, hints, key_of, moves
from masking_console.ui.keys.key_words import with_remedy

SHOWN_SECONDS = 60.0
"""Time for which numbers stay readable."""
NEVER_SHOWN = "The configuration never shows numbers."


class DetailSource(Protocol):
    """Source of all that the screen shows."""

    async def inspect(
        self, account: Account, session_uuid: SessionUuid
    ) -> SessionInspection:
        """Return what is known of a session."""

    async def record_numbers_shown(
        self, account: Account, session_uuid: SessionUuid
    ) -> None:
        """Write down that its numbers are about to be shown."""

    def neighbor(self, session_uuid: SessionUuid, step: int) -> SessionUuid | None:
        """Return the session before or after it."""

    async def copy(self, session_uuid: SessionUuid) -> str:
        """Copy its id and say how."""


class DetailScreen(ModalScreen[bool]):
    """Returns whether the operator wants to review what is ticked."""

    CSS_PATH = "session_detail.tcss"
    AUTO_FOCUS = "#detail"
    BINDING_GROUP_TITLE = "session"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape,enter", "close", "back", id="detail.close", show=True),
        moves("y", "copy", "copy id", id="detail.copy", show=True),
        asks("m", "show_numbers", "show numbers", id="detail.numbers", show=True),
        asks("r", "again", "again", id="detail.again", show=True),
        moves("left", "step(-1)", "previous", id="detail.previous", show=True),
        moves("right", "step(1)", "next", id="detail.next", show=True),
        grave("X", "review", "review", id="detail.review", show=True),
    ]

    def __init__(
        self,
        source: DetailSource,
        account: Account,
        session_uuid: SessionUuid,
        clock: Callable[[], datetime],
        policy: ShowNumbers = ShowNumbers.ASK,
    ) -> None:
        super().__init__()
        self._source = source
        self._account = account
        self._clock = clock
        self._policy = policy
        self.session_uuid = session_uuid
        self._inspection: SessionInspection | None = None
        self._hiding: Timer | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="detail"):
            yield Static(id="detail-text")
            yield Static(id="detail-words", classes="says")

    def on_mount(self) -> None:
        looks = hints(self, "detail.copy", "detail.numbers", "detail.again")
        steps = f"{key_of('detail.previous', self)}/{key_of('detail.next', self)}"
        ends = hints(self, "detail.review", "detail.close")
        words = Text(f"{looks}   {steps}   {ends}")
        self.query_one("#detail").border_subtitle = words
        self.set_interval(1, self._show)
        self._load(self.session_uuid)

    @property
    def shows_numbers(self) -> bool:
        """Whether the numbers are shown in full."""
        return self._hiding is not None

    def _load(self, session_uuid: SessionUuid) -> None:
        """Show another session, its numbers hidden."""
        self._hide()
        self.session_uuid, self._inspection = session_uuid, None
        heading = f"Session {session_uuid.short} on {self._account.label.upper()}"
        self.query_one("#detail").border_title = Text(heading)
        self._say("Asking Plivo...")
        self._show()
        self.run_worker(self._inspect(session_uuid), group="inspect", exclusive=True)

    async def _inspect(self, session_uuid: SessionUuid) -> None:
        try:
            self._inspection = await self._source.inspect(self._account, session_uuid)
            self._say("")
            if self._policy is ShowNumbers.ALWAYS:
                await self._show_numbers()
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))
        self._show()

    def _say(self, words: str) -> None:
        self.query_one("#detail-words", Static).update(Text(words))

    def _show(self) -> None:
        lines: tuple[str, ...] = (self.session_uuid,)
        if self._inspection is not None:
            lines = detail_lines(
                self._inspection, self._clock(), shows_numbers=self.shows_numbers
            )
        self.query_one("#detail-text", Static).update(Text("\n".join(lines)))

    def _hide(self) -> None:
        if self._hiding is not None:
            self._hiding.stop()
            self._hiding = None
        self._show()

    def action_close(self) -> None:
        self.dismiss(False)

    def action_review(self) -> None:
        self.dismiss(True)

    async def action_copy(self) -> None:
        self._say(await self._source.copy(self.session_uuid))

    def action_again(self) -> None:
        self._load(self.session_uuid)

    def action_step(self, step: int) -> None:
        session_uuid = self._source.neighbor(self.session_uuid, step)
        if session_uuid is not None:
            self._load(session_uuid)

    def action_show_numbers(self) -> None:
        if self._policy is ShowNumbers.NEVER:
            self._say(NEVER_SHOWN)
        elif self.shows_numbers:
            self._hide()
        elif self._inspection is not None:
            self.run_worker(self._show_numbers(), group="numbers", exclusive=True)

    async def _show_numbers(self) -> None:
        session_uuid = self.session_uuid
        try:
            await self._source.record_numbers_shown(self._account, session_uuid)
        except MaskingConsoleError as error:
            self._say(with_remedy(error, self))
            return
        if session_uuid == self.session_uuid:
            self._hiding = self.set_timer(SHOWN_SECONDS, self._hide)
            key = key_of("detail.numbers", self)
            self._say(f"Numbers shown for 60 s (recorded). {key} hides them.")
            self._show()
