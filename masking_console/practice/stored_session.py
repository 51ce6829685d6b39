"""Sessions of the simulated account, as they are stored and made."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.faults import ODD_ANSWERS, Mark

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
    """Time of its beginning."""
    end_time: datetime
    """Time of its end."""
    first_call: str
    """The call UUID of party 1's leg."""
    second_call: str = ""
    """The call UUID of party 2's leg; empty where party 1 did not answer."""

    @property
    def legs(self) -> int:
        """Number of its call legs."""
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
    """Time of its creation."""
    expiry_time: datetime
    """Time at which it ends by itself, or was expired."""
    open_word: str = "active"
    """Its status for as long as it is open."""
    was_expired: bool = False
    """Whether somebody expired it; holds even if the clock is set back."""
    has_doubled_offset: bool = False
    """Whether ``created_time`` ends in ``+0000 +0000``, as after some updates."""
    callback_url: str = ""
    """URL to which the service would post events."""
    interactions: tuple[Interaction, ...] = ()
    """The calls that were made in it."""
    pins: tuple[str, str] | None = None
    """The PINs of both parties, where it asks for them."""
    knows_pins: bool = True
    """Whether its record has the PIN fields at all; older ones have not."""
    comes_back_after: timedelta | None = None
    """Delay after which somebody creates one like it."""

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


HOSTILE_URL = (
    "https://example.com/[/x][@click=app.quit]events[/]?a=\x1b]52;c;cm0gLXJm\x07"
    "\x1b[2J\u202egpj.exe\u2066\x00\r\nSet-Cookie: a=b"
)
"""A callback URL with markup, escape sequences, bidi controls and line ends."""
HOSTILE_PARTY = "sip:desk[/x]\x1b[31m\u202e\n@phone.example"
"""A party with the same; SIP endpoints are allowed there."""
HOSTILE_STATUS = "on-hold[/x]\x1b[5m"
"""A status that the documentation does not know."""

_COMES_BACK_AFTER = timedelta(minutes=1)
_PIN_FIELDS_SINCE = timedelta(days=60)
_MINUTES = (30, 60, 90, 120, 240)
_VIRTUAL_NUMBERS = tuple(f"1202555{n:04}" for n in range(140, 152))
_BUSY_NUMBER = "447700900073"
"""A number that many sessions have, for a filter to find."""


@dataclass(frozen=True, slots=True)
class _Age:
    """Age of the sessions up to a position, and the share that is still open."""

    until: float
    youngest: timedelta
    oldest: timedelta
    active: float
    in_call: float


_AGES = (
    _Age(0.42, timedelta(minutes=5), timedelta(hours=20), 0.60, 0.08),
    _Age(0.62, timedelta(days=1), timedelta(days=6, hours=20), 0.12, 0.03),
    _Age(0.82, timedelta(days=7, hours=4), timedelta(days=29), 0.08, 0.02),
    _Age(0.98, timedelta(days=31), timedelta(days=88), 0.06, 0.0),
    _Age(1.00, timedelta(days=92), timedelta(days=200), 0.2, 0.0),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """First contents of a simulated account."""

    sessions: tuple[StoredSession, ...]
    """All of them, in no particular order."""
    marked: Mapping[Mark, SessionUuid]
    """Sessions that have something special to them."""


def generate_contents(seed: int, count: int, now: datetime) -> Contents:
    """Return ``count`` ordinary sessions and one for each `Mark`.

    The ids, numbers and ages depend on the seed alone, the times on ``now`` as well.
    """
    # Apart from each other, so that the marked ones keep their ids whatever the count.
    marked_by = _Maker(random.Random(f"{seed}/marked"), now)  # noqa: S311 - no secret
    ordinary_by = _Maker(random.Random(f"{seed}/ordinary"), now)  # noqa: S311
    marked = {mark: marked_by.marked(mark, at) for at, mark in enumerate(Mark)}
    ordinary = tuple(ordinary_by.ordinary(at / count) for at in range(count))
    return Contents(
        (*marked.values(), *ordinary),
        MappingProxyType({mark: s.session_uuid for mark, s in marked.items()}),
    )


def new_session_uuid(rng: random.Random) -> SessionUuid:
    """Return a version-4 UUID, as all of Plivo's are."""
    return SessionUuid(_new_uuid(rng))


def _new_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class _Maker:
    """Makes sessions one after the other from one source of chance."""

    def __init__(self, rng: random.Random, now: datetime) -> None:
        self._rng = rng
        self._now = now

    def ordinary(self, position: float) -> StoredSession:
        """Return the session at a position between 0 and 1 among the ages."""
        age = next(age for age in _AGES if position < age.until)
        old = self._between(age.youngest, age.oldest)
        created = self._moment(self._now - old)
        fate = self._rng.random()
        is_open = fate < age.active + age.in_call
        if is_open:
            expiry = self._now + self._between(timedelta(minutes=3), timedelta(hours=9))
        else:
            planned = timedelta(minutes=self._rng.choice(_MINUTES))
            expiry = created + min(planned, old * 0.9)
        knows_pins = old < _PIN_FIELDS_SINCE
        has_pins = knows_pins and self._rng.random() < 0.2  # noqa: PLR2004 - a share
        session = StoredSession(
            session_uuid=new_session_uuid(self._rng),
            first_party=f"9100000{self._rng.randrange(100_000):05}",
            second_party=self._second_party(),
            virtual_number=self._rng.choice(_VIRTUAL_NUMBERS),
            created_time=created,
            expiry_time=self._moment(expiry),
            open_word="active" if fate < age.active else IN_PROGRESS,
            has_doubled_offset=self._rng.random() < 0.1,  # noqa: PLR2004 - a share
            callback_url=self._rng.choice(("", "https://example.com/masking/events")),
            pins=self._pins() if has_pins else None,
            knows_pins=knows_pins,
        )
        return self._with_calls(session)

    def marked(self, mark: Mark, number: int) -> StoredSession:
        """Return an open session of the last hour with what the mark says."""
        old = self._between(timedelta(minutes=20), timedelta(minutes=55))
        ahead = self._between(timedelta(hours=2), timedelta(hours=3))
        plain = StoredSession(
            session_uuid=new_session_uuid(self._rng),
            # Not among the ordinary ones, so that its pair is its own.
            first_party=f"4477009009{number:02}",
            second_party=f"1303555{100 + number:04}",
            virtual_number=_VIRTUAL_NUMBERS[number % 3],
            created_time=self._moment(self._now - old),
            expiry_time=self._moment(self._now + ahead),
        )
        changes: dict[Mark, dict[str, Any]] = {
            Mark.COMES_BACK: {"comes_back_after": _COMES_BACK_AFTER},
            Mark.IN_CALL: {"open_word": IN_PROGRESS},
            Mark.HOSTILE_TEXT: {
                "callback_url": HOSTILE_URL,
                "first_party": HOSTILE_PARTY,
            },
            Mark.UNKNOWN_STATUS: {"open_word": HOSTILE_STATUS},
            Mark.WITH_PINS: {"pins": self._pins()},
            Mark.EXPIRED: {"expiry_time": self._now - timedelta(minutes=10)},
            Mark.PAST_LISTING: {"created_time": self._now - timedelta(days=120)},
            Mark.SINGLE_PARTY: {"second_party": "", **self._long_over()},
            Mark.ONE_LEG: self._long_over(),
        }
        # Not among those that a list brings, where an operator may tick them.
        odd = {"created_time": self._now - timedelta(days=100)}
        changes |= dict.fromkeys(ODD_ANSWERS, odd)
        made = self._with_calls(replace(plain, **changes.get(mark, {})))
        if mark is Mark.ONE_LEG:
            missed = Interaction(
                made.created_time, made.created_time, _new_uuid(self._rng)
            )
            made = replace(made, interactions=(missed, *made.interactions))
        return made

    def _long_over(self) -> dict[str, Any]:
        """Return the times of a session that was over a month ago."""
        created = self._now - timedelta(days=40)
        return {
            "created_time": created,
            "expiry_time": created + timedelta(hours=1),
        }

    def _second_party(self) -> str:
        if self._rng.random() < 0.15:  # noqa: PLR2004 - a share
            return _BUSY_NUMBER
        return f"447700900{self._rng.randrange(100, 900)}"

    def _pins(self) -> tuple[str, str]:
        first, second = self._rng.sample(range(1000, 10_000), 2)
        return str(first), str(second)

    def _with_calls(self, session: StoredSession) -> StoredSession:
        """Return the session with up to four calls while it was open."""
        end = min(session.expiry_time, self._now)
        calls = self._rng.choice((0, 0, 1, 1, 2, 3, 4))
        room = (end - session.created_time) / (calls + 1)
        return replace(
            session,
            interactions=tuple(
                Interaction(
                    start_time=start.replace(microsecond=0),
                    end_time=(start + room / 2).replace(microsecond=0),
                    first_call=_new_uuid(self._rng),
                    second_call=_new_uuid(self._rng),
                )
                for start in (session.created_time + room * n for n in range(calls))
            ),
        )

    def _between(self, shortest: timedelta, longest: timedelta) -> timedelta:
        return shortest + (longest - shortest) * self._rng.random()

    def _moment(self, moment: datetime) -> datetime:
        """Return the moment with 0 to 6 fractional digits."""
        step = 10 ** self._rng.randrange(7)
        return moment.replace(microsecond=moment.microsecond // step * step)
