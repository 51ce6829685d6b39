"""One stretch of time of Plivo's lists, read to its last page, with what is proved.

Whether Plivo obeys a filter, a bound or an offset is not taken for granted: every row
is looked at, and what does not fit is said.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from masking_console.models.account import Account
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.connections import SIGN_IN_REFUSED, sign_in_error
from masking_console.plivo.answers import Answer, Verdict
from masking_console.plivo.details import LARGEST_PAGE, ListQuery, SessionPage

T = TypeVar("T")

WORKERS = 16
"""Pages in flight at once; the pace, not this, limits the rate."""
MOST_PASSES = 3
"""The most passes before a window is called incomplete."""
LONGEST = 400_000
"""The most sessions that are read in one window; a longer list has no proof."""
MOST_BARREN = 50
"""The most pages of a pass that may bring nothing readable."""

_TRIES = 4
_AGAIN = frozenset({Verdict.UNCLEAR, Verdict.NOT_SENT, Verdict.RATE_LIMITED})


class FilterRefusedError(Exception):
    """Plivo refuses a filter for numbers, or does not obey it."""


class PageReader(Protocol):
    """The other side of a window: it is asked for pages, and told what came of them."""

    @property
    def account(self) -> Account:
        """The account that is read."""

    async def ask(self, query: ListQuery) -> tuple[Answer, SessionPage | None]:
        """Return the answer to one list request, and its page where it has one."""

    def take(self, page: SessionPage) -> None:
        """Take over what a page brought."""

    def miss(self, number: int, why: str, *, is_rate_limited: bool = False) -> None:
        """Note that a window could not be read as a whole."""


@dataclass(slots=True)
class Window:
    """One stretch of time under one filter."""

    reader: PageReader
    number: int
    """Its number, from 1 for the newest."""
    start: datetime
    end: datetime
    query: ListQuery
    """The question that each of its pages answers, but for time and offset."""
    _seen: set[SessionUuid] = field(default_factory=set)
    _of_this_pass: set[SessionUuid] = field(default_factory=set)
    _unreadable: int = 0
    _barren: int = 0
    _problem: str = "kept changing"
    _is_rate_limited: bool = False
    _is_at_end: bool = False
    _is_stuck: bool = False

    async def read_all(self) -> bool:
        """Read every page; return whether it is proved that none is missing."""
        for _ in range(MOST_PASSES):
            before = len(self._seen)
            total = await self._pass()
            if total is None or self._unreadable or self._is_stuck:
                break
            if total <= LARGEST_PAGE and len(self._of_this_pass) == total:
                # One answer is of one moment: nothing can have moved meanwhile.
                return True
            # As many different sessions as Plivo counts, before and after.
            if len(self._seen) == total and await self._is_still(total):
                return True
            if before and len(self._seen) == before and total <= before:
                # A second pass found nothing new: what moved has been read.
                return True
        self.reader.miss(
            self.number, self._problem, is_rate_limited=self._is_rate_limited
        )
        return False

    async def read_once(self) -> None:
        """Read every page that can be read, without a proof."""
        await self._pass()

    async def _pass(self) -> int | None:
        """Read all pages once, side by side; return how many sessions there should be.

        None: a page could not be read.
        """
        self._of_this_pass.clear()
        self._is_at_end, self._barren = False, 0
        first = await self._page(0)
        if first is None:
            return None
        if first.total_count is None:
            return await self._one_after_the_other(first)
        offsets = iter(
            range(LARGEST_PAGE, min(first.total_count, LONGEST), LARGEST_PAGE)
        )
        whole = await side_by_side(*(self._some(offsets) for _ in range(WORKERS)))
        if first.total_count > LONGEST:
            self._give_up(f"has more than {LONGEST} sessions")
        return first.total_count if all(whole) else None

    async def _some(self, offsets: Iterator[int]) -> bool:
        for offset in offsets:
            if self._is_at_end:
                break
            if await self._page(offset) is None:
                return False
        return True

    async def _one_after_the_other(self, first: SessionPage) -> int | None:
        """Read on to an empty page, where Plivo gives no total."""
        page: SessionPage | None = first
        offset = 0
        while page is not None and page.sessions and not self._is_at_end:
            offset += len(page.sessions) + page.unreadable
            if offset > LONGEST:
                self._give_up(f"has more than {LONGEST} sessions")
                break
            page = await self._page(offset)
        return None if page is None else len(self._of_this_pass)

    async def _is_still(self, total: int) -> bool:
        page = await self._page(0)
        if page is None or page.unreadable:
            return False
        return page.total_count in {None, total}

    def _give_up(self, problem: str) -> None:
        self._is_stuck, self._problem = True, problem

    async def _page(self, offset: int) -> SessionPage | None:
        """Return one page and pass it on, or None after several tries."""
        query = replace(
            self.query,
            created_from=self.start,
            created_before=self.end,
            offset=offset,
        )
        answer, page = await self.reader.ask(query)
        for _ in range(_TRIES - 1):
            if answer.verdict not in _AGAIN:
                break
            answer, page = await self.reader.ask(query)
        if page is not None:
            self._take(page, is_first=offset == 0)
        elif answer.verdict is Verdict.REFUSED and self.query.number:
            raise FilterRefusedError
        elif answer.verdict in SIGN_IN_REFUSED:
            raise sign_in_error(self.reader.account, answer)
        else:
            self._problem = f"failed ({_why(answer)})"
            self._is_rate_limited |= answer.verdict is Verdict.RATE_LIMITED
        return page

    def _take(self, page: SessionPage, *, is_first: bool) -> None:
        if self.query.number and any(
            self.query.number not in session.numbers for session in page.sessions
        ):
            raise FilterRefusedError
        uuids = {session.session_uuid for session in page.sessions}
        if not is_first and uuids <= self._of_this_pass:
            self._barren += 1
            # A page that cannot be read may have readable ones behind it.
            is_end = bool(uuids) or not page.unreadable
            self._is_at_end = is_end or self._barren > MOST_BARREN
            if uuids:
                # The offset is not obeyed, and the list would be read for ever.
                self._give_up("repeats its pages")
        self._of_this_pass |= uuids
        self._seen |= uuids
        self._unreadable += page.unreadable
        if page.unreadable:
            self._problem = "held rows that cannot be read"
        if any(not self._is_inside(each.created_time) for each in page.sessions):
            self.reader.miss(self.number, "held sessions of another time")
        self.reader.take(page)

    def _is_inside(self, created: datetime | None) -> bool:
        return created is None or self.start <= created < self.end


async def side_by_side(*works: Coroutine[Any, Any, T]) -> list[T]:
    """Run the works at once and return what they return, in their order.

    Where one fails, the others are stopped, and its error is raised.
    """
    tasks = [asyncio.ensure_future(each) for each in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _why(answer: Answer) -> str:
    return answer.words
