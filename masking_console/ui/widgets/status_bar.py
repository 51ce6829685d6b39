"""The two lines at the top: which account, may it expire, is everything well."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from masking_console.models.account import Account
from masking_console.presentation.display import day_and_second, hour_and_minute
from masking_console.ui.keys.acts import hints

if TYPE_CHECKING:
    from masking_console.operations.connections import Link

NARROW = 100
"""Under so many columns the panes are tabs, and the bar names them."""

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
    """What lasts for a while only, such as numbers that can be read."""
    ticket: str = ""
    """The ticket that batches are done for."""
    link: str = ""
    """``online 61 ms``, ``offline`` or nothing yet."""
    pace: str = ""
    """``pace 30/s``."""
    journal: str = ""
    """``journal ok`` or what is wrong."""
    tabs: str = ""
    """The panes and which one is shown, for narrow windows."""

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
    """What the bar says; None before the console knows anything."""

    def render(self) -> Text:
        if self.facts is None:
            return Text("")
        return (
            self._wide(self.facts)
            if self.size.width >= NARROW
            else self._narrow(self.facts)
        )

    def _wide(self, facts: StatusFacts) -> Text:
        left = Text(" masking-console   ").append_text(self._account(facts))
        ticket = f"ticket {facts.ticket}   " if facts.ticket else ""
        clock = Text(f"{ticket}{day_and_second(facts.now)} ")
        first = self._line(left, clock)
        health = Text(" ").append_text(self._health(facts, self.size.width))
        help_key, quit_key = hints(self, "app.help"), hints(self, "app.quit")
        palette = self.app.COMMAND_PALETTE_BINDING
        keys = Text(f"{help_key}   {palette} commands   {quit_key} ")
        return Text("\n").join([first, self._line(health, keys)])

    def _narrow(self, facts: StatusFacts) -> Text:
        left = Text(" ").append_text(self._account(facts))
        ticket = f"{facts.ticket}  " if facts.ticket else ""
        right = Text(f"{ticket}{hour_and_minute(facts.now)} ")
        if facts.notice:
            # There is room for it in no other place.
            right = Text(f"{facts.notice} ", self._look("notice"))
        first = self._line(left, right)
        tabs = Text(f" {facts.tabs}")
        room = self.size.width - len(tabs) - 2
        second = self._line(tabs, self._health(facts, room).append(" "))
        return Text("\n").join([first, second])

    def _account(self, facts: StatusFacts) -> Text:
        account = facts.account.upper()
        text = Text.assemble((account, self._look("account")), f"  {facts.auth_id}   ")
        text.append(facts.writes)
        return text

    def _health(self, facts: StatusFacts, room: int) -> Text:
        """Return as much as there is room for, the most important first."""
        parts = [Text(PRACTICE_WORDS, self._look("practice"))] if facts.practice else []
        if facts.notice and self.size.width >= NARROW:
            parts.append(Text(facts.notice, self._look("notice")))
        has_problem = "cannot" in facts.journal
        if has_problem:
            parts.append(Text(facts.journal, self._look("problem")))
        parts += [Text(part) for part in (facts.link, facts.pace) if part]
        if facts.journal and not has_problem:
            parts.append(Text(facts.journal))
        while len(parts) > 1 and len(Text("   ").join(parts)) > room:
            parts.pop()
        return Text("   ").join(parts)

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
