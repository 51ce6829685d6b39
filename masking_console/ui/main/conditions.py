"""Conditions of a batch: its ticket, and writes that are on."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.operations.policy import READ_ONLY, Writes, WriteState
from masking_console.presentation.display import Sign
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.question import TypedNameScreen
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


class WriteSwitch:
    """Turns writes on and off for the operator; the policy holds their state."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._policy = space.operations.policy

    @property
    def state(self) -> WriteState:
        """Whether anything may be expired."""
        return self._writes.state

    @property
    def refusal(self) -> str:
        """The reason against any expiry, with the key that helps; empty without one."""
        refused = self._policy.refusal()
        return "" if refused is None else self._space.words(refused)

    def work_on(self, account: Account | None, *, is_other: bool) -> None:
        """Begin with an account, or go on with it."""
        self._writes.use(account, is_other=is_other)

    def touched(self) -> None:
        """Note that somebody is at the keyboard or the mouse."""
        self._writes.touched()

    def turn_off_when_idle(self) -> None:
        """Turn writes off on a protected account that nobody has touched for long."""
        if self._writes.turn_off_when_idle():
            self._say(f"Writes are off again: nothing pressed for {self._minutes}.")

    def toggle(self) -> None:
        """Turn writes off at once, or on; for a protected account, ask for its name."""
        account = self._writes.account
        if self.state is WriteState.READ_ONLY:
            self._say(READ_ONLY)
        elif account is None:
            self._say(self.refusal)
        elif self.state is WriteState.ON:
            self._writes.turn_off()
            self._say(f"Writes are off on {account.name.upper()}.")
        elif account.protected:
            self._space.work_alone(self._ask(account), "writes")
        else:
            self._turn_on(account)

    async def _ask(self, account: Account) -> None:
        name = account.name
        dialog = TypedNameScreen(
            name,
            heading=f"Turn writes on for {name.upper()}?",
            sentence=f"They go off again after {self._minutes} without a key.",
            act="Turn on",
        )
        is_sure = await self._space.ask(dialog)
        if is_sure and self._writes.account is account:
            self._turn_on(account)

    def _turn_on(self, account: Account) -> None:
        self._writes.turn_on()
        self._say(f"Writes are on for {account.name.upper()}.")

    @property
    def _writes(self) -> Writes:
        return self._policy.writes

    @property
    def _minutes(self) -> str:
        minutes = self._writes.idle // timedelta(minutes=1)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"

    def _say(self, words: str) -> None:
        self._space.note(Sign.NOTE, "writes", words)
        self._space.show_status()
