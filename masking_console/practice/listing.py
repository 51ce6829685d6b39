"""List requests to the simulated account, and the parameters that it refuses.

Where Plivo's behavior is not public, the simulated service is strict or does what
`Conduct` says, so that a client that guesses is found out.
"""

import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from masking_console.practice.stored_session import EXPIRED, IN_PROGRESS, StoredSession

LARGEST_PAGE = 20
LISTED_FOR = timedelta(days=90)
"""Age up to which sessions can be listed."""
LONGEST_WINDOW = timedelta(days=30)
"""The longest stretch of time that one request may ask for."""
DEFAULT_WINDOW = timedelta(days=7)
"""Window that is listed when no time is given."""


class FilterConduct(Enum):
    """Handling of a kind of filter by the service."""

    ACCEPTED = auto()
    """The list has the sessions that pass it, as documented."""
    IGNORED = auto()
    """The list has all sessions, as if the filter were not there."""
    REFUSED = auto()
    """The answer is 400."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """Conduct of the simulated service where that can differ."""

    latency_seconds: tuple[float, float] = (0.06, 0.16)
    """The shortest and the longest time an ordinary answer takes."""
    number_filters: FilterConduct = FilterConduct.ACCEPTED
    """Handling of a filter for a number."""
    status_filter: FilterConduct = FilterConduct.ACCEPTED
    """Handling of a filter for a status."""
    time_filters: FilterConduct = FilterConduct.ACCEPTED
    """Handling of bounds for a time or a duration."""
    obeys_offset: bool = True
    """Whether pages follow each other; without that, each request gets the first."""
    takes_in_progress: bool = True
    """Whether ``status=in-progress`` is a filter; the current page has none."""
    active_includes_in_progress: bool = False
    """Whether ``status=active`` lists sessions with a call running as well."""
    subaccount_filter: FilterConduct = FilterConduct.ACCEPTED
    """Handling of a filter for a subaccount; there is none, so it finds nothing."""
    refuses_unknown: bool = False
    """Whether a parameter that there is not is answered with 400."""


class ListRefusedError(ValueError):
    """A list request that is answered with 400; its text is the reason."""


Comparison: TypeAlias = Callable[[Any, Any], bool]

_COMPARISONS: Mapping[str, Comparison] = {
    "": operator.eq,
    "__gt": operator.gt,
    "__gte": operator.ge,
    "__lt": operator.lt,
    "__lte": operator.le,
}
_RANGED = ("created_time", "expiry_time", "duration")
_RANGES = tuple(field + suffix for field in _RANGED for suffix in _COMPARISONS)
_NUMBERS = ("first_party", "second_party", "virtual_number")
_KNOWN = frozenset({*_NUMBERS, *_RANGES, "status", "limit", "offset", "subaccount"})
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII
)
_INTEGER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Bound:
    """One comparison that a session has to pass."""

    field: str
    suffix: str
    value: datetime | int


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Query of one list request."""

    limit: int
    """Most sessions on a page."""
    offset: int
    """Number of sessions to skip."""
    _words: frozenset[str] | None
    """The statuses that are listed; None: all."""
    _numbers: tuple[tuple[str, str], ...]
    _bounds: tuple[_Bound, ...]

    def selected(
        self, oldest_first: Sequence[StoredSession], now: datetime
    ) -> list[StoredSession]:
        """Return those that are asked for, the newest first.

        Args:
            oldest_first: every session of the account, in the order of creation.
            now: their status is that of this moment.
        """
        # Twenty thousand sessions are listed in a thousand requests. So the stretch of
        # time is cut out, and only then comes one pass for each other condition.
        found = oldest_first[_stretch(oldest_first, self._bounds)][::-1]
        for bound in self._bounds:
            if bound.field == "created_time":
                continue
            compare, value = _COMPARISONS[bound.suffix], bound.value
            value_of = operator.attrgetter(bound.field)
            found = [session for session in found if compare(value_of(session), value)]
        for field, number in self._numbers:
            value_of = operator.attrgetter(field)
            found = [s for s in found if _digits(value_of(s)) == number]
        if self._words is not None:
            found = [s for s in found if s.status_at(now) in self._words]
        return list(found)


def _stretch(
    oldest_first: Sequence[StoredSession], bounds: tuple[_Bound, ...]
) -> slice:
    """Return where the sessions are that were created within the bounds."""
    start, end = 0, len(oldest_first)
    created = operator.attrgetter("created_time")
    for bound in bounds:
        if bound.field != "created_time":
            continue
        before = bisect_left(oldest_first, bound.value, key=created)
        up_to = bisect_right(oldest_first, bound.value, key=created)
        if not bound.suffix.startswith("__l"):
            start = max(start, up_to if bound.suffix == "__gt" else before)
        if not bound.suffix.startswith("__g"):
            end = min(end, before if bound.suffix == "__lt" else up_to)
    return slice(start, max(start, end))


def read_list_query(query: str, now: datetime, conduct: Conduct) -> ListQuery:
    """Return what a query string asks for.

    Raises:
        ListRefusedError: a value cannot be read, or a window is too long.
    """
    sent = {k: v for k, v in parse_qsl(query, keep_blank_values=True) if v}
    if conduct.refuses_unknown and (unknown := sent.keys() - _KNOWN):
        raise ListRefusedError(f"{min(unknown)} is not a valid parameter")
    given = _taken(sent, conduct)
    bounds = tuple(_bounds(given))
    for field in ("created_time", "expiry_time"):
        _refuse_long_window(field, bounds, now)
    reach = DEFAULT_WINDOW
    if any(isinstance(bound.value, datetime) for bound in bounds):
        reach = LISTED_FOR
    limit = _integer(given, "limit", LARGEST_PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise ListRefusedError(f"limit must be between 1 and {LARGEST_PAGE}")
    return ListQuery(
        limit=limit,
        offset=_integer(given, "offset", 0) if conduct.obeys_offset else 0,
        _words=frozenset()
        if "subaccount" in given
        else _status_words(given.get("status", "all"), conduct),
        _numbers=tuple(
            (name, _digits(given[name])) for name in _NUMBERS if name in given
        ),
        _bounds=(
            *bounds,
            _Bound("created_time", "__gte", now - reach),
            # The store keeps some that are yet to be created.
            _Bound("created_time", "__lte", now),
        ),
    )


def _taken(given: Mapping[str, str], conduct: Conduct) -> dict[str, str]:
    """Return the parameters that the service obeys."""
    taken = dict(given)
    for names, becomes in (
        (_NUMBERS, conduct.number_filters),
        (("status",), conduct.status_filter),
        (_RANGES, conduct.time_filters),
        (("subaccount",), conduct.subaccount_filter),
    ):
        for name in names:
            if name in given and becomes is FilterConduct.REFUSED:
                raise ListRefusedError(f"{name} is not a valid parameter")
            if becomes is FilterConduct.IGNORED:
                taken.pop(name, None)
    return taken


def _bounds(given: Mapping[str, str]) -> list[_Bound]:
    found = []
    for field in _RANGED:
        for suffix in _COMPARISONS:
            if (name := field + suffix) in given:
                value = (
                    _integer(given, name, 0)
                    if field == "duration"
                    else _time(given, name)
                )
                found.append(_Bound(field, suffix, value))
    return found


def _refuse_long_window(field: str, bounds: tuple[_Bound, ...], now: datetime) -> None:
    """Refuse more than 30 days; an open end reaches to now, or back for 90 days."""
    lower, upper = [], []
    for bound in bounds:
        if bound.field == field and isinstance(bound.value, datetime):
            if not bound.suffix.startswith("__l"):
                lower.append(bound.value)
            if not bound.suffix.startswith("__g"):
                upper.append(bound.value)
    if not lower and not upper:
        return
    earliest = max(lower, default=now - LISTED_FOR)
    if min(upper, default=now) - earliest > LONGEST_WINDOW:
        raise ListRefusedError(f"{field} must span at most 30 days")


def _status_words(word: str, conduct: Conduct) -> frozenset[str] | None:
    if word == "all":
        return None
    known = {"active", EXPIRED} | (
        {IN_PROGRESS} if conduct.takes_in_progress else set()
    )
    if word not in known:
        raise ListRefusedError("status is not valid")
    both = word == "active" and conduct.active_includes_in_progress
    return frozenset({word, IN_PROGRESS} if both else {word})


def _digits(number: str) -> str:
    """Return a number without ``+``, or a SIP endpoint unchanged."""
    bare = number.strip().removeprefix("+")
    return bare if bare.isdecimal() else number


def _integer(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if _INTEGER.fullmatch(text) is None:
        raise ListRefusedError(f"{name} must be an integer")
    return int(text)


def _time(given: Mapping[str, str], name: str) -> datetime:
    """Return a time in the form that requests use, which is not that of answers."""
    match = _TIME.fullmatch(given[name])
    try:
        minute, second, fraction = match.groups("0") if match else ("", "", "")
        return datetime.fromisoformat(minute).replace(
            second=int(second), microsecond=int(fraction.ljust(6, "0")), tzinfo=UTC
        )
    except ValueError:
        raise ListRefusedError(
            f"{name} must be YYYY-MM-DD HH:MM[:ss[.uuuuuu]]"
        ) from None
