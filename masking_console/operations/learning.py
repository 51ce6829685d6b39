"""What looks after the end find out about sessions of earlier batches, written down.

Every GET and every list of this program passes here: whichever of them settles what a
batch has left unsettled, the journal learns it, with its evidence.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from masking_console.errors import JournalError
from masking_console.journal.journal import Journal
from masking_console.models.account import Account
from masking_console.models.expiry import (
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
)
from masking_console.models.masking_session import SessionStatus
from masking_console.models.past_attempt import PastAttempt
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import Learnt, LookedAgain, NotLearnt
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import Answer, Verdict

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
