"""Find sessions: by number or id in every state, or all that are open.

Plivo lists 90 days, at most 30 of them at once, 20 sessions a page (API reference,
"List semantics"). The upper bound is frozen and every state is asked for, so that the
set does not move while it is read: a session that expires stays in it. Windows and
filters are read side by side, within the pace.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from masking_console.errors import JournalError
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_attempts, read_latest_gap
from masking_console.models.account import Account
from masking_console.models.listing import (
    FoundSession,
    ListEnd,
    ListEvent,
    ListProgress,
    Search,
    Wanted,
)
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.phone_number import Reading
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.models.unsettled import (
    PastAttempt,
)
from masking_console.operations.connections import (
    SIGN_IN_REFUSED,
    Connections,
    sign_in_error,
)
from masking_console.operations.engine import Emit
from masking_console.operations.list_window import (
    WORKERS,
    FilterRefusedError,
    Window,
    side_by_side,
)
from masking_console.operations.second_look import Learning, patient_look
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.details import ListQuery, SessionPage
from masking_console.presentation.listing import search_words
from masking_console.presentation.sessions import reading_words

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

WINDOW = timedelta(days=30)
"""The longest stretch of time that one request may ask for."""
WINDOWS = 3
"""90 days; older sessions cannot be listed."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class FindSessions:
    """Reads Plivo's lists, and proves what it can."""

    def __init__(
        self,
        connections: Connections,
        journal_path: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        journal: Journal | None = None,
    ) -> None:
        """Make one; with a journal, it learns what is found."""
        self._connections = connections
        self._journal = journal
        self._journal_path = journal_path
        self._now = now

    async def run(
        self, account: Account, wanted: Wanted, emit: Emit[ListEvent]
    ) -> None:
        """Emit what is found as it comes, expired ones last; then `ListEnd`.

        Raises:
            TokenRefusedError: Plivo refused the account; what was found stays.
        """
        client = self._connections.client(account)
        walk = _Walk(client, wanted, self._now(), emit)
        try:
            if wanted.session_uuid is not None:
                await walk.look(wanted.session_uuid)
            else:
                await self._read_lists(walk, wanted)
            await self._learn(walk)
            await self._ask_the_journal(walk)
        finally:
            walk.tell_expired()
        emit(walk.end())

    async def _read_lists(self, walk: "_Walk", wanted: Wanted) -> None:
        if not wanted.finds_all_states:
            await walk.glance()
        # Plivo may refuse digits as they were typed, and take the number they mean.
        for readings in dict.fromkeys((wanted.readings, wanted.meant)):
            queries = [
                query
                for reading in readings
                for query in ListQuery.for_number(reading.digits)
            ]
            if queries and await walk.is_read(queries):
                return
        # Everything is read, and looked through here.
        await walk.through([ListQuery()])

    async def _learn(self, walk: "_Walk") -> None:
        """Write down what was found of sessions that a batch has left unsettled."""
        learning = Learning(self._journal, walk.account, self._now)
        for problem in await learning.about(walk.seen):
            walk.emit(problem)
        for uuid in learning.waits_for:
            for news in await learning.take(uuid, walk.seen[uuid]):
                walk.emit(news)

    async def _ask_the_journal(self, walk: "_Walk") -> None:
        """Find out which of the expired ones our own batches have expired."""
        path, expired = self._journal_path, [*walk.expired]
        try:
            attempts = await asyncio.to_thread(read_attempts, path, expired)
            gap = await asyncio.to_thread(read_latest_gap, path)
        except JournalError:
            # The journal's own troubles are told elsewhere; here nothing is claimed.
            return
        for uuid, found in walk.expired.items():
            past = _telling(attempts.get(uuid, ()))
            # What stood in lost entries nobody knows, but only of older sessions.
            is_known = past is not None or gap is None or _created(found) > gap
            walk.expired[uuid] = replace(found, past=past, is_past_read=is_known)


def _telling(attempts: Sequence[PastAttempt]) -> PastAttempt | None:
    """Return the latest attempt that expired it, or else that may have."""
    return next(
        (each for each in reversed(attempts) if each.has_expired_it),
        next((each for each in reversed(attempts) if each.may_have_expired_it), None),
    )


def _created(found: FoundSession) -> datetime:
    return found.session.created_time or _LONG_AGO


@dataclass(slots=True)
class _Walk:
    """One way through all windows; a `PageReader`."""

    client: "PlivoClient"
    wanted: Wanted
    until: datetime
    emit: Emit[ListEvent]
    expired: dict[SessionUuid, FoundSession] = field(default_factory=dict)
    """Expired ones, to be told at the end, after all that is open."""
    seen: dict[SessionUuid, Answer] = field(default_factory=dict)
    """The latest that Plivo said of each session that is looked for."""
    _read: set[SessionUuid] = field(default_factory=set)
    _told: set[SessionUuid] = field(default_factory=set)
    _met: set[Reading] = field(default_factory=set)
    _problems: dict[str, None] = field(default_factory=dict)
    _proved: int = 0
    _windows: int = WINDOWS
    _left: Counter[int] = field(default_factory=Counter)
    _is_anything_read: bool = False
    _is_rate_limited: bool = False
    _seats: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(WORKERS)
    )

    @property
    def account(self) -> Account:
        """The account that is read."""
        return self.client.account

    async def is_read(self, queries: Sequence[ListQuery]) -> bool:
        """Read every window under the filters, unless Plivo does not take them."""
        try:
            await self.through(queries)
        except FilterRefusedError:
            return False
        return True

    async def through(self, queries: Sequence[ListQuery]) -> None:
        """Read every window under each of the filters.

        Raises:
            FilterRefusedError: Plivo does not take one of them.
        """
        self._problems.clear()
        self._is_rate_limited = False
        windows = self._cut(queries)
        self._left = Counter(each.number for each in windows)
        self._tell(())
        proofs = await side_by_side(*(self._read_one(each) for each in windows))
        unproved = {
            window.number
            for window, is_proved in zip(windows, proofs, strict=True)
            if not is_proved
        }
        self._proved = WINDOWS - len(unproved)

    async def glance(self) -> None:
        """Show what Plivo itself calls active, because that is quick; prove nothing.

        Whether it includes sessions in a call, and whether the filter is obeyed, is not
        known; so everything is read afterwards.
        """
        windows = self._cut([ListQuery(status=SessionStatus.ACTIVE)])
        self._left = Counter(each.number for each in windows)
        self._tell(())
        await side_by_side(*(each.read_once() for each in windows))

    async def look(self, session_uuid: SessionUuid) -> None:
        """Ask for one session by its id, which is quicker than any list."""
        self._windows = 1
        answer = await patient_look(self.client, session_uuid)
        if answer.verdict in SIGN_IN_REFUSED:
            raise sign_in_error(self.account, answer)
        self._is_anything_read = answer.verdict in {Verdict.FOUND, Verdict.NOT_FOUND}
        self._proved = int(self._is_anything_read)
        self._is_rate_limited = answer.verdict is Verdict.RATE_LIMITED
        if not self._is_anything_read:
            self._problems[f"No answer to use ({answer.words})."] = None
        if answer.session is not None:
            self._hold((answer.session,), answer)
            self._note((answer.session,))
        elif answer.verdict is Verdict.NOT_FOUND:
            self.seen[session_uuid] = answer

    def end(self) -> ListEnd:
        """Return what it has come to."""
        readings = [
            each for each in self.wanted.readings if each.is_meant or each in self._met
        ]
        return ListEnd(
            since=self.until - WINDOWS * WINDOW,
            until=self.until,
            windows=self._windows,
            proved=self._proved,
            problems=tuple(self._problems),
            readings=tuple(dict.fromkeys(reading_words(each) for each in readings)),
            is_reading_sure=bool(readings) or not self.wanted.readings,
            is_anything_read=self._is_anything_read,
            is_rate_limited=self._is_rate_limited,
        )

    def tell_expired(self) -> None:
        """Tell what is expired, the newest first, after all that is open."""
        found = tuple(sorted(self.expired.values(), key=_created, reverse=True))
        self.expired.clear()
        if found:
            self._tell(found)

    async def ask(self, query: ListQuery) -> tuple[Answer, SessionPage | None]:
        """Return the answer to one list request, and its page where it has one."""
        async with self._seats:
            answer, page = await self.client.list_sessions(query)
        if page is not None:
            self._hold(page.sessions, answer)
        return answer, page

    def take(self, page: SessionPage) -> None:
        """Take over what a page brought, and tell what is new in it."""
        self._is_anything_read = True
        self._note(page.sessions)

    def _hold(self, sessions: Sequence[MaskingSession], answer: Answer) -> None:
        """Keep an answer as the evidence of what it says of each session."""
        for session in sessions:
            if self.wanted.matches(session):
                one = replace(answer, verdict=Verdict.FOUND, session=session)
                self.seen[session.session_uuid] = one

    def miss(self, number: int, why: str, *, is_rate_limited: bool = False) -> None:
        """Note that a window could not be read as a whole."""
        self._problems[f"Window {number} {why}."] = None
        self._is_rate_limited |= is_rate_limited

    async def _read_one(self, window: Window) -> bool:
        is_proved = await window.read_all()
        self._left[window.number] -= 1
        self._tell(())
        return is_proved

    def _cut(self, queries: Sequence[ListQuery]) -> list[Window]:
        """Return every stretch of time under each of the filters, the newest first."""
        return [
            Window(self, number, start, end, one)
            for number, (start, end) in enumerate(self._stretches(), start=1)
            for one in queries
        ]

    def _stretches(self) -> Iterator[tuple[datetime, datetime]]:
        for number in range(WINDOWS):
            end = self.until - number * WINDOW
            yield end - WINDOW, end

    def _note(self, sessions: Sequence[MaskingSession]) -> None:
        self._read.update(session.session_uuid for session in sessions)
        found = []
        for session in sessions:
            uuid = session.session_uuid
            if uuid in self._told or not self.wanted.matches(session):
                continue
            self._told.add(uuid)
            one = self._found(session)
            if one.is_open:
                found.append(one)
            else:
                self.expired[uuid] = one
        self._tell(tuple(found))

    def _found(self, session: MaskingSession) -> FoundSession:
        reading = self.wanted.reading_of(session)
        words = PlainText("")
        if reading is not None:
            self._met.add(reading)
            words = reading_words(reading)
        search = Search(PlainText(search_words(self.wanted)), self.until)
        return FoundSession(session, search, words)

    def _tell(self, found: tuple[FoundSession, ...]) -> None:
        done = self._windows - sum(left > 0 for left in self._left.values())
        self.emit(ListProgress(done, self._windows, len(self._read), found))
