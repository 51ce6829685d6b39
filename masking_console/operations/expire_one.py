"""One session of a confirmed batch: intent, DELETE, outcome, and a look where in doubt.

Expiring twice is harmless, so an attempt that stayed unclear may be made again, at
most three times in all; each stands in the journal before it leaves. What is not known
in the end is called unknown, and what a look finds open is called just that.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from masking_console.journal.journal import Journal
from masking_console.models.expiry import (
    EXPIRED_BY_THEN,
    Batch,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
)
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    SessionStatus,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.run_events import (
    AttemptUnclear,
    RunEvent,
    RunWaiting,
    SessionSending,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.engine import Emit
from masking_console.operations.policy import ASLEEP_SECONDS
from masking_console.operations.run_control import RunControl
from masking_console.operations.team import IntentGate
from masking_console.plivo.answers import Answer, Verdict

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

MOST_ATTEMPTS = 3
"""DELETEs for one session whose answers stayed unclear."""
MOST_REFUSALS = 5
"""Answers 429 for one session, before it is left alone."""
MOST_LOOKS = 3
"""GETs after one unclear DELETE."""

_FINAL = {
    Verdict.EXPIRED: ExpiryOutcome.EXPIRED,
    Verdict.ALREADY_EXPIRED: ExpiryOutcome.ALREADY_EXPIRED,
    Verdict.TOKEN_REFUSED: ExpiryOutcome.REFUSED,
    Verdict.FORBIDDEN: ExpiryOutcome.REFUSED,
    Verdict.REFUSED: ExpiryOutcome.REFUSED,
    Verdict.REDIRECTED: ExpiryOutcome.FAILED,
}
_DEFINITE_NO = frozenset({Verdict.REFUSED, Verdict.REDIRECTED})
_LOOK_AGAIN = frozenset({Verdict.UNCLEAR, Verdict.NOT_SENT, Verdict.RATE_LIMITED})
_NO_ANSWER = Answer(Verdict.NOT_SENT)
_ASLEEP = Answer(Verdict.NOT_SENT, detail=PlainText("asleep"))


@dataclass(frozen=True, slots=True)
class Waits:
    """Waiting times before the steps, in seconds."""

    offline: float = 5.0
    """Before the next attempt when no connection came about."""
    again: float = 0.5
    """Before the next attempt when the session is still open."""
    look: float = 1.0
    """Before another look when a look brought nothing."""
    first_one: float = 5.0
    """After the first session of a large batch: the operator's last chance."""
    beat: float = 1.0
    """Between two looks at the clocks."""
    asleep: float = ASLEEP_SECONDS
    """A longer gap than this between two such looks is a sleep."""


@dataclass(slots=True)
class ExpireOne:
    """The one way in which a session is expired; one for each session."""

    client: "PlivoClient"
    """Plivo, signed in as the batch's account."""
    journal: Journal
    """Journal for each intent and outcome."""
    batch: Batch
    """The confirmed run."""
    control: RunControl
    """The operator's hand on it."""
    emit: Emit[RunEvent]
    """Callback for each event."""
    session_uuid: SessionUuid
    """The session."""
    waits: Waits
    """Waiting times."""
    reviewed: CheckState
    """Its state in the reviewed list."""
    is_awake: Callable[[], bool] = lambda: True
    """Whether nothing happened to the process since the last look at the clocks."""
    looks: MutableMapping[SessionUuid, Answer] = field(default_factory=dict)
    """The looks at what was left after a sleep."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The clock."""
    gate: IntentGate | None = None
    """Gate that holds each DELETE back until the team's server has its intent."""
    _attempts: int = 0
    _unclear: int = 0
    _refusals: int = 0
    _offline: int = 0
    _open: ExpiryResult | None = None
    _by_look: ExpiryResult | None = None

    async def run(self) -> ExpiryResult:
        """Return what became of the session; the journal has it too.

        Raises:
            JournalError: the journal cannot be written. Before the first attempt
                nothing was sent; later the outcome may stand in no entry.
        """
        try:
            result = await self._settle()
        except asyncio.CancelledError:
            # The program ends: whatever was under way is written down as it stands.
            if self._attempts:
                words = "the console ended before the answer"
                result = self._result(_NO_ANSWER, ExpiryOutcome.UNKNOWN, detail=words)
                await self.journal.record_settled(self.batch, result)
            raise
        await self.journal.record_settled(self.batch, result)
        return result

    def unrecorded(self, why: str) -> ExpiryResult:
        """Return the word on a session whose journal entry failed."""
        if not self._attempts:
            outcome = ExpiryOutcome.NOT_SENT
        else:
            outcome = ExpiryOutcome.UNKNOWN
        return self._result(_NO_ANSWER, outcome, detail=why)

    async def _settle(self) -> ExpiryResult:
        while True:
            answer = await self._attempt()
            if answer is None:
                # A look after a sleep has the last word on one that is stopped as well.
                self._is_settled_by_look()
                return self._by_look or replace(self._so_far(), at=self.now())
            # A look has found every session of a plan, so a 404 contradicts it; and
            # a no to this attempt says nothing of an earlier one that was unclear.
            is_after_unclear = answer.verdict in _DEFINITE_NO and self._unclear
            if answer.is_missing or is_after_unclear:
                return await self._look_at_last(answer)
            if answer.verdict in _FINAL:
                return self._final(answer)
            if answer.verdict is Verdict.RATE_LIMITED:
                settled = await self._after_refusal(answer)
            elif answer.verdict is Verdict.NOT_SENT:
                settled = await self._after_no_connection(answer)
            else:
                settled = await self._after_unclear(answer)
            if settled is not None:
                return settled

    async def _attempt(self) -> Answer | None:
        """Send one DELETE; return None where nothing more may be sent for it."""
        while (answer := await self._attempt_awake()) is _ASLEEP:
            # What was intended before a sleep is not sent after it.
            result = self._result(
                _NO_ANSWER,
                ExpiryOutcome.NOT_SENT,
                detail="the computer slept before it was sent",
            )
            await self.journal.record_unclear(self.batch, result)
        return answer

    async def _attempt_awake(self) -> Answer | None:
        pace = self.client.pace
        while True:
            may_send = await self.control.may_go_on() and not self._is_settled_by_look()
            if not (may_send and await self.control.unless_stopped(pace.take())):
                return None
            # A pause that came while the permit was waited for counts as well; it is
            # not kept meanwhile, because a look after a sleep needs one.
            if self.control.is_open:
                break
            pace.give_back()
        try:
            intent = await self.journal.record_intent(
                self.batch, self.session_uuid, self._attempts + 1
            )
            gate = self.gate
            if gate is not None and not await gate.lets_pass(
                intent, self.control, self.emit
            ):
                return None
            # Immediately before it leaves: it may be long ago that it was confirmed.
            if not self.is_awake():
                return _ASLEEP
            self._attempts += 1
            self.emit(SessionSending(self.session_uuid))
            return await self.client.expire_session(intent)
        finally:
            pace.give_back()

    def _is_settled_by_look(self) -> bool:
        """Return whether a look after a sleep forbids to send, and keep its word."""
        look = self.looks.pop(self.session_uuid, None)
        if look is None:
            return False
        state = CheckState.NOT_FOUND
        if look.session is not None:
            state = CheckedSession.of(look.session, self.now()).state
        if state in {self.reviewed, CheckState.ACTIVE}:
            return False
        if state is CheckState.EXPIRED:
            outcome = ExpiryOutcome.ALREADY_EXPIRED
            if self._unclear:
                outcome = ExpiryOutcome.EXPIRED
            words = "expired when looked at after a sleep"
            self._by_look = self._result(look, outcome, Evidence.LOOK, words)
        elif self._open is None:
            words = f"{state.value.lower()} when looked at after a sleep"
            outcome = ExpiryOutcome.NOT_SENT
            self._by_look = self._result(_NO_ANSWER, outcome, detail=words)
        return True

    async def _after_unclear(self, answer: Answer) -> ExpiryResult | None:
        """Look; return the result, or None to try again."""
        self._unclear += 1
        await self._tell_unclear(answer, "checking")
        self._open = None
        is_last = self._unclear >= MOST_ATTEMPTS
        looked = self._looked(answer, await self._look(is_last=is_last))
        if is_last or looked.outcome is not ExpiryOutcome.OPEN:
            return looked
        self._open = looked
        await self.control.sleep(self.waits.again)
        return None

    async def _look_at_last(self, answer: Answer) -> ExpiryResult:
        """Look after a refusal that is not believed by itself; nothing follows it."""
        await self._tell_unclear(answer, "checking")
        look = await self._look(is_last=True)
        is_gone = answer.is_missing and look.verdict is Verdict.NOT_FOUND
        if is_gone and not self._unclear:
            words = "neither the DELETE nor a look finds it"
            return self._result(look, ExpiryOutcome.NOT_FOUND, Evidence.LOOK, words)
        return self._looked(answer, look)

    def _looked(self, answer: Answer, look: Answer) -> ExpiryResult:
        """Return what a look means after an answer that did not settle it."""
        if look.session is None:
            words = f"{_words(answer)}; then {_words(look)}"
            return self._result(answer, ExpiryOutcome.UNKNOWN, detail=words)
        if look.session.status is SessionStatus.EXPIRED:
            words = _confirmed_after(answer)
            return self._result(look, ExpiryOutcome.EXPIRED, Evidence.LOOK, words)
        times = f", {self._attempts} times" if self._attempts > 1 else ""
        words = f"{_words(answer)}{times}; open when looked at"
        return self._result(answer, ExpiryOutcome.OPEN, Evidence.LOOK, words)

    async def _after_refusal(self, answer: Answer) -> ExpiryResult | None:
        """Wait as a 429 asks: it was not processed, so sending again is safe."""
        self._refusals += 1
        await self._tell_unclear(answer, "waiting")
        if self._refusals >= MOST_REFUSALS:
            return self._so_far(answer)
        # The gate of the pace holds the next attempt back, and everybody else's.
        self.emit(RunWaiting(self.client.pace.closed_for, "Slowed by Plivo (429)."))
        return None

    async def _after_no_connection(self, answer: Answer) -> ExpiryResult | None:
        self._offline += 1
        await self._tell_unclear(answer, "trying again")
        if self._offline >= MOST_ATTEMPTS:
            return self._so_far(answer)
        words = f"Offline: {answer.words}. Nothing is being sent."
        self.emit(RunWaiting(self.waits.offline, words))
        await self.control.sleep(self.waits.offline)
        return None

    async def _look(self, *, is_last: bool) -> Answer:
        """GET the session, again where that brings nothing, and return the last.

        Nobody knows how soon a GET sees what a DELETE did, so a session is looked at
        several times before it is called open for good.
        """
        look = await self.client.get_session(self.session_uuid)
        for _ in range(MOST_LOOKS - 1):
            is_open = (
                look.session is not None
                and look.session.status is not SessionStatus.EXPIRED
            )
            if look.verdict not in _LOOK_AGAIN and not (is_open and is_last):
                break
            is_stopped = not await self.control.sleep(self.waits.look)
            if is_stopped and self.client.pace.closed_for:
                # Up to a minute behind the gate is more than a stop may take.
                break
            look = await self.client.get_session(self.session_uuid)
        return look

    async def _tell_unclear(self, answer: Answer, next_step: str) -> None:
        result = self._result(answer, ExpiryOutcome.UNKNOWN)
        await self.journal.record_unclear(self.batch, result)
        self.emit(AttemptUnclear(result, next_step))

    def _final(self, answer: Answer) -> ExpiryResult:
        outcome, detail = _FINAL[answer.verdict], _words(answer)
        if self._unclear and outcome is ExpiryOutcome.ALREADY_EXPIRED:
            # It was open when this batch began, so one of our attempts may have
            # done it, or somebody else; that it is expired is certain.
            outcome, detail = ExpiryOutcome.EXPIRED, EXPIRED_BY_THEN
        elif self._unclear and outcome is not ExpiryOutcome.EXPIRED:
            # The sign-in is refused, so that not even a look can tell.
            outcome = ExpiryOutcome.UNKNOWN
        return self._result(answer, outcome, Evidence.ANSWER, detail)

    def _so_far(self, answer: Answer | None = None) -> ExpiryResult:
        """Return the word on a session that is left alone from here on."""
        if self._open is not None:
            return replace(self._open, attempts=self._attempts)
        return self._result(answer or _NO_ANSWER, ExpiryOutcome.NOT_SENT)

    def _result(
        self,
        answer: Answer,
        outcome: ExpiryOutcome,
        evidence: Evidence = Evidence.NONE,
        detail: str | None = None,
    ) -> ExpiryResult:
        return ExpiryResult(
            session_uuid=self.session_uuid,
            outcome=outcome,
            at=self.now(),
            evidence=evidence,
            http_status=answer.http_status,
            api_id=answer.api_id,
            elapsed_ms=answer.elapsed_ms,
            attempts=self._attempts,
            detail=plain_text(_words(answer) if detail is None else detail, limit=200),
        )


def _words(answer: Answer) -> str:
    """Return Plivo's words alone where there are any: the status has a column."""
    is_said = answer.verdict in _FINAL and answer.is_plivos and answer.detail
    return answer.detail if is_said else answer.words


def _confirmed_after(answer: Answer) -> str:
    if answer.http_status is None:
        return f"confirmed by a look, after {answer.detail}"
    return f"confirmed by a look, after answer {answer.http_status}"
