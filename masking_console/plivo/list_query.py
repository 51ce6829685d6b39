"""Plivo's query language for its list of sessions (API reference, "List semantics")."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from masking_console.models.masking_session import SessionStatus, bare_number

LARGEST_PAGE = 20
"""The most sessions on a page."""
_TIME = "%Y-%m-%d %H:%M:%S.%f"
"""A time in UTC; Plivo takes fractions of a second."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A question for one page of sessions; a field that is empty is not asked for.

    Whether Plivo obeyed it is for the caller to check, on every row.
    """

    first_party: str = ""
    """Party 1's number, with or without its plus."""
    second_party: str = ""
    """Party 2's number, likewise."""
    virtual_number: str = ""
    """The virtual number, likewise."""
    status: SessionStatus | None = None
    """The state; `IN_PROGRESS` and `OTHER` were never seen to be taken."""
    created_from: datetime | None = None
    """The earliest time of creation, in UTC."""
    created_before: datetime | None = None
    """The time of creation, in UTC, from which sessions are left out."""
    limit: int = LARGEST_PAGE
    """The most sessions on the page."""
    offset: int = 0
    """The number of sessions to skip."""

    @classmethod
    def for_number(cls, number: str) -> tuple["ListQuery", "ListQuery", "ListQuery"]:
        """Return the questions for a number in each of its three places."""
        return (
            cls(first_party=number),
            cls(second_party=number),
            cls(virtual_number=number),
        )

    @property
    def number(self) -> str:
        """The first number that it asks for, as bare digits; empty without one."""
        given = self.first_party or self.second_party or self.virtual_number
        return bare_number(given)

    def parameters(self) -> Mapping[str, str]:
        """Return the parameters of the request, by Plivo's names."""
        texts = {
            "first_party": bare_number(self.first_party),
            "second_party": bare_number(self.second_party),
            "virtual_number": bare_number(self.virtual_number),
            "status": self.status.value if self.status is not None else "",
            "created_time__gte": _time(self.created_from),
            "created_time__lt": _time(self.created_before),
            "limit": str(self.limit),
            "offset": str(self.offset) if self.offset else "",
        }
        return {name: text for name, text in texts.items() if text}


def _time(moment: datetime | None) -> str:
    return moment.strftime(_TIME) if moment is not None else ""
