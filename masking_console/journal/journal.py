"""The journal: its entries, and the thread in which it writes them."""

import asyncio
import os
import platform
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from masking_console.journal.consoles import (
    Consoles,
    count_consoles,
    process_user,
    sudo_user,
)
from masking_console.journal.entry_file import EntryFile
from masking_console.journal.failures import in_our_words, is_damage, set_aside
from masking_console.journal.reading import batch_of, read_attempts
from masking_console.journal.seals import SealedRow, entry_of
from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.models.expiry import (
    Batch,
    ConfirmedPlan,
    ExpiryResult,
    RecordedIntent,
    RunEnd,
)
from masking_console.models.free_text import fit_to_keep
from masking_console.models.history import BatchRecord
from masking_console.models.history_query import SearchProgress
from masking_console.models.journal_entry import (
    SCHEMA_VERSION,
    JournalEntry,
    JournalEvent,
)
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import PastAttempt, unsettled_attempts

T = TypeVar("T")

_FREE_TEXTS = frozenset({"detail", "reason", "api_id"})
_ABOUT_ITS_CONSOLE = (
    JournalEvent.BATCH_CONFIRMED,
    JournalEvent.BATCH_RESUMED,
    JournalEvent.BATCH_ENDED,
)


class Journal:
    """The record of what was intended and what came of it.

    It writes in a thread of its own, so that a slow disk holds up neither the screen
    nor the network, and may be awaited from any event loop. Every method raises
    `JournalError` when its entry is not safely on the disk; the caller then sends
    nothing.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        operator_name: str = "",
        worked: Callable[[], None] = lambda: None,
        newest_anchor: Callable[[], str] = lambda: "",
    ) -> None:
        """Make a journal; its file is opened when it is first needed.

        Args:
            path: the file.
            now: tells aware times.
            operator_name: the operator's name from the configuration; it stands beside
                the user of the operating system, never instead.
            worked: is called in its thread when there may be a new entry.
            newest_anchor: returns the team's newest anchor; empty where there is none.
        """
        self._now = now
        self._worked = worked
        self._newest_anchor = newest_anchor
        self._noted_anchor = ""
        self._file = EntryFile(path)
        self._consoles = Consoles(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._under_way = set[str]()
        self._operator = plain_text(process_user(), limit=64)
        self._sudo_user = plain_text(sudo_user(os.environ), limit=64)
        self._operator_name = plain_text(operator_name, limit=64)
        self._host = plain_text(platform.node(), limit=64)

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._file.path

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
        self._under_way.discard(batch.batch_id)

    def let_go(self, batch_id: str) -> None:
        """Note that nothing more is done for a batch, whether or not it has an end."""
        self._under_way.discard(batch_id)

    async def interrupted(self) -> tuple[BatchRecord, ...]:
        """Return the batches without an end that nobody works on, oldest first."""
        return await self._in_thread(self._interrupted)

    async def resume(self, batch_id: str) -> BatchRecord | None:
        """Take an interrupted batch over; None where another console was faster."""
        return await self._in_thread(lambda: self._resume(batch_id))

    async def end_recovered(
        self, batch_id: str, why: RunEnd = RunEnd.INTERRUPTED
    ) -> None:
        """Record the end of a batch that was resumed."""
        await self._append(JournalEvent.BATCH_ENDED, batch_id, outcome=why.value)
        self._under_way.discard(batch_id)

    async def unsettled(
        self, account: Account, session_uuids: Iterable[SessionUuid]
    ) -> Mapping[SessionUuid, tuple[PastAttempt, ...]]:
        """Return which batches that are over left which of the sessions unsettled."""
        asked = tuple(dict.fromkeys(session_uuids))
        return await self._in_thread(lambda: self._unsettled(account, asked))

    async def record_looked(self, batch_id: str, result: ExpiryResult) -> None:
        """Record what a look after the end found out about a session."""
        await self._append_result(JournalEvent.SESSION_LOOKED, batch_id, result)

    async def record_came_back(
        self, batch_id: str, session_uuid: SessionUuid, detail: PlainText
    ) -> None:
        """Record that there is a new session for the numbers of an expired one."""
        event = JournalEvent.SESSION_CAME_BACK
        await self._append(event, batch_id, session_uuid=session_uuid, detail=detail)

    async def end_second_look(
        self, batch_id: str, detail: PlainText, *, is_clean: bool
    ) -> None:
        """Record that the second look at a batch is over, also where it is clean."""
        await self._append(
            JournalEvent.SECOND_LOOK_ENDED,
            batch_id,
            outcome="clean" if is_clean else "found",
            detail=detail,
        )

    async def add_ticket(self, batch_id: str, cause: Cause) -> None:
        """Record another ticket for a batch; nothing else of it changes."""
        await self._append(
            JournalEvent.TICKET_ADDED,
            batch_id,
            ticket=cause.ticket,
            reason=cause.reason,
        )

    async def set_batch_aside(self, batch_id: str, reason: str) -> None:
        """Record that a person leaves unsettled what is not settled of a batch."""
        await self._append(JournalEvent.BATCH_SET_ASIDE, batch_id, reason=reason)

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

    async def record_drill(self, name: str) -> None:
        """Record that a drill begins; only practice has any."""
        await self._append(JournalEvent.DRILL_BEGAN, "", detail=name)

    async def acknowledge(self, finding: str, reason: str) -> None:
        """Record that a person has seen a finding of a verification, and why."""
        await self._append(
            JournalEvent.FINDING_ACKNOWLEDGED, "", detail=finding, reason=reason
        )

    async def take_for_search(self, *, anew: bool = False) -> SearchProgress:
        """Prepare some more of the journal for searching; other work comes between.

        Args:
            anew: begin from nothing.
        """

        def take() -> SearchProgress:
            self._enter()
            return self._file.take_for_search(anew=anew)

        return await self._in_thread(take)

    async def last_seal(self) -> str:
        """Return the seal of the last entry, which proves all before it."""
        return await self._in_thread(self._file.last_seal)

    async def entries(self, batch_id: str) -> tuple[JournalEntry, ...]:
        """Return the entries of one batch that can be read, oldest first."""
        return await self._in_thread(lambda: self._entries(batch_id))

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

        def append() -> int:
            self._enter()
            return self._file.append(lambda: entry)

        return await self._in_thread(append)

    def _entries(self, batch_id: str) -> tuple[JournalEntry, ...]:
        found = map(entry_of, self._file.rows(batch_id))
        return tuple(entry for entry in found if entry is not None)

    def _open(self) -> tuple[str, ...]:
        notices = self._set_aside_if_damaged()
        problem = self._enter()
        if problem:
            words = f"The journal is not as it was left: {problem}. It goes on from"
            notices += (f"{words} there; history verify keeps saying so.",)
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
            self._enter()
            self._file.append(lambda: entry)
            return (f"The journal was damaged. It is kept as {name}.",)
        return ()

    def _enter(self) -> str:
        """Open the file, unless it is open; return what does not fit its note."""
        if self._file.is_compared:
            return ""
        self._file.open()
        self._consoles.enter(self._now())
        problem = self._file.compare_with_note(
            lambda event, words: self._entry(event, "", detail=words),
            count_consoles(self._file.path),
        )
        # What the killed ones left explains nothing that comes later.
        self._consoles.others()
        # All of a small journal; the rest of a large one is taken bit by bit.
        self._file.take_for_search()
        return problem

    def _interrupted(self) -> tuple[BatchRecord, ...]:
        self._enter()
        records = map(batch_of, self._file.open_batches().values())
        found = [r for r in records if r is not None and self._is_orphaned(r)]
        return tuple(sorted(found, key=lambda record: record.began_at))

    def _is_orphaned(self, record: BatchRecord) -> bool:
        if record.set_aside is not None:
            return False
        return self._is_left(record.batch_id, record.console)

    def _is_left(self, batch_id: str, console: str) -> bool:
        """Return whether nobody works on a batch without an end."""
        if not console:
            # The entry that says whose it is is damaged: any that runs may be it.
            return not self._consoles.others()
        if console == self._consoles.own_id:
            return batch_id not in self._under_way
        return not self._consoles.is_alive(console)

    def _unsettled(
        self, account: Account, asked: Sequence[SessionUuid]
    ) -> Mapping[SessionUuid, tuple[PastAttempt, ...]]:
        if not asked or not self._file.path.exists():
            return {}
        self._enter()
        found = {
            uuid: tuple(
                attempt
                for attempt in unsettled_attempts(attempts)
                if self._is_over(attempt.batch_id)
            )
            for uuid, attempts in read_attempts(self._file.path, asked, account).items()
        }
        return {uuid: attempts for uuid, attempts in found.items() if attempts}

    def _is_over(self, batch_id: str) -> bool:
        """Return whether a batch has its end, or nobody works on it any more."""
        console = ""
        for row in self._file.rows(batch_id, _ABOUT_ITS_CONSOLE):
            entry = entry_of(row)
            if entry is not None and entry.event is JournalEvent.BATCH_ENDED:
                return True
            console = entry.console if entry is not None else ""
        return self._is_left(batch_id, console)

    def _resume(self, batch_id: str) -> BatchRecord | None:
        self._enter()
        entry = self._entry(
            JournalEvent.BATCH_RESUMED, batch_id, console=self._consoles.own_id
        )

        def claim() -> JournalEntry | None:
            # Inside the transaction, so that only one console gets it.
            record = self._record(batch_id)
            return entry if record and self._is_orphaned(record) else None

        if not self._file.append(claim):
            return None
        self._under_way.add(batch_id)
        return self._record(batch_id)

    def _record(self, batch_id: str) -> BatchRecord | None:
        rows: Sequence[SealedRow] = self._file.open_batches().get(batch_id, ())
        return batch_of(rows)

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
                "sudo_user": str(fit_to_keep(self._sudo_user)),
                "operator_name": str(fit_to_keep(self._operator_name)),
                "host": self._host,
                "anchor": self._anchor_to_note(),
                **{name: _kept(name, value) for name, value in fields.items()},
            },
            JournalEntry,
        )

    def _anchor_to_note(self) -> str:
        """Return the team's newest anchor, unless an entry has it."""
        anchor = self._newest_anchor()
        if anchor == self._noted_anchor:
            return ""
        self._noted_anchor = anchor
        return anchor

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
        self._under_way.add(batch_id)
        return Batch(batch_id, confirmed)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run the work in the journal's thread, to its end even when cancelled."""
        future: Future[T] = self._thread.submit(in_our_words, work)
        future.add_done_callback(lambda _future: self._worked())
        return await asyncio.shield(asyncio.wrap_future(future))


def _kept(name: str, value: object) -> object:
    """Return what is written of a value, a text as a bare str, as msgspec needs it.

    Texts of people and of other programs are made fit to be kept; a ticket is not
    changed, since one that is not fit is refused when it is typed.
    """
    if not isinstance(value, str):
        return value
    return str(fit_to_keep(value) if name in _FREE_TEXTS else value)
