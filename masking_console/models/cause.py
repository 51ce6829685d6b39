"""Why a batch is done: the ticket and the operator's own words."""

from dataclasses import dataclass, field

from masking_console.errors import InputError
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.ticket_pattern import TicketPattern

LONGEST_TICKET = 40
LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Cause:
    """What the journal says of why; it stays there, so it holds nothing secret."""

    ticket: PlainText = PlainText("")
    """The ticket that asks for it; may be empty."""
    reason: PlainText = PlainText("")
    """Why, in the operator's words; may be empty."""
    was_changed: bool = field(default=False, compare=False)
    """Whether a number or a token was taken out of the reason."""

    @classmethod
    def of(cls, ticket: str, reason: str) -> "Cause":
        """Return what a person typed, made plain; the reason is made fit to be kept.

        A ticket is left as it is: `CauseRules.problem` refuses one that is not fit.

        Raises:
            InputError: it is too long.
        """
        from masking_console.models.free_text import (  # noqa: PLC0415 - not for a screen
            fit_to_keep,
        )

        for name, text, longest in (
            ("ticket", ticket, LONGEST_TICKET),
            ("reason", reason, LONGEST_REASON),
        ):
            if len(text.strip()) > longest:
                raise InputError(f"The {name} has at most {longest} characters.")
        kept = fit_to_keep(reason.strip())
        was_changed = kept != plain_text(reason.strip())
        return cls(plain_text(ticket.strip()), kept, was_changed)


CHANGED = "Numbers and tokens were taken out of the reason."
"""The words for a person whose reason was changed."""
_REQUIRED = "A ticket is required. Give one first."


@dataclass(frozen=True, slots=True)
class CauseRules:
    """What a ticket must be before anything is expired."""

    ticket_required: bool = False
    """Whether there must be one."""
    ticket_patterns: tuple[TicketPattern, ...] = ()
    """What it looks like; it has to match all of them."""
    asks_each_time: bool = False
    """Whether ticket and reason are asked for anew before each batch."""

    def problem(self, cause: Cause) -> str:
        """Return why nothing can be expired for this cause; empty when it can."""
        if not cause.ticket:
            return self._required_words if self.ticket_required else ""
        for pattern in self.ticket_patterns:
            if not pattern.matches(cause.ticket):
                return f"This is no ticket here. {pattern.sentence}"
        return _secret_in(cause.ticket, is_expected=bool(self.ticket_patterns))

    @property
    def hint(self) -> str:
        """What a ticket looks like, in words such as ``OPS-4812``; may be empty."""
        return next((each.hint for each in self.ticket_patterns if each.hint), "")

    @property
    def _required_words(self) -> str:
        return f"{_REQUIRED} It looks like {self.hint}." if self.hint else _REQUIRED


def _secret_in(ticket: str, *, is_expected: bool) -> str:
    """Return why a ticket is not kept, unless it is what tickets look like here."""
    from masking_console.models.free_text import (  # noqa: PLC0415 - not for a screen
        fit_to_keep,
        holds_known_token,
        without_tokens,
    )

    if holds_known_token(ticket):
        return "This ticket holds a token. The journal keeps none."
    if is_expected or fit_to_keep(ticket) == plain_text(ticket):
        return ""
    what = "phone number" if without_tokens(ticket) == ticket else "token"
    return f"This ticket looks like a {what}. The journal keeps none."
