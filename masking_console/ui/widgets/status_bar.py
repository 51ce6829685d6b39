"""The two lines at the top: which account, may it expire, is everything well."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from masking_console.models.account import Account
from masking_console.presentation.display import (
    day_and_second,
    hour_and_minute,
    place_words,
)
from masking_console.presentation.reach import short_words
from masking_console.settings import Settings
from masking_console.ui.keys.acts import hints, key_of

if TYPE_CHECKING:
    from masking_console.operations.connections import Link

NARROW = 100
"""Under so many columns the panes are tabs, and the bar names them."""

_GAP = "   "

SLOW_MS = 3_000
"""From here on an answer, or the wait for one, is called slow."""


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """Everything that the bar says."""

    now: datetime
    """The time, in UTC."""
    account: str = "no account"
    """The operator's name for it."""
    auth_id: str = ""
    """Its Auth ID, shortened."""
    writes: str = ""
    """``WRITES ON``, ``WRITES OFF`` or ``READ ONLY``."""
    practice: bool = False
    """Whether the account is simulated."""
    notice: str = ""
    """Notice of a passing state, such as numbers that can be read."""
    ticket: str = ""
    """The ticket that batches are done for."""
    is_ticket_asked: bool = False
    """Whether it is asked if the next batch is for the same one."""
    link: str = ""
    """``online 61 ms``, ``offline`` or nothing yet."""
    pace: str = ""
    """``pace 30/s``."""
    journal: str = ""
    """``journal ok`` or what is wrong."""
    is_journal_well: bool = True
    """Whether nothing is wrong with it."""
    unsettled: str = ""
    """Count of unsettled batches, and the key that leads there."""
    audit: str = ""
    """``audit: 14 entries waiting``, the same of the team, or nothing."""
    tabs: str = ""
    """The panes and which one is shown, for narrow windows."""
    settings: Settings | None = None
    """The settings, which may lead to another place than Plivo."""

    def on(self, account: Account, link: "Link | None") -> "StatusFacts":
        """Return the facts with an account and its connection in them."""
        facts = replace(self, account=account.label, auth_id=account.auth_id.tail)
        if link is None:
            return facts
        words = "" if link.elapsed_ms is None else f"online {link.elapsed_ms} ms"
        slowest = max(link.elapsed_ms or 0, link.waiting_ms)
        if slowest >= SLOW_MS:
            words = f"Plivo is slow ({slowest / 1000:.1f} s)."
        if link.is_online is False:
            words = "offline"
            if link.unreached is not None:
                words = f"offline: {short_words(link.unreached)}"
        if link.closed_for:
            words = f"slowed by Plivo {link.closed_for:.0f} s"
        return replace(facts, link=words, pace=f"pace {link.per_second:.0f}/s")


PRACTICE_WORDS = "PRACTICE. Nothing here is real."


class StatusBar(Widget):
    """Two lines; each has a left part and a right part, and the left one wins."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status-bar--account",
        "status-bar--practice",
        "status-bar--notice",
        "status-bar--problem",
    }

    facts: reactive[StatusFacts | None] = reactive(None)
    """Facts that the bar shows; None before the console knows any."""

    def render(self) -> Text:
        if self.facts is None:
            return Text("")
        return (
            self._wide(self.facts)
            if self.size.width >= NARROW
            else self._narrow(self.facts)
        )

    def _wide(self, facts: StatusFacts) -> Text:
        left = Text(" masking-console   ")
        left.append_text(self._account(facts, left.cell_len))
        ticket = f"ticket {facts.ticket}   " if facts.ticket else ""
        if facts.is_ticket_asked and facts.ticket:
            ticket = f"keep {facts.ticket}? {key_of('main.keep_ticket', self)}   "
        clock = Text(f"{ticket}{day_and_second(facts.now)} ")
        first = self._line(left, clock)
        help_key, quit_key = hints(self, "app.help"), hints(self, "app.quit")
        palette = self.app.COMMAND_PALETTE_BINDING
        keys = Text(f"{help_key}   {palette} commands   {quit_key} ")
        room = self.size.width - (len(keys) + 2 if facts.unsettled else 0)
        health = Text(" ").append_text(self._health(facts, room))
        return Text("\n").join([first, self._line(health, keys)])

    def _narrow(self, facts: StatusFacts) -> Text:
        left = Text(" ")
        left.append_text(self._account(facts, left.cell_len))
        ticket = f"{facts.ticket}  " if facts.ticket else ""
        if facts.is_ticket_asked and facts.ticket:
            ticket = f"keep {facts.ticket}? {key_of('main.keep_ticket', self)}  "
        right = Text(f"{ticket}{hour_and_minute(facts.now)} ")
        if facts.notice:
            # There is room for it in no other place.
            right = Text(f"{facts.notice} ", self._look("notice"))
        first = self._line(left, right)
        tabs = Text(f" {facts.tabs}")
        room = self.size.width - len(tabs) - 2
        second = self._line(tabs, self._health(facts, room).append(" "))
        return Text("\n").join([first, second])

    def _account(self, facts: StatusFacts, taken: int) -> Text:
        account = facts.account.upper()
        text = Text.assemble((account, self._look("account")), f"  {facts.auth_id}   ")
        text.append(facts.writes)
        if facts.settings is not None:
            room = self.size.width - text.cell_len - taken - len(_GAP)
            if place := place_words(facts.settings, room):
                text.append(_GAP).append(place, self._look("problem"))
        return text

    def _health(self, facts: StatusFacts, room: int) -> Text:
        """Return as much as there is room for, the most important first."""
        parts = [Text(PRACTICE_WORDS, self._look("practice"))] if facts.practice else []
        if facts.notice and self.size.width >= NARROW:
            parts.append(Text(facts.notice, self._look("notice")))
        if not facts.is_journal_well:
            parts.append(Text(facts.journal, self._look("problem")))
        if facts.unsettled:
            parts.append(Text(facts.unsettled, self._look("notice")))
        if facts.audit:
            parts.append(Text(facts.audit, self._look("notice")))
        parts += [Text(part) for part in (facts.link, facts.pace) if part]
        if facts.journal and facts.is_journal_well:
            parts.append(Text(facts.journal))
        while len(parts) > 1 and len(Text("   ").join(parts)) > room:
            parts.pop()
        health = Text("   ").join(parts)
        health.truncate(max(room, 0), overflow="ellipsis")
        return health

    def _line(self, left: Text, right: Text) -> Text:
        room = self.size.width - cell_len(left.plain)
        if cell_len(right.plain) >= room:
            right = Text("")
        line = left.append(" " * max(0, room - cell_len(right.plain)))
        line.append_text(right)
        line.truncate(self.size.width)
        return line

    def _look(self, part: str) -> str:
        return str(self.get_component_rich_style(f"status-bar--{part}", partial=True))
