"""One simulated run of the real expiry, with everything that chance made of it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from masking_console.errors import JournalError, TokenRefusedError
from masking_console.journal.journal import Journal
from masking_console.models.expiry import (
    ExpiryOutcome,
    ExpirySummary,
    RunEnd,
)
from masking_console.models.history import BatchRecord, batch_record
from masking_console.models.run_events import (
    LookedAgain,
    RunEvent,
    RunFinished,
    RunPaused,
    RunStarted,
    SessionSettled,
)
from masking_console.operations.check_sessions import CheckSessions
from masking_console.operations.connections import Connections
from masking_console.operations.expire_one import Waits
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.run_control import RunControl
from masking_console.operations.second_look import SecondLook
from masking_console.practice.exchange import PRACTICE_AUTH_ID
from masking_console.practice.stored_session import EXPIRED
from masking_console.settings import PRACTICE_API_URL, ApiUrl, Settings
from tests.simulation.far_side import EPOCH, Arrival, WatchedAccount, Wire
from tests.simulation.plans import confirmed_plan, now
from tests.simulation.shelf import Shelf
from tests.simulation.troubles import KINDS, Trouble, Weather
from tests.simulation.virtual_time import Disk, EndlessError, virtually
from tests.support.runs import policy_for

INTENSITIES = (0.0, 0.05, 0.05, 0.17, 0.17, 0.17, 0.5, 0.5, 0.5, 1.0)
AFTERMATH_SECONDS = 120.0
"""Longer than the slowest effect of a request that nobody waits for any more."""
OFF = {ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED}

_FOLDER = f"/v1/Account/{PRACTICE_AUTH_ID}/Masking/Session/"


@dataclass
class World:
    """World made of a seed, its story, and the promises that it broke."""

    seed: int
    shelf: Shelf
    weather: Weather | None = None
    """None: as the seed has it."""
    is_calm: bool = False
    """Whether operator, clock and disk do nothing unexpected."""
    events: list[RunEvent] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    settled_at: dict[str, float] = field(default_factory=dict)
    was_held: bool = False
    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    is_cancelled: bool = False
    sleeps: int = 0
    last_seen: dict[str, str | None] = field(default_factory=dict)
    """State that the last GET of the run saw of each session."""
    is_looking_later: bool = False
    """Whether looks after the end are under way: only GETs may leave."""
    is_begun: bool = True
    recovered: BatchRecord | None = None
    """Batch that the next start of the console finds, where this run was cut off."""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - the same run every time
        # The pace adds a little chance of its own.
        random.seed(self.seed)
        if self.weather is None:
            most = self.rng.choice((3, 8, len(KINDS)))
            kinds = self.rng.sample(sorted(KINDS), self.rng.randint(1, most))
            if self.rng.random() < 0.4:
                # What deceives most easily, with whatever else there is.
                kinds.append("late effect")
            self.weather = Weather(tuple(kinds), self.rng.choice(INTENSITIES))
        self.control = RunControl()
        # Many worlds share a journal, and a batch is named by its time.
        self._jump = timedelta(hours=self.rng.uniform(-9999, 9999))
        self._delete_counts: Counter[str] = Counter()
        # Some sessions meet the same trouble each time.
        self._stubborn: dict[str, str | None] = {}
        self._journal_limits = {} if self.is_calm else self._some_limits()
        self._slept = 0.0
        self._is_to_be_asked = False

    def live(self) -> None:
        """Let it all happen; `problems` has what went wrong."""
        try:
            virtually(self._live)
        except EndlessError:
            self.wrong("the run never ends")

    def wrong(self, words: str) -> None:
        """Note that a promise was broken."""
        self.problems.append(words)
        self.tell(f"!!! {words}")

    def tell(self, words: str) -> None:
        """Add a line to the story, with the time."""
        self.lines.append(f"{self._time():8.2f}  {words}")

    @property
    def summary(self) -> ExpirySummary | None:
        """Summary of the last event, if the run came to its end."""
        last = self.events[-1] if self.events else None
        return last.summary if isinstance(last, RunFinished) else None

    @property
    def is_disk_full(self) -> bool:
        """Whether the disk was full at times."""
        return bool(self._journal_limits)

    @property
    def batch_id(self) -> str:
        """The id of the batch, once it has begun."""
        started = self.events[0]
        assert isinstance(started, RunStarted)
        return started.batch.batch_id

    async def _live(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._note_lost_error)
        self.account = WatchedAccount(self.seed, self.tell)
        self.confirmed = confirmed_plan(self.account, self.rng)
        settings = Settings(
            journal_path=self.shelf.path,
            practice=True,
            api_url=ApiUrl(PRACTICE_API_URL),
            share=self.rng.choice((0.5, 0.5, 1.0, 0.02)),
        )
        journal = self._journal()
        wire = Wire(self.account, self._trouble, self._notice)
        connections = Connections(settings, wire, asyncio.get_running_loop().time)
        policy = policy_for(settings, self.confirmed.plan.account, now)
        expire = ExpireSessions(
            policy,
            connections,
            journal,
            now=self._wall_clock,
            clocks=(lambda: self._time() + self._slept, self._time),
        )
        try:
            await self._run(expire)
            await asyncio.sleep(AFTERMATH_SECONDS)
            await self._look_later(connections, journal)
            await connections.aclose()
        finally:
            journal.close()
        await self._start_again()

    async def _look_later(self, connections: Connections, journal: Journal) -> None:
        """Look at the batch once more, and at what is left of it, as the console does.

        Afterwards the journal, the screen and the truth must be the same.
        """
        summary = self.summary
        self.last_seen = dict(self.account.last_seen)
        if summary is None or self.is_calm or self.rng.random() < 0.5:
            return
        self.is_looking_later = True
        learnt = {str(e.session_uuid): e.outcome for e in summary.results}

        def take(event: object) -> None:
            if isinstance(event, LookedAgain):
                result = event.result
                self.tell(f"{result.session_uuid.short} learnt: {result.outcome.value}")
                learnt[result.session_uuid] = result.outcome

        account, uuids = (
            summary.batch.account,
            [e.session_uuid for e in summary.results],
        )
        second = SecondLook(connections, journal, self._wall_clock)
        check = CheckSessions(connections, self._wall_clock, journal)
        try:
            if self.rng.random() < 0.7:
                await second.run(summary, take)
            await check.run(account, uuids, take)
        except (JournalError, TokenRefusedError) as error:
            self.tell(f"not looked at: {error}")
        self._compare_with(learnt)

    def _compare_with(self, learnt: dict[str, ExpiryOutcome]) -> None:
        """Compare the journal with the screen, and both with the truth."""
        record = batch_record(self.shelf.entries(self.batch_id))
        assert record is not None
        for each in record.sessions:
            name, outcome = each.session_uuid, each.outcome
            if outcome is not learnt[name] and not self.is_disk_full:
                self.wrong(f"the journal learnt {outcome.value} of {name.short}")
            if outcome in OFF and self.account.status_of(name) != EXPIRED:
                self.wrong(f"WRONG VERDICT {name.short} is open after a later look")

    async def _run(self, expire: ExpireSessions) -> None:
        run = asyncio.create_task(
            expire.run(self.confirmed, self.control, self._emit),
        )
        if not self.is_calm:
            self._let_the_operator_act(run)
        await asyncio.wait([run])
        self.is_cancelled = run.cancelled()
        error = None if run.cancelled() else run.exception()
        if isinstance(error, JournalError) and not self.events:
            self.is_begun = False
            self.tell(f"not begun: {error}")
        elif error is not None:
            self.wrong(f"the run crashed: {error!r}")

    def _trouble(self, method: str, name: str) -> Trouble:
        assert self.weather is not None
        if method == "DELETE" and not self.is_calm and name not in self._stubborn:
            is_stubborn = self.rng.random() < self.weather.intensity / 5
            kind = self.rng.choice(self.weather.kinds) if is_stubborn else None
            self._stubborn[name] = kind
        kind = self._stubborn.get(name) if method == "DELETE" else None
        return self.weather.trouble(self.rng, kind)

    def _journal(self) -> Journal:
        journal = Journal(self.shelf.path, self._wall_clock)
        self.disk = Disk(
            self._disk_delay,
            lambda: self.control.is_paused or self.control.is_stopped,
            self._journal_limits.get,
            lambda: journal._file._connection,
        )
        journal._file.open()
        # Everything but the thread is the journal's own.
        journal._thread = self.disk  # type: ignore[assignment]
        return journal

    def _some_limits(self) -> dict[int, bool]:
        """Return from which job on the disk is full, and from which no longer."""
        if self.rng.random() > 0.15:
            return {}
        first = self.rng.choice((0, self.rng.randint(1, 30)))
        return {first: True, first + self.rng.choice((1, 5, 1000)): False}

    def _disk_delay(self) -> float:
        if self.is_calm or self.rng.random() > 0.1:
            return 0.0
        return self.rng.choice((0.001, 0.1, 6.0))

    def _wall_clock(self) -> datetime:
        if not self.is_calm and self.rng.random() < 0.05:
            self._jump += timedelta(hours=self.rng.uniform(-30, 30))
        return EPOCH + timedelta(seconds=self._time()) + self._jump

    def _time(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return float("nan")

    def _let_the_operator_act(self, run: asyncio.Task[None]) -> None:
        loop, rng = asyncio.get_running_loop(), self.rng

        def moment() -> float:
            return rng.choice((rng.uniform(0, 3), rng.uniform(0, 60)))

        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            pause = moment()
            loop.call_later(pause, self._act, self.control.pause)
            loop.call_later(pause + moment(), self._act, self.control.resume)
        if rng.random() < 0.15:
            loop.call_later(moment(), self._act, self.control.stop)
        for _ in range(rng.choice((0, 0, 0, 0, 1, 2))):
            loop.call_later(moment(), self._sleep, rng.uniform(10, 300))
        if rng.random() < 0.2:
            loop.call_later(moment(), self._act, run.cancel)

    def _sleep(self, seconds: float) -> None:
        """Let the computer sleep: the wall clock alone goes on."""
        self.tell(f"asleep for {seconds:.0f} s")
        self._slept += seconds
        self.sleeps += 1
        # One look at the clocks a second: a little less may not be noticed.
        self._is_to_be_asked |= seconds > Waits().asleep + Waits().beat

    def _act(self, action: Callable[[], object]) -> None:
        self.tell(f"operator: {action.__name__}")
        action()

    def _note_lost_error(
        self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        # A write that fails after its run was cancelled has nobody left to tell.
        if not isinstance(context.get("exception"), JournalError):
            self.wrong(f"an error that nobody saw: {context}")

    def _emit(self, event: RunEvent) -> None:
        self.events.append(event)
        if isinstance(event, SessionSettled):
            result = event.result
            name, outcome = result.session_uuid, result.outcome
            self.tell(f"{name.short} settled: {outcome.value}, {result.detail}")
            self.settled_at[name] = self._time()
            self.was_held |= not self.control.is_open
            if outcome in OFF and self.account.status_of(name) != EXPIRED:
                self.wrong(f"WRONG VERDICT {name.short} is open, not {outcome.value}")
        else:
            self.tell(type(event).__name__)
        if isinstance(event, RunPaused) and event.end is RunEnd.SLEPT:
            self._is_to_be_asked = False
        if isinstance(event, RunPaused):
            control = self.control
            action = self.rng.choice((control.resume, control.resume, control.stop))
            seconds = self.rng.uniform(0, 30)
            asyncio.get_running_loop().call_later(seconds, self._act, action)

    def _notice(self, request: httpx.Request, arrival: Arrival) -> None:
        """Check what leaves, in the moment in which it leaves."""
        if not self.is_looking_later:
            self.arrivals.append(arrival)
        name = arrival.session_uuid
        self.tell(f"{name[:8]} {arrival.method} leaves: {arrival.trouble.kind}")
        if self.is_looking_later and arrival.method == "GET":
            return
        planned = {each.session_uuid for each in self.confirmed.plan.sessions}
        if arrival.path != _FOLDER + name or request.headers.get("content-length"):
            self.wrong(f"not as documented: {arrival.method} {arrival.path}")
        if arrival.method not in {"DELETE", "GET"} or name not in planned:
            self.wrong(f"not in the reviewed list: {arrival.method} {name}")
        if self.summary is not None:
            self.wrong(f"after the end: {arrival.method} {name[:8]}")
        if arrival.method == "DELETE":
            if self._is_to_be_asked:
                self.wrong(f"a DELETE after a sleep, without a question: {name[:8]}")
            self._check_intent(name)

    def _check_intent(self, name: str) -> None:
        self._delete_counts[name] += 1
        intents = self.shelf.intents(name)
        if len(intents) < self._delete_counts[name]:
            self.wrong(f"a DELETE without an intent on the disk: {name[:8]}")
        elif self.disk.asked_while_held[intents[-1]]:
            self.wrong(f"a DELETE that began while sending was held: {name[:8]}")

    async def _start_again(self) -> None:
        """Start another console on the journal, where this one was cut off."""
        summary = self.summary
        if not self.events or (summary and summary.end is not RunEnd.JOURNAL_FAILED):
            return
        journal = Journal(self.shelf.path, self._wall_clock)
        journal._thread = Disk()  # type: ignore[assignment]
        with closing(journal):
            found = {each.batch_id: each for each in await journal.interrupted()}
            self.recovered = found.get(self.batch_id)
            if self.recovered is not None:
                # The next world on this journal has nothing to do with it.
                await journal.end_recovered(self.batch_id)
