"""Shows the events of a run on the main screen, many at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from masking_console.models.expiry import ExpirySummary
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    SessionSending,
    SessionSettled,
)
from masking_console.presentation.run_lines import event_line
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
        lines = (event_line(event, self._clock()) for event in events)
        self._log.append([line for line in lines if line is not None])
