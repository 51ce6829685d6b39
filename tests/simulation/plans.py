"""Makes the sessions of a simulated run, and the plan that the operator confirmed."""

import asyncio
import random
from datetime import datetime, timedelta

from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.practice.exchange import practice_account
from masking_console.practice.stored_session import new_session_uuid
from tests.simulation.far_side import EPOCH, WatchedAccount

FOREVER = 100_000.0


def confirmed_plan(account: WatchedAccount, rng: random.Random) -> ConfirmedPlan:
    """Add sessions to an account; return a plan in which all of them are open."""
    few = rng.randint(1, 5)
    count = rng.choice((few, few, few, rng.randint(6, 12)))
    if rng.random() < 0.06:
        count = rng.randint(24, 40)
    talks = rng.random() < 0.3
    sessions = [
        _checked(account, rng, is_in_call=talks and rng.random() < 0.3)
        for _ in range(count)
    ]
    plan = ExpiryPlan(practice_account(), tuple(sessions))
    return plan.confirm(plan.phrase)


def now() -> datetime:
    """Return the simulated time, as a clock tells it that nobody sets."""
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


def _checked(
    account: WatchedAccount, rng: random.Random, *, is_in_call: bool
) -> CheckedSession:
    """Return a session that was open when it was checked; much can have happened."""
    session_uuid = new_session_uuid(rng)
    word = "in-progress" if is_in_call else "active"
    later = rng.uniform(0, 60)
    ends = {"expired": -60.0, "ends": later}
    fate = rng.choices(
        ("open", "another account", "expired", "ends", "by another hand"),
        weights=(75, 6, 6, 6, 7),
    )[0]
    if fate != "another account":
        account.add(session_uuid, word, ends.get(fate, FOREVER))
    if fate == "by another hand":
        loop = asyncio.get_running_loop()
        loop.call_later(later, account.expire_by_other_hand, session_uuid)
    state = CheckState.IN_CALL if is_in_call else CheckState.ACTIVE
    return CheckedSession(session_uuid, state, None, now())
