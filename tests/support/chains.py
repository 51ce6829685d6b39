"""Chains of sealed rows, as journals have them, made without a console."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec

from masking_console.journal.seals import FIRST_SEAL, SealedRow, seal
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.team.store import ChainId

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def new_chain() -> ChainId:
    return ChainId(uuid4().hex)


def sealed(
    entries: Iterable[JournalEntry], behind: SealedRow | None = None
) -> list[SealedRow]:
    """Return the rows of some entries, which follow another row."""
    sequence, before = (behind.sequence, behind.seal) if behind else (0, FIRST_SEAL)
    rows = []
    for entry in entries:
        content = msgspec.json.encode(entry, order="deterministic").decode()
        sequence += 1
        names = (entry.event.value, entry.batch_id, entry.session_uuid)
        rows.append(SealedRow(sequence, *names, content, before, seal(before, content)))
        before = rows[-1].seal
    return rows


def reseal(row: SealedRow, **changes: str) -> SealedRow:
    """Return another row with a seal that fits it."""
    changed = replace(row, **changes)  # type: ignore[arg-type]
    return replace(changed, seal=seal(changed.previous_seal, changed.content))


def batch_entries(
    number: int = 1,
    sessions: Sequence[str] = (),
    outcome: str = "expired",
    **fields: str,
) -> Iterator[JournalEntry]:
    """Yield what a run writes of one batch."""
    at = START + timedelta(minutes=number)
    batch = f"B-{at:%Y%m%d-%H%M%S}-{number}"
    uuids = tuple(sessions) or (str(uuid4()), str(uuid4()))
    operator = fields.get("operator", "asha")
    yield JournalEntry(
        JournalEvent.BATCH_CONFIRMED,
        at,
        batch,
        version=5,
        operator=operator,
        host=fields.get("host", "laptop"),
        account_name=fields.get("account", "acme"),
        auth_id_tail="MA…42",
        ticket=fields.get("ticket", f"OPS-{number}"),
        reason=fields.get("reason", "asked for"),
        sessions=uuids,
    )
    for offset, uuid in enumerate(uuids):
        moment = at + timedelta(seconds=offset)
        yield JournalEntry(
            JournalEvent.EXPIRE_INTENDED, moment, batch, 5, uuid, 1, operator=operator
        )
        yield JournalEntry(
            JournalEvent.SESSION_SETTLED,
            moment,
            batch,
            5,
            uuid,
            1,
            outcome,
            operator=operator,
        )
    end = at + timedelta(seconds=30)
    yield JournalEntry(JournalEvent.BATCH_ENDED, end, batch, 5, outcome="completed")
