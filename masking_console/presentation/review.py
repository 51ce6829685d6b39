"""Words that the operator reads before saying yes."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from masking_console.models.account import Account
from masking_console.models.expiry import ExpiryPlan
from masking_console.models.listing import Origin
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.sessions import (
    calls_words,
    created_words,
    ending_words,
    masked,
    origin_words,
    state_words,
)

_LEFT_OUT_WORDS = {
    CheckState.IN_CALL: "in call",
    CheckState.ACTIVE: "not ticked",
    CheckState.OTHER: "not ticked",
    CheckState.EXPIRED: "already expired",
    CheckState.NOT_FOUND: "not on this account",
    CheckState.NOT_CHECKED: "not checked",
    CheckState.QUEUED: "not checked",
    CheckState.CHECKING: "not checked",
}


def sessions(count: int) -> str:
    """Return ``1 session`` or ``12 sessions``."""
    return "1 session" if count == 1 else f"{count} sessions"


def title(plan: ExpiryPlan) -> str:
    """Return the question."""
    return f"Expire {sessions(plan.count)} on {plan.account.name.upper()}?"


def consequences(plan: ExpiryPlan, now: datetime) -> tuple[str, ...]:
    """Return what will happen, one sentence a line."""
    lines = [
        f"{sessions(plan.count)} will stop connecting calls.",
        "Callers who dial the virtual number reach that number's own app.",
        "Plivo has no way to bring an expired session back.",
    ]
    if plan.in_call:
        is_one = plan.in_call == 1
        lines.append(
            f"{plan.in_call} of these {'is' if is_one else 'are'} in a call. "
            "The call may be cut off."
        )
    soon = plan.ending_soon(now)
    if soon:
        is_one = soon == 1
        lines.append(
            f"{soon} of these {'ends' if is_one else 'end'} by "
            f"{'itself' if is_one else 'themselves'} within 5 minutes."
        )
    return tuple(lines)


def one_session(
    checked: CheckedSession, origin: Origin | None, now: datetime
) -> tuple[str, ...]:
    """Return what tells one session from its neighbors, its numbers masked."""
    session = checked.session
    lines = [("session", f"{checked.session_uuid}   {state_words(checked)}")]
    if session is not None:
        first, second = masked(session.first_party), masked(session.second_party)
        lines += [
            ("created", created_words(session.created_time, now)),
            ("ends", ending_words(session.expiry_time, now)),
            ("calls", calls_words(session, now)),
            ("parties", f"{first}   {second}"),
            ("virtual", masked(session.virtual_number)),
        ]
    lines.append(("from", origin_words(origin)))
    return tuple(f"{name:<11}{words}" for name, words in lines)


def left_out_words(left_out: Iterable[CheckedSession]) -> str:
    """Return ``Left out: 1 in call, 2 already expired.``, or nothing."""
    counts = Counter(_LEFT_OUT_WORDS[checked.state] for checked in left_out)
    if not counts:
        return ""
    parts = (f"{count} {words}" for words, count in counts.most_common())
    return f"Left out: {', '.join(parts)}."


def differences(
    before: Iterable[CheckedSession], after: Iterable[CheckedSession]
) -> tuple[str, ...]:
    """Return what has changed since the operator ticked, in words."""
    now: dict[SessionUuid, CheckState] = {
        checked.session_uuid: checked.state for checked in after
    }
    counts = Counter(
        now[checked.session_uuid]
        for checked in before
        if checked.session_uuid in now and now[checked.session_uuid] != checked.state
    )
    words = {
        CheckState.IN_CALL: "got a call since and {is_are} not ticked any more",
        CheckState.EXPIRED: "expired by {self} since",
        CheckState.NOT_FOUND: "{is_are} not on this account any more",
        CheckState.NOT_CHECKED: "could not be checked again",
        CheckState.ACTIVE: "{has_have} no call any more",
        CheckState.OTHER: "{is_are} in an unknown state now",
    }
    return tuple(
        f"{count} "
        + words.get(state, "changed").format(
            is_are="is" if count == 1 else "are",
            has_have="has" if count == 1 else "have",
            self="itself" if count == 1 else "themselves",
        )
        + "."
        for state, count in counts.items()
    )


def doubt_words(doubt: AccountDoubt, account: Account) -> str:
    """Return the question whether this is the right account."""
    if doubt.missing < doubt.total:
        which = f"{doubt.missing} of these {doubt.total} sessions are not"
    elif doubt.total == 1:
        which = "This session is not"
    else:
        which = f"None of these {doubt.total} sessions is"
    return f"{which} on {account.name.upper()}. Are you in the right account?"
