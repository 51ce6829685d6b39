"""A clock that goes on when a test says so."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time of the start, and what was added to it since."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, span: timedelta) -> None:
        """Let so much time pass."""
        self._now += span
