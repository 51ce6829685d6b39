"""The confirmation without a screen: number and account, on every tier.

On the command line a third word names the set itself: what a dry run has shown may
have changed since, with the same number. At the prompt the list was just printed.
"""

import hashlib
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

from masking_console.errors import RefusedError
from masking_console.models.account import Account
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import plain_text
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.review import sessions
from masking_console.presentation.sessions import state_words

_LONGEST_SHOWN = 40
_LETTERS = 6
_MOST_CHANGES = 4
"""The most sessions that went in or out and can still be named."""
_MOST_WORK = 1_000_000
"""The most ids that go into letters on trial, which takes less than a second."""
_MOST_NAMED = 10


def full_phrase(plan: ExpiryPlan) -> str:
    """Return ``12 acme-prod``, however small the plan is."""
    return f"{plan.count} {plan.account.name.lower()}"


def option_phrase(account: Account, planned: Sequence[CheckedSession]) -> str:
    """Return ``12 acme-prod kqzrtb``: what to write on the command line."""
    letters = digest(account, (each.session_uuid for each in planned))
    return f"{len(planned)} {account.name.lower()} {letters}"


def digest(account: Account, uuids: Iterable[SessionUuid]) -> str:
    """Return six letters that stand for exactly these sessions of this account."""
    named = "\n".join([account.auth_id, *sorted(uuids)])
    number = int.from_bytes(hashlib.sha256(named.encode()).digest())
    letters = []
    for _ in range(_LETTERS):
        number, letter = divmod(number, len(string.ascii_lowercase))
        letters.append(string.ascii_lowercase[letter])
    return "".join(letters)


def says_all(plan: ExpiryPlan, answer: str) -> bool:
    """Return whether an answer names number and account, in any letter case."""
    return " ".join(answer.split()).casefold() == full_phrase(plan)


def how_to_confirm(plan: ExpiryPlan) -> str:
    """Return what to write on the command line."""
    if _left_out(plan):
        return "Write --confirm with what --dry-run prints."
    return f'Write --confirm "{full_phrase(plan)}".'


def check_size(plan: ExpiryPlan) -> None:
    """Do nothing, unless the plan is too large for one batch.

    Raises:
        RefusedError: it is.
    """
    if plan.count > plan.rules.max_batch:
        raise RefusedError(
            f"{plan.count} sessions are more than {plan.rules.max_batch}, the most "
            "for one batch. Nothing was sent. Split the list."
        )


def confirmed_at_prompt(plan: ExpiryPlan, answer: str) -> ConfirmedPlan:
    """Return the plan as one that may be carried out; its list was just printed.

    Raises:
        RefusedError: the answer is anything but number and account, or the plan is
            too large.
    """
    check_size(plan)
    if not says_all(plan, answer):
        raise _other_answer(plan, answer)
    # It says at least what the plan itself asks for on any tier.
    return plan.confirm(plan.phrase)


def confirmed_by_option(plan: ExpiryPlan, answer: str) -> ConfirmedPlan:
    """Return the plan as one that may be carried out; ``--confirm`` came before it.

    Number and account are enough only where nothing but expired sessions is left out:
    then the ids of the command line are the set.

    Raises:
        RefusedError: the answer is anything else, it is for another set, or the plan
            is too large.
    """
    check_size(plan)
    words = answer.casefold().split()
    if len(words) == len(("12", "acme-prod", "kqzrtb")):
        count, account, letters = words
        if account != plan.account.name.lower() or not _is_count(count):
            raise _other_answer(plan, answer)
        if letters != digest(plan.account, (e.session_uuid for e in plan.sessions)):
            raise _changed_set(plan, int(count), letters)
        if int(count) != plan.count:
            raise _other_answer(plan, answer)
    elif not says_all(plan, answer):
        raise _other_answer(plan, answer)
    elif others := _left_out(plan):
        raise RefusedError(
            f"{sessions(others)} {'is' if others == 1 else 'are'} left out, so "
            f"--confirm must name the set. Nothing was sent. {how_to_confirm(plan)}"
        )
    return plan.confirm(plan.phrase)


def _left_out(plan: ExpiryPlan) -> int:
    return sum(each.state is not CheckState.EXPIRED for each in plan.left_out)


def _is_count(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= _LETTERS


def _other_answer(plan: ExpiryPlan, answer: str) -> RefusedError:
    shown = plain_text(answer, limit=_LONGEST_SHOWN)
    return RefusedError(
        f"The plan is {sessions(plan.count)} on {plan.account.name.upper()}, and "
        f'the answer was "{shown}". Nothing was sent. {how_to_confirm(plan)}'
    )


def _changed_set(plan: ExpiryPlan, count: int, letters: str) -> RefusedError:
    """Return the refusal of a set that is not the one that was shown."""
    changed = _changes(plan, count, letters)
    if changed:
        planned = {each.session_uuid for each in plan.sessions}
        parts = [
            f"{each.session_uuid.short} would go now"
            if each.session_uuid in planned
            else f"{each.session_uuid.short} is left out now ({state_words(each)})"
            for each in changed
        ]
        what = f"{', '.join(parts)}."
    else:
        shown = [each.session_uuid.short for each in plan.sessions[:_MOST_NAMED]]
        more = plan.count - len(shown)
        what = f"now {', '.join(shown)}{f' and {more} more' if more else ''} would go."
    return RefusedError(
        f"The set is not the one that was confirmed: {what} "
        "Nothing was sent. Look again with --dry-run."
    )


def _changes(
    plan: ExpiryPlan, count: int, letters: str
) -> tuple[CheckedSession, ...] | None:
    """Return what went in or out since the letters were made, or None if not known.

    The letters tell no ids; but few sessions change between two calls, so that trying
    tells which.
    """
    planned = {each.session_uuid for each in plan.sessions}
    tries = _MOST_WORK // (len(plan.sessions) + len(plan.left_out))
    for changed in islice(_guesses(plan, count), tries):
        before = planned.symmetric_difference(each.session_uuid for each in changed)
        if digest(plan.account, before) == letters:
            return changed
    return None


def _guesses(plan: ExpiryPlan, count: int) -> Iterator[tuple[CheckedSession, ...]]:
    """Yield what may have changed, few sessions first, so that so many were planned."""
    missing = count - plan.count
    for in_all in range(1, _MOST_CHANGES + 1):
        gone_in, odd = divmod(in_all - missing, 2)
        gone_out = in_all - gone_in
        if odd or gone_in < 0 or gone_out < 0:
            continue
        for fresh in combinations(plan.sessions, gone_in):
            for left in combinations(plan.left_out, gone_out):
                yield (*left, *fresh)
