"""The two lines at the top: which account, may it expire, is everything well."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from masking_console.models.account import Account
from masking_console.operations.connections import Link

NARROW = 100
"""Under so many columns the panes are tabs, and the bar names them."""


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """Everything that the bar says."""

    now: datetime
    """The time, in UTC."""
    account: str = "no account"
    """The operator's name for it."""
    auth_id: str = ""
    """Its Auth ID, shortened."""
    may_expire: bool = True
    """Whether anything may be expired."""
    practice: bool = False
    """Whether the account is simulated."""
    link: str = ""
    """``online 61 ms``, ``offline`` or nothing yet."""
    pace: str = ""
    """``pace 30/s``."""
    journal: str = ""
    """``journal ok`` or what is wrong."""
    tabs: str = ""
    """The panes and which one is shown, for narrow windows."""

    def on(self, account: Account, link: Link | None) -> "StatusFacts":
        """Return the facts with an account and its connection in them."""
        facts = replace(self, account=account.label, auth_id=account.auth_id.tail)
        if link is None:
            return facts
        words = "" if link.elapsed_ms is None else f"online {link.elapsed_ms} ms"
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
        first = self._line(left, Text(f"{facts.now:%Y-%m-%d %H:%M:%S} UTC "))
        health = self._health(facts)
        keys = Text("? help   ctrl+p commands   q quit ")
        return Text("\n").join([first, self._line(Text(" ").append_text(health), keys)])

    def _narrow(self, facts: StatusFacts) -> Text:
        left = Text(" ").append_text(self._account(facts))
        first = self._line(left, Text(f"{facts.now:%H:%M} UTC "))
        second = self._line(Text(f" {facts.tabs}"), self._health(facts).append(" "))
        return Text("\n").join([first, second])

    def _account(self, facts: StatusFacts) -> Text:
        account = facts.account.upper()
        text = Text.assemble((account, self._look("account")), f"  {facts.auth_id}   ")
        text.append("WRITES ON" if facts.may_expire else "READ ONLY")
        return text

    def _health(self, facts: StatusFacts) -> Text:
        parts = [
            Text(part, self._look("problem") if "cannot" in part else "")
            for part in (facts.link, facts.pace, facts.journal)
            if part
        ]
        if facts.practice:
            parts.insert(0, Text(PRACTICE_WORDS, self._look("practice")))
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
