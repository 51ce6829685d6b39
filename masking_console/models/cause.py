"""Why a batch is done: the ticket and the operator's own words."""

import re
from dataclasses import dataclass

from masking_console.errors import InputError
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.ticket_pattern import TicketPattern

LONGEST_TICKET = 40
LONGEST_REASON = 120

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Ten digits or more, however they are grouped; an id of a ticket has letters before it.
_PHONE_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[ ().-]{0,2}\d){9,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cause:
    """What the journal says of why; it stays there, so it holds no phone number."""

    ticket: PlainText = PlainText("")
    """The ticket that asks for it; may be empty."""
    reason: PlainText = PlainText("")
    """Why, in the operator's words; may be empty."""

    @classmethod
    def of(cls, ticket: str, reason: str) -> "Cause":
        """Return what a person typed, made plain.

        Raises:
            InputError: it is too long, or a phone number is in it.
        """
        for name, text, longest in (
            ("ticket", ticket, LONGEST_TICKET),
            ("reason", reason, LONGEST_REASON),
        ):
            if len(text.strip()) > longest:
                raise InputError(f"The {name} has at most {longest} characters.")
            if _PHONE_NUMBER.search(_DATE.sub("", text)):
                raise InputError(
                    f"Leave the phone number out of the {name}: the journal keeps it."
                )
        return cls(plain_text(ticket.strip()), plain_text(reason.strip()))


_REQUIRED = "A ticket is required. Give one first."


@dataclass(frozen=True, slots=True)
class CauseRules:
    """What a ticket must be before anything is expired."""

    ticket_required: bool = False
    """Whether there must be one."""
    ticket_pattern: TicketPattern | None = None
    """What it looks like, if there is one."""

    def problem(self, cause: Cause) -> str:
        """Return why nothing can be expired for this cause; empty when it can."""
        if not cause.ticket:
            return _REQUIRED if self.ticket_required else ""
        pattern = self.ticket_pattern
        if pattern is None or pattern.matches(cause.ticket):
            return ""
        return f"This is no ticket here. It must look like {pattern.text}"
