"""The story of a session, one line an event, for a terminal."""

from collections.abc import Iterable
from itertools import groupby

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.free_text import fit_to_keep
from masking_console.models.history import BatchRecord, who
from masking_console.models.history_query import SessionEvent
from masking_console.models.journal_entry import (
    DamagedEntry,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.plain_text import plain_text
from masking_console.presentation.display import day_and_second

_WORDS = {
    JournalEvent.BATCH_CONFIRMED: "confirmed",
    JournalEvent.EXPIRE_INTENDED: "sending",
    JournalEvent.EXPIRE_UNCLEAR: "unclear",
    JournalEvent.SESSION_SETTLED: "settled",
    JournalEvent.BATCH_ENDED: "batch ended",
    JournalEvent.BATCH_RESUMED: "batch resumed",
    JournalEvent.SESSION_LOOKED: "looked at",
    JournalEvent.SESSION_CAME_BACK: "came back",
    JournalEvent.SECOND_LOOK_ENDED: "second look",
    JournalEvent.TICKET_ADDED: "ticket added",
    JournalEvent.BATCH_SET_ASIDE: "set aside",
    JournalEvent.NUMBERS_SHOWN: "numbers shown",
}
_EVIDENCE = {"answer": "Plivo's answer", "look": "a look"}


def session_table(events: Iterable[SessionEvent]) -> str:
    """Return one line an event: when, what, who, account, why, evidence and seal."""
    lines: list[str] = []
    for uuid, some in groupby(events, lambda event: event.session_uuid):
        lines += [] if not lines else [""]
        lines += [f"Session {plain_text(uuid)}"]
        lines += map(event_line, some)
    return "".join(f"{line}\n" for line in lines) or "No such session in the journal.\n"


def _who(entry: JournalEntry, batch: BatchRecord | None) -> str:
    """Return who did it, and by which login it came to a team's server."""
    login = batch.login if batch is not None and batch.login != entry.operator else ""
    names = ", ".join(filter(None, (entry.operator_name, login)))
    return who(entry.operator, entry.sudo_user, names)


def event_line(event: SessionEvent) -> str:
    """Return what one entry says of a session."""
    entry = event.sealed.entry
    if isinstance(entry, DamagedEntry):
        return f"entry {entry.sequence} is damaged, see history verify"
    parts = [
        day_and_second(entry.at),
        f"{_what(entry):<13}",
        f"by {_who(entry, event.batch)}",
        _account(entry, event.batch),
        _why(event),
        _evidence(entry),
        _place(event),
        f"seal {event.sealed.seal}",
    ]
    return plain_text("  ".join(part for part in parts if part), limit=1000)


def _what(entry: JournalEntry) -> str:
    word = _WORDS.get(entry.event, entry.event.value)
    is_known = entry.event is not JournalEvent.SESSION_SETTLED and entry.outcome
    if entry.event is JournalEvent.SESSION_SETTLED:
        return entry.outcome or ExpiryOutcome.UNKNOWN.value
    return f"{word}: {entry.outcome}" if is_known else word


def _account(entry: JournalEntry, batch: BatchRecord | None) -> str:
    name, tail = entry.account_name, entry.auth_id_tail
    if batch is not None:
        name, tail = name or batch.account_name, tail or batch.auth_id_tail
    return f"on {name.upper()} ({tail})" if name else ""


def _why(event: SessionEvent) -> str:
    entry = event.sealed.entry
    reason = event.batch.reason if event.batch is not None else ""
    tickets = event.tickets
    if isinstance(entry, JournalEntry) and entry.event is JournalEvent.TICKET_ADDED:
        tickets, reason = (entry.ticket,), fit_to_keep(entry.reason)
    words = [f"for {', '.join(tickets)}"] if tickets else []
    words += [f'"{reason}"'] if reason else []
    return " ".join(words)


def _evidence(entry: JournalEntry) -> str:
    parts = [
        f"attempt {entry.attempt}" if entry.attempt else "",
        _EVIDENCE.get(entry.evidence, ""),
        str(entry.http_status) if entry.http_status is not None else "",
        f"api {fit_to_keep(entry.api_id)}" if entry.api_id else "",
        fit_to_keep(entry.detail),
    ]
    return ", ".join(part for part in parts if part)


def _place(event: SessionEvent) -> str:
    batch = event.batch
    if batch is None:
        return ""
    of = f", 1 of {batch.size} sessions" if batch.size > 1 else ""
    return f"batch {batch.batch_id}{of}"


def event_object(event: SessionEvent) -> dict[str, object]:
    """Return one entry for a program."""
    entry, batch = event.sealed.entry, event.batch
    place: dict[str, object] = {
        "sequence": event.sealed.sequence,
        "seal": event.sealed.seal,
        "session_uuid": event.session_uuid,
        "batch": batch.batch_id if batch is not None else "",
        "tickets": list(event.tickets),
        "reason": batch.reason if batch is not None else "",
        "account": batch.account_name if batch is not None else "",
    }
    if isinstance(entry, DamagedEntry):
        return {**place, "event": "damaged"}
    return {
        **place,
        "event": entry.event.value,
        "at": entry.at.isoformat(),
        "operator": entry.operator,
        "sudo_user": entry.sudo_user,
        "operator_name": entry.operator_name,
        "host": entry.host,
        "attempt": entry.attempt,
        "outcome": entry.outcome,
        "evidence": entry.evidence,
        "http_status": entry.http_status,
        "api_id": fit_to_keep(entry.api_id),
        "elapsed_ms": entry.elapsed_ms,
        "detail": fit_to_keep(entry.detail),
    }
