"""The panel of a run: how far it is, what it waits for, and the keys that hold it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

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
from masking_console.presentation.display import hour_to_second
from masking_console.presentation.run_lines import slept_words
from masking_console.ui.keys.acts import hints, key_of

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
