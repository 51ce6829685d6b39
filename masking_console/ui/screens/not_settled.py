"""Unsettled sessions of earlier batches, and the choices about them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Protocol

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, Static

from masking_console.errors import InputError, MaskingConsoleError
from masking_console.models.cause import CHANGED, LONGEST_REASON, Cause
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import NotSettled
from masking_console.presentation.display import shown_time, zone_name
from masking_console.presentation.finished import ended_by, matter_words
from masking_console.ui.keys.acts import asks, key_of, moves
from masking_console.ui.keys.key_words import with_remedy
from masking_console.ui.screens.question import DialogBox
from masking_console.ui.widgets.bottom_lines import KeyFooter
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

_COLUMNS = (
    Column("time", 16, gap=2),
    Column("ticket", 12),
    Column("by", 8),
    Column("unknown", 7, right=True),
    Column("open", 5, right=True),
    Column("not sent", 8, right=True, gap=2),
    Column("ended by", 18),
)
_COUNTED = (ExpiryOutcome.UNKNOWN, ExpiryOutcome.OPEN, ExpiryOutcome.NOT_SENT)


class Settles(Protocol):
    """Knows what is not settled, and does what the operator wants about it."""

    @property
    def not_settled(self) -> Sequence[NotSettled]:
        """Batches that are not settled, the newest first."""

    async def look_at(self, matter: NotSettled) -> str:
        """Look at its sessions and return the result in a sentence."""

    async def set_aside(self, matter: NotSettled, reason: str) -> None:
        """Leave it unsettled."""


class MatterTable(RowsView[str, NotSettled]):
    """The batches that have left something unsettled, newest first."""

    has_header = True
    empty_text = "Everything of the last 90 days is settled."

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__({}, id=id)

    def show(self, matters: Sequence[NotSettled]) -> None:
        """Show these batches."""
        rows = {each.record.batch_id: each for each in matters}
        self.rows = rows
        self.show_keys(list(rows))
        self.post_message(self.CursorMoved(self))

    def layout_of(self, width: int) -> Sequence[Column]:
        del width
        return _COLUMNS

    def cells(self, row: NotSettled, columns: Sequence[Column]) -> Sequence[Cell]:
        del columns
        record = row.record
        counts = (row.count(outcome) for outcome in _COUNTED)
        return (
            Cell(f"{shown_time(record.began_at):%Y-%m-%d %H:%M}"),
            Cell(record.ticket or "-"),
            Cell(record.operator),
            *(Cell(str(n), "rows-view--warn" if n else "") for n in counts),
            Cell(ended_by(row)),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "ask_filter":
            return False
        return super().check_action(action, parameters)


class NotSettledScreen(Screen[tuple[SessionUuid, ...] | None]):
    """Returns the sessions to queue for a new review, or None; it sends nothing."""

    GUIDE_PAGE = "accidents"
    CSS_PATH = "not_settled.tcss"
    AUTO_FOCUS = "#matters"
    BINDING_GROUP_TITLE = "not settled"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape,U", "back", "back", id="not_settled.back", show=True),
        asks("t", "look", "look", id="not_settled.look", show=True),
        asks("r", "queue", "queue again", id="not_settled.queue", show=True),
        asks("S", "set_aside", "set aside", id="not_settled.set_aside", show=True),
    ]

    def __init__(self, follow_up: Settles) -> None:
        super().__init__()
        self._follow_up = follow_up

    def compose(self) -> ComposeResult:
        words = " Not settled   90 days, this account, this computer"
        yield Static(Text(f"{words}   times in {zone_name()}"), id="matters-head")
        yield MatterTable(id="matters")
        yield Static(id="matters-about")
        yield Static(id="matters-words", classes="says")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._table.show(self._follow_up.not_settled)

    @property
    def _table(self) -> MatterTable:
        return self.query_one(MatterTable)

    @property
    def _chosen(self) -> NotSettled | None:
        if not self.is_mounted:
            return None
        key = self._table.cursor_key
        return self._table.rows[key] if key is not None else None

    @on(RowsView.CursorMoved, "#matters")
    def _show_matter(self) -> None:
        chosen = self._chosen
        words = ""
        if chosen is not None:
            look, queue, aside = (
                key_of(f"not_settled.{act}", self)
                for act in ("look", "queue", "set_aside")
            )
            do = f"{look} looks, {queue} queues them for a new review, {aside} sets"
            words = f"{matter_words(chosen)}\n{do} the batch aside."
        self.query_one("#matters-about", Static).update(Text(words))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"look", "queue", "set_aside"}:
            return True if self._chosen is not None else None
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        self.dismiss(None)

    def action_queue(self) -> None:
        if self._chosen is not None:
            self.dismiss(self._chosen.sessions)

    def action_look(self) -> None:
        self.run_worker(self._look(), group="look", exclusive=True)

    async def _look(self) -> None:
        chosen = self._chosen
        if chosen is not None:
            self._say("Looking...")
            await self._settle(lambda: self._follow_up.look_at(chosen))

    def action_set_aside(self) -> None:
        self.run_worker(self._set_aside(), group="aside", exclusive=True)

    async def _set_aside(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        reason = await self.app.push_screen_wait(ReasonScreen(chosen.record.batch_id))
        if reason is None:
            return

        async def write() -> str:
            await self._follow_up.set_aside(chosen, reason)
            return f"{chosen.record.batch_id} is set aside. The history says why."

        await self._settle(write)

    async def _settle(self, work: Callable[[], Awaitable[str]]) -> None:
        try:
            words = await work()
        except MaskingConsoleError as error:
            words = with_remedy(error, self)
        if self.is_mounted:
            self._table.show(self._follow_up.not_settled)
            self._say(words)

    def _say(self, words: str) -> None:
        self.query_one("#matters-words", Static).update(Text(words))


class ReasonScreen(ModalScreen[str | None]):
    """Returns why something stays unsettled, or None."""

    CSS_PATH = "ticket.tcss"
    AUTO_FOCUS = "#reason"
    BINDING_GROUP_TITLE = "reason"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "cancel", "cancel", id="reason.cancel", show=True),
    ]

    def __init__(self, batch_id: str) -> None:
        """Ask why what is not settled of a batch can stay so."""
        super().__init__()
        self._batch_id = batch_id

    def compose(self) -> ComposeResult:
        with DialogBox(id="ticket-box") as box:
            box.border_title = Text(
                f"Set aside what is not settled of {self._batch_id}"
            )
            with Horizontal(classes="field"):
                yield Static("Reason")
                yield Input(id="reason", compact=True, max_length=LONGEST_REASON)
            words = "It is not offered any more. The journal keeps your name and this."
            yield Static(Text(words), id="ticket-words", classes="says")
            with Horizontal(id="ticket-buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Set aside", id="keep", variant="primary", compact=True)

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted, "#reason")
    @on(Button.Pressed, "#keep")
    async def _keep(self) -> None:
        field = self.query_one("#reason", Input)
        problem = ""
        try:
            # Numbering plans are loaded for what looks like a number.
            cause = await asyncio.to_thread(Cause.of, "", field.value)
        except InputError as error:
            problem = with_remedy(error, self)
        else:
            if not cause.reason:
                problem = "Say why in a few words, such as: the customer has left."
            elif cause.was_changed:
                # It is seen as it would be kept, and kept by a second Enter.
                field.value = cause.reason
                problem = f"{CHANGED} Enter keeps it."
            else:
                self.dismiss(cause.reason)
        if problem:
            self.query_one("#ticket-words", Static).update(Text(problem))
