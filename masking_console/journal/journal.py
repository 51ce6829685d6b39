"""What the journal is told, and the thread in which it writes."""

import asyncio
import getpass
import os
import platform
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from masking_console.errors import JournalError
from masking_console.journal.entry_file import EntryFile
from masking_console.models.expiry import (
    Batch,
    ConfirmedPlan,
    ExpiryResult,
    RecordedIntent,
)
from masking_console.models.journal_entry import (
    SCHEMA_VERSION,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.plain_text import plain_text
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
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._operator = plain_text(_operator(), limit=64)
        self._host = plain_text(platform.node(), limit=64)

    async def open(self) -> None:
        """Make sure that the journal can be written, before anything depends on it."""
        await self._in_thread(self._file.open)

    async def begin_batch(self, confirmed: ConfirmedPlan) -> Batch:
        """Record a confirmed plan and return it under a batch id of its own."""
        return await self._in_thread(lambda: self._begin_batch(confirmed))

    async def record_intent(
        self, batch: Batch, session_uuid: SessionUuid, attempt: int
    ) -> RecordedIntent:
        """Record that a DELETE is about to leave; what returns is the leave to send."""
        sequence = await self._append(
            JournalEvent.EXPIRE_INTENDED,
            batch,
            session_uuid=session_uuid,
            attempt=attempt,
        )
        return RecordedIntent(batch, session_uuid, attempt, sequence)

    async def record_unclear(self, batch: Batch, result: ExpiryResult) -> None:
        """Record an attempt that brought no final answer."""
        await self._append_result(JournalEvent.EXPIRE_UNCLEAR, batch, result)

    async def record_settled(self, batch: Batch, result: ExpiryResult) -> None:
        """Record what became of a session."""
        await self._append_result(JournalEvent.SESSION_SETTLED, batch, result)

    async def end_batch(self, batch: Batch, why: str) -> None:
        """Record that a run is over."""
        await self._append(JournalEvent.BATCH_ENDED, batch, outcome=why)

    async def entries(self, batch_id: str) -> tuple[JournalEntry, ...]:
        """Return the entries of one batch, oldest first."""
        return await self._in_thread(lambda: self._file.entries(batch_id))

    def close(self) -> None:
        """Finish what was begun and close the file; blocks for a moment."""
        self._thread.submit(self._file.close)
        self._thread.shutdown(wait=True)

    async def _append_result(
        self, event: JournalEvent, batch: Batch, result: ExpiryResult
    ) -> None:
        await self._append(
            event,
            batch,
            session_uuid=result.session_uuid,
            attempt=result.attempts,
            outcome=result.outcome.value,
            evidence=result.evidence.value,
            http_status=result.http_status,
            api_id=result.api_id,
            elapsed_ms=result.elapsed_ms,
            detail=result.detail,
        )

    async def _append(self, event: JournalEvent, batch: Batch, **fields: object) -> int:
        entry = self._entry(event, batch.batch_id, **fields)
        return await self._in_thread(lambda: self._file.append(lambda _taken: entry))

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

        def new_entry(is_taken: Callable[[str], bool]) -> JournalEntry:
            nonlocal batch_id
            suffix = 1
            while is_taken(batch_id):
                suffix += 1
                batch_id = f"{first_id}-{suffix}"
            return self._entry(
                JournalEvent.BATCH_CONFIRMED,
                batch_id,
                account_name=plan.account.name,
                auth_id_tail=plan.account.auth_id.tail,
                ticket=plan.ticket,
                reason=plan.reason,
                sessions=[str(checked.session_uuid) for checked in plan.sessions],
            )

        self._file.append(new_entry)
        return Batch(batch_id, confirmed)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run the work in the journal's thread, to its end even when cancelled."""
        future: Future[T] = self._thread.submit(_translated, work)
        return await asyncio.shield(asyncio.wrap_future(future))


def _plain(value: object) -> object:
    """Return an id or a name as a bare str: msgspec encodes no subclasses of it."""
    return str(value) if isinstance(value, str) else value


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "its file is read-only",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is damaged",
    sqlite3.SQLITE_IOERR: "the disk has an error",
}
_PRIMARY_CODE = 0xFF
"""SQLite keeps the kind of an error in the low byte of its extended code."""


def _translated(work: Callable[[], T]) -> T:
    """Run the work, and turn SQLite's and the system's failures into ours."""
    try:
        return work()
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        words = _WORDS.get(code, "SQLite refused")
    except OSError as error:
        words = (os.strerror(error.errno) if error.errno else "no access").lower()
    raise JournalError(f"The journal cannot be written ({words}).")
