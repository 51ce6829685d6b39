"""The lines that say where the console is, and how far a run is."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from masking_console.models.account import Account
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.run_events import (
    RunEvent,
    RunPaused,
    RunSlept,
    RunStarted,
    RunWaiting,
    SessionSending,
    SessionSettled,
)
from masking_console.presentation.display import (
    day_and_second,
    hour_and_minute,
    hour_to_second,
    place_words,
)
from masking_console.presentation.reach import short_words
from masking_console.presentation.run_lines import slept_words
from masking_console.settings import Settings
from masking_console.ui.keys.acts import hints, key_of

if TYPE_CHECKING:
    from masking_console.operations.connections import Link


NARROW = 100
"""Under so many columns the panes are tabs, and the bar names them."""

_GAP = "   "

SLOW_MS = 3_000
"""Milliseconds from which an answer, or the wait for one, is called slow."""


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


_BAR_CELLS = 24
_FAILURES = (ExpiryOutcome.FAILED, ExpiryOutcome.REFUSED, ExpiryOutcome.OPEN)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Progress of a run."""

    total: int
    """Number of confirmed sessions."""
    account: str
    """Name of the account."""
    started_at: datetime | None = None
    """Time of the first request."""
    counts: Counter[ExpiryOutcome] = field(default_factory=Counter)
    """Outcomes of the sessions that are done."""
    notice: str = ""
    """Reason that the run waits."""
    is_paused: bool = False
    """Whether it waits for the operator."""
    is_stopping: bool = False
    """Whether it ends after what is in flight."""

    @property
    def done(self) -> int:
        """Number of sessions with an outcome."""
        return self.counts.total()

    def after(self, event: RunEvent) -> "RunProgress":
        """Return the progress after one more event."""
        if isinstance(event, RunStarted):
            return replace(self, started_at=event.at)
        if isinstance(event, SessionSettled):
            counts = self.counts + Counter([event.result.outcome])
            return replace(self, counts=counts, notice="")
        if isinstance(event, SessionSending):
            return replace(self, notice="")
        if isinstance(event, RunWaiting):
            words = f"{event.reason} Waiting {event.seconds:.0f} s, then going on."
            return replace(self, notice=words)
        if isinstance(event, RunPaused | RunSlept):
            is_paused = isinstance(event, RunPaused)
            words = event.reason if isinstance(event, RunPaused) else slept_words(event)
            return replace(self, is_paused=is_paused, notice=words)
        return self

    def left(self, now: datetime) -> str:
        """Return the time left in words, from the pace so far."""
        waiting = self.total - self.done
        if self.started_at is None or not self.done or not waiting:
            return ""
        seconds = (now - self.started_at).total_seconds() / self.done * waiting
        if seconds < 60:  # noqa: PLR2004 - a minute
            return f"about {max(1, round(seconds))} s left"
        return f"about {round(seconds / 60)} min left"


class RunPanel(Widget):
    """Two lines that say how a run goes."""

    progress: reactive[RunProgress | None] = reactive(None)
    """The run; None when there is none."""
    now: reactive[datetime | None] = reactive(None)
    """The time, in UTC."""

    @property
    def words(self) -> str:
        """Progress of the run in a sentence."""
        progress = self.progress
        if progress is None:
            return "A run is on its way."
        left = progress.total - progress.done
        if progress.is_paused:
            return f"Paused: {progress.done} done, {left} not done."
        what = "1 session is" if left == 1 else f"{left} sessions are"
        return f"{what} still being expired, {progress.done} done."

    def watch_progress(self, progress: RunProgress | None) -> None:
        self.set_class(progress is not None, "-running")
        if progress is None:
            return
        self.border_title = "Running: paused" if progress.is_paused else "Running"
        if progress.started_at is not None:
            self.border_subtitle = f"started {hour_to_second(progress.started_at)}"

    def render(self) -> Text:
        progress = self.progress
        if progress is None:
            return Text("")
        return Text("\n").join([self._first(progress), self._second(progress)])

    def _first(self, progress: RunProgress) -> Text:
        if progress.is_stopping:
            return Text(" Stopping after what is in flight...")
        if progress.is_paused:
            waiting = progress.total - progress.done
            if progress.notice:
                return Text(f" {progress.notice} {waiting} not sent.")
            go_on, stop = key_of("main.pause", self), key_of("main.stop", self)
            return Text(f" Paused. {waiting} not sent. {go_on} goes on, {stop} stops.")
        if progress.notice:
            return Text(f" {progress.notice} Nothing is lost.")
        filled = _BAR_CELLS * progress.done // max(1, progress.total)
        bar = "#" * filled + "." * (_BAR_CELLS - filled)
        left = progress.left(self.now) if self.now is not None else ""
        return Text(
            f" Expiring on {progress.account.upper()}   [{bar}]  "
            f"{progress.done} of {progress.total}   {left}"
        )

    def _second(self, progress: RunProgress) -> Text:
        counts = progress.counts
        failed = sum(counts[each] for each in _FAILURES)
        words = (
            f" expired {counts[ExpiryOutcome.EXPIRED]}"
            f"   already {counts[ExpiryOutcome.ALREADY_EXPIRED]}"
            f"   failed {failed}"
            f"   unknown {counts[ExpiryOutcome.UNKNOWN]}"
            f"   waiting {progress.total - progress.done}"
        )
        act = "go on" if progress.is_paused else "pause"
        keys = f"{key_of('main.pause', self)} {act}   {hints(self, 'main.stop')} "
        room = self.size.width - len(words) - len(keys)
        return Text(words + " " * max(2, room) + keys)
