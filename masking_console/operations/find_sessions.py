"""Find open sessions: by number, or all that Plivo can list.

Plivo lists 90 days, at most 30 of them at once, 20 sessions a page (API reference,
"List semantics"). The upper bound is frozen and every state is asked for, so that the
set does not move while it is read: a session that expires stays in it.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from masking_console.models.account import Account
from masking_console.models.listing import ListEnd, ListEvent, ListProgress, Wanted
from masking_console.models.masking_session import MaskingSession
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import Connections
from masking_console.operations.engine import Emit
from masking_console.operations.sign_in import SIGN_IN_REFUSED, sign_in_error
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.pages import SessionPage

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient

PAGE = 20
"""The most sessions on a page."""
WINDOW = timedelta(days=30)
"""The longest stretch of time that one request may ask for."""
WINDOWS = 3
"""90 days; older sessions cannot be listed."""
WORKERS = 16
"""Pages in flight at once; the pace, not this, limits the rate."""
MOST_PASSES = 3
"""How often a window is read before it is called incomplete."""

_NUMBERS = ("first_party", "second_party", "virtual_number")
_TRIES = 4
_TIME = "%Y-%m-%d %H:%M:%S.%f"
_AGAIN = frozenset({Verdict.UNCLEAR, Verdict.NOT_SENT, Verdict.RATE_LIMITED})


class FilterRefusedError(Exception):
    """Plivo refuses a filter for numbers, or does not obey it."""


class FindSessions:
    """Reads Plivo's lists, window by window, and proves what it can."""

    def __init__(
        self,
        connections: Connections,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connections = connections
        self._now = now

    async def run(
        self, account: Account, wanted: Wanted, emit: Emit[ListEvent]
    ) -> None:
        """Emit what is found as it comes; the last event is `ListEnd`.

        Raises:
            TokenRefusedError: Plivo refused the account; what was found stays.
        """
        client = self._connections.client(account)
        walk = _Walk(client, wanted, self._now(), emit)
        names = _NUMBERS if wanted.number else ()
        filters: list[Mapping[str, str]] = [{name: wanted.number} for name in names]
        try:
            if not filters:
                await walk.glance()
            await walk.through(filters or [{}])
        except FilterRefusedError:
            # Then everything is read, and looked through here.
            await _Walk(client, wanted, walk.until, emit).through([{}])


@dataclass(slots=True)
class _Walk:
    """One way through all windows."""

    client: "PlivoClient"
    wanted: Wanted
    until: datetime
    emit: Emit[ListEvent]
    _read: set[SessionUuid] = field(default_factory=set)
    _told: set[SessionUuid] = field(default_factory=set)
    _problems: list[str] = field(default_factory=list)

    async def through(self, filters: list[Mapping[str, str]]) -> None:
        """Read every window under each of the filters.

        Raises:
            FilterRefusedError: Plivo does not take one of them.
        """
        proved = 0
        for number, (start, end) in enumerate(self._windows(), start=1):
            self._tell(number, ())
            bounds = _bounds(start, end)
            is_proved = True
            for one in filters:
                window = _Window(self, number, {**bounds, **one}, start, end)
                is_proved &= await window.read_all()
            proved += is_proved
        since = self.until - WINDOWS * WINDOW
        problems = tuple(self._problems)
        self.emit(ListEnd(since, self.until, WINDOWS, proved, problems))

    async def glance(self) -> None:
        """Show what Plivo itself calls active, because that is quick; prove nothing.

        Whether it includes sessions in a call, and whether the filter is obeyed, is not
        known; so everything is read afterwards.
        """
        for number, (start, end) in enumerate(self._windows(), start=1):
            self._tell(number, ())
            bounds = _bounds(start, end)
            await _Window(
                self, number, {**bounds, "status": "active"}, start, end
            ).read_once()

    def _windows(self) -> Iterator[tuple[datetime, datetime]]:
        for number in range(WINDOWS):
            end = self.until - number * WINDOW
            yield end - WINDOW, end

    def note(self, number: int, sessions: tuple[MaskingSession, ...]) -> None:
        """Take over what a page brought, and tell what is new in it."""
        self._read.update(session.session_uuid for session in sessions)
        found = tuple(
            session
            for session in sessions
            if self.wanted.matches(session) and session.session_uuid not in self._told
        )
        self._told.update(session.session_uuid for session in found)
        self._tell(number, found)

    def miss(self, number: int, why: str) -> None:
        """Note that a window could not be read as a whole."""
        sentence = f"Window {number} {why}."
        if sentence not in self._problems:
            self._problems.append(sentence)

    def _tell(self, number: int, found: tuple[MaskingSession, ...]) -> None:
        self.emit(ListProgress(number, WINDOWS, len(self._read), found))


@dataclass(slots=True)
class _Window:
    """One stretch of time under one filter."""

    walk: _Walk
    number: int
    filters: Mapping[str, str]
    start: datetime
    end: datetime
    _seen: set[SessionUuid] = field(default_factory=set)
    _unreadable: int = 0
    _problem: str = "kept changing"

    async def read_all(self) -> bool:
        """Read every page; return whether it is proved that none is missing."""
        for _ in range(MOST_PASSES):
            before = len(self._seen)
            total = await self._pass()
            if total is None or self._unreadable:
                break
            # As many different sessions as Plivo counts, before and after.
            if len(self._seen) == total == await self._count():
                return True
            if before and len(self._seen) == before and total <= before:
                # A second pass found nothing new: what moved has been read.
                return True
        self.walk.miss(self.number, self._problem)
        return False

    async def read_once(self) -> None:
        """Read every page that can be read, without a proof."""
        await self._pass()

    async def _pass(self) -> int | None:
        """Read all pages once, side by side; return how many there should be."""
        first = await self._page(0)
        if first is None:
            return None
        if first.total_count is None:
            return await self._one_after_the_other(first)
        offsets = iter(range(PAGE, first.total_count, PAGE))
        whole = await asyncio.gather(*(self._some(offsets) for _ in range(WORKERS)))
        return first.total_count if all(whole) else None

    async def _some(self, offsets: Iterator[int]) -> bool:
        for offset in offsets:
            if await self._page(offset) is None:
                return False
        return True

    async def _one_after_the_other(self, first: SessionPage) -> int | None:
        """Read on until a page is short, where Plivo gives no total."""
        page: SessionPage | None = first
        offset = 0
        while page is not None and len(page.sessions) + page.unreadable >= PAGE:
            offset += PAGE
            page = await self._page(offset)
        return None if page is None else len(self._seen)

    async def _count(self) -> int | None:
        page = await self._page(0)
        if page is None:
            return None
        return len(self._seen) if page.total_count is None else page.total_count

    async def _page(self, offset: int) -> SessionPage | None:
        """Return one page and pass it on, or None after several tries."""
        filters = {**self.filters, "limit": str(PAGE), "offset": str(offset)}
        why = ""
        for _ in range(_TRIES):
            answer, page = await self.walk.client.list_sessions(filters)
            if page is not None:
                self._take(page)
                return page
            if answer.verdict is Verdict.REFUSED and self._number:
                raise FilterRefusedError
            if answer.verdict in SIGN_IN_REFUSED:
                raise sign_in_error(self.walk.client.account, answer)
            why = _why(answer)
            if answer.verdict not in _AGAIN:
                break
        self._problem = f"failed ({why})"
        return None

    @property
    def _number(self) -> str:
        """The number that this window is filtered by, or nothing."""
        return next((self.filters[n] for n in _NUMBERS if n in self.filters), "")

    def _take(self, page: SessionPage) -> None:
        if self._number and any(
            self._number not in session.numbers for session in page.sessions
        ):
            raise FilterRefusedError
        self._seen.update(session.session_uuid for session in page.sessions)
        self._unreadable += page.unreadable
        if page.unreadable:
            self._problem = "held rows that cannot be read"
        if any(not self._is_inside(session) for session in page.sessions):
            self.walk.miss(self.number, "held sessions of another time")
        self.walk.note(self.number, page.sessions)

    def _is_inside(self, session: MaskingSession) -> bool:
        created = session.created_time
        return created is None or self.start <= created < self.end


def _bounds(start: datetime, end: datetime) -> dict[str, str]:
    return {
        "created_time__gte": start.strftime(_TIME),
        "created_time__lt": end.strftime(_TIME),
    }


def _why(answer: Answer) -> str:
    return answer.words
