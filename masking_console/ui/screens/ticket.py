"""Asks for the ticket and the reason of what is done from now on."""

import asyncio
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from masking_console.errors import InputError
from masking_console.models.cause import (
    CHANGED,
    LONGEST_REASON,
    LONGEST_TICKET,
    Cause,
    CauseRules,
)
from masking_console.ui.keys.acts import moves
from masking_console.ui.keys.key_words import with_remedy
from masking_console.ui.screens.question import DialogBox

_WHAT_FOR = "They stand in the journal with every batch from now on."


class TicketScreen(ModalScreen[Cause | None]):
    """Returns what was typed, or None."""

    CSS_PATH = "ticket.tcss"
    AUTO_FOCUS = "#ticket"
    BINDING_GROUP_TITLE = "ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "cancel", "cancel", id="ticket.cancel", show=True),
    ]

    def __init__(
        self,
        cause: Cause,
        rules: CauseRules,
        problem: str = "",
        heading: str = "Ticket and reason",
    ) -> None:
        """Make the form; a problem says why it is asked for now."""
        super().__init__()
        self._cause = cause
        self._rules = rules
        self._problem = problem
        self._heading = heading

    def compose(self) -> ComposeResult:
        with DialogBox(id="ticket-box") as box:
            box.border_title = Text(self._heading)
            with Horizontal(classes="field"):
                yield Static("Ticket")
                yield Input(
                    self._cause.ticket,
                    id="ticket",
                    compact=True,
                    max_length=LONGEST_TICKET,
                    placeholder=self._rules.hint,
                )
            with Horizontal(classes="field"):
                yield Static("Reason")
                yield Input(
                    self._cause.reason,
                    id="reason",
                    compact=True,
                    max_length=LONGEST_REASON,
                )
            yield Static(
                Text(self._problem or _WHAT_FOR), id="ticket-words", classes="says"
            )
            with Horizontal(id="ticket-buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Keep", id="keep", variant="primary", compact=True)

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted, "#ticket")
    def _go_on(self) -> None:
        self.query_one("#reason").focus()

    @on(Input.Submitted, "#reason")
    @on(Button.Pressed, "#keep")
    async def _keep(self) -> None:
        ticket, reason = (
            self.query_one(f"#{name}", Input).value for name in ("ticket", "reason")
        )
        try:
            # Numbering plans are loaded for what looks like a number.
            cause = await asyncio.to_thread(Cause.of, ticket, reason)
            problem = await asyncio.to_thread(self._rules.problem, cause)
        except InputError as error:
            problem = with_remedy(error, self)
        else:
            if not problem and not cause.was_changed:
                self.dismiss(cause)
                return
            if cause.was_changed:
                # It is seen as it would be kept, and kept by a second Enter.
                self.query_one("#reason", Input).value = cause.reason
                problem = problem or f"{CHANGED} Enter keeps it."
        self.query_one("#ticket-words", Static).update(Text(problem))
