"""Cause of a batch: the ticket and the operator's own words."""

import re
import warnings
from dataclasses import dataclass, field

from masking_console.errors import InputError
from masking_console.models.plain_text import PlainText, plain_text

LONGEST_PATTERN = 200
"""Characters."""
LONGEST_HINT = 60
"""Characters, which fit into one line of a dialog after its first words."""
LONGEST_TEXT = 40
"""Longest text that is matched: that of the longest ticket."""
MOST_WAYS = 100_000
"""In so many ways a ticket may be tried; a few milliseconds at worst."""

_ESCAPE_OR_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<open>\((?:\?:|\?P<\w+>)?)|(?P<close>\))|(?P<choice>\|)"
    r"|(?P<repeat>[*+?]|\{\d*,\d*\}|\{\d+\})[?+]?|(?P<plain>.)",
    re.DOTALL,
)
_LEADING_FLAG = "(?i)"
_LIKE = "like "
"""The sentence that a hint completes has this word already."""


@dataclass(frozen=True, slots=True)
class TicketPattern:
    """A checked regular expression for whole tickets."""

    text: str
    """As it was written."""
    compiled: re.Pattern[str]
    """Ready to match with."""
    hint: str = ""
    """The same in words for people, such as ``OPS-4812``; may be empty."""

    @classmethod
    def of(cls, text: str, hint: str = "") -> "TicketPattern":
        """Return the pattern; a hint may be written as it is said, ``like OPS-4812``.

        Raises:
            InputError: it is too long, no regular expression, or could take long.
        """
        if len(text) > LONGEST_PATTERN:
            raise InputError(f"it has more than {LONGEST_PATTERN} characters")
        try:
            with warnings.catch_warnings():
                # What is deprecated in a pattern concerns whoever wrote it.
                warnings.simplefilter("ignore")
                compiled = re.compile(text)
        except (re.error, OverflowError, RecursionError):
            raise InputError("it is no regular expression") from None
        if _ways(text) > MOST_WAYS:
            raise InputError("it repeats too freely, so that a match could take long")
        return cls(text, compiled, hint.strip().removeprefix(_LIKE).strip(" ."))

    @property
    def sentence(self) -> str:
        """Form of a ticket in one sentence."""
        if self.hint:
            return f"It must look like {self.hint}."
        return f"It must fit the ticket_pattern of the configuration: {self.text}"

    def matches(self, ticket: str) -> bool:
        """Whether the whole ticket looks like this."""
        is_short = len(ticket) <= LONGEST_TEXT
        return is_short and self.compiled.fullmatch(ticket) is not None


@dataclass(slots=True)
class _Group:
    """Ways of the text in one pair of brackets."""

    branches: int = 0
    """Branches of the alternatives that are complete."""
    ways: int = 1
    """Ways of the alternative at hand, without its last part."""
    last: int = 1
    """Ways of the part that a repetition would concern."""

    def part(self, ways: int) -> None:
        self.ways, self.last = _capped(self.ways * self.last), ways

    def alternative(self) -> None:
        self.part(1)
        self.branches, self.ways = _capped(self.branches + self.ways), 1

    def repeat(self, least: int, most: int) -> None:
        choices = most - least + 1
        inside = self.last**most if self.last > 1 else 1
        self.last = _capped(choices * inside)

    def total(self) -> int:
        self.alternative()
        return self.branches


def _ways(pattern: str) -> int:
    """Return an upper bound of the ways in which a ticket can be tried.

    Every repetition multiplies by the lengths it may have, every alternative adds its
    own, and a repeated group raises what is in it to its own count.

    Raises:
        InputError: it has more than characters, classes, groups, ``|`` and repetitions.
    """
    plain = _ESCAPE_OR_CLASS.sub("x", pattern.removeprefix(_LEADING_FLAG))
    stack = [_Group()]
    for token in _TOKEN.finditer(plain):
        match token.lastgroup:
            case "open":
                if token.end() < len(plain) and plain[token.end()] == "?":
                    raise InputError("only plain groups are allowed in it")
                stack.append(_Group())
            case "close":
                inside = stack.pop().total()
                stack[-1].part(inside)
            case "choice":
                stack[-1].alternative()
            case "repeat":
                stack[-1].repeat(*_bounds(token["repeat"]))
            case _:
                stack[-1].part(1)
    return stack[0].total()


def _bounds(repeat: str) -> tuple[int, int]:
    """Return how often at least and at most, as far as a ticket is long."""
    if repeat in "*+?":
        return (repeat == "+", 1 if repeat == "?" else LONGEST_TEXT)
    least, comma, most = repeat.strip("{}").partition(",")
    low = min(int(least or 0), LONGEST_TEXT)
    high = min(int(most or LONGEST_TEXT), LONGEST_TEXT) if comma else low
    return low, high


def _capped(ways: int) -> int:
    return min(ways, MOST_WAYS + 1)


LONGEST_TICKET = 40
LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Cause:
    """Cause as the journal keeps it; it stays there, so it holds nothing secret."""

    ticket: PlainText = PlainText("")
    """The ticket that asks for it; may be empty."""
    reason: PlainText = PlainText("")
    """Reason in the operator's words; may be empty."""
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
    """Requirements for a ticket before anything is expired."""

    ticket_required: bool = False
    """Whether there must be one."""
    ticket_patterns: tuple[TicketPattern, ...] = ()
    """Its patterns; it has to match all of them."""
    ticket_per_batch: bool = False
    """Whether each batch is asked for its own."""

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
        """Form of a ticket in words such as ``OPS-4812``; may be empty."""
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
