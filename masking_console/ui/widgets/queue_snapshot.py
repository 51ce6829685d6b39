"""A moment of the queue to which a burst of keys can be taken back."""

from typing import NamedTuple

from masking_console.models.session_uuid import SessionUuid


class QueueSnapshot(NamedTuple):
    """Where the queue stood; making one costs nothing."""

    revision: int
    """How many changes there had been."""
    cursor: SessionUuid | None
    """Where the cursor stood."""
    range_start: SessionUuid | None
    """Where a range had been started."""
