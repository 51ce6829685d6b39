"""Ticket and reason of the batches of this console."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from masking_console.models.cause import Cause
from masking_console.presentation.display import Sign
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.ticket import TicketScreen


class Tickets:
    """Asks for ticket and reason, and adds tickets to batches that are over."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._rules = space.settings.cause_rules

    async def ask(self, problem: str = "") -> bool:
        """Ask for ticket and reason; return whether there are new ones."""
        now = self._space.cause
        if not now.ticket:
            # The ticket of a pasted report is filled in; a person keeps it.
            now = replace(now, ticket=self._space.offered_ticket)
        cause = await self._space.ask(TicketScreen(now, self._rules, problem))
        if cause is not None:
            self._space.cause = cause
            self._space.is_ticket_asked = False
            self._space.show_status()
        return cause is not None

    async def is_there(self) -> bool:
        """Ask for a ticket where one is required, or has to look different."""
        space = self._space
        policy = space.operations.policy
        problem = await asyncio.to_thread(policy.ticket_problem, space.cause)
        if space.is_ticket_asked and not problem:
            ticket = space.cause.ticket
            problem = f"Still for {ticket}? Keep it, or write another one."
            if not ticket:
                problem = "Each batch has its own ticket. Which is it for?"
        return not problem or await self.ask(problem)

    @property
    def can_keep(self) -> bool:
        """Whether there is a ticket to keep for the next batch."""
        return self._space.is_ticket_asked and bool(self._space.cause.ticket)

    def after_batch(self) -> None:
        """Ask in passing whether the next batch is for the same ticket."""
        space = self._space
        if self._rules.ticket_per_batch:
            space.cause = Cause()
        space.is_ticket_asked = self._rules.ticket_per_batch or bool(space.cause.ticket)
        self._show()

    def keep(self) -> None:
        """Write down the same ticket with the next batch."""
        self._space.is_ticket_asked = False
        self._space.note(Sign.NOTE, "ticket", f"{self._space.cause.ticket} is kept.")
        self._show()

    async def add(self, batch_id: str, known: Sequence[str]) -> str:
        """Ask for another ticket of a batch; return what was done, in a sentence."""
        rules = replace(self._rules, ticket_required=True)
        words = f"{batch_id} is for {', '.join(known)}. " if known else ""
        problem = f"{words}The new one is added; nothing is changed."
        form = TicketScreen(Cause(), rules, problem, f"Add a ticket to {batch_id}")
        cause = await self._space.ask(form)
        if cause is None:
            return ""
        await self._space.operations.add_ticket(batch_id, cause)
        said = f"{cause.ticket} is added to {batch_id}."
        self._space.note(Sign.NOTE, "ticket", said)
        return said

    def _show(self) -> None:
        self._space.show_status()
        self._space.screen.refresh_bindings()
