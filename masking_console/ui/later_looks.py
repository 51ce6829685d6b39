"""What is looked at without being asked: runs that were cut off, and finished ones."""

import asyncio
from typing import TYPE_CHECKING

from masking_console.errors import JournalError
from masking_console.models.account import Account
from masking_console.models.expiry import ExpirySummary
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import HistoryQuery
from masking_console.models.run_events import LookedAgain, SessionSettled
from masking_console.presentation.display import Sign
from masking_console.presentation.later_looks import (
    interrupted_words,
    look_line,
    resumed_words,
    warning_words,
)
from masking_console.presentation.run_lines import result_line
from masking_console.ui.dialogs import answer_to
from masking_console.ui.screens.finished import FinishedScreen
from masking_console.ui.screens.question import QuestionScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class LaterLooks:
    """Only GETs leave from here; its work belongs to the main screen's workers."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._offered: set[str] = set()

    def offer_to_resume(self, account: Account) -> None:
        """Ask what to do about the runs of this account that were cut off."""
        self._screen.run_worker(self._offer(account), group="resume")

    def look_later(self, summary: ExpirySummary) -> None:
        """Look at a finished batch once more, in a minute."""
        self._screen.run_worker(self._look_later(summary), group="look")

    async def _offer(self, account: Account) -> None:
        try:
            interrupted = await self._screen.operations.interrupted(account)
            for record in interrupted:
                if record.batch_id not in self._offered:
                    self._offered.add(record.batch_id)
                    await self._offer_one(account, record)
        except JournalError as error:
            self._screen.note(Sign.FAILED, "journal", str(error))

    async def _offer_one(self, account: Account, record: BatchRecord) -> None:
        screen = self._screen
        question = QuestionScreen(
            f"Cut off: {record.batch_id}",
            interrupted_words(record),
            safe="Later",
            act="Check",
            is_harmless=True,
        )
        if not await answer_to(screen.app, question):
            words = f"{record.batch_id} was cut off. It is offered at the next start."
            screen.note(Sign.UNKNOWN, "cut off", words)
            return
        async for events in screen.operations.resume(account, record):
            results = [e.result for e in events if isinstance(e, SessionSettled)]
            screen.log_pane.append([result_line(result) for result in results])
        query = HistoryQuery(batch=record.batch_id)
        for known in await screen.operations.history.batches(query):
            if known.batch_id == record.batch_id:
                screen.note(Sign.NOTE, "cut off", resumed_words(known))
                screen.queue_up(known.may_still_connect)

    async def _look_later(self, summary: ExpirySummary) -> None:
        screen = self._screen
        await asyncio.sleep(screen.operations.settings.second_look_seconds)
        try:
            async for events in screen.operations.look_again(summary):
                now = screen.clock()
                screen.log_pane.append([look_line(event, now) for event in events])
                screen.queue.set_results(
                    (event.session_uuid, event.result.outcome, "")
                    for event in events
                    if isinstance(event, LookedAgain) and event.result is not None
                )
                self._tell(summary, warning_words(events))
        except JournalError as error:
            screen.note(Sign.FAILED, "journal", str(error))

    def _tell(self, summary: ExpirySummary, warning: str) -> None:
        """Say it where the operator still reads that all is done."""
        for screen in self._screen.app.screen_stack if warning else ():
            if not isinstance(screen, FinishedScreen) or not screen.is_mounted:
                continue
            if screen.summary is summary:
                screen.tell_later(warning)
