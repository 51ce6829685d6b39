"""Shows the events of a run on the main screen, many at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from masking_console.models.expiry import ExpirySummary
from masking_console.models.history import BatchRecord
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    AttemptUnclear,
    RunEvent,
    RunFinished,
    RunPaused,
    RunStarted,
    RunWaiting,
    SessionSending,
    SessionSettled,
)
from masking_console.presentation.log_lines import LogLine, Sign
from masking_console.presentation.run_lines import (
    headline,
    result_line,
    unclear_line,
)
from masking_console.ui.widgets.queue_table import QueueTable
from masking_console.ui.widgets.result_log import ResultLog
from masking_console.ui.widgets.run_panel import RunPanel, RunProgress


class RunFollower:
    """Paints what a run says; it decides nothing."""

    def __init__(
        self,
        panel: RunPanel,
        queue: QueueTable,
        log: ResultLog,
        clock: Callable[[], datetime],
    ) -> None:
        self._panel = panel
        self._queue = queue
        self._log = log
        self._clock = clock
        self.summary: ExpirySummary | None = None

    def begin(self, total: int, account: str) -> None:
        """Open the panel and leave the ticks as they are."""
        self._queue.freeze()
        self._panel.progress = RunProgress(total, account)

    def end(self) -> None:
        """Close the panel."""
        self._panel.progress = None
        self._queue.thaw()

    def show_paused(self, is_paused: bool) -> None:
        """Show that the operator holds the run, or lets it go on."""
        progress = self._panel.progress
        if progress is not None:
            self._panel.progress = replace(progress, is_paused=is_paused, notice="")

    def show_stopping(self) -> None:
        """Show that the run ends after what is in flight."""
        progress = self._panel.progress
        if progress is not None:
            self._panel.progress = replace(progress, is_stopping=True)

    def follow(self, events: Sequence[RunEvent]) -> None:
        """Paint some events as one change of the screen."""
        progress = self._panel.progress
        for event in events:
            progress = progress.after(event) if progress is not None else None
            if isinstance(event, RunFinished):
                self.summary = event.summary
        self._panel.now = self._clock()
        self._panel.progress = progress
        self._queue.set_results(
            (event.session_uuid, None, "")
            if isinstance(event, SessionSending)
            else (event.result.session_uuid, event.result.outcome, "")
            for event in events
            if isinstance(event, SessionSending | SessionSettled)
        )
        lines = (self._line(event) for event in events)
        self._log.append([line for line in lines if line is not None])

    def _line(self, event: RunEvent) -> LogLine | None:
        if isinstance(event, SessionSettled):
            return result_line(event.result)
        if isinstance(event, AttemptUnclear):
            return unclear_line(event)
        if isinstance(event, SessionSending):
            return None
        return self._note(event)

    def _note(
        self, event: RunStarted | RunWaiting | RunPaused | RunFinished
    ) -> LogLine:
        match event:
            case RunStarted(batch, at):
                plan = batch.confirmed.plan
                words = f"{plan.count} on {plan.account.label.upper()}, confirmed"
                return _note(at, "started", f"{words} as {batch.batch_id}")
            case RunWaiting(seconds, reason):
                words = f"{reason} Waiting {seconds:.0f} s."
                return _note(self._clock(), "waiting", words, Sign.RETRY)
            case RunPaused(reason):
                return _note(self._clock(), "paused", reason, Sign.FAILED)
            case RunFinished(summary):
                sign = Sign.NOTE if summary.is_clean else Sign.FAILED
                at = summary.finished_at
                return _note(at, "finished", headline(BatchRecord.of(summary)), sign)


def _note(at: datetime, word: str, text: str, sign: Sign = Sign.NOTE) -> LogLine:
    return LogLine(at, sign, word, PlainText(text))
