"""A session as the simulated service keeps it, and as Plivo's JSON shows it.

Numbers are without ``+``, times in Go's default form, PINs in clear, as in Plivo's own
answers (API reference, "Objects, field by field").
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from masking_console.models.session_uuid import SessionUuid

EXPIRED = "expired"
"""Plivo's word for a session that is closed."""
IN_PROGRESS = "in-progress"
"""Plivo's word for a session with a call running."""

_API = "https://api.plivo.com"
_NO_PIN: dict[str, object] = {
    "is_pin_authentication_required": False,
    "generate_pin": None,
    "generate_pin_length": None,
    "first_party_pin": None,
    "second_party_pin": None,
    "pin_prompt_play": None,
    "pin_retry": None,
    "pin_retry_wait": None,
    "incorrect_pin_play": None,
}


@dataclass(frozen=True, slots=True)
class Interaction:
    """One call that was made in a session."""

    start_time: datetime
    """When it began."""
    end_time: datetime
    """When it ended."""
    first_call: str
    """The call UUID of party 1's leg."""
    second_call: str = ""
    """The call UUID of party 2's leg; empty where party 1 did not answer."""

    @property
    def legs(self) -> int:
        """How many calls it took."""
        return 2 if self.second_call else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """One session; what it is at a given moment follows from its times."""

    session_uuid: SessionUuid
    """Its identity."""
    first_party: str
    """Party 1's number in digits, or a SIP endpoint."""
    second_party: str
    """Party 2's number in digits; empty in a session with one party."""
    virtual_number: str
    """The number that both dial."""
    created_time: datetime
    """When it was created."""
    expiry_time: datetime
    """When it ends by itself, or was expired."""
    open_word: str = "active"
    """Its status for as long as it is open."""
    was_expired: bool = False
    """Whether somebody expired it; holds even if the clock is set back."""
    has_doubled_offset: bool = False
    """Whether ``created_time`` ends in ``+0000 +0000``, as after some updates."""
    callback_url: str = ""
    """Where the service would post events."""
    interactions: tuple[Interaction, ...] = ()
    """The calls that were made in it."""
    pins: tuple[str, str] | None = None
    """The PINs of both parties, where it asks for them."""
    knows_pins: bool = True
    """Whether its record has the PIN fields at all; older ones have not."""
    comes_back_after: timedelta | None = None
    """How long after it is expired somebody creates one like it."""

    def status_at(self, moment: datetime) -> str:
        """Return its status at a moment, in Plivo's words."""
        is_over = self.was_expired or moment >= self.expiry_time
        return EXPIRED if is_over else self.open_word

    @property
    def duration(self) -> int:
        """The seconds from its creation to its end, as Plivo counts them."""
        return int((self.expiry_time - self.created_time).total_seconds())


def go_timestamp(moment: datetime | None, zone: str = "UTC") -> str:
    """Return a time as Go prints it: no trailing zeros in the fraction."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06}".rstrip("0").rstrip(".")
    return f"{utc:%Y-%m-%d %H:%M:%S}{fraction} +0000 {zone}"


def session_json(
    session: StoredSession, moment: datetime, auth_id: str
) -> dict[str, object]:
    """Return the object that Plivo answers for a session."""
    calls = [_interaction_json(call, auth_id) for call in session.interactions]
    latest = session.interactions[-1].end_time if session.interactions else None
    legs = [call.legs for call in session.interactions]
    # Money without a fraction comes as an integer.
    cost = round(0.025 * legs.count(2), 3) or 0
    created_zone = "+0000" if session.has_doubled_offset else "UTC"
    shown: dict[str, object] = {
        "first_party": session.first_party,
        "second_party": session.second_party,
        "virtual_number": session.virtual_number,
        "status": session.status_at(moment),
        "initiate_call_to_first_party": False,
        "session_uuid": str(session.session_uuid),
        "callback_url": session.callback_url,
        "callback_method": "POST",
        "created_time": go_timestamp(session.created_time, created_zone),
        "modified_time": go_timestamp(latest or session.created_time),
        "expiry_time": go_timestamp(session.expiry_time),
        "duration": session.duration,
        "amount": 0,
        "call_time_limit": 14400,
        "ring_timeout": 45,
        "first_party_play_url": "",
        "second_party_play_url": "",
        "record": False,
        "record_file_format": "mp3",
        "recording_callback_url": "",
        "recording_callback_method": "POST",
        "interaction": calls or None,
        "total_call_amount": cost,
        "total_call_count": sum(legs),
        "total_call_billed_duration": 60 * legs.count(2),
        "total_session_amount": cost,
        "last_interaction_time": go_timestamp(latest),
    }
    if not session.second_party:
        shown["create_session_with_single_party"] = True
    return shown | _pin_json(session) if session.knows_pins else shown


def listed_json(
    session: StoredSession, moment: datetime, auth_id: str
) -> dict[str, object]:
    """Return the object of a list, which alone says where it can be fetched."""
    uri = f"/v1/Account/{auth_id}/Masking/Session/{session.session_uuid}/"
    return session_json(session, moment, auth_id) | {"resource_uri": uri}


def _interaction_json(call: Interaction, auth_id: str) -> dict[str, object]:
    calls = f"{_API}/v1/Account/{auth_id}/Call/"
    seconds = int((call.end_time - call.start_time).total_seconds())
    is_answered = call.legs > 1
    return {
        "start_time": go_timestamp(call.start_time),
        "end_time": go_timestamp(call.end_time),
        "first_party_resource_url": calls + call.first_call,
        "second_party_resource_url": calls + call.second_call if is_answered else None,
        "recording_resource_url": None,
        "type": "call",
        "total_call_amount": 0.025 if is_answered else 0,
        "call_billed_duration": 60 if is_answered else 0,
        "total_call_count": call.legs,
        # The sum of both legs, which is not the time on the clock.
        "duration": 2 * seconds,
    }


def _pin_json(session: StoredSession) -> dict[str, object]:
    if session.pins is None:
        return {"unknown_caller_play": ""} | _NO_PIN
    first, second = session.pins
    return {
        "unknown_caller_play": "https://example.com/unknown.mp3",
        "is_pin_authentication_required": True,
        "generate_pin": True,
        "generate_pin_length": len(first),
        "first_party_pin": first,
        "second_party_pin": second,
        "pin_prompt_play": "https://example.com/pin.mp3",
        "pin_retry": 2,
        "pin_retry_wait": 7,
        "incorrect_pin_play": "https://example.com/wrong.mp3",
    }
