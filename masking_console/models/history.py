"""What the journal tells of earlier batches."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a look at the whole hash chain found."""

    entries: int
    """How many entries there are."""
    last_seal: str
    """The seal of the last; whoever keeps it elsewhere can prove the rest with it."""
    problems: tuple[str, ...]
    """What is wrong, one sentence an entry; empty when all is well."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or put elsewhere."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What the journal knows of one session of a batch."""

    session_uuid: SessionUuid
    """The session."""
    outcome: ExpiryOutcome
    """What became of it."""
    at: datetime
    """When the last entry about it was written."""
    evidence: str = "none"
    """What the outcome rests on."""
    http_status: int | None = None
    """The status of the last answer."""
    api_id: str = ""
    """Plivo's id of the last request."""
    elapsed_ms: int | None = None
    """How long the last request took."""
    attempts: int = 0
    """How many DELETEs were sent."""
    detail: str = ""
    """More in words."""
    later: str = ""
    """What a later look found, where it differs."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch, as the journal tells it."""

    batch_id: str
    """Its id."""
    began_at: datetime
    """When it was confirmed."""
    account_name: str
    """The operator's name for the account."""
    auth_id_tail: str
    """Its Auth ID, shortened."""
    ticket: str
    """The ticket; may be empty."""
    reason: str
    """Why; may be empty."""
    operator: str
    """Who did it."""
    host: str
    """On which computer."""
    console: str
    """The console that cares for it: that began it, or resumed it last."""
    sessions: tuple[SessionRecord, ...]
    """One a session of the reviewed list, in its order."""
    ended_at: datetime | None = None
    """When it ended; None while it runs, or when it was cut off."""
    end: str = ""
    """Why it ended."""
    seal: str = ""
    """The seal of its last entry, where it was read with it."""

    def count(self, *outcomes: ExpiryOutcome) -> int:
        """Return how many sessions came to one of these outcomes."""
        return sum(each.outcome in outcomes for each in self.sessions)

    @property
    def off(self) -> int:
        """How many sessions are known to connect no more calls."""
        return self.count(ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED)

    @property
    def unknown(self) -> tuple[SessionUuid, ...]:
        """The sessions of which nobody knows."""
        return tuple(
            each.session_uuid
            for each in self.sessions
            if each.outcome is ExpiryOutcome.UNKNOWN
        )

    @property
    def may_still_connect(self) -> tuple[SessionUuid, ...]:
        """The sessions that are not known to be off or gone."""
        gone = {
            ExpiryOutcome.EXPIRED,
            ExpiryOutcome.ALREADY_EXPIRED,
            ExpiryOutcome.NOT_FOUND,
        }
        return tuple(e.session_uuid for e in self.sessions if e.outcome not in gone)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What to look for; an empty field asks for nothing."""

    batch: str = ""
    """The beginning of a batch id."""
    session: str = ""
    """The beginning of a session UUID."""
    ticket: str = ""
    """A part of the ticket."""
    account: str = ""
    """The name of the account."""
    operator: str = ""
    """Who did it."""
    outcome: str = ""
    """An outcome that at least one session came to, such as ``unknown``."""
    since: datetime | None = None
    """The earliest beginning."""

    def matches(self, record: BatchRecord) -> bool:
        """Whether the batch is one that is looked for."""
        return (
            record.batch_id.casefold().startswith(self.batch.casefold())
            and self.ticket.casefold() in record.ticket.casefold()
            and self.account.casefold() in {"", record.account_name.casefold()}
            and self.operator.casefold() in {"", record.operator.casefold()}
            and (self.since is None or record.began_at >= self.since)
            and self._matches_a_session(record)
        )

    def _matches_a_session(self, record: BatchRecord) -> bool:
        if not (self.session or self.outcome):
            return True
        return any(
            each.session_uuid.startswith(self.session.casefold())
            and self.outcome.casefold() in {"", each.outcome.value}
            for each in record.sessions
        )


_OF_A_SESSION = frozenset(
    {
        JournalEvent.EXPIRE_INTENDED,
        JournalEvent.EXPIRE_UNCLEAR,
        JournalEvent.SESSION_SETTLED,
        JournalEvent.SESSION_LOOKED,
        JournalEvent.SESSION_CAME_BACK,
    }
)


def batch_record(entries: Iterable[JournalEntry], seal: str = "") -> BatchRecord | None:
    """Return the batch that these entries tell of, or None without a beginning.

    Args:
        entries: all entries of one batch, oldest first.
        seal: the seal of the last of them.
    """
    record: BatchRecord | None = None
    sessions: dict[str, SessionRecord] = {}
    for entry in entries:
        if entry.event is JournalEvent.BATCH_CONFIRMED:
            record = _begun(entry)
            sessions = {
                uuid: SessionRecord(SessionUuid(uuid), ExpiryOutcome.NOT_SENT, entry.at)
                for uuid in entry.sessions
            }
        elif record is None:
            continue
        elif entry.event in _OF_A_SESSION and entry.session_uuid in sessions:
            before = sessions[entry.session_uuid]
            sessions[entry.session_uuid] = _after(before, entry)
        elif entry.event is JournalEvent.BATCH_RESUMED:
            record = replace(record, console=entry.console)
        elif entry.event is JournalEvent.BATCH_ENDED:
            record = replace(record, ended_at=entry.at, end=entry.outcome)
    if record is None:
        return None
    return replace(record, sessions=tuple(sessions.values()), seal=seal)


def _begun(entry: JournalEntry) -> BatchRecord:
    return BatchRecord(
        batch_id=entry.batch_id,
        began_at=entry.at,
        account_name=entry.account_name,
        auth_id_tail=entry.auth_id_tail,
        ticket=entry.ticket,
        reason=entry.reason,
        operator=entry.operator,
        host=entry.host,
        console=entry.console,
        sessions=(),
    )


def _after(before: SessionRecord, entry: JournalEntry) -> SessionRecord:
    match entry.event:
        case JournalEvent.EXPIRE_INTENDED:
            # Until an outcome follows, nobody knows what this request did.
            return replace(
                before,
                outcome=ExpiryOutcome.UNKNOWN,
                at=entry.at,
                attempts=entry.attempt,
                evidence="none",
                detail="no outcome was written",
            )
        case JournalEvent.SESSION_SETTLED | JournalEvent.EXPIRE_UNCLEAR:
            return replace(
                before,
                outcome=ExpiryOutcome(entry.outcome),
                at=entry.at,
                evidence=entry.evidence,
                http_status=entry.http_status,
                api_id=entry.api_id,
                elapsed_ms=entry.elapsed_ms,
                attempts=entry.attempt,
                detail=entry.detail,
            )
        case _:
            return replace(before, later=entry.detail)
