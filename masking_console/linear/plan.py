"""The plan of one call: its account, its sessions, and its confirmation."""

import asyncio
import hashlib
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice

from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InputError,
    RefusedError,
    StoppedError,
)
from masking_console.linear.prompt import StopSignals
from masking_console.models.account import Account, AccountSource
from masking_console.models.cause import Cause
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.plain_text import plain_text
from masking_console.models.session_ids import PastedIds
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.policy import Policy
from masking_console.operations.wiring import Operations
from masking_console.presentation.review import doubt_words, sessions
from masking_console.presentation.sessions import state_words


@dataclass(frozen=True, slots=True)
class ExpiryRequest:
    """Request of the command line."""

    session_uuids: tuple[SessionUuid, ...]
    """The sessions, each once, in the order in which they were given."""
    pasted: PastedIds = field(default_factory=PastedIds)
    """The reading of the text: also incomplete ids, and those left out."""
    cause: Cause = field(default_factory=Cause)
    """The reason."""
    confirm: str | None = None
    """Number, account and letters, or None to ask on the terminal."""
    is_dry_run: bool = False
    """Whether to look and tell, and no more."""
    includes_in_call: bool = False
    """Whether sessions with a call running go as well."""
    watches: bool = False
    """Whether to wait for the second look."""


async def chosen_account(
    operations: Operations, note: Callable[[str], None], signals: StopSignals
) -> Account:
    """Return the account to use; a wait for its token is announced, and can be stopped.

    Args:
        operations: what there is.
        note: tells a person something.
        signals: what stops it.

    Raises:
        StoppedError: the operator did not want to wait any longer.
        InputError: another account than the practice one is named in practice mode.
        CredentialsError: it is unknown, its token cannot be had, or there is none or
            more than one to choose from.
    """
    loop = asyncio.get_running_loop()

    def say(words: str) -> None:
        note(f"{words} Ctrl+C stops waiting.")

    with operations.accounts.saying(say):
        choice = asyncio.create_task(_choice(operations))

    def stop(_count: int) -> None:
        loop.call_soon_threadsafe(choice.cancel)

    with signals.reacting(stop):
        try:
            return await choice
        except asyncio.CancelledError:
            if not signals.count:
                raise
    raise StoppedError("Stopped. Nothing was sent.")


async def _choice(operations: Operations) -> Account:
    name, practice = operations.settings.account_name, operations.practice_account
    if practice is not None:
        if name is not None and name.casefold() != practice.name:
            raise InputError("In practice mode the account is practice.")
        return practice
    if name is not None:
        return await operations.accounts.load(name)
    try:
        account = await operations.accounts.first_choice(None)
    except AccountUnknownError:
        entries = (await operations.accounts.list_accounts()).entries
        sources = {AccountSource.KEYRING, AccountSource.COMMAND}
        names = [each.name for each in entries if each.source in sources]
        words = f"{len(names)} accounts are set up. Give --account NAME, one of: "
        raise AccountUnknownError(f"{words}{', '.join(names)}.") from None
    if account is None:
        raise CredentialsError(
            "No account is set up. Add one in the console, or give --account env."
        )
    return account


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
    """Return six letters for exactly these sessions of this account."""
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


@dataclass(frozen=True, slots=True)
class Choice:
    """State of every session that was asked for, and the consequence."""

    account: Account
    """The account on which they were looked up."""
    planned: tuple[CheckedSession, ...]
    """Sessions to be expired, in the order in which they were given."""
    left_out: tuple[CheckedSession, ...]
    """Sessions that would not be touched."""
    named_otherwise: frozenset[SessionUuid] = frozenset()
    """Sessions that the text names as something else as well."""

    @property
    def phrase(self) -> str:
        """The text that confirms exactly this plan on the command line."""
        return option_phrase(self.account, self.planned)

    @property
    def wrong_account(self) -> str:
        """The question whether this is the right account, or nothing."""
        rows = (*self.planned, *self.left_out)
        doubt = AccountDoubt.of(rows, self.named_otherwise)
        return "" if doubt is None else doubt_words(doubt, self.account)

    @property
    def notes(self) -> tuple[str, ...]:
        """Advice on some that are left out, one sentence a line."""
        notes = []
        if in_call := self.count(CheckState.IN_CALL):
            words = "is in a call and is" if in_call == 1 else "are in a call and are"
            notes.append(f"{in_call} {words} left out. --include-in-call takes it in.")
        if strange := self.count(CheckState.OTHER):
            words = "is in a state" if strange == 1 else "are in states"
            notes.append(f"{strange} {words} unknown here. Look in the console.")
        return tuple(notes)

    def count(self, state: CheckState) -> int:
        """Return how many that are left out are in a state."""
        return sum(each.state is state for each in self.left_out)


def choose(
    account: Account,
    checked: Sequence[CheckedSession],
    *,
    includes_in_call: bool,
    named_otherwise: frozenset[SessionUuid] = frozenset(),
) -> Choice:
    """Return what goes: active sessions, and those in a call only if that was said."""
    states = Policy.states(with_in_call=includes_in_call)
    return Choice(
        account,
        planned=tuple(each for each in checked if each.state in states),
        left_out=tuple(each for each in checked if each.state not in states),
        named_otherwise=named_otherwise,
    )
