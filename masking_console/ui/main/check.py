"""Checks of queued sessions at Plivo; many answers become one change of the queue."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from masking_console.errors import TokenRefusedError
from masking_console.models.account import Account
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.check_sessions import CheckEvent
from masking_console.presentation.display import Sign
from masking_console.presentation.listing import still_open
from masking_console.presentation.review import doubt_words, sessions
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.question import QuestionScreen

_FRAME_SECONDS = 0.04

_TOLD_FIRST = (CheckState.NOT_FOUND, CheckState.NOT_CHECKED, CheckState.IN_CALL)


class CheckJob:
    """Asks Plivo about rows of the queue; its workers belong to the screen."""

    def __init__(self, space: Workspace, follow_up: FollowUp) -> None:
        self._space = space
        self._follow_up = follow_up

    def check_queued(self) -> None:
        """Ask Plivo about the rows that nobody has asked about."""
        self._check(CheckState.QUEUED)

    def check_again(self, uuids: Sequence[SessionUuid]) -> None:
        """Ask about rows that are not checked yet, or else about all of these."""
        queue = self._space.queue
        if queue.summary().pending or queue.summary().not_checked:
            self._check(CheckState.QUEUED, CheckState.NOT_CHECKED)
        else:
            self._start_check(uuids)

    def ask_again(self) -> None:
        """Ask about every row that has no answer, as after the token was replaced."""
        self._check(CheckState.QUEUED, CheckState.CHECKING, CheckState.NOT_CHECKED)

    def refresh_seen(self) -> None:
        """Ask anew about the open rows on the screen, without a word and a flicker."""
        space = self._space
        is_busy = space.is_busy or space.queue.summary().pending
        if space.account is not None and not is_busy:
            uuids = space.queue.seen_open()
            work = self._check_quietly(space.account, uuids)
            space.work_alone(work, "refresh")

    async def _check_quietly(
        self, account: Account, uuids: Sequence[SessionUuid]
    ) -> None:
        space = self._space
        stream = space.operations.check(account, uuids)
        try:
            async for events in stream:
                checked = self._learn(events)
                if space.account is account and not space.is_running:
                    space.queue.set_checked(c for c in checked if c.session is not None)
                    self.say_lost_ticks()
        except TokenRefusedError as error:
            words = space.words(error)
            space.note(Sign.FAILED, "refused", words)
        finally:
            stream.cancel()

    def _learn(self, events: Sequence[CheckEvent]) -> list[CheckedSession]:
        """Return the checks among some events, and tell what else was learnt."""
        self._follow_up.learn(
            [each for each in events if not isinstance(each, CheckedSession)]
        )
        return [each for each in events if isinstance(each, CheckedSession)]

    def say_lost_ticks(self) -> None:
        """Say that ticks are gone because their sessions are not what they were."""
        lost = self._space.queue.take_lost_ticks()
        if lost:
            key = self._space.key("queue.review")
            words = f"{sessions(lost)} changed and lost the tick. Look before {key}."
            self._space.note(Sign.NOTE, "unticked", words)

    def _check(self, *states: CheckState) -> None:
        rows = self._space.queue.rows_in(states)
        self._start_check([each.session_uuid for each in rows])

    def _start_check(self, uuids: Sequence[SessionUuid]) -> None:
        account = self._space.account
        if account is None or not uuids:
            return
        most = self._space.operations.settings.confirmation.max_batch
        if len(uuids) > most:
            key = self._space.key("queue.check")
            words = f"Checking the first {most} of {len(uuids)}. Press {key} for more."
            self._space.note(Sign.NOTE, "checking", words)
        work = self.check_all(account, uuids[:most])
        self._space.work(work, "check")

    async def check_all(
        self, account: Account, uuids: Sequence[SessionUuid]
    ) -> list[CheckedSession]:
        """Check the rows as the answers come, and return what was found out."""
        space, found = self._space, list[CheckedSession]()
        space.queue.set_checked(CheckedSession(u, CheckState.CHECKING) for u in uuids)
        stream = space.operations.check(account, uuids)
        try:
            async for events in stream:
                checked = self._learn(events)
                if space.account is not account:
                    return []
                space.queue.set_checked(checked)
                found += (c for c in checked if c.state is not CheckState.CHECKING)
                self.say_lost_ticks()
                await asyncio.sleep(_FRAME_SECONDS)
        except TokenRefusedError as error:
            words = space.words(error)
            space.note(Sign.FAILED, "refused", words)
            words = space.words(error, in_dialog=True)
            space.show(QuestionScreen("Sign-in refused", words))
        finally:
            stream.cancel()
        space.note(Sign.NOTE, "checked", _check_words(found))
        self._warn(found, account)
        return found

    def _warn(self, found: Sequence[CheckedSession], account: Account) -> None:
        doubt = AccountDoubt.of(found, self._space.named_otherwise)
        if doubt is not None:
            self._space.note(Sign.FAILED, "account?", doubt_words(doubt, account))
        if words := still_open(found, self._space.called_off):
            self._space.note(Sign.FAILED, "report?", words)


def _check_words(found: Sequence[CheckedSession]) -> str:
    counts = Counter(each.state for each in found)
    # What needs attention first: a narrow log cuts off the rest.
    states = [state for state in _TOLD_FIRST if state in counts]
    states += [state for state in counts if state not in states]
    parts = ", ".join(f"{counts[state]} {state.value}" for state in states)
    return f"{sessions(len(found))}: {parts}" if found else "no session"
