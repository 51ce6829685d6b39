"""Which of the sessions that were asked for go into the plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from masking_console.linear.confirmation import option_phrase
from masking_console.models.account import Account
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.policy import Policy
from masking_console.presentation.review import doubt_words


@dataclass(frozen=True, slots=True)
class Choice:
    """What every session that was asked for is, and what follows for it."""

    account: Account
    """The account on which they were looked up."""
    planned: tuple[CheckedSession, ...]
    """What would be expired, in the order in which it was given."""
    left_out: tuple[CheckedSession, ...]
    """What would not be touched."""
    named_otherwise: frozenset[SessionUuid] = frozenset()
    """Those that the text names as something else as well."""

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
        """What can be done about some that are left out, one sentence a line."""
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
