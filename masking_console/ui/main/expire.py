"""The main job as one readable line: check, review, expire, look again."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from masking_console.errors import MaskingConsoleError, RefusedError, Remedy
from masking_console.models.account import Account
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan, ExpirySummary
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    RunPaused,
    SessionSending,
    SessionSettled,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.run_control import RunControl, end_of
from masking_console.presentation.display import Sign
from masking_console.presentation.review import differences, doubt_words, sessions
from masking_console.presentation.run_lines import event_line, looked_words
from masking_console.presentation.sessions import strays_words
from masking_console.ui.main.check import CheckJob
from masking_console.ui.main.conditions import Tickets, WriteSwitch
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.finished import Afterwards, FinishedScreen
from masking_console.ui.screens.question import ChoiceScreen, QuestionScreen
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.widgets.queue_table import QueueTable
from masking_console.ui.widgets.result_log import ResultLog
from masking_console.ui.widgets.status import RunPanel, RunProgress

_FRAME_SECONDS = 0.04
"""The screen changes at most 25 times a second, however much happens."""


_ONLY_THIS = 1
"""The answer to "Which ones?" that means the cursor row."""


class ExpiryJob:
    """The main job; one run at a time.

    Its work belongs to the main screen's workers, because one that a dialog has started
    would end with the dialog.
    """

    def __init__(
        self,
        space: Workspace,
        checks: CheckJob,
        follow_up: FollowUp,
        tickets: Tickets,
        writes: WriteSwitch,
    ) -> None:
        self._space = space
        self._checks = checks
        self._follow_up = follow_up
        self._tickets = tickets
        self._writes = writes
        self._policy = space.operations.policy
        self._over = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether a batch is under way."""
        return self._space.is_running

    @property
    def is_paused(self) -> bool:
        """Whether the batch under way waits for the operator."""
        return self._space.run is not None and self._space.run.is_paused

    def pause_or_go_on(self) -> None:
        """Hold the run, or let it go on."""
        if self._space.run is None:
            return
        is_pausing = not self._space.run.is_paused
        if is_pausing:
            self._space.run.pause()
        else:
            self._space.run.resume()
        self._follower().show_paused(is_pausing)

    def stop(self) -> None:
        """End the run after what is in flight."""
        if self._space.run is not None:
            self._space.run.stop()
            self._follower().show_stopping()

    def stop_silently(self, why: int) -> None:
        """End the run from any thread, because of a signal or a lost terminal."""
        control = self._space.run
        if control is not None:
            control.stop(end_of(why))

    async def until_over(self) -> None:
        """Wait until no run is under way and its outcomes are known."""
        if self._space.run is not None:
            await self._over.wait()

    def review(self) -> None:
        """Review what is ticked, and expire it if that is confirmed."""
        if self._space.is_reviewing:
            return
        self._space.is_reviewing = True
        self._space.work(self._review_and_expire(), "expire")

    async def _review_and_expire(self) -> None:
        """Check what is stale, let the operator confirm, expire, and offer to look."""
        space = self._space
        account = space.account
        try:
            wanted: Iterable[SessionUuid] | None = None
            while True:
                confirmed = await self._confirmed(account, wanted)
                if confirmed is None or account is None:
                    return
                summary = await self._expire(confirmed)
                if summary is None:
                    return
                self._follow_up.look_later(summary)
                self._tickets.after_batch()
                wanted = await self._finished(account, summary)
                if wanted is None:
                    return
        except MaskingConsoleError as error:
            words = space.words(error)
            space.note(Sign.FAILED, "refused", words)
            words = space.words(error, in_dialog=True)
            await space.ask(QuestionScreen("Not sent", words))
        finally:
            self._space.is_reviewing = False
            if account is not None and space.screen.is_attached:
                self._follow_up.offer(account)

    async def _finished(
        self, account: Account, summary: ExpirySummary
    ) -> Sequence[SessionUuid] | None:
        """Show a batch until it is closed, or until there is something to retry.

        Returns:
            The sessions to review again, or None.
        """
        space, said = self._space, ""
        batch_id = summary.batch.batch_id
        while True:
            latest = self._follow_up.latest(summary)
            panel = FinishedScreen(
                latest,
                space.operations.history,
                lambda text: space.copy(text, "report"),
                self._tickets.add,
                look=self._follow_up.second_look_words(batch_id),
                said=said,
            )
            if await space.ask(panel) is not Afterwards.CHECK:
                return None
            latest = self._follow_up.latest(summary)
            wanted = [result.session_uuid for result in latest.to_check]
            space.queue.add(wanted)
            said = looked_words(await self._checks.check_all(account, wanted))
            space.note(Sign.NOTE, "looked", said)
            if self._ticked(wanted):
                return wanted

    async def _confirmed(
        self, account: Account | None, wanted: Iterable[SessionUuid] | None
    ) -> ConfirmedPlan | None:
        """Return the confirmed plan, or None where the operator said no."""
        space = self._space
        if account is None or not self._may_expire():
            return None
        if wanted is None and not await _is_scope_clear(space):
            return None
        if not await self._tickets.is_there():
            return None
        while True:
            review = await self._review(account, wanted)
            if review is None:
                return None
            confirmed = await space.ask(review)
            # Writes may have gone off by themselves while the list stood there.
            if confirmed is None or not self._may_expire():
                return None
            if self._policy.is_usable(confirmed.plan, space.clock()):
                return confirmed
            words = "This list was checked too long ago. It is checked again."
            space.note(Sign.NOTE, "too old", words)
            wanted = [each.session_uuid for each in confirmed.plan.sessions]

    async def _review(
        self, account: Account, wanted: Iterable[SessionUuid] | None
    ) -> ReviewScreen | None:
        """Return the review of what is ticked now, or None where there is none."""
        space = self._space
        ticked, changes = await self._fresh(account, wanted)
        if not await self._is_right_account(account):
            return None
        plan = self._plan(account, ticked)
        if plan is None:
            return None
        if problem := self._policy.size_problem(plan.count):
            raise RefusedError(problem, Remedy.SPLIT_LIST)
        uuids = [each.session_uuid for each in ticked]
        strays = strays_words(len(space.queue.strays(uuids)), space.queue.search)
        notes = (*changes, strays) if strays else changes
        return ReviewScreen(plan, space.clock, notes, space.queue.origins_of(uuids))

    def _may_expire(self) -> bool:
        """Return whether anything may be expired now; if not, say why."""
        words = self._writes.refusal
        if words:
            self._space.note(Sign.NOTE, "refused", words)
        return not words

    async def _fresh(
        self, account: Account, wanted: Iterable[SessionUuid] | None
    ) -> tuple[tuple[CheckedSession, ...], tuple[str, ...]]:
        """Return what is ticked, checked anew where stale, and what has changed."""
        ticked = self._ticked(wanted)
        now = self._space.clock()
        if not any(self._policy.is_stale(each, now) for each in ticked):
            return ticked, ()
        uuids = [each.session_uuid for each in ticked]
        await self._checks.check_all(account, uuids)
        rows = self._space.queue.rows_of(uuids)
        return self._ticked(wanted), differences(ticked, rows)

    async def _is_right_account(self, account: Account) -> bool:
        """Ask, where most of the queue is not on this account."""
        queue = self._space.queue
        rows = queue.rows_in(tuple(CheckState))
        doubt = AccountDoubt.of(rows, self._space.named_otherwise)
        if doubt is None:
            return True
        act = "Go on" if queue.ticked() else ""
        question = QuestionScreen(
            "Wrong account?", doubt_words(doubt, account), safe="Go back", act=act
        )
        is_sure = await self._space.ask(question)
        return is_sure is True

    def _ticked(
        self, wanted: Iterable[SessionUuid] | None
    ) -> tuple[CheckedSession, ...]:
        ticked = self._space.queue.ticked()
        if wanted is None:
            return ticked
        chosen = frozenset(wanted)
        return tuple(each for each in ticked if each.session_uuid in chosen)

    def _plan(
        self, account: Account, ticked: tuple[CheckedSession, ...]
    ) -> ExpiryPlan | None:
        space = self._space
        if any(not each.state.can_be_ticked for each in ticked):
            key = space.key("queue.review")
            words = f"Still checking. Press {key} again soon."
            space.note(Sign.NOTE, "checking", words)
            return None
        if not ticked:
            tick, review = space.key("queue.tick"), space.key("queue.review")
            words = f"Nothing is ticked. Tick with {tick}, then press {review}."
            space.note(Sign.NOTE, "nothing", words)
            return None
        uuids = {each.session_uuid for each in ticked}
        rest = (*space.queue.ticked(), *space.queue.left_out())
        return ExpiryPlan(
            account=account,
            sessions=ticked,
            left_out=tuple(each for each in rest if each.session_uuid not in uuids),
            ticket=space.cause.ticket,
            reason=space.cause.reason,
            rules=space.operations.settings.confirmation,
            named_otherwise=space.named_otherwise,
            # It was asked for just before, where it is in doubt.
            is_account_confirmed=True,
        )

    async def _expire(self, confirmed: ConfirmedPlan) -> ExpirySummary | None:
        """Carry out a confirmed plan and show it as it happens."""
        space, follower = self._space, self._follower()
        control = self._space.run = RunControl()
        self._over.clear()
        follower.begin(confirmed.plan.count, confirmed.plan.account.name)
        space.screen.refresh_bindings()
        try:
            async for run_events in space.operations.expire(confirmed, control):
                follower.follow(run_events)
                if any(isinstance(event, RunPaused) for event in run_events):
                    space.screen.refresh_bindings()
                await asyncio.sleep(_FRAME_SECONDS)
        finally:
            self._space.run = None
            self._over.set()
            # When the console ends in the middle of a run, its widgets go first.
            if space.queue.is_attached:
                follower.end()
                space.screen.refresh_bindings()
        return follower.summary

    def _follower(self) -> "_RunFollower":
        space = self._space
        panel = space.run_panel
        return _RunFollower(panel, space.queue, space.log, space.clock)


async def _is_scope_clear(space: Workspace) -> bool:
    """Ask where ticks are hidden or elsewhere; return whether to go on.

    "Only this one" moves the ticks, so that what is reviewed is what can be seen.
    """
    summary = space.queue.summary()
    if summary.hidden_ticked:
        return await _are_hidden_ones_meant(
            space, summary.ticked, summary.hidden_ticked
        )
    if summary.ticked and _is_cursor_left_out(space):
        return await _are_ticks_elsewhere_meant(space, summary.ticked)
    return True


def _is_cursor_left_out(space: Workspace) -> bool:
    cursor = space.queue.cursor_key
    if cursor == space.queue.left_out_by_hand:
        # Who has just taken the tick off this very row does not mean it.
        return False
    rows = space.queue.rows_of([] if cursor is None else [cursor])
    ticked = space.queue.ticked()
    return any(row.state.can_be_ticked and row not in ticked for row in rows)


async def _are_hidden_ones_meant(space: Workspace, ticked: int, hidden: int) -> bool:
    words = (
        f"{ticked} ticked, {hidden} of them hidden by the filter. "
        f"To see them, go back and press {space.key('rows.clear_filter')}."
    )
    dialog = ChoiceScreen("Hidden ticks", words, (f"Review {sessions(ticked)}",))
    return await space.ask(dialog) is not None


async def _are_ticks_elsewhere_meant(space: Workspace, ticked: int) -> bool:
    queue = space.queue
    words = (
        "The cursor row is not ticked. "
        f"Expire the {ticked} ticked sessions, or only this one?"
    )
    if ticked == 1:
        words = "The cursor row is not ticked. Expire the ticked session, or this one?"
    dialog = ChoiceScreen("Which ones?", words, (f"The {ticked} ticked", "Only this"))
    chosen = await space.ask(dialog)
    if chosen == _ONLY_THIS and queue.cursor_key is not None:
        ticks = [row.session_uuid for row in queue.ticked()]
        queue.change_ticks([queue.cursor_key], ticks)
    return chosen is not None


class _RunFollower:
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
