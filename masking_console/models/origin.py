"""Origin: the way a session came into the queue."""

from dataclasses import dataclass
from datetime import datetime

from masking_console.models.plain_text import PlainText


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A paste or a search that brought sessions; no number stands in it.

    Each one is itself: two searches with the same words are two origins.
    """

    at: datetime
    """When it began, in UTC."""
    searched: PlainText = PlainText("")
    """What was searched, masked, such as ``+91..051 (India)``; empty for a paste."""
    short: PlainText = PlainText("")
    """The same for a narrow column, such as ``+91..051``."""

    is_for_all: bool = False
    """Whether it was the search for all open sessions."""

    @property
    def is_search(self) -> bool:
        """Whether it was a search."""
        return bool(self.searched)
