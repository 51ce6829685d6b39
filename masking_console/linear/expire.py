"""The main job as one readable line: check, confirm, expire, look again."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from masking_console.errors import (
    ExitCode,
    JournalError,
    MaskingConsoleError,
    RefusedError,
    StoppedError,
    TokenRefusedError,
)
from masking_console.linear.exit_code import (
    Ending,
    dry_run_code,
    dry_run_words,
    exit_code,
    nothing_words,
    with_remedy,
)
from masking_console.linear.output import JsonLines, TextLines
from masking_console.linear.plan import (
    Choice,
    ExpiryRequest,
    check_size,
    choose,
    chosen_account,
    confirmed_at_prompt,
    confirmed_by_option,
    full_phrase,
    how_to_confirm,
)
from masking_console.linear.prompt import (
    StopSignals,
    controlling_terminal,
    typed_answer,
)
from masking_console.models.account import Account
from masking_console.models.expiry import (
    ConfirmedPlan,
    ExpiryPlan,
    ExpiryResult,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.history import BatchRecord
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.run_events import (
    LookedAgain,
    LookFound,
    RunFinished,
    RunPaused,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.policy import NOTHING_SENT, READ_ONLY, WriteState
from masking_console.operations.run_control import RunControl
from masking_console.operations.wiring import Operations
from masking_console.presentation.display import day_and_second
from masking_console.presentation.finished import unsettled_words
from masking_console.presentation.history import preparing_words
from masking_console.presentation.listing import called_off, other_account, still_open
from masking_console.presentation.review import (
    consequences,
    differences,
    sessions,
    title,
)
from masking_console.presentation.run_lines import headline, learnt_line


class SecondLook:
    """Waits, looks at a finished batch once more, and tells what it finds."""

    def __init__(
        self,
        operations: Operations,
        lines: TextLines | JsonLines,
        signals: StopSignals,
    ) -> None:
        self._operations = operations
        self._lines = lines
        self._signals = signals

    async def run(
        self, summary: ExpirySummary, clock: Callable[[], datetime]
    ) -> ExpirySummary:
        """Return what is known of the batch then; a signal ends the wait or the look.

        The run is over and stands in the journal, so nothing is lost by that.
        """
        seconds = self._operations.settings.second_look_seconds
        self._lines.note(f"Looking once more in {seconds:.0f} s. Ctrl+C skips it.")
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        with self._signals.reacting(lambda _n: _soon(loop, told.set)):
            try:
                await asyncio.wait_for(told.wait(), seconds)
            except TimeoutError:
                return await self._look(summary, clock)
        return summary

    async def _look(
        self, summary: ExpirySummary, clock: Callable[[], datetime]
    ) -> ExpirySummary:
        results = {each.session_uuid: each for each in summary.results}
        stream = self._operations.second_look(summary)
        loop = asyncio.get_running_loop()
        try:
            with self._signals.reacting(lambda _n: _soon(loop, stream.cancel)):
                async for found in stream:
                    for each in found:
                        self._lines.look(each, clock())
                        _learn(results, each)
        except JournalError as error:
            self._lines.note(with_remedy(error))
        return replace(summary, results=tuple(results.values()))


def _learn(results: dict[SessionUuid, ExpiryResult], found: LookFound) -> None:
    """Take over what a look says of a session of the batch."""
    if isinstance(found, LookedAgain):
        results[found.session_uuid] = found.result


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ExpireJob:
    """One call of `masking-console expire`."""

    def __init__(
        self,
        operations: Operations,
        request: ExpiryRequest,
        lines: TextLines | JsonLines,
        signals: StopSignals | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._operations = operations
        self._request = request
        self._lines = lines
        self._clock = clock
        self._policy = operations.policy
        self._signals = signals or StopSignals()
        # A loop of its own, so that the thread's is left as it was.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._is_stopped = False

    def run(self) -> ExitCode:
        """Do all of it, and return how it ended.

        Raises:
            MaskingConsoleError: it could not begin, was refused or was stopped.
        """
        with self._signals.caught(), self._runner:
            chosen = chosen_account(self._operations, self._lines.note, self._signals)
            account = self._runner.run(chosen)
            self._runner.run(self._open_journal(account))
            uuids = self._request.session_uuids
            checked = self._runner.run(self._check(account, uuids, is_told=True))
            includes = self._request.includes_in_call
            pasted = self._request.pasted
            choice = choose(
                account,
                checked,
                includes_in_call=includes,
                named_otherwise=pasted.named_otherwise,
            )
            self._note_reports(account, checked)
            self._lines.planned(choice, self._clock())
            for note in choice.notes:
                self._lines.note(note)
            try:
                ending = self._carry_out(choice)
            except MaskingConsoleError as error:
                ending = Ending(choice, error.exit_code, with_remedy(error))
                self._lines.failed(ending, self._clock())
                raise
            self._lines.ended(ending, self._clock())
            return ending.code

    @property
    def _unread(self) -> int:
        """Number of possible session ids that could not be read."""
        return self._request.pasted.incomplete_count

    def _note_reports(
        self, account: Account, checked: Sequence[CheckedSession]
    ) -> None:
        """Warn of a report of another account, or of one that Plivo contradicts."""
        for report in self._request.pasted.reports:
            if words := other_account(report, account):
                self._lines.note(words)
        if words := still_open(checked, called_off(self._request.pasted)):
            self._lines.note(words)

    def _carry_out(self, choice: Choice) -> Ending:
        """Confirm and expire what was chosen, and look again."""
        if choice.wrong_account:
            raise RefusedError(f"{choice.wrong_account} Nothing was sent.")
        if self._request.is_dry_run:
            return self._end_of_dry_run(choice)
        if not choice.planned:
            code = exit_code(None, choice.left_out, unread=self._unread)
            return Ending(choice, code, nothing_words(choice))
        confirmed = self._confirmed(self._plan(choice))
        summary = self._runner.run(self._expire(confirmed))
        self._is_stopped = self._signals.count > 0
        ending = self._ending(choice, summary)
        self._lines.run_ended(ending)
        if self._request.watches and not self._is_stopped:
            watch = SecondLook(self._operations, self._lines, self._signals)
            known = self._runner.run(watch.run(summary, self._clock))
            ending = self._ending(choice, known)
        return ending

    def _end_of_dry_run(self, choice: Choice) -> Ending:
        if choice.planned:
            check_size(self._plan(choice))
        code = dry_run_code(choice.left_out, unread=self._unread)
        return Ending(choice, code, dry_run_words(choice))

    def _ending(self, choice: Choice, summary: ExpirySummary) -> Ending:
        code = exit_code(
            summary,
            choice.left_out,
            unread=self._unread,
            is_stopped=self._is_stopped,
        )
        words = headline(BatchRecord.of(summary))
        seal = ""
        if summary.end is not RunEnd.JOURNAL_FAILED:
            with suppress(JournalError):
                seal = self._runner.run(self._operations.journal_seal())
        return Ending(choice, code, words, summary, seal)

    async def _open_journal(self, account: Account) -> None:
        """Make sure that it can be written, and tell of runs that were cut off."""
        where = f"{account.label.upper()} ({account.auth_id.tail})"
        self._lines.note(f"Account {where}, {day_and_second(self._clock())}")
        if self._operations.practice_account is not None:
            self._lines.note("PRACTICE. Nothing here is real.")
        for words in await self._operations.warm_up(account):
            self._lines.note(words)
        try:
            for words in await self._operations.open_journal():
                self._lines.note(words)
            if not self._request.is_dry_run:
                await self._prepare_search()
            if matters := await self._operations.not_settled(account):
                where = "Open the console on this account and press U."
                self._lines.note(f"{unsettled_words(matters)} {where}")
        except JournalError as error:
            # A dry run needs none.
            if not self._request.is_dry_run:
                raise
            self._lines.note(with_remedy(error))

    async def _prepare_search(self) -> None:
        """Prepare a large journal for searching, once, and say how far it is."""
        told = -1
        async for progress in self._operations.prepare_search():
            self._stop_if_told()
            tenth = 10 * progress.done // max(1, progress.total)
            if not progress.is_done and tenth > told:
                told = tenth
                self._lines.note(preparing_words(progress))

    async def _check(
        self, account: Account, uuids: Sequence[SessionUuid], *, is_told: bool
    ) -> tuple[CheckedSession, ...]:
        """Ask Plivo for every session, and return the answers in the same order."""
        self._stop_if_told()
        self._lines.note(f"Checking {sessions(len(uuids))} with Plivo ...")
        found: dict[SessionUuid, CheckedSession] = {}
        stream = self._operations.check(account, uuids)
        loop = asyncio.get_running_loop()
        try:
            with self._signals.reacting(lambda _count: _soon(loop, stream.cancel)):
                async for items in stream:
                    for each in items:
                        if not isinstance(each, CheckedSession):
                            self._lines.note(learnt_line(each, self._clock()).line)
                            continue
                        if each.state is CheckState.CHECKING:
                            continue
                        found[each.session_uuid] = each
                        if is_told:
                            self._lines.checked(each, self._clock())
        except TokenRefusedError as error:
            raise TokenRefusedError(f"{with_remedy(error)} Nothing was sent.") from None
        finally:
            stream.cancel()
        self._stop_if_told()
        return tuple(found[uuid] for uuid in uuids)

    def _stop_if_told(self) -> None:
        if self._signals.count:
            _raise_stopped(self._signals.count)

    def _plan(self, choice: Choice) -> ExpiryPlan:
        return ExpiryPlan(
            account=choice.account,
            sessions=choice.planned,
            left_out=choice.left_out,
            ticket=self._request.cause.ticket,
            reason=self._request.cause.reason,
            rules=self._operations.settings.confirmation,
            named_otherwise=choice.named_otherwise,
        )

    def _confirmed(self, plan: ExpiryPlan) -> ConfirmedPlan:
        """Return the confirmed plan, looked at again if its check has grown old."""
        self._policy.writes.use(plan.account)
        if self._policy.writes.state is WriteState.READ_ONLY:
            raise RefusedError(f"{READ_ONLY} {NOTHING_SENT}")
        check_size(plan)
        for line in consequences(plan, self._clock()):
            self._lines.note(line)
        answer = self._request.confirm
        confirmed = (
            confirmed_at_prompt(plan, self._asked(plan))
            if answer is None
            else confirmed_by_option(plan, answer)
        )
        # The answer names the account, as a person does who turns writes on.
        self._policy.writes.turn_on()
        now = self._clock()
        if any(self._policy.is_stale(each, now) for each in plan.sessions):
            uuids = [each.session_uuid for each in plan.sessions]
            again = self._runner.run(self._check(plan.account, uuids, is_told=False))
            if changes := differences(plan.sessions, again):
                changed = " ".join(changes)
                raise RefusedError(f"{changed} Nothing was sent. Run this again.")
            confirmed = confirmed.checked_again(again)
        self._stop_if_told()
        return confirmed

    def _asked(self, plan: ExpiryPlan) -> str:
        """Ask on the terminal for number and account."""
        phrase = full_phrase(plan)
        with controlling_terminal() as terminal:
            if terminal is None:
                raise RefusedError(
                    "There is no terminal to ask on. Nothing was sent. "
                    f"{how_to_confirm(plan)}"
                )
            question = f"{title(plan)} Type {phrase} to go ahead:"
            with self._signals.reacting(_raise_stopped):
                return typed_answer(question, phrase, terminal)

    async def _expire(self, confirmed: ConfirmedPlan) -> ExpirySummary:
        """Carry out a confirmed plan and tell what happens."""
        control = RunControl()
        stream = self._operations.expire(confirmed, control)
        loop = asyncio.get_running_loop()

        def stop(count: int) -> None:
            # At once and without the loop, which a full pipe may hold up.
            control.stop(self._signals.end)
            if count == 1:
                words = "Stopping after what is in flight. Again: leave at once."
                _soon(loop, lambda: self._lines.note(words))
            else:
                _soon(loop, stream.cancel)

        with self._signals.reacting(stop):
            async for events in stream:
                for event in events:
                    self._lines.event(event, self._clock())
                    if isinstance(event, RunPaused):
                        # Nobody sits here who could say whether to go on.
                        control.stop(event.end)
                    elif isinstance(event, RunFinished):
                        return event.summary
        raise StoppedError(
            "Left at once. What was in flight is unknown, and the journal says so. "
            "Open the console to check it."
        )


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    """Do something in the loop, from a signal handler, which may take no lock."""
    loop.call_soon_threadsafe(work)


def _raise_stopped(_count: int) -> None:
    raise StoppedError("Stopped. Nothing was sent.")
