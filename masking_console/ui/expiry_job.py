"""The main job as one readable line: check, review, expire, look again."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from masking_console.errors import MaskingConsoleError, RefusedError, Remedy
from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan, ExpirySummary
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.run_events import RunPaused
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.run_control import RunControl, end_of
from masking_console.presentation.display import Sign
from masking_console.presentation.review import differences, doubt_words
from masking_console.presentation.run_lines import looked_words
from masking_console.presentation.sessions import strays_words
from masking_console.ui.dialogs import answer_to
from masking_console.ui.keys.acts import key_of
from masking_console.ui.keys.remedies import with_remedy
from masking_console.ui.run_follower import RunFollower
from masking_console.ui.scope import is_scope_clear
from masking_console.ui.screens.finished import Afterwards, FinishedScreen
from masking_console.ui.screens.question import QuestionScreen
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.screens.ticket import TicketScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen

_FRAME_SECONDS = 0.04
"""The screen changes at most 25 times a second, however much happens."""


class ExpiryJob:
    """What the main screen does with its queue; one run at a time.

    Its work belongs to the main screen's workers, because one that a dialog has started
    would end with the dialog.
    """

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._checks = screen.checks
        self._policy = screen.operations.policy
        self._control: RunControl | None = None
        self._is_reviewing = False
        self._over = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether a list is being reviewed or a batch is under way."""
        return self._is_reviewing or self.is_running

    @property
    def is_running(self) -> bool:
        """Whether a batch is under way."""
        return self._control is not None

    @property
    def is_paused(self) -> bool:
        """Whether the batch under way waits for the operator."""
        return self._control is not None and self._control.is_paused

    def pause_or_go_on(self) -> None:
        """Hold the run, or let it go on."""
        if self._control is None:
            return
        is_pausing = not self._control.is_paused
        if is_pausing:
            self._control.pause()
        else:
            self._control.resume()
        self._follower().show_paused(is_pausing)

    def stop(self) -> None:
        """End the run after what is in flight."""
        if self._control is not None:
            self._control.stop()
            self._follower().show_stopping()

    def stop_silently(self, why: int) -> None:
        """End the run from any thread, because of a signal or a lost terminal."""
        control = self._control
        if control is not None:
            control.stop(end_of(why))

    async def until_over(self) -> None:
        """Wait until no run is under way and its outcomes are known."""
        if self._control is not None:
            await self._over.wait()

    def review(self) -> None:
        """Review what is ticked, and expire it if that is confirmed."""
        if self._is_reviewing:
            return
        self._is_reviewing = True
        self._screen.run_worker(self._review_and_expire(), group="expire")

    async def _review_and_expire(self) -> None:
        """Check what is stale, let the operator confirm, expire, and offer to look."""
        screen = self._screen
        account = screen.account
        try:
            wanted: Iterable[SessionUuid] | None = None
            while True:
                confirmed = await self._confirmed(account, wanted)
                if confirmed is None or account is None:
                    return
                summary = await self._expire(confirmed)
                if summary is None:
                    return
                screen.follow_up.look_later(summary)
                screen.ask_about_ticket()
                wanted = await self._finished(account, summary)
                if wanted is None:
                    return
        except MaskingConsoleError as error:
            words = with_remedy(error, screen)
            screen.note(Sign.FAILED, "refused", words)
            words = with_remedy(error, screen, in_dialog=True)
            await answer_to(screen.app, QuestionScreen("Not sent", words))
        finally:
            self._is_reviewing = False
            if account is not None and screen.is_attached:
                screen.follow_up.offer(account)

    async def _finished(
        self, account: Account, summary: ExpirySummary
    ) -> Sequence[SessionUuid] | None:
        """Show a batch until it is closed, or until there is something to retry.

        Returns:
            The sessions to review again, or None.
        """
        screen, said = self._screen, ""
        batch_id = summary.batch.batch_id
        while True:
            latest = screen.follow_up.latest(summary)
            panel = FinishedScreen(
                latest,
                screen.operations.history,
                lambda text: screen.copy(text, "report"),
                self.add_ticket,
                look=screen.follow_up.second_look_words(batch_id),
                said=said,
            )
            if await answer_to(screen.app, panel) is not Afterwards.CHECK:
                return None
            latest = screen.follow_up.latest(summary)
            wanted = [result.session_uuid for result in latest.to_check]
            screen.queue.add(wanted)
            said = looked_words(await self._checks.check_all(account, wanted))
            screen.note(Sign.NOTE, "looked", said)
            if self._ticked(wanted):
                return wanted

    async def _confirmed(
        self, account: Account | None, wanted: Iterable[SessionUuid] | None
    ) -> ConfirmedPlan | None:
        """Return the confirmed plan, or None where the operator said no."""
        screen = self._screen
        if account is None or not self._may_expire():
            return None
        if wanted is None and not await is_scope_clear(screen):
            return None
        if not await self._has_cause():
            return None
        while True:
            review = await self._review(account, wanted)
            if review is None:
                return None
            confirmed = await answer_to(screen.app, review)
            # Writes may have gone off by themselves while the list stood there.
            if confirmed is None or not self._may_expire():
                return None
            if self._policy.is_usable(confirmed.plan, screen.clock()):
                return confirmed
            words = "This list was checked too long ago. It is checked again."
            screen.note(Sign.NOTE, "too old", words)
            wanted = [each.session_uuid for each in confirmed.plan.sessions]

    async def _review(
        self, account: Account, wanted: Iterable[SessionUuid] | None
    ) -> ReviewScreen | None:
        """Return the review of what is ticked now, or None where there is none."""
        screen = self._screen
        ticked, changes = await self._fresh(account, wanted)
        if not await self._is_right_account(account):
            return None
        plan = self._plan(account, ticked)
        if plan is None:
            return None
        if problem := self._policy.size_problem(plan.count):
            raise RefusedError(problem, Remedy.SPLIT_LIST)
        uuids = [each.session_uuid for each in ticked]
        strays = strays_words(len(screen.queue.strays(uuids)), screen.queue.search)
        notes = (*changes, strays) if strays else changes
        return ReviewScreen(plan, screen.clock, notes, screen.queue.origins_of(uuids))

    async def add_ticket(self, batch_id: str, known: Sequence[str]) -> str:
        """Ask for another ticket of a batch; return what was done, in a sentence."""
        screen = self._screen
        rules = replace(screen.operations.settings.cause_rules, ticket_required=True)
        words = f"{batch_id} is for {', '.join(known)}. " if known else ""
        problem = f"{words}The new one is added; nothing is changed."
        form = TicketScreen(Cause(), rules, problem, f"Add a ticket to {batch_id}")
        cause = await answer_to(screen.app, form)
        if cause is None:
            return ""
        await screen.operations.add_ticket(batch_id, cause)
        said = f"{cause.ticket} is added to {batch_id}."
        screen.note(Sign.NOTE, "ticket", said)
        return said

    async def ask_cause(self, problem: str = "") -> bool:
        """Ask for ticket and reason; return whether there are new ones."""
        screen = self._screen
        rules = screen.operations.settings.cause_rules
        now = screen.cause
        if not now.ticket:
            # That of a pasted report stands in the field; a person keeps it.
            now = replace(now, ticket=screen.offered_ticket)
        cause = await answer_to(screen.app, TicketScreen(now, rules, problem))
        if cause is not None:
            screen.work_for(cause)
        return cause is not None

    async def _has_cause(self) -> bool:
        """Ask for a ticket where one is required, or has to look different."""
        problem = await asyncio.to_thread(
            self._policy.ticket_problem, self._screen.cause
        )
        if self._screen.is_ticket_asked and not problem:
            ticket = self._screen.cause.ticket
            problem = f"Still for {ticket}? Keep it, or write another one."
            if not ticket:
                problem = "Each batch has its own ticket. Which is it for?"
        return not problem or await self.ask_cause(problem)

    def _may_expire(self) -> bool:
        """Return whether anything may be expired now; if not, say why."""
        words = self._screen.writes.refusal
        if words:
            self._screen.note(Sign.NOTE, "refused", words)
        return not words

    async def _fresh(
        self, account: Account, wanted: Iterable[SessionUuid] | None
    ) -> tuple[tuple[CheckedSession, ...], tuple[str, ...]]:
        """Return what is ticked, checked anew where stale, and what has changed."""
        ticked = self._ticked(wanted)
        now = self._screen.clock()
        if not any(self._policy.is_stale(each, now) for each in ticked):
            return ticked, ()
        uuids = [each.session_uuid for each in ticked]
        await self._checks.check_all(account, uuids)
        rows = self._screen.queue.rows_of(uuids)
        return self._ticked(wanted), differences(ticked, rows)

    async def _is_right_account(self, account: Account) -> bool:
        """Ask, where most of the queue is not on this account."""
        queue = self._screen.queue
        rows = queue.rows_in(tuple(CheckState))
        doubt = AccountDoubt.of(rows, self._screen.named_otherwise)
        if doubt is None:
            return True
        act = "Go on" if queue.ticked() else ""
        question = QuestionScreen(
            "Wrong account?", doubt_words(doubt, account), safe="Go back", act=act
        )
        is_sure = await answer_to(self._screen.app, question)
        return is_sure is True

    def _ticked(
        self, wanted: Iterable[SessionUuid] | None
    ) -> tuple[CheckedSession, ...]:
        ticked = self._screen.queue.ticked()
        if wanted is None:
            return ticked
        chosen = frozenset(wanted)
        return tuple(each for each in ticked if each.session_uuid in chosen)

    def _plan(
        self, account: Account, ticked: tuple[CheckedSession, ...]
    ) -> ExpiryPlan | None:
        screen = self._screen
        if any(not each.state.can_be_ticked for each in ticked):
            key = key_of("queue.review", screen)
            words = f"Still checking. Press {key} again soon."
            screen.note(Sign.NOTE, "checking", words)
            return None
        if not ticked:
            tick, review = key_of("queue.tick", screen), key_of("queue.review", screen)
            words = f"Nothing is ticked. Tick with {tick}, then press {review}."
            screen.note(Sign.NOTE, "nothing", words)
            return None
        uuids = {each.session_uuid for each in ticked}
        rest = (*screen.queue.ticked(), *screen.queue.left_out())
        return ExpiryPlan(
            account=account,
            sessions=ticked,
            left_out=tuple(each for each in rest if each.session_uuid not in uuids),
            ticket=screen.cause.ticket,
            reason=screen.cause.reason,
            rules=screen.operations.settings.confirmation,
            named_otherwise=screen.named_otherwise,
            # It was asked for just before, where it is in doubt.
            is_account_confirmed=True,
        )

    async def _expire(self, confirmed: ConfirmedPlan) -> ExpirySummary | None:
        """Carry out a confirmed plan and show it as it happens."""
        screen, follower = self._screen, self._follower()
        control = self._control = RunControl()
        self._over.clear()
        follower.begin(confirmed.plan.count, confirmed.plan.account.name)
        screen.refresh_bindings()
        try:
            async for run_events in screen.operations.expire(confirmed, control):
                follower.follow(run_events)
                if any(isinstance(event, RunPaused) for event in run_events):
                    screen.refresh_bindings()
                await asyncio.sleep(_FRAME_SECONDS)
        finally:
            self._control = None
            self._over.set()
            # When the console ends in the middle of a run, its widgets go first.
            if screen.queue.is_attached:
                follower.end()
                screen.refresh_bindings()
        return follower.summary

    def _follower(self) -> RunFollower:
        screen = self._screen
        panel = screen.run_panel
        return RunFollower(panel, screen.queue, screen.log_pane, screen.clock)
