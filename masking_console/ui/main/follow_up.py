"""Second looks after a batch, and batches that are not settled.

Only GETs leave from here; the work belongs to the main screen's workers.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from masking_console.errors import JournalError
from masking_console.models.account import Account
from masking_console.models.expiry import ExpiryResult, ExpirySummary
from masking_console.models.masking_session import CheckedSession
from masking_console.models.run_events import (
    Learnt,
    LookedAgain,
    LookFinished,
    LookFound,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import NotSettled
from masking_console.presentation.display import Sign, hour_to_second
from masking_console.presentation.finished import unsettled_words
from masking_console.presentation.run_lines import (
    learnt_line,
    look_finished_words,
    look_line,
    looked_words,
    warning_words,
)
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.finished import FinishedScreen


@dataclass(slots=True)
class _DueLook:
    """The second look at one batch, from the end of the run to its own."""

    summary: ExpirySummary
    due: float
    words: str
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class FollowUp:
    """Knows what is not settled, and shows what looks find out about it."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._due: dict[str, _DueLook] = {}
        self._learnt: dict[str, dict[SessionUuid, ExpiryResult]] = {}

    @property
    def not_settled(self) -> tuple[NotSettled, ...]:
        """Batches of the last 90 days that are not settled on this account."""
        return self._space.not_settled

    def learn(self, events: Sequence[Learnt]) -> None:
        """Show what looks have learnt about batches that are over."""
        if not events:
            return
        space = self._space
        now = space.clock()
        space.log.append([learnt_line(event, now) for event in events])
        self._take(events)
        if self.not_settled and space.account is not None:
            self.offer(space.account)

    def _take(self, events: Sequence[Learnt | LookFound]) -> None:
        for event in events:
            if isinstance(event, LookedAgain):
                results = self._learnt.setdefault(event.batch_id, {})
                results[event.session_uuid] = event.result
                self._space.queue.settle(event.session_uuid, event.result.outcome)

    def latest(self, summary: ExpirySummary) -> ExpirySummary:
        """Return a summary with all that was learnt since."""
        learnt = self._learnt.get(summary.batch.batch_id, {})
        results = (learnt.get(each.session_uuid, each) for each in summary.results)
        return replace(summary, results=tuple(results))

    def look_later(self, summary: ExpirySummary) -> None:
        """Look at a finished batch once more, in a minute."""
        space = self._space
        seconds = space.operations.settings.second_look_seconds
        at = hour_to_second(space.clock() + timedelta(seconds=seconds))
        due = asyncio.get_running_loop().time() + seconds
        look = _DueLook(summary, due, f"Second look at {at}.")
        self._due[summary.batch.batch_id] = look
        space.work(self._look_later(look), "look")

    def second_look_words(self, batch_id: str) -> str:
        """Return when the second look at a batch is due; empty where it is over."""
        look = self._due.get(batch_id)
        return look.words if look is not None else ""

    @property
    def seconds_to_second_look(self) -> int | None:
        """Seconds until the last second look is due; None where none is."""
        now = asyncio.get_running_loop().time()
        dues = [look.due for look in self._due.values()]
        return max(0, round(max(dues) - now)) if dues else None

    async def look_now(self) -> None:
        """Make every second look that is due at once, and wait for its end."""
        looks = tuple(self._due.values())
        for look in looks:
            look.hurry.set()
        for look in looks:
            await look.over.wait()

    async def _look_later(self, look: _DueLook) -> None:
        space = self._space
        left = look.due - asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await look.hurry.wait()
        summary = self.latest(look.summary)
        try:
            async for events in space.operations.second_look(summary):
                now = space.clock()
                space.log.append([look_line(event, now) for event in events])
                self._take(events)
                space.queue.set_results(
                    (event.session_uuid, event.result.outcome, "")
                    for event in events
                    if isinstance(event, LookedAgain)
                )
                self._tell(look, events)
        except JournalError as error:
            space.note(Sign.FAILED, "journal", space.words(error))
        finally:
            self._due.pop(look.summary.batch.batch_id, None)
            look.over.set()

    def _tell(self, look: _DueLook, events: Sequence[LookFound]) -> None:
        """Say it where the operator still reads how the batch ended."""
        batch_id = look.summary.batch.batch_id
        ends = [event for event in events if isinstance(event, LookFinished)]
        words = "".join(f"Second look: {look_finished_words(each)}" for each in ends)
        for screen in self._space.screen.app.screen_stack:
            if not isinstance(screen, FinishedScreen) or not screen.is_mounted:
                continue
            if screen.summary.batch.batch_id == batch_id:
                screen.renew(self.latest(look.summary))
                screen.tell_look(words, warning_words(events))

    def offer(self, account: Account) -> None:
        """Find out what is not settled on this account, and say so quietly."""
        self._space.work_alone(self._offer(account), "offer")

    async def _offer(self, account: Account) -> None:
        space = self._space
        before = space.not_settled
        try:
            space.not_settled = await space.operations.not_settled(account)
        except JournalError as error:
            space.note(Sign.FAILED, "journal", space.words(error))
            return
        if self.not_settled and self.not_settled != before:
            key = space.key("app.not_settled")
            space.note(
                Sign.UNKNOWN,
                "unsettled",
                f"{unsettled_words(self.not_settled)} {key} shows what to do.",
            )
        space.show_status()
        space.screen.refresh_bindings()

    async def set_aside(self, matter: NotSettled, reason: str) -> None:
        """Leave unsettled what is not settled of a batch.

        Raises:
            JournalError: it cannot be written down.
        """
        await self._space.operations.set_aside(matter, reason)
        await self._renew()

    async def _renew(self) -> None:
        if self._space.account is not None:
            await self._offer(self._space.account)

    async def look_at(self, matter: NotSettled) -> str:
        """Look at what a batch has left unsettled; return the result in a sentence.

        Raises:
            MaskingConsoleError: Plivo refused the account, or the journal failed.
        """
        account = self._space.account
        if account is None:
            return "Choose an account first."
        found: list[CheckedSession] = []
        async for events in self._space.operations.look_at(account, matter):
            self.learn([e for e in events if not isinstance(e, CheckedSession)])
            found += (e for e in events if isinstance(e, CheckedSession))
        words = looked_words(found)
        self._space.note(Sign.NOTE, "looked", f"{matter.record.batch_id}: {words}")
        await self._renew()
        return words
