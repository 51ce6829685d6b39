"""What the journal is told, and the thread in which it writes."""

import asyncio
import getpass
import platform
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from masking_console.journal.consoles import Consoles
from masking_console.journal.entry_file import EntryFile
from masking_console.journal.failures import in_our_words, is_damage, set_aside
from masking_console.models.account import Account
from masking_console.models.expiry import (
    Batch,
    ConfirmedPlan,
    ExpiryResult,
    RecordedIntent,
    RunEnd,
)
from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.journal_entry import (
    SCHEMA_VERSION,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid

T = TypeVar("T")


class Journal:
    """The record of what was intended and what came of it.

    It writes in a thread of its own, so that a slow disk holds up neither the screen
    nor the network, and may be awaited from any event loop. Every method raises
    `JournalError` when its entry is not safely on the disk; the caller then sends
    nothing.
    """

    def __init__(
        self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._now = now
        self._file = EntryFile(path)
        self._consoles = Consoles(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._operator = plain_text(_operator(), limit=64)
        self._host = plain_text(platform.node(), limit=64)

    async def open(self) -> tuple[str, ...]:
        """Make sure that the journal can be written, before anything depends on it.

        A damaged file is kept under another name, and a new one begun, unless another
        console is at work on it.

        Returns:
            What the operator has to know, in sentences.
        """
        return await self._in_thread(self._open)

    async def begin_batch(self, confirmed: ConfirmedPlan) -> Batch:
        """Record a confirmed plan and return it under a batch id of its own."""
        return await self._in_thread(lambda: self._begin_batch(confirmed))

    async def record_intent(
        self, batch: Batch, session_uuid: SessionUuid, attempt: int
    ) -> RecordedIntent:
        """Record that a DELETE is about to leave; what returns is the leave to send."""
        sequence = await self._append(
            JournalEvent.EXPIRE_INTENDED,
            batch.batch_id,
            session_uuid=session_uuid,
            attempt=attempt,
        )
        return RecordedIntent(batch, session_uuid, attempt, sequence)

    async def record_unclear(self, batch: Batch, result: ExpiryResult) -> None:
        """Record an attempt that brought no final answer."""
        await self._append_result(JournalEvent.EXPIRE_UNCLEAR, batch.batch_id, result)

    async def record_settled(self, batch: Batch, result: ExpiryResult) -> None:
        """Record what became of a session."""
        await self._append_result(JournalEvent.SESSION_SETTLED, batch.batch_id, result)

    async def end_batch(self, batch: Batch, why: RunEnd) -> None:
        """Record that a run is over."""
        await self._append(JournalEvent.BATCH_ENDED, batch.batch_id, outcome=why.value)

    async def interrupted(self) -> tuple[BatchRecord, ...]:
        """Return the batches whose console ended in the middle, oldest first."""
        return await self._in_thread(self._interrupted)

    async def resume(self, batch_id: str) -> BatchRecord | None:
        """Take an interrupted batch over; None where another console was faster."""
        return await self._in_thread(lambda: self._resume(batch_id))

    async def record_recovered(self, batch_id: str, result: ExpiryResult) -> None:
        """Record what a look found out about a session of a resumed batch."""
        await self._append_result(JournalEvent.SESSION_SETTLED, batch_id, result)

    async def end_recovered(self, batch_id: str) -> None:
        """Record that nothing of a resumed batch is unknown any more."""
        await self._append(
            JournalEvent.BATCH_ENDED, batch_id, outcome=RunEnd.INTERRUPTED.value
        )

    async def record_later(
        self,
        event: JournalEvent,
        batch_id: str,
        session_uuid: SessionUuid,
        detail: PlainText,
    ) -> None:
        """Record what a look after the end found."""
        await self._append(event, batch_id, session_uuid=session_uuid, detail=detail)

    async def record_numbers_shown(
        self, account: Account, session_uuid: SessionUuid | None
    ) -> None:
        """Record that numbers are about to be shown: of one session, or of a list."""
        await self._append(
            JournalEvent.NUMBERS_SHOWN,
            "",
            account_name=account.name,
            auth_id_tail=account.auth_id.tail,
            session_uuid=session_uuid or "",
        )

    async def entries(self, batch_id: str) -> tuple[JournalEntry, ...]:
        """Return the entries of one batch, oldest first."""
        return await self._in_thread(lambda: self._file.entries(batch_id))

    def close(self) -> None:
        """Finish what was begun and close the file; blocks for a moment."""
        self._thread.submit(self._file.close)
        self._thread.submit(self._consoles.leave)
        self._thread.shutdown(wait=True)

    async def _append_result(
        self, event: JournalEvent, batch_id: str, result: ExpiryResult
    ) -> None:
        await self._append(
            event,
            batch_id,
            session_uuid=result.session_uuid,
            attempt=result.attempts,
            outcome=result.outcome.value,
            evidence=result.evidence.value,
            http_status=result.http_status,
            api_id=result.api_id,
            elapsed_ms=result.elapsed_ms,
            detail=result.detail,
        )

    async def _append(
        self, event: JournalEvent, batch_id: str, **fields: object
    ) -> int:
        entry = self._entry(event, batch_id, **fields)
        return await self._in_thread(lambda: self._file.append(lambda: entry))

    def _open(self) -> tuple[str, ...]:
        notices = self._set_aside_if_damaged()
        self._enter()
        missing = self._file.missing_at_end()
        if missing is not None:
            words = "entries {} to {} had been written and were gone".format(*missing)
            cut = self._entry(JournalEvent.JOURNAL_CUT, "", detail=words)
            self._file.append(lambda: cut)
            notices += (f"The journal was cut off: {words}. It goes on from there.",)
        return notices

    def _set_aside_if_damaged(self) -> tuple[str, ...]:
        try:
            self._file.check()
        except sqlite3.DatabaseError as error:
            if not is_damage(error) or self._consoles.others():
                raise
            self._file.close()
            name = set_aside(self._file.path, self._now())
            words = f"the damaged journal is kept as {name}"
            entry = self._entry(JournalEvent.JOURNAL_SET_ASIDE, "", detail=words)
            self._file.append(lambda: entry)
            return (f"The journal was damaged. It is kept as {name}.",)
        return ()

    def _enter(self) -> None:
        self._file.open()
        self._consoles.enter(self._now())

    def _interrupted(self) -> tuple[BatchRecord, ...]:
        self._enter()
        records = (self._record(each) for each in self._file.open_batches())
        return tuple(r for r in records if r is not None and self._is_orphaned(r))

    def _is_orphaned(self, record: BatchRecord) -> bool:
        return record.ended_at is None and not self._consoles.is_alive(record.console)

    def _resume(self, batch_id: str) -> BatchRecord | None:
        self._enter()
        entry = self._entry(
            JournalEvent.BATCH_RESUMED, batch_id, console=self._consoles.own_id
        )

        def claim() -> JournalEntry | None:
            # Inside the transaction, so that only one console gets it.
            record = self._record(batch_id)
            return entry if record and self._is_orphaned(record) else None

        return self._record(batch_id) if self._file.append(claim) else None

    def _record(self, batch_id: str) -> BatchRecord | None:
        return batch_record(self._file.entries(batch_id))

    def _entry(
        self, event: JournalEvent, batch_id: str, **fields: object
    ) -> JournalEntry:
        return msgspec.convert(
            {
                "event": event,
                "at": self._now(),
                "batch_id": batch_id,
                "version": SCHEMA_VERSION,
                "operator": self._operator,
                "host": self._host,
                **{name: _plain(value) for name, value in fields.items()},
            },
            JournalEntry,
        )

    def _begin_batch(self, confirmed: ConfirmedPlan) -> Batch:
        plan = confirmed.plan
        first_id = f"B-{self._now():%Y%m%d-%H%M%S}"
        batch_id = first_id

        self._enter()

        def new_entry() -> JournalEntry:
            nonlocal batch_id
            suffix = 1
            while self._file.knows_batch(batch_id):
                suffix += 1
                batch_id = f"{first_id}-{suffix}"
            return self._entry(
                JournalEvent.BATCH_CONFIRMED,
                batch_id,
                account_name=plan.account.name,
                auth_id_tail=plan.account.auth_id.tail,
                ticket=plan.ticket,
                reason=plan.reason,
                console=self._consoles.own_id,
                sessions=[str(checked.session_uuid) for checked in plan.sessions],
            )

        self._file.append(new_entry)
        return Batch(batch_id, confirmed)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run the work in the journal's thread, to its end even when cancelled."""
        future: Future[T] = self._thread.submit(in_our_words, work)
        return await asyncio.shield(asyncio.wrap_future(future))


def _plain(value: object) -> object:
    """Return an id or a name as a bare str: msgspec encodes no subclasses of it."""
    return str(value) if isinstance(value, str) else value


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
