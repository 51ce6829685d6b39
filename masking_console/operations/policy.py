"""The policy: what may be expired, and when.

Both faces ask it what to show and what to ask for. `ExpireSessions` enforces all of it
again before a batch begins, so that a face which forgets a rule sends nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from masking_console.errors import RefusedError, Remedy
from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan, Tier
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.settings import Settings

FRESH_FOR = timedelta(seconds=60)
"""Maximum age of a check when a review begins; an older one is made again."""
USABLE_FOR = timedelta(minutes=10)
"""Maximum age of a check when its batch begins.

Longer than `FRESH_FOR`: the review takes time, and so do the checks of 1,000 sessions.
"""
ASLEEP_SECONDS = 15.0
"""A longer gap in which the process did not run is a sleep; a run asks after it."""

READ_ONLY = "This console is read-only."
NOTHING_SENT = "Nothing was sent."


class WriteState(Enum):
    """Whether the account in use may be changed; the header shows the words."""

    ON = "WRITES ON"
    """A review can be opened and confirmed."""
    OFF = "WRITES OFF"
    """A person has to turn them on first."""
    READ_ONLY = "READ ONLY"
    """Nothing is ever expired."""


class Writes:
    """The write switch of the account in use; each account starts anew.

    A protected account starts with writes off, and goes back there when nobody has
    touched the console for a while: one that was left open on it can do no harm.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.idle = timedelta(minutes=settings.idle_writes_off_minutes)
        """Time without a key after which a protected account's writes go off."""
        self._clock = clock
        self._is_read_only = settings.read_only
        self._account: Account | None = None
        self._are_on = False
        self._touched_at = clock()

    @property
    def state(self) -> WriteState:
        """Whether anything may be expired."""
        if self._is_read_only:
            return WriteState.READ_ONLY
        return WriteState.ON if self._are_on else WriteState.OFF

    @property
    def account(self) -> Account | None:
        """The account in use."""
        return self._account

    def use(self, account: Account | None, *, is_other: bool = True) -> None:
        """Begin with an account, or go on with it: off where that protects it."""
        was_protected = self._account is not None and self._account.protected
        self._account = account
        if account is None or account.protected > was_protected:
            self._are_on = False
        elif is_other:
            self._are_on = not account.protected

    def touched(self) -> None:
        """Note that somebody is at the keyboard or the mouse."""
        self._touched_at = self._clock()

    def turn_on(self) -> None:
        """Allow writes on the account in use, because a person said so."""
        self._are_on = self._account is not None
        self.touched()

    def turn_off(self) -> None:
        """Forbid writes on the account in use."""
        self._are_on = False

    def turn_off_when_idle(self) -> bool:
        """Turn off on a protected account that is idle; return whether it was on."""
        account = self._account
        is_protected = account is not None and account.protected
        is_idle = self._clock() - self._touched_at >= self.idle
        if is_protected and self._are_on and is_idle:
            self._are_on = False
            return True
        return False


class Policy:
    """Every rule about what may be expired when."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.writes = Writes(settings, clock)
        """The write switch."""

    # What the faces ask.

    def refusal(self) -> RefusedError | None:
        """Return why nothing at all may be expired now, or None."""
        if self._settings.read_only:
            return RefusedError(READ_ONLY)
        if self.writes.account is None:
            return RefusedError("Choose an account first.", Remedy.CHOOSE_ACCOUNT)
        if self.writes.state is WriteState.OFF:
            return RefusedError("Writes are off.", Remedy.TURN_WRITES_ON)
        return None

    def ticket_problem(self, cause: Cause) -> str:
        """Return why nothing can be expired for this cause; empty where it can.

        Blocks for milliseconds where a ticket looks like a phone number.
        """
        return self._settings.cause_rules.problem(cause)

    @staticmethod
    def is_stale(checked: CheckedSession, now: datetime) -> bool:
        """Return whether a session has to be checked again before a review."""
        at = checked.checked_at
        return at is None or now - at > FRESH_FOR

    @staticmethod
    def is_usable(plan: ExpiryPlan, now: datetime) -> bool:
        """Return whether the checks of a plan are recent enough to act on."""
        at = plan.checked_at
        return at is not None and now - at <= USABLE_FOR

    @staticmethod
    def states(*, with_in_call: bool) -> frozenset[CheckState]:
        """Return the states that go without a look by a person at each session.

        Args:
            with_in_call: whether a person has said that sessions in a call go, too.
        """
        in_call = {CheckState.IN_CALL} if with_in_call else set[CheckState]()
        return frozenset({CheckState.ACTIVE, *in_call})

    def size_problem(self, count: int) -> str:
        """Return why so many sessions are no batch; empty where they are."""
        most = self._settings.confirmation.max_batch
        if count <= most:
            return ""
        return f"{count} sessions are more than {most}, the most for one batch."

    # What the operation enforces.

    def enforce(self, confirmed: ConfirmedPlan, *, team_problem: str = "") -> None:
        """Do nothing, unless a confirmed plan breaks a rule; blocks for milliseconds.

        Args:
            confirmed: the plan.
            team_problem: why the team's server, which has to have each intent,
                cannot be used; empty where it can, or where it is not asked for.

        Raises:
            RefusedError: it does; its words say that nothing was sent.
        """
        plan = confirmed.plan
        refused = self.refusal()
        if refused is not None:
            raise RefusedError(f"{refused} {NOTHING_SENT}", refused.remedy)
        problem = (
            self._account_problem(plan)
            or self.size_problem(plan.count)
            or self._confirmation_problem(plan)
            or self.ticket_problem(Cause(plan.ticket, plan.reason))
            or self._check_problem(plan)
            or self._team_problem(plan, team_problem)
        )
        if problem:
            raise RefusedError(f"{problem} {NOTHING_SENT}")

    def _account_problem(self, plan: ExpiryPlan) -> str:
        if not plan.account.is_same_as(self.writes.account):
            return "This list was reviewed for another account than the one in use."
        rows = (*plan.sessions, *plan.left_out)
        doubt = AccountDoubt.of(rows, plan.named_otherwise)
        if doubt is None or plan.is_account_confirmed:
            return ""
        name = plan.account.name.upper()
        return f"{doubt.missing} of {doubt.total} sessions are not on {name}."

    def _confirmation_problem(self, plan: ExpiryPlan) -> str:
        account = replace(plan.account, protected=self._is_protected(plan.account))
        judged = replace(plan, account=account, rules=self._settings.confirmation)
        if judged.tier is Tier.TOO_MANY or judged.tier > plan.tier:
            return f'The rules here ask for "{judged.phrase}" to confirm this.'
        return ""

    def _is_protected(self, account: Account) -> bool:
        names = {each.casefold() for each in self._settings.protected}
        return account.protected or account.name.casefold() in names

    def _team_problem(self, plan: ExpiryPlan, problem: str) -> str:
        if not problem or not self._is_protected(plan.account):
            return ""
        return f"{problem} A protected account waits for the team's server."

    def _check_problem(self, plan: ExpiryPlan) -> str:
        if any(each.checked_at is None for each in plan.sessions):
            return "A session of this list was never checked."
        if not self.is_usable(plan, self._clock()):
            minutes = USABLE_FOR // timedelta(minutes=1)
            return f"This list was checked more than {minutes} minutes ago."
        return ""
