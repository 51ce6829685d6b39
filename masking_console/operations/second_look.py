"""A second look, a while after the end: is what was expired still expired?

Nobody outside knows how soon a GET sees everything, and an operator's own backend may
create the same session again. Both come to light a minute later, or never.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from masking_console.errors import JournalError
from masking_console.journal.journal import Journal
from masking_console.models.account import Account
from masking_console.models.expiry import (
    OFF,
    UNSETTLED,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.masking_session import (
    MaskingSession,
    SessionStatus,
    bare_number,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    Learnt,
    LookedAgain,
    LookFinished,
    LookFound,
    NotLearnt,
    SessionCameBack,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import PastAttempt
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.details import ListQuery
from masking_console.presentation.run_lines import look_finished_words

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient


_MOST_LOOKS = 5


class Learning:
    """One for each time that sessions are looked at."""

    def __init__(
        self,
        journal: Journal | None,
        account: Account,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Make one; without a journal nothing is learnt."""
        self._journal = journal
        self._account = account
        self._now = now
        self._left: Mapping[SessionUuid, tuple[PastAttempt, ...]] = {}

    async def about(self, session_uuids: Iterable[SessionUuid]) -> tuple[Learnt, ...]:
        """Find out what of these sessions was left unsettled, before a look.

        Returns:
            Why nothing can be learnt, where the journal cannot be asked.
        """
        if self._journal is None:
            return ()
        try:
            self._left = await self._journal.unsettled(self._account, session_uuids)
        except JournalError as error:
            return (NotLearnt(str(error)),)
        return ()

    @property
    def waits_for(self) -> frozenset[SessionUuid]:
        """The sessions of which something can be learnt."""
        return frozenset(self._left)

    async def take(
        self, session_uuid: SessionUuid, answer: Answer
    ) -> tuple[Learnt, ...]:
        """Write down what an answer settles; return the news, one for each batch."""
        news: list[Learnt] = []
        for attempt in self._left.get(session_uuid, ()):
            result = looked_result(session_uuid, answer, self._now(), attempt.attempts)
            if self._journal is None or not is_news(
                attempt.outcome, result, is_known_missing=attempt.is_known_missing
            ):
                continue
            try:
                await self._journal.record_looked(attempt.batch_id, result)
            except JournalError as error:
                return (*news, NotLearnt(str(error)))
            news.append(LookedAgain(attempt.batch_id, result, attempt.outcome))
        return tuple(news)


def is_news(
    before: ExpiryOutcome, result: ExpiryResult, *, is_known_missing: bool = False
) -> bool:
    """Return whether a look changes what is known of a session.

    Args:
        before: its outcome so far.
        result: the result of the look.
        is_known_missing: whether a look before had not found it either.
    """
    if result.outcome is ExpiryOutcome.UNKNOWN:
        # That Plivo does not know it is worth an entry, and proves nothing.
        return result.http_status == HTTPStatus.NOT_FOUND and not is_known_missing
    return result.outcome is not before


async def patient_look(client: "PlivoClient", session_uuid: SessionUuid) -> Answer:
    """GET a session, again after each 429; the pace does the waiting."""
    answer = await client.get_session(session_uuid)
    for _ in range(_MOST_LOOKS - 1):
        if answer.verdict is not Verdict.RATE_LIMITED:
            break
        answer = await client.get_session(session_uuid)
    return answer


def looked_result(
    session_uuid: SessionUuid, answer: Answer, now: datetime, attempts: int
) -> ExpiryResult:
    """Return what a later look means for a session that was not settled."""
    outcome, words = ExpiryOutcome.UNKNOWN, f"a later look: {answer.words}"
    if answer.verdict is Verdict.NOT_FOUND:
        words = f"not found when looked at ({answer.words})"
    if answer.session is not None:
        is_expired = answer.session.status is SessionStatus.EXPIRED
        outcome = ExpiryOutcome.EXPIRED if is_expired else ExpiryOutcome.OPEN
        words = "confirmed by a later look" if is_expired else "a later look: open"
    return ExpiryResult(
        session_uuid=session_uuid,
        outcome=outcome,
        at=now,
        evidence=Evidence.LOOK if answer.session is not None else Evidence.NONE,
        http_status=answer.http_status,
        api_id=answer.api_id,
        elapsed_ms=answer.elapsed_ms,
        attempts=attempts,
        detail=PlainText(words),
    )


_CLOCKS_DIFFER = timedelta(minutes=5)
"""Largest difference between Plivo's clock and ours that misses nothing."""

Pair = frozenset[str]
"""The two numbers of a session, in whichever order."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Parts of one second look."""

    client: "PlivoClient"
    summary: ExpirySummary
    emit: Emit[LookFound]

    @property
    def batch_id(self) -> str:
        """The batch that is looked at."""
        return self.summary.batch.batch_id


class SecondLook:
    """Looks at every session of a finished batch once more."""

    def __init__(
        self,
        connections: Connections,
        journal: Journal,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connections = connections
        self._journal = journal
        self._now = now

    async def run(self, summary: ExpirySummary, emit: Emit[LookFound]) -> None:
        """Emit what is not as the run left it; the last event is `LookFinished`.

        Raises:
            JournalError: what was found, or the end, could not be written down.
        """
        look = _Look(self._connections.client(summary.batch.account), summary, emit)
        off = [each for each in summary.results if each.outcome in OFF]
        unsettled = [each for each in summary.results if each.outcome in UNSETTLED]
        still = await asyncio.gather(*(self._is_still_off(look, each) for each in off))
        known = await asyncio.gather(*(self._resolve(look, each) for each in unsettled))
        expired = {each.session_uuid for each in off}
        found = await self._find_twins(look, expired)
        finished = LookFinished(
            looked_at=len(off) + len(unsettled),
            still_off=sum(each is True for each in still),
            unanswered=sum(each is None for each in (*still, *known)),
            pairs_missed=sum(each is None for each in found),
            came_back=sum(each or 0 for each in found),
            open_again=sum(each is False for each in still),
            still_open=sum(each is False for each in known),
        )
        words = PlainText(look_finished_words(finished))
        if summary.end is RunEnd.JOURNAL_FAILED and None not in known:
            # It can be written again, and nothing that was sent is unknown any more.
            await self._journal.end_recovered(look.batch_id, summary.end)
        await self._journal.end_second_look(
            look.batch_id, words, is_clean=finished.is_clean
        )
        emit(finished)

    async def _is_still_off(self, look: _Look, result: ExpiryResult) -> bool | None:
        """Return whether it is; None where Plivo gave no answer that tells."""
        answer = await patient_look(look.client, result.session_uuid)
        if answer.session is None:
            return None
        if answer.session.status is SessionStatus.EXPIRED:
            return True
        words = f"open at the second look ({answer.session.status_word})"
        found = looked_result(result.session_uuid, answer, self._now(), result.attempts)
        found = replace(found, detail=PlainText(words))
        await self._journal.record_looked(look.batch_id, found)
        look.emit(LookedAgain(look.batch_id, found, result.outcome))
        return False

    async def _resolve(self, look: _Look, result: ExpiryResult) -> bool | None:
        """Return whether one that was not settled is expired; None if nobody knows."""
        answer = await patient_look(look.client, result.session_uuid)
        found = looked_result(result.session_uuid, answer, self._now(), result.attempts)
        if is_news(result.outcome, found):
            await self._journal.record_looked(look.batch_id, found)
            look.emit(LookedAgain(look.batch_id, found, result.outcome))
        if found.outcome is ExpiryOutcome.UNKNOWN:
            return None
        return found.outcome is ExpiryOutcome.EXPIRED

    async def _find_twins(
        self, look: _Look, expired: set[SessionUuid]
    ) -> Sequence[int | None]:
        """Return how many new sessions each pair has; None where a look failed."""
        planned = look.summary.batch.confirmed.plan.sessions
        pairs: dict[Pair, MaskingSession] = {}
        for checked in planned:
            if checked.session is not None and checked.session_uuid in expired:
                pairs.setdefault(_pair(checked.session), checked.session)
        own = {checked.session_uuid for checked in planned}
        return await asyncio.gather(
            *(
                self._new_sessions(look, session, own)
                for pair, session in pairs.items()
                if "" not in pair
            )
        )

    async def _new_sessions(
        self, look: _Look, old: MaskingSession, own: set[SessionUuid]
    ) -> int | None:
        """Emit, journal and count twins; None where Plivo's list tells nothing."""
        first, second = old.first_party, old.second_party
        since = look.summary.started_at - _CLOCKS_DIFFER
        is_told, told = True, set[SessionUuid]()
        for one, other in ((first, second), (second, first)):
            query = ListQuery(first_party=one, second_party=other, created_from=since)
            _answer, page = await look.client.list_sessions(query)
            if page is None:
                is_told = False
                continue
            for twin in _twins(page.sessions, old, since, own | told):
                told.add(twin.session_uuid)
                await self._tell_twin(look, old, twin)
        return len(told) if is_told or told else None

    async def _tell_twin(
        self, look: _Look, old: MaskingSession, twin: MaskingSession
    ) -> None:
        await self._journal.record_came_back(
            look.batch_id,
            old.session_uuid,
            PlainText(f"a new open session for the same numbers: {twin.session_uuid}"),
        )
        look.emit(SessionCameBack(old.session_uuid, twin.session_uuid, self._now()))


def _twins(
    sessions: Iterable[MaskingSession],
    old: MaskingSession,
    since: datetime,
    own: set[SessionUuid],
) -> Sequence[MaskingSession]:
    """Return the open sessions of the same pair; no filter of Plivo's is trusted."""
    return [
        session
        for session in sessions
        if session.status is not SessionStatus.EXPIRED
        and session.session_uuid not in own
        and _pair(session) == _pair(old)
        and (session.created_time is None or session.created_time >= since)
    ]


def _pair(session: MaskingSession) -> Pair:
    return frozenset(map(bare_number, (session.first_party, session.second_party)))
