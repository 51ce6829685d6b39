"""Drills on the simulated account: set up, marked in the journal, and debriefed."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from masking_console.errors import RefusedError
from masking_console.journal.journal import Journal
from masking_console.models.drill import Debrief, Drill
from masking_console.models.history_query import HistoryQuery
from masking_console.operations.expire_sessions import Clocks
from masking_console.operations.read_history import ReadHistory

if TYPE_CHECKING:
    from masking_console.practice.simulated_account import SimulatedAccount


class Drills:
    """Sets drills up, one after the other, and tells what came of the latest."""

    def __init__(
        self,
        account: "SimulatedAccount | None",
        journal: Journal,
        history: ReadHistory,
        now: Callable[[], datetime],
    ) -> None:
        """Make it; without a simulated account, every drill is refused."""
        self._account = account
        self._journal = journal
        self._history = history
        self._now = now
        self._began: datetime | None = None
        self.drill: Drill | None = None
        """The latest drill, from its beginning to its debrief."""

    @property
    def are_possible(self) -> bool:
        """Whether the account is a simulated one."""
        return self._account is not None

    @property
    def clocks(self) -> Clocks:
        """The clocks by which a run sees that the computer slept."""
        wall = self.drill.wall if self.drill is not None else None
        return wall or time.time, time.monotonic

    @property
    def seconds(self) -> float:
        """Time since the beginning of the latest drill."""
        return (self._now() - self._began).total_seconds() if self._began else 0.0

    async def begin(self, name: str) -> Drill:
        """Mark the journal, and set an accident up in place of the one before.

        Raises:
            RefusedError: the account is a real one.
            InputError: there is no such drill.
            JournalError: the journal cannot be marked.
        """
        if self._account is None:
            raise RefusedError("Drills are for the practice account alone.")
        # Only practice pays for importing it.
        from masking_console.practice.drills import prepare  # noqa: PLC0415

        drill = await asyncio.to_thread(prepare, name, self._account)
        await self._journal.record_drill(name)
        self.drill, self._began = drill, self._now()
        return drill

    async def debrief(self) -> Debrief | None:
        """End the latest drill and return what came of it; None without one.

        Raises:
            JournalError: the journal cannot be read.
        """
        drill, began = self.drill, self._began
        if drill is None or began is None:
            return None
        records = await self._history.batches(HistoryQuery(since=began))
        found = Debrief.of(drill, records, self.seconds)
        self.drill = None
        return found
