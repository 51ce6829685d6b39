"""The shipper: a thread that brings the journal's rows to the team's server.

The journal is the queue, as for the audit, and the server itself says how far it got.
So nothing is lost or written twice, whatever happens on the way.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic

from masking_console.errors import JournalError, TeamError
from masking_console.journal.entry_reader import read_journal_id, read_last, read_rows
from masking_console.journal.failures import in_our_words
from masking_console.journal.seals import Head, SealedRow, entry_of
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.team import TeamState
from masking_console.team.store import ChainId, TeamStore

_AT_ONCE = 2_000
"""Entries that are shipped together, at most."""
_CHARACTERS_AT_ONCE = 1_000_000
"""A batch of many sessions is a long entry."""
GATHER_SECONDS = 0.3
"""A run writes many entries a second; so long they gather where no DELETE waits."""
_LOOK_SECONDS = 5.0
"""Other consoles write entries, too."""
_ANCHOR_SECONDS = 60
"""Largest age of the newest anchor while entries are written."""
_LONGEST_PAUSE = 30.0
"""A server that is away is tried again after a half, one, two, up to this."""
_PAUSE_IN_A_RUN = 2.0
"""The longest pause while a DELETE waits."""
_COUNT_SECONDS = 0.5
"""While the server is away, what waits is counted no more often."""


class Shipper:
    """Ships what the server does not have, as long as it runs."""

    def __init__(
        self,
        journal_path: Path,
        store: TeamStore,
        gather_seconds: float = GATHER_SECONDS,
    ) -> None:
        """Make one; its thread is started later.

        Args:
            journal_path: the journal's file.
            store: the server, which belongs to the thread from then on.
            gather_seconds: how long entries gather before they are shipped.
        """
        self._path = journal_path
        self._store = store
        self._gather_seconds = gather_seconds
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="team", daemon=True)
        self._turn = threading.Lock()
        self._waiters: list[tuple[int, Callable[[], None]]] = []
        self._chain = ChainId("")
        self._head: Head | None = None
        self._anchored_at = -float(_ANCHOR_SECONDS)
        self._counted_at = 0.0
        self.state = TeamState()
        """Progress, as it was known last."""
        self.newest_anchor = ""
        """The newest anchor, as an entry names it; empty before one is known."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the journal soon; from any thread."""
        self._woken.set()

    def begin_to_close(self) -> None:
        """Look once more, and end."""
        self._closing.set()
        self._woken.set()

    def wait_closed(self, seconds: float) -> None:
        """Wait for the end, so long at most; what is left is shipped the next time."""
        self._thread.join(seconds)

    async def until_shipped(self, sequence: int) -> None:
        """Wait until the server has an entry; for ever, where it stays away."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            # A run whose event loop has closed needs no word any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_finish, future)

        waiter = (sequence, tell)
        with self._turn:
            if self._has(sequence):
                return
            self._waiters.append(waiter)
        self._woken.set()
        try:
            await future
        finally:
            with self._turn:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)

    def ship_waiting(self) -> bool:
        """Ship all that waits; return whether that worked."""
        try:
            self._ship_behind_the_head()
        except JournalError as error:
            self._note(str(error))
            return False
        self._note("")
        return True

    def _run(self) -> None:
        pause = 0.5
        while True:
            is_last = self._closing.is_set()
            self._woken.clear()
            if self.ship_waiting():
                pause, wait = 0.5, _LOOK_SECONDS
            else:
                wait = min(pause, _PAUSE_IN_A_RUN) if self._waiters else pause
                pause = min(_LONGEST_PAUSE, 2 * pause)
            if is_last:
                self._store.close()
                return
            self._rest(wait, has_failed=bool(self.state.problem))

    def _rest(self, seconds: float, *, has_failed: bool) -> None:
        """Wait for news; a server that is away is not asked with every entry."""
        if not has_failed:
            if self._woken.wait(seconds):
                self._closing.wait(self._gather_seconds)
            return
        deadline = monotonic() + seconds
        while (left := deadline - monotonic()) > 0 and not self._closing.is_set():
            if self._woken.wait(min(left, _COUNT_SECONDS)):
                self._woken.clear()
                self._note(self.state.problem)
                self._closing.wait(min(left, _COUNT_SECONDS))
            if self._waiters:
                deadline = min(deadline, monotonic() + _PAUSE_IN_A_RUN)

    def _ship_behind_the_head(self) -> None:
        if not self._path.exists():
            return
        if self._head is None or not self._store.is_open:
            self._head = self._sound_head()
        is_over = False
        while rows := self._rows(self._head.sequence):
            sound = _sound(rows)
            if sound:
                self._ship(sound)
                is_over = is_over or _ends_a_batch(sound)
            if len(sound) < len(rows):
                number = rows[len(sound)].sequence
                raise TeamError(
                    f"Entry {number} is damaged here; it cannot be shipped."
                )
        self._anchor(is_over=is_over)

    def _ship(self, rows: Sequence[SealedRow]) -> None:
        try:
            self._store.ship(self._chain, rows)
        except TeamError:
            # It may have them, or have lost some that it had: it is asked anew.
            self._head = None
            raise
        self._head = Head(rows[-1].sequence, rows[-1].seal)
        self._tell_waiters()

    def _sound_head(self) -> Head:
        """Return the last entry that the server has, if it is also one of ours.

        Raises:
            TeamError: it is not; then nothing is shipped.
        """
        journal_id = in_our_words(lambda: read_journal_id(self._path), "read")
        if not journal_id:
            raise TeamError(
                "The journal has no name yet; a console has to write to it."
            )
        self._chain = ChainId(journal_id)
        head = self._store.head(self._chain)
        if head is None:
            return Head(0, "")
        ours = self._rows(head.sequence - 1, 1)
        if not ours or ours[0].sequence != head.sequence:
            raise TeamError(
                f"The team's server has {head.sequence} entries of this journal, and "
                "this computer has fewer: it is a copy, or an older backup."
            )
        if ours[0].seal != head.seal:
            raise TeamError(
                f"Entry {head.sequence} on the team's server is not the one here."
            )
        return head

    def _anchor(self, *, is_over: bool) -> None:
        """Learn of the newest anchor: at a batch's end, or when the last one is old."""
        is_old = monotonic() - self._anchored_at > _ANCHOR_SECONDS
        if not (is_over or is_old):
            return
        anchor = self._store.anchor(1 if is_over else _ANCHOR_SECONDS)
        self._anchored_at = monotonic()
        if anchor is not None:
            self.newest_anchor = anchor.text

    def _rows(self, behind: int, most: int = _AT_ONCE) -> Sequence[SealedRow]:
        # No longer than it takes to read: an open reader keeps SQLite from tidying up.
        return in_our_words(
            lambda: _few(islice(read_rows(self._path, behind), most)), "read"
        )

    def _has(self, sequence: int) -> bool:
        return self._head is not None and sequence <= self._head.sequence

    def _tell_waiters(self) -> None:
        with self._turn:
            told = [each for each in self._waiters if self._has(each[0])]
            self._waiters = [each for each in self._waiters if each not in told]
        for _sequence, tell in told:
            tell()

    def _note(self, problem: str) -> None:
        shipped = self._head.sequence if self._head is not None else self.state.shipped
        entries = shipped
        if problem:
            entries = self._count(shipped)
        else:
            self._tell_waiters()
        self.state = TeamState(shipped, entries, problem)

    def _count(self, at_least: int) -> int:
        try:
            last = in_our_words(lambda: read_last(self._path).sequence, "read")
        except JournalError:
            return max(self.state.entries, at_least)
        return max(last, at_least)


def _finish(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _few(rows: "islice[SealedRow]") -> tuple[SealedRow, ...]:
    """Return the first rows, as many as are shipped together; at least one."""
    found: list[SealedRow] = []
    characters = 0
    for row in rows:
        characters += len(row.content)
        if found and characters > _CHARACTERS_AT_ONCE:
            break
        found.append(row)
    return tuple(found)


def _sound(rows: Sequence[SealedRow]) -> Sequence[SealedRow]:
    """Return the rows before the first damaged one."""
    for index, row in enumerate(rows):
        if entry_of(row) is None:
            return rows[:index]
    return rows


def _ends_a_batch(rows: Sequence[SealedRow]) -> bool:
    return any(row.event == JournalEvent.BATCH_ENDED.value for row in rows)
