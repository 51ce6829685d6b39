"""Query of the history, and its answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypedDict

from masking_console.errors import InputError
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord, SessionRecord, tickets_of
from masking_console.models.journal_entry import (
    DamagedEntry,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.plain_text import plain_text

_OF_A_WHOLE_BATCH = frozenset(
    {
        JournalEvent.BATCH_ENDED,
        JournalEvent.BATCH_RESUMED,
        JournalEvent.SECOND_LOOK_ENDED,
        JournalEvent.TICKET_ADDED,
        JournalEvent.BATCH_SET_ASIDE,
    }
)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry with its place in the chain."""

    sequence: int
    """Its number."""
    seal: str
    """Its seal."""
    entry: JournalEntry | DamagedEntry
    """The entry, or what is left of it."""


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One entry that concerns a session, with the batch it belongs to."""

    session_uuid: str
    """The session."""
    sealed: SealedEntry
    """The entry."""
    batch: BatchRecord | None = None
    """The batch; None for an entry that concerns the whole journal."""
    tickets: tuple[str, ...] = ()
    """Every ticket of the batch, the first one first."""


def events_of_batch(
    session_uuid: str, batch: BatchRecord, entries: Iterable[SealedEntry]
) -> Iterator[SessionEvent]:
    """Yield the events of one session of a batch, oldest first."""
    rows = tuple(entries)
    tickets = tickets_of(each.entry for each in rows)
    for each in rows:
        if _concerns(session_uuid, each.entry):
            yield SessionEvent(session_uuid, each, batch, tickets)


def _concerns(session_uuid: str, entry: JournalEntry | DamagedEntry) -> bool:
    if isinstance(entry, DamagedEntry):
        return session_uuid in entry.session_uuids or not entry.session_uuids
    return (
        entry.session_uuid == session_uuid
        or entry.event in _OF_A_WHOLE_BATCH
        or session_uuid in entry.sessions
    )


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Progress of preparing the journal for searching."""

    done: int
    """Entries that were taken."""
    total: int
    """Entries that there are."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to take."""
        return self.done >= self.total


class HistoryFields(TypedDict, total=False):
    """Texts to look for by the names of `HistoryQuery`; empty ones ask for nothing."""

    batch: str
    session: str
    ticket: str
    account: str
    operator: str
    outcome: str


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Query of the history; an empty field asks for nothing."""

    batch: str = ""
    """The beginning of a batch id."""
    session: str = ""
    """The beginning of a session UUID."""
    ticket: str = ""
    """A part of the ticket."""
    account: str = ""
    """The name of the account."""
    operator: str = ""
    """Name of the operator."""
    outcome: str = ""
    """The beginning of an outcome of at least one session, such as ``unknown``."""
    since: datetime | None = None
    """The earliest beginning."""
    words: tuple[str, ...] = ()
    """Words of which each is in ticket, reason, account, operator or an id."""

    def __post_init__(self) -> None:
        if self.outcome:
            outcomes_that_begin_with(self.outcome)

    @property
    def outcomes(self) -> tuple[ExpiryOutcome, ...]:
        """The outcomes that are looked for; empty where none is."""
        return outcomes_that_begin_with(self.outcome) if self.outcome else ()

    @classmethod
    def of(cls, text: str) -> "HistoryQuery":
        """Return what a person typed: words, and ``field:value`` for a field.

        Raises:
            InputError: a field or an outcome that there is not, or a date that is none.
        """
        fields: dict[str, str] = {}
        words: list[str] = []
        for word in text.split():
            name, colon, value = word.partition(":")
            if not colon:
                words.append(word)
                continue
            if name not in _FIELDS:
                raise InputError(f"No field {name}. Fields: {', '.join(_FIELDS)}.")
            if name == "outcome":
                outcomes_that_begin_with(value)
            fields[name] = value
        since = fields.pop("since", "")
        return cls(
            **fields,
            since=parse_date(since) if since else None,
            words=tuple(words),
        )

    def matches(self, record: BatchRecord) -> bool:
        """Whether the batch is one that is looked for."""
        return (
            record.batch_id.casefold().startswith(self.batch.casefold())
            and _holds_ticket(record, self.ticket.casefold())
            and self.account.casefold() in {"", record.account_name.casefold()}
            and (not self.operator or self.operator.casefold() in _operators(record))
            and (self.since is None or record.began_at >= self.since)
            and self._matches_a_session(record)
            and all(_holds(record, word.casefold()) for word in self.words)
        )

    def _matches_a_session(self, record: BatchRecord) -> bool:
        if not (self.session or self.outcome):
            return True
        return any(map(self.wants, record.sessions))

    def narrowed(self, record: BatchRecord) -> BatchRecord:
        """Return the batch with only the sessions that are looked for by their ids."""
        begin = self.session.casefold()
        kept = tuple(e for e in record.sessions if e.session_uuid.startswith(begin))
        return replace(record, sessions=kept, left_out=len(record.sessions) - len(kept))

    def names(self, session: SessionRecord) -> bool:
        """Whether the query means this very session of a batch that matches."""
        if self.session or self.outcome:
            return self.wants(session)
        words = map(str.casefold, self.words)
        return any(session.session_uuid.startswith(word) for word in words)

    def wants(self, session: SessionRecord) -> bool:
        """Whether a session of a batch is one that is looked for."""
        return session.session_uuid.startswith(self.session.casefold()) and (
            not self.outcome or session.outcome in self.outcomes
        )


_FIELDS = ("batch", "session", "ticket", "account", "operator", "outcome", "since")


def _holds_ticket(record: BatchRecord, part: str) -> bool:
    return not part or any(part in each.casefold() for each in record.tickets)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of the batches that match, and how many there are."""

    batches: tuple[BatchRecord, ...] = ()
    """The batches, the newest first."""
    total: int = 0
    """Number of batches that match, on the first page; damaged ones always count."""
    all: int = 0
    """Number of all batches, whether they match or not."""
    next: int | None = None
    """Start of the next page; None behind the last."""
    damaged: tuple[int, ...] = ()
    """The numbers of the entries of the whole journal that cannot be read."""
    last_seal: str = ""
    """The seal of the last entry; empty where there is none."""
    is_more: bool = False
    """Whether more match than `total`, which a team's server counts no further."""


def outcomes_that_begin_with(text: str) -> tuple[ExpiryOutcome, ...]:
    """Return the outcomes that begin so.

    Raises:
        InputError: the text is empty, or none begins so.
    """
    begin = text.strip().casefold()
    found = tuple(e for e in ExpiryOutcome if begin and e.value.startswith(begin))
    if not found:
        names = ", ".join(each.value for each in ExpiryOutcome)
        shown = plain_text(text, limit=40).strip()
        problem = f'No outcome "{shown}".' if shown else "Which outcome?"
        raise InputError(f"{problem} Outcomes: {names}.")
    return found


def parse_date(text: str) -> datetime:
    """Return the beginning of a day such as ``2026-03-04``, in UTC.

    Raises:
        InputError: it is no date.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InputError("Write the date as 2026-03-04.") from None


def _operators(record: BatchRecord) -> set[str]:
    names = (record.operator, record.sudo_user, record.operator_name, record.login)
    return {name.casefold() for name in names if name}


def _holds(record: BatchRecord, word: str) -> bool:
    texts = (*record.tickets, record.reason, record.account_name, record.by)
    return (
        any(word in text.casefold() for text in texts)
        or record.batch_id.casefold().startswith(word)
        or any(each.session_uuid.startswith(word) for each in record.sessions)
    )
