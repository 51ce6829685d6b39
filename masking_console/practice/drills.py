"""Drills: accidents of a real shift, set up on the simulated account."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from masking_console.errors import InputError
from masking_console.models.drill import DRILLS, Drill
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest, Replies
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.practice.stored_session import IN_PROGRESS, StoredSession

_ACTIVE = "active"
_SLEPT_SECONDS = 1_200.0
_LOST_LOOKS = 3
"""GETs after a lost answer that get none either: those of the run itself."""
_REVOKED_AT = 3
_SLEEPS_AT = 3
_LONG_LIST = 240


class DrillClock:
    """Time of day that a drill can put forward, as a laptop does that has slept."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return the seconds of the time of day."""
        return time.time() + self.ahead


Preparation = Callable[[SimulatedAccount], Drill]


def prepare(name: str, account: SimulatedAccount) -> Drill:
    """Set the accident of a drill up on an account, in place of the one before.

    Raises:
        InputError: there is no such drill.
    """
    preparation = _DRILLS.get(name)
    if preparation is None:
        raise InputError(f"No drill of this name. Drills: {', '.join(DRILLS)}.")
    account.fault = None
    return preparation(account)


def _wrong_number(account: SimulatedAccount) -> Drill:
    mine, other = _open(account, 2)
    account.put(replace(other, virtual_number=mine.virtual_number))
    shared = {mine.session_uuid, other.session_uuid}
    return Drill(
        "wrong-number",
        f"My own number ends in {mine.first_party[-3:]}, and the number that I was "
        f"given ends in {mine.virtual_number[-3:]}. End it, please. A colleague has "
        "already looked up which sessions use that number.",
        f"virtual number {mine.virtual_number}:\n" + "\n".join(sorted(shared)),
        frozenset({mine.session_uuid}),
        frozenset({other.session_uuid}),
        "Many sessions share a virtual number. The parties of a session, not its "
        "virtual number, say whose it is.",
    )


def _wrong_account(account: SimulatedAccount) -> Drill:
    (here,) = _open(account, 1)
    ids = [*_made_up(8), here.session_uuid]
    return Drill(
        "wrong-account",
        "Colleague: these nine are of our staging account. Expire all of them, quick.",
        "\n".join(ids),
        frozenset(),
        frozenset({here.session_uuid}),
        "Where most of a list is not on the account in use, the rest is there by "
        "chance, and belongs to somebody else.",
    )


def _lost_answer(account: SimulatedAccount) -> Drill:
    (session,) = _open(account, 1)
    left = {"DELETE": 1, "GET": _LOST_LOOKS}
    has_begun = False

    def fault(request: ReceivedRequest) -> Fault | None:
        nonlocal has_begun
        if not request.path.endswith(session.session_uuid):
            return None
        has_begun = has_begun or request.method == "DELETE"
        if not has_begun or not left.get(request.method):
            return None
        left[request.method] -= 1
        return Fault(has_effect=False, ending=Ending.DROPPED)

    account.fault = fault
    return Drill(
        "lost-answer",
        "Please end my session. I wait on the line: tell me when it is done.",
        session.session_uuid,
        frozenset({session.session_uuid}),
        frozenset(),
        "Unknown is not done. Only a look says whether the customer can hang up.",
    )


def _revoked_token(account: SimulatedAccount) -> Drill:
    sessions = _open(account, 6)
    replies = Replies(random.Random("drill"))  # noqa: S311 - made-up data, no secret
    deletes = 0

    def fault(request: ReceivedRequest) -> Fault | None:
        nonlocal deletes
        deletes += request.method == "DELETE"
        if request.method != "DELETE" or deletes != _REVOKED_AT:
            return None
        words = "authentication failed"
        reply = replies.refusal(HTTPStatus.UNAUTHORIZED, words)
        return Fault(has_effect=False, reply=reply)

    account.fault = fault
    ids = frozenset(each.session_uuid for each in sessions)
    return Drill(
        "revoked-token",
        "Ticket: these six conversations are over, end all of them. (In the middle, "
        "somebody replaces the token, and tells you a moment later that it works.)",
        "\n".join(each.session_uuid for each in sessions),
        ids,
        frozenset(),
        "A refused sign-in ends the run. What was not sent is still open, and has to "
        "be reviewed again.",
    )


def _closed_laptop(account: SimulatedAccount) -> Drill:
    sessions = _open(account, 12)
    talking = sessions[-2]
    clock, deletes = DrillClock(), 0

    def fault(request: ReceivedRequest) -> Fault | None:
        nonlocal deletes
        deletes += request.method == "DELETE"
        if request.method == "DELETE" and deletes == _SLEEPS_AT:
            clock.ahead = _SLEPT_SECONDS
            account.put(replace(talking, open_word=IN_PROGRESS))
        return None

    account.fault = fault
    ids = frozenset(each.session_uuid for each in sessions)
    return Drill(
        "closed-laptop",
        "Ticket: these twelve conversations are over, end all. (In the middle you "
        "close the laptop for 20 minutes.)",
        "\n".join(each.session_uuid for each in sessions),
        ids - {talking.session_uuid},
        frozenset({talking.session_uuid}),
        "While a computer sleeps, people begin to talk. What was reviewed before is "
        "looked at again, and a session in a call is left out.",
        wall=clock,
    )


def _half_way(account: SimulatedAccount) -> Drill:
    (like,) = _open(account, 1)
    ids = _made_up(_LONG_LIST)
    for uuid in ids:
        account.put(replace(like, session_uuid=uuid))
    return Drill(
        "half-way",
        "Lead: begin with these 240. In a minute you have to leave: hand over to a "
        "colleague what is left then, in writing.",
        "\n".join(ids),
        frozenset(ids),
        frozenset(),
        "A stopped list is no accident: the report says what was expired and what was "
        "not sent, and a colleague can go on from it.",
        is_handed_over=True,
    )


_DRILLS: Mapping[str, Preparation] = {
    "wrong-number": _wrong_number,
    "wrong-account": _wrong_account,
    "lost-answer": _lost_answer,
    "revoked-token": _revoked_token,
    "closed-laptop": _closed_laptop,
    "half-way": _half_way,
}


def _open(account: SimulatedAccount, count: int) -> list[StoredSession]:
    """Return ordinary sessions that are active and last for an hour at least."""
    marked = set(account.marked.values())
    found = [
        session
        for session in account.sessions
        if session.session_uuid not in marked
        and session.status_at(account.now) == _ACTIVE
        and (session.expiry_time - account.now).total_seconds() > 60 * 60
    ]
    return found[:count]


def _made_up(count: int) -> list[SessionUuid]:
    """Return ids that the account does not have, the same ones each time."""
    rng = random.Random("drill")  # noqa: S311 - made-up data, no secret
    return [
        SessionUuid(str(UUID(int=rng.getrandbits(128), version=4)))
        for _ in range(count)
    ]
