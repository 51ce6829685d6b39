"""Earlier batches, as the journal has them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from masking_console.models.account import Account
from masking_console.models.expiry import (
    OFF,
    UNSETTLED,
    Evidence,
    ExpiryOutcome,
    ExpiryResult,
    ExpirySummary,
)
from masking_console.models.free_text import fit_to_keep, without_tokens
from masking_console.models.journal_entry import (
    DamagedEntry,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Record of one session of a batch."""

    result: ExpiryResult
    """The latest word on it."""
    later: PlainText = PlainText("")
    """The news of a look after the end that concern another session."""
    before: ExpiryResult | None = None
    """The word of the run, where a later look has changed it."""

    @property
    def session_uuid(self) -> SessionUuid:
        """The session."""
        return self.result.session_uuid

    @property
    def outcome(self) -> ExpiryOutcome:
        """Its outcome."""
        return self.result.outcome


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that a person has added to a batch after its end."""

    at: datetime
    """The time."""
    operator: PlainText
    """The operator."""
    ticket: PlainText
    """The ticket that was added; empty where it is none."""
    reason: PlainText
    """The reason."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch, as the journal tells it."""

    batch_id: str
    """Its id."""
    began_at: datetime
    """Time of its confirmation."""
    account_name: PlainText
    """The operator's name for the account."""
    auth_id_tail: PlainText
    """Its Auth ID, shortened."""
    ticket: PlainText
    """The ticket; may be empty."""
    reason: PlainText
    """Reason; may be empty."""
    operator: PlainText
    """Name of the operator."""
    host: PlainText
    """Name of the computer."""
    console: str
    """The console that cares for it: that began it, or resumed it last."""
    sessions: tuple[SessionRecord, ...]
    """One a session of the reviewed list, in its order."""
    ended_at: datetime | None = None
    """Time of its end; None while it runs, or when it was cut off."""
    end: str = ""
    """Reason for its end."""
    seal: str = ""
    """The seal of its last entry, where it was read with it."""
    damaged: tuple[int, ...] = ()
    """The numbers of its entries that cannot be read."""
    second_look: PlainText = PlainText("")
    """The result of the second look in a sentence; empty before it is over."""
    second_look_at: datetime | None = None
    """Time of the end of the second look."""
    added: tuple[Addition, ...] = ()
    """The tickets that were added after its end, oldest first."""
    set_aside: Addition | None = None
    """Operator who left its unsettled sessions as they are, and the reason."""
    sudo_user: PlainText = PlainText("")
    """The user behind ``sudo``; empty where there was none."""
    operator_name: PlainText = PlainText("")
    """The name from the operator's configuration; may be empty."""
    left_out: int = 0
    """Number of other sessions of the batch, where only some are asked for."""
    chain: str = ""
    """Its journal, in a history of several; two may use one id."""

    login: PlainText = PlainText("")
    """The login role that shipped it to a team's server."""

    @property
    def key(self) -> str:
        """Key that tells it from every other batch."""
        return f"{self.chain} {self.batch_id}" if self.chain else self.batch_id

    @property
    def by(self) -> PlainText:
        """The operator, with who is behind, a name and a login where they are known."""
        login = self.login if self.login != self.operator else ""
        names = ", ".join(filter(None, (self.operator_name, login)))
        return who(self.operator, self.sudo_user, names)

    @property
    def size(self) -> int:
        """Number of sessions of the whole batch."""
        return len(self.sessions) + self.left_out

    @classmethod
    def of(cls, summary: ExpirySummary) -> "BatchRecord":
        """Return a batch that has just ended, as the journal will tell it."""
        plan = summary.batch.confirmed.plan
        return cls(
            batch_id=summary.batch.batch_id,
            began_at=summary.started_at,
            account_name=PlainText(plan.account.name),
            auth_id_tail=PlainText(plan.account.auth_id.tail),
            ticket=plan.ticket,
            reason=plan.reason,
            operator=PlainText(""),
            host=PlainText(""),
            console="",
            sessions=tuple(SessionRecord(result) for result in summary.results),
            ended_at=summary.finished_at,
            end=summary.end.value,
        )

    def count(self, *outcomes: ExpiryOutcome) -> int:
        """Return how many sessions came to one of these outcomes."""
        return sum(each.outcome in outcomes for each in self.sessions)

    @property
    def tickets(self) -> tuple[PlainText, ...]:
        """Every ticket that asked for it, each once."""
        named = (self.ticket, *(each.ticket for each in self.added))
        return tuple(dict.fromkeys(each for each in named if each))

    @property
    def names_an_account(self) -> bool:
        """Whether it can be told on which account it was."""
        return bool(self.account_name or self.auth_id_tail)

    def is_on(self, account: Account) -> bool:
        """Return whether it was on this account, under this name."""
        return (
            self.account_name == str(account.name)
            and self.auth_id_tail == account.auth_id.tail
        )

    @property
    def off(self) -> int:
        """Number of sessions that are known to connect no more calls."""
        return self.count(*OFF)

    @property
    def unknown(self) -> tuple[SessionUuid, ...]:
        """The sessions of which nobody knows."""
        return tuple(
            each.session_uuid
            for each in self.sessions
            if each.outcome is ExpiryOutcome.UNKNOWN
        )

    @property
    def unsettled(self) -> tuple[SessionUuid, ...]:
        """The sessions that a later look settles: unknown, or open when looked at."""
        return tuple(e.session_uuid for e in self.sessions if e.outcome in UNSETTLED)

    @property
    def may_still_connect(self) -> tuple[SessionUuid, ...]:
        """The sessions that are not known to be off or gone."""
        gone = {*OFF, ExpiryOutcome.NOT_FOUND}
        return tuple(e.session_uuid for e in self.sessions if e.outcome not in gone)


def who(operator: str, sudo_user: str = "", operator_name: str = "") -> PlainText:
    """Return the user of the operating system, and in brackets what is known beside."""
    behind = f"sudo by {sudo_user}" if sudo_user else ""
    more = ", ".join(part for part in (behind, operator_name) if part)
    return plain_text(f"{operator} ({more})" if more else operator)


# A word that a newer program wrote is no fact here: the session is looked at.
_OUTCOMES = {each.value: each for each in ExpiryOutcome}
_EVIDENCE = {each.value: each for each in Evidence}
_OF_THE_BATCH = frozenset(
    {JournalEvent.BATCH_RESUMED.value, JournalEvent.BATCH_ENDED.value}
)
_WITH_A_TICKET = frozenset({JournalEvent.BATCH_CONFIRMED, JournalEvent.TICKET_ADDED})
OF_A_SESSION = frozenset(
    {
        JournalEvent.EXPIRE_INTENDED,
        JournalEvent.EXPIRE_UNCLEAR,
        JournalEvent.SESSION_SETTLED,
        JournalEvent.SESSION_LOOKED,
        JournalEvent.SESSION_CAME_BACK,
    }
)
"""Events that name one session of a batch."""


def batch_record(
    entries: Iterable[JournalEntry | DamagedEntry], seal: str = ""
) -> BatchRecord | None:
    """Return the batch that these entries tell of, or None where they tell of none.

    A damaged entry makes unknown what it may have said. Where the one that began the
    batch is damaged, the sessions are those that the others name.

    Args:
        entries: all entries of one batch, oldest first.
        seal: the seal of the last of them.
    """
    record: BatchRecord | None = None
    sessions: dict[str, SessionRecord] = {}
    damaged: list[DamagedEntry] = []
    for entry in entries:
        if isinstance(entry, DamagedEntry):
            damaged.append(entry)
            _spoil(sessions, entry)
        elif entry.event is JournalEvent.BATCH_CONFIRMED:
            record = _begun(entry)
            sessions = {
                uuid: SessionRecord(_not_sent(uuid, entry)) for uuid in entry.sessions
            }
        elif record is None and not damaged:
            continue
        else:
            record = record or _without_beginning(entry)
            if damaged and entry.session_uuid:
                first = SessionRecord(_not_sent(entry.session_uuid, entry))
                sessions.setdefault(entry.session_uuid, first)
            record = _with(record, sessions, entry)
    if record is None:
        return None
    return replace(
        record,
        sessions=tuple(sessions.values()),
        seal=seal,
        damaged=tuple(each.sequence for each in damaged),
    )


def _with(
    record: BatchRecord, sessions: dict[str, SessionRecord], entry: JournalEntry
) -> BatchRecord:
    """Return the batch after one more entry, and change what it says of a session."""
    if entry.event in OF_A_SESSION:
        before = sessions.get(entry.session_uuid)
        if before is not None:
            is_over = record.ended_at is not None
            sessions[before.session_uuid] = _after(before, entry, is_over=is_over)
        return record
    match entry.event:
        case JournalEvent.BATCH_RESUMED:
            record = replace(record, console=entry.console)
        case JournalEvent.BATCH_ENDED:
            record = replace(record, ended_at=entry.at, end=entry.outcome)
        case JournalEvent.SECOND_LOOK_ENDED:
            words = fit_to_keep(entry.detail)
            record = replace(record, second_look=words, second_look_at=entry.at)
        case JournalEvent.TICKET_ADDED:
            record = replace(record, added=(*record.added, _addition(entry)))
        case JournalEvent.BATCH_SET_ASIDE:
            record = replace(record, set_aside=_addition(entry))
        case _:
            pass
    return record


def _addition(entry: JournalEntry) -> Addition:
    return Addition(
        at=entry.at,
        operator=plain_text(entry.operator),
        ticket=plain_text(without_tokens(entry.ticket)),
        reason=fit_to_keep(entry.reason),
    )


def _not_sent(uuid: str, entry: JournalEntry) -> ExpiryResult:
    return ExpiryResult(SessionUuid(uuid), ExpiryOutcome.NOT_SENT, entry.at)


def _spoil(sessions: dict[str, SessionRecord], entry: DamagedEntry) -> None:
    """Call unknown what a damaged entry may have told: a DELETE, or what came of it."""
    named = set(entry.session_uuids & sessions.keys())
    if not named and entry.event not in _OF_THE_BATCH:
        # Nobody can tell which session it was: any that nothing is known of.
        named = {
            uuid
            for uuid, each in sessions.items()
            if each.outcome is ExpiryOutcome.NOT_SENT
        }
    for uuid in named:
        result = replace(
            sessions[uuid].result,
            outcome=ExpiryOutcome.UNKNOWN,
            evidence=Evidence.NONE,
            detail=PlainText(f"entry {entry.sequence} is damaged"),
        )
        sessions[uuid] = replace(sessions[uuid], result=result)


def _without_beginning(entry: JournalEntry) -> BatchRecord:
    """Return a batch of which nothing is known but that it was."""
    nothing = PlainText("")
    return BatchRecord(
        batch_id=entry.batch_id,
        began_at=entry.at,
        account_name=nothing,
        auth_id_tail=nothing,
        ticket=nothing,
        reason=nothing,
        operator=plain_text(entry.operator),
        host=plain_text(entry.host),
        console="",
        sessions=(),
    )


def _begun(entry: JournalEntry) -> BatchRecord:
    return BatchRecord(
        batch_id=entry.batch_id,
        began_at=entry.at,
        account_name=plain_text(entry.account_name),
        auth_id_tail=plain_text(entry.auth_id_tail),
        # Entries of older versions were not made fit when they were written.
        ticket=plain_text(without_tokens(entry.ticket)),
        reason=fit_to_keep(entry.reason),
        operator=plain_text(entry.operator),
        host=plain_text(entry.host),
        console=entry.console,
        sessions=(),
        sudo_user=fit_to_keep(entry.sudo_user),
        operator_name=fit_to_keep(entry.operator_name),
    )


def standing_after(before: str, entry: JournalEntry) -> str:
    """Return the standing of a session after one more entry that names it.

    Args:
        before: its standing so far, a value of `ExpiryOutcome`; empty before a batch
            that names it began.
        entry: the next entry of the same batch.
    """
    match entry.event:
        case JournalEvent.BATCH_CONFIRMED:
            return ExpiryOutcome.NOT_SENT.value
        case JournalEvent.EXPIRE_INTENDED:
            # Until an outcome follows, nobody knows what this request did.
            return ExpiryOutcome.UNKNOWN.value
        case JournalEvent.EXPIRE_UNCLEAR | JournalEvent.SESSION_SETTLED:
            return outcome_of(entry.outcome).value
        case JournalEvent.SESSION_LOOKED:
            return _looked(before, entry)
        case _:
            return before


def _looked(before: str, entry: JournalEntry) -> str:
    if not entry.outcome:
        # Older versions wrote it only of an expired session that was open again.
        return ExpiryOutcome.OPEN.value
    found = outcome_of(entry.outcome)
    is_proved = outcome_of(before) not in {*UNSETTLED, ExpiryOutcome.NOT_SENT}
    # A look that tells nothing takes no proof back.
    is_less = found is ExpiryOutcome.UNKNOWN and is_proved
    return before if is_less else found.value


def outcome_of(outcome: str) -> ExpiryOutcome:
    """Return the outcome of a standing; unknown where a newer version wrote it."""
    return _OUTCOMES.get(outcome, ExpiryOutcome.UNKNOWN)


def tickets_of(entries: Iterable[JournalEntry | DamagedEntry]) -> tuple[str, ...]:
    """Return every ticket of a batch once, in the order in which they were given."""
    tickets = (
        # Entries of older versions were not made fit when they were written.
        without_tokens(entry.ticket)
        for entry in entries
        if isinstance(entry, JournalEntry) and entry.event in _WITH_A_TICKET
    )
    return tuple(dict.fromkeys(ticket for ticket in tickets if ticket))


def _after(
    before: SessionRecord, entry: JournalEntry, *, is_over: bool
) -> SessionRecord:
    match entry.event:
        case JournalEvent.SESSION_CAME_BACK:
            return replace(before, later=fit_to_keep(entry.detail))
        case JournalEvent.SESSION_LOOKED:
            is_look = True
        case _:
            # Older versions wrote like this what a look after the end found as well.
            is_look = is_over
    outcome = outcome_of(standing_after(before.outcome.value, entry))
    if is_look and outcome is not outcome_of(entry.outcome) and entry.outcome:
        return before
    result = ExpiryResult(
        session_uuid=before.session_uuid,
        outcome=outcome,
        at=entry.at,
        evidence=_evidence(entry),
        http_status=entry.http_status,
        api_id=fit_to_keep(entry.api_id),
        elapsed_ms=entry.elapsed_ms,
        attempts=entry.attempt or before.result.attempts,
        detail=fit_to_keep(entry.detail),
    )
    if entry.event is JournalEvent.EXPIRE_INTENDED:
        result = replace(result, detail=PlainText("no outcome was written"))
    first = (before.before or before.result) if is_look else None
    return replace(before, result=result, before=first)


def _evidence(entry: JournalEntry) -> Evidence:
    is_old_look = entry.event is JournalEvent.SESSION_LOOKED and not entry.outcome
    if is_old_look:
        return Evidence.LOOK
    return _EVIDENCE.get(entry.evidence, Evidence.NONE)
