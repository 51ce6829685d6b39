"""Troubles of one request, by kinds; none of them lies in Plivo's own form.

A service that did something says so, stays silent or is unclear about it. One that did
nothing may say no, but never "expired" in an answer of its own. What stands in between
may say anything: a 404, a portal's page, or the answer to another request once more.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from masking_console.plivo.client import LARGEST_BODY
from masking_console.practice.exchange import Reply
from masking_console.practice.faults import NO_FAULT, Ending, Fault

_HTML = b"<html><h1>Bad gateway</h1></html>"
_OTHER_UUID = b'"session_uuid":"11111111-2222-4333-8444-555555555555"'
_ODD_BODIES = (
    b"{}",
    b"[]",
    b"null",
    b'{"error": ""}',
    b'{"message": ""}',
    b'{"message": "async api spawned", "api_id": "@"}',
    b'{"response": {"status": "expired"}}',
    b"Session expired",
    b'{"message": "Session expired"}',
    b'{"message": "Session could not be expired", "api_id": "@"}',
    b'{"message": "ok", "global_error": "not expired", "api_id": "@"}',
    b'{"error": "was not already expired, could not process", "api_id": "@"}',
    b'{"message": "Welcome! Log in to this network."}',
)
_RETRY_AFTER = ("0", "1", "7", "600", "soon")
_STATUS = re.compile(rb'"status":"(active|in-progress)"')
_GARBAGE = (b'"on-hold[/x]"', b'""', b"7", b"null", b'["active"]', b'"\\ud83d"')


def _as_it_is(reply: Reply) -> Reply:
    return reply


@dataclass(frozen=True, slots=True)
class Trouble:
    """Trouble of one request."""

    kind: str = "none"
    """Its name in `KINDS`."""
    fault: Fault = NO_FAULT
    """Fault of the service."""
    twist: Callable[[Reply], Reply] = _as_it_is
    """Change of the service's own answer."""
    unreachable_after: float | None = None
    """After how many seconds no connection has come about."""
    drips: tuple[float, ...] = ()
    """The seconds before each further piece of the answer's body."""
    is_cut: bool = False
    """Whether the connection breaks before the last piece."""
    late_by: float | None = None
    """Delay after the answer until a DELETE works all the same."""
    by_other_hand: bool = False
    """Whether somebody else expires the session just before."""
    is_copy: bool = False
    """Whether the latest answer comes once more, in the place of this one."""
    only: str = ""
    """The method that it can happen to; empty: any."""


Maker = Callable[[random.Random], Trouble]


def _no(status: int, *bodies: bytes) -> Maker:
    """Return a service that does nothing and says so."""
    return lambda rng: Trouble(fault=Fault(False, Reply(status, rng.choice(bodies))))


def _perhaps(status: int, *bodies: bytes) -> Maker:
    """Return a service of whose answer nobody can tell whether it did anything."""
    return lambda rng: Trouble(
        fault=Fault(rng.random() < 0.5, Reply(status, rng.choice(bodies)))
    )


def _missing_to_a_delete(_rng: random.Random) -> Trouble:
    # As where the live service routes DELETE in one form of the path only.
    fault = Fault(False, Reply(404, b'{"api_id": "@", "error": "not found"}'))
    return Trouble(fault=fault, only="DELETE")


def _too_many(rng: random.Random) -> Trouble:
    again = rng.choice((None, *_RETRY_AFTER))
    headers = () if again is None else (("retry-after", again),)
    return Trouble(fault=Fault(False, Reply(429, b'{"error": "slow"}', headers)))


def _silence(rng: random.Random) -> Trouble:
    return Trouble(fault=Fault(rng.random() < 0.5, None, Ending.SILENT))


def _slow(rng: random.Random) -> Trouble:
    before, after = (rng.choice((0.0, rng.uniform(0, 40))) for _ in range(2))
    fault = Fault(delay_before_seconds=before, delay_after_seconds=after)
    return Trouble(fault=fault)


def _late_effect(rng: random.Random) -> Trouble:
    # A server in between gives up, and the one behind it goes on.
    fault = Fault(False, Reply(504, _HTML))
    return Trouble(fault=fault, late_by=rng.choice((rng.random(), rng.uniform(0, 30))))


def _drip(rng: random.Random) -> Trouble:
    drips = tuple(rng.uniform(0, 12) for _ in range(rng.randint(1, 4)))
    return Trouble(drips=drips, is_cut=rng.random() < 0.3)


def _garbage_status(rng: random.Random) -> Trouble:
    # An expired session keeps its word: an unknown one would say that it is open.
    word = b'"status":' + rng.choice(_GARBAGE)

    def twist(reply: Reply) -> Reply:
        return replace(reply, body=_STATUS.sub(lambda _: word, reply.body))

    return Trouble(twist=twist)


def _another_session(reply: Reply) -> Reply:
    """Return what a service says of a session that nobody asked about."""
    body = re.sub(rb'"session_uuid":"[^"]*"', _OTHER_UUID, reply.body)
    is_open = _STATUS.search(body) is not None
    word = b"expired" if is_open else b"active"
    body = re.sub(rb'"status":"[^"]*"', b'"status":"' + word + b'"', body)
    return replace(reply, body=body)


def _without_body(reply: Reply) -> Reply:
    return Reply(204) if reply.status == 200 else reply


def _already_in_200(reply: Reply) -> Reply:
    says_so = reply.status == 400 and b"already expired" in reply.body
    return replace(reply, status=200) if says_so else reply


KINDS: Mapping[str, Maker] = {
    "500 before": _no(500, b'{"api_id": "@", "error": "internal"}'),
    "500 after": lambda _: Trouble(fault=Fault(reply=Reply(500, b'{"error": "no"}'))),
    "502 HTML": _perhaps(502, _HTML),
    "503": _perhaps(503, b"", b'{"error": "busy"}'),
    "504": _perhaps(504, _HTML, b""),
    "429": _too_many,
    "connect refused": lambda _: Trouble(unreachable_after=0.0),
    "connect time-out": lambda _: Trouble(unreachable_after=5.0),
    "reset before": lambda _: Trouble(fault=Fault(False, None, Ending.DROPPED)),
    "reset after": lambda _: Trouble(fault=Fault(ending=Ending.DROPPED)),
    "silence": _silence,
    "slow": _slow,
    "late effect": _late_effect,
    "drip": _drip,
    "truncated JSON": lambda _: Trouble(
        twist=lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2])
    ),
    "over 1 MiB": lambda _: Trouble(
        twist=lambda reply: replace(reply, body=reply.body + b" " * LARGEST_BODY)
    ),
    "odd 200": _perhaps(200, *_ODD_BODIES),
    "error in 200": _no(200, b'{"api_id": "@", "error": "no"}'),
    "202": _perhaps(202, b'{"api_id": "@", "message": "queued"}', b""),
    "206": _perhaps(206, b'{"api_id": "@", "message": "Session expired"}'),
    "204": lambda _: Trouble(twist=_without_body),
    "302": _perhaps(302, b"", _HTML),
    "400": _no(400, b'{"api_id": "@", "error": "not now"}'),
    "400 without id": _perhaps(400, b'{"error": "not now"}'),
    "400 HTML": _perhaps(400, _HTML, b""),
    "401": _no(401, b"no"),
    "403": _no(403, b'{"api_id": "@", "error": "no"}'),
    "404": _perhaps(404, _HTML, b"{}", b'{"error": "not found"}'),
    "404 to a DELETE": _missing_to_a_delete,
    "405": _no(405, b'{"api_id": "@", "error": "method not allowed"}'),
    "copy": lambda _: Trouble(is_copy=True),
    "408": _perhaps(408, b"", b'{"error": "timeout"}'),
    "other hand": lambda _: Trouble(by_other_hand=True),
    "already in 200": lambda _: Trouble(twist=_already_in_200, by_other_hand=True),
    "another session": lambda _: Trouble(twist=_another_session),
    "garbage status": _garbage_status,
}
"""Every kind by its name."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Frequency of the troubles."""

    kinds: tuple[str, ...]
    """Kinds of them."""
    intensity: float
    """Share of the requests that meet them."""

    def trouble(self, rng: random.Random, kind: str | None = None) -> Trouble:
        """Return what goes wrong with the next request; this kind, if one is named."""
        if kind is None and rng.random() >= self.intensity:
            return Trouble()
        kind = kind or rng.choice(self.kinds)
        return replace(KINDS[kind](rng), kind=kind)
