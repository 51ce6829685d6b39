"""A masking session as Plivo describes it, and what a check found out about one."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from http import HTTPStatus

from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid

_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?"
    r"(?:\s*(Z|[+-]\d{2}:?\d{2}))?(?:\s+\S+)?",
    re.ASCII,
)


def parse_timestamp(text: str | None) -> datetime | None:
    """Return the aware UTC time of a Plivo timestamp, or None where there is none.

    Plivo writes Go's default form, ``2024-05-29 04:47:18.14973 +0000 UTC``, with 0 to 9
    fractional digits, sometimes a doubled offset, sometimes no zone (which means UTC),
    sometimes nothing (API reference, "Timestamp formats"). What cannot be read is None:
    one bad timestamp never breaks a page.
    """
    match = _TIMESTAMP.fullmatch((text or "").strip())
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    try:
        naive = datetime.fromisoformat(f"{date}T{clock}")
        moment = naive.replace(
            microsecond=int((fraction or "0")[:6].ljust(6, "0")), tzinfo=_zone(zone)
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


class SessionStatus(Enum):
    """The state that Plivo gives a session."""

    ACTIVE = "active"
    """Open, and nobody is talking."""
    IN_PROGRESS = "in-progress"
    """Open, with a call running."""
    EXPIRED = "expired"
    """Closed."""
    OTHER = "other"
    """A word that the documentation does not know; treated as open."""


def bare_number(number: str) -> str:
    """Return a phone number as Plivo's lists hold it: without its plus."""
    return number.strip().removeprefix("+")


@dataclass(frozen=True, slots=True)
class MaskingSession:
    """One masking session, with only the fields that the console shows.

    There is no field for PINs, on purpose: what is not decoded cannot leak. Field names
    are Plivo's. Times are aware and in UTC.
    """

    session_uuid: SessionUuid
    """Its identity, the only safe key."""
    status: SessionStatus
    """Its state."""
    status_word: PlainText
    """The state as Plivo spelt it."""
    first_party: PlainText
    """Party 1's number in digits, or empty; personal data."""
    second_party: PlainText
    """Party 2's number in digits, or empty; personal data."""
    virtual_number: PlainText
    """The number that both dial; many sessions share one."""
    created_time: datetime | None
    """Time of its creation."""
    expiry_time: datetime | None
    """Time at which it ends by itself, or was ended."""
    last_interaction_time: datetime | None
    """End of the latest call."""
    total_call_count: int | None
    """Number of its call legs."""

    @property
    def numbers(self) -> frozenset[str]:
        """Its three numbers as Plivo's filters take them: bare digits."""
        given = (self.first_party, self.second_party, self.virtual_number)
        return frozenset(map(bare_number, given))


class CheckState(Enum):
    """State of a queued session."""

    QUEUED = "queued"
    """Nothing has been asked yet."""
    CHECKING = "checking"
    """The question is on its way."""
    ACTIVE = "active"
    """Open, nobody talking; ticked by itself."""
    IN_CALL = "IN CALL"
    """Open with a call running; ticked only by hand."""
    OTHER = "open"
    """Open in a state that the documentation does not know; ticked only by hand."""
    EXPIRED = "expired"
    """Nothing left to do."""
    NOT_FOUND = "not on this account"
    """Plivo does not know it on this account."""
    NOT_CHECKED = "not checked"
    """The check failed; the reason is beside it."""

    @property
    def can_be_ticked(self) -> bool:
        """Whether the operator may choose such a session for expiry."""
        return self in {CheckState.ACTIVE, CheckState.IN_CALL, CheckState.OTHER}


_STATE_OF_STATUS = {
    SessionStatus.ACTIVE: CheckState.ACTIVE,
    SessionStatus.IN_PROGRESS: CheckState.IN_CALL,
    SessionStatus.EXPIRED: CheckState.EXPIRED,
    SessionStatus.OTHER: CheckState.OTHER,
}


@dataclass(frozen=True, slots=True)
class CheckedSession:
    """Result of a check of one session UUID, or of the lack of one."""

    session_uuid: SessionUuid
    """The session."""
    state: CheckState = CheckState.QUEUED
    """Its state."""
    session: MaskingSession | None = None
    """Plivo's description, where there is one."""
    checked_at: datetime | None = None
    """Time of Plivo's answer."""
    reason: PlainText = PlainText("")
    """Reason that it is not checked."""
    http_status: int | None = None
    """The status of an answer that told nothing of the session."""

    @property
    def is_missing(self) -> bool:
        """Whether the answer was 404: a hint where it is not in Plivo's form."""
        is_404 = self.http_status == HTTPStatus.NOT_FOUND
        return self.state is CheckState.NOT_FOUND or is_404

    @classmethod
    def of(cls, session: MaskingSession, checked_at: datetime) -> "CheckedSession":
        """Return what a description by Plivo means for the queue."""
        return cls(
            session.session_uuid, _STATE_OF_STATUS[session.status], session, checked_at
        )


@dataclass(frozen=True, slots=True)
class AccountDoubt:
    """Reason to ask whether this is the right account: most sessions are not on it."""

    missing: int
    """Number of sessions that are not on the account."""
    total: int
    """Number of sessions that say anything about it."""

    @classmethod
    def of(
        cls,
        checked: Iterable[CheckedSession],
        named_otherwise: Container[SessionUuid] = (),
    ) -> "AccountDoubt | None":
        """Return the doubt about some sessions, or None.

        Args:
            checked: the sessions.
            named_otherwise: ids that a text names as something else as well; whether
                those are on the account says nothing.
        """
        rows = [each for each in checked if each.session_uuid not in named_otherwise]
        missing = sum(each.is_missing for each in rows)
        return cls(missing, len(rows)) if missing * 2 > len(rows) else None
