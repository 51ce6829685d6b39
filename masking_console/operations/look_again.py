"""A second look, a while after the end: is what was expired still expired?

Nobody outside knows how soon a GET sees everything, and an operator's own backend may
create the same session again. Both come to light a minute later, or never.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from masking_console.journal.journal import Journal
from masking_console.models.expiry import (
    UNSETTLED,
    ExpiryOutcome,
    ExpiryResult,
    ExpirySummary,
)
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.plain_text import PlainText
from masking_console.models.run_events import (
    LookedAgain,
    LookFinished,
    LookFound,
    SessionCameBack,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.operations.resume_batches import looked_result, patient_look

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

_OFF = {ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED}
_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far Plivo's clock may be from ours before something is missed."""

Pair = frozenset[str]
"""The two numbers of a session, in whichever order."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one second look works with."""

    client: "PlivoClient"
    summary: ExpirySummary
    emit: Emit[LookFound]


class LookAgain:
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
        """Emit what is not as the run left it; the last event is `LookFinished`."""
        look = _Look(self._connections.client(summary.batch.account), summary, emit)
        off = [each for each in summary.results if each.outcome in _OFF]
        unsettled = [each for each in summary.results if each.outcome in UNSETTLED]
        still = await asyncio.gather(*(self._is_still_off(look, each) for each in off))
        known = await asyncio.gather(*(self._resolve(look, each) for each in unsettled))
        expired = {each.session_uuid for each in off}
        found = await self._find_twins(look, expired)
        emit(
            LookFinished(
                looked_at=len(off) + len(unsettled),
                still_off=sum(each is True for each in still),
                unanswered=sum(each is None for each in (*still, *known)),
                pairs_missed=sum(each is None for each in found),
                came_back=sum(each or 0 for each in found),
                open_again=sum(each is False for each in still),
            )
        )

    async def _is_still_off(self, look: _Look, result: ExpiryResult) -> bool | None:
        """Return whether it is; None where Plivo gave no answer that tells."""
        answer = await patient_look(look.client, result.session_uuid)
        if answer.session is None:
            return None
        if answer.session.status is SessionStatus.EXPIRED:
            return True
        await self._journal.record_later(
            JournalEvent.SESSION_LOOKED,
            look.summary.batch.batch_id,
            result.session_uuid,
            PlainText(f"open at the second look ({answer.session.status_word})"),
        )
        look.emit(LookedAgain(result.session_uuid, self._now()))
        return False

    async def _resolve(self, look: _Look, result: ExpiryResult) -> bool | None:
        """Look at a session that was not settled; None where no answer tells."""
        answer = await patient_look(look.client, result.session_uuid)
        found = looked_result(result.session_uuid, answer, self._now(), result.attempts)
        if found.outcome is ExpiryOutcome.UNKNOWN:
            return None
        await self._journal.record_recovered(look.summary.batch.batch_id, found)
        look.emit(LookedAgain(result.session_uuid, found.at, found))
        return True

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
        first, second = _digits(old.first_party), _digits(old.second_party)
        since = look.summary.started_at - _CLOCKS_DIFFER
        is_told, told = True, set[SessionUuid]()
        for one, other in ((first, second), (second, first)):
            _answer, page = await look.client.list_sessions(
                {
                    "first_party": one,
                    "second_party": other,
                    "created_time__gte": f"{since:%Y-%m-%d %H:%M:%S}",
                    "limit": "20",
                    "offset": "0",
                }
            )
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
        await self._journal.record_later(
            JournalEvent.SESSION_CAME_BACK,
            look.summary.batch.batch_id,
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
    return frozenset({_digits(session.first_party), _digits(session.second_party)})


def _digits(number: str) -> str:
    """Return a number as Plivo's filters take it: without its plus."""
    return number.strip().removeprefix("+")
