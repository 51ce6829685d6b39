"""How long a 429 asks us to wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_SECONDS = 60.0
"""A `Retry-After` beyond this is cut: the operator is waiting."""


def read_retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds of a ``Retry-After`` header (seconds or an HTTP date)."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
