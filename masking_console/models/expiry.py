"""Plan, confirmation and results of an expiry."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from masking_console.errors import RefusedError, Remedy
from masking_console.models.account import Account
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class ConfirmationRules:
    """Numbers of sessions from which a higher tier applies."""

    count_from: int = 2
    """Sessions from which their number is typed."""
    name_from: int = 26
    """Sessions from which the account is typed as well."""
    max_batch: int = 1_000
    """More than this is refused."""


class Tier(IntEnum):
    """Effort of saying yes; it grows with the possible harm."""

    ONE_KEY = 1
    """One session, no live call, an ordinary account: one key."""
    COUNT = 2
    """A few sessions: type their number."""
    COUNT_AND_ACCOUNT = 3
    """Many, a live call or a protected account: type number and account."""
    TOO_MANY = 4
    """Over the limit of one batch: no."""


@dataclass(frozen=True, slots=True)
class ExpiryPlan:
    """The frozen list that the operator reviews; nothing else is ever sent."""

    account: Account
    """The account on which it happens."""
    sessions: tuple[CheckedSession, ...]
    """Sessions to expire, in this order; all of them checked and open."""
    left_out: tuple[CheckedSession, ...] = ()
    """Sessions that were queued, but will not be touched."""
    ticket: PlainText = PlainText("")
    """The ticket that asks for it; may be empty."""
    reason: PlainText = PlainText("")
    """Reason in the operator's words; may be empty."""
    rules: ConfirmationRules = field(default_factory=ConfirmationRules)
    """Rules for the tier."""
    named_otherwise: frozenset[SessionUuid] = frozenset()
    """Sessions that a text names as something else as well."""
    is_account_confirmed: bool = False
    """Whether a person said that the account is right where that is in doubt."""
    _uuids: frozenset[SessionUuid] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        uuids = frozenset(checked.session_uuid for checked in self.sessions)
        object.__setattr__(self, "_uuids", uuids)
        if not self.sessions:
            raise RefusedError("Nothing is ticked.", Remedy.TICK_SESSIONS)
        if len(uuids) != len(self.sessions):
            raise RefusedError("A session stands in this list twice.")
        if not all(checked.state.can_be_ticked for checked in self.sessions):
            raise RefusedError("Only sessions that were checked and are open can go.")

    def __contains__(self, session_uuid: object) -> bool:
        """Return whether this session will be expired."""
        return session_uuid in self._uuids

    @property
    def count(self) -> int:
        """Number of sessions to expire."""
        return len(self.sessions)

    @property
    def in_call(self) -> int:
        """Number of those that are in a call."""
        return sum(checked.state is CheckState.IN_CALL for checked in self.sessions)

    @property
    def checked_at(self) -> datetime | None:
        """Time of the oldest check."""
        times = [each.checked_at for each in self.sessions if each.checked_at]
        return min(times, default=None)

    @property
    def tier(self) -> Tier:
        """Tier of the yes."""
        if self.count > self.rules.max_batch:
            return Tier.TOO_MANY
        if self.in_call or self.account.protected or self.count >= self.rules.name_from:
            return Tier.COUNT_AND_ACCOUNT
        return Tier.COUNT if self.count >= self.rules.count_from else Tier.ONE_KEY

    @property
    def phrase(self) -> str:
        """Text that the operator types: ``y``, ``12`` or ``240 acme-prod``."""
        if self.tier is Tier.ONE_KEY:
            return "y"
        if self.tier is Tier.COUNT:
            return str(self.count)
        return f"{self.count} {self.account.name.lower()}"

    def ending_soon(self, now: datetime) -> int:
        """Return how many end by themselves within five minutes."""
        limit = now + timedelta(minutes=5)
        return sum(
            checked.session is not None
            and checked.session.expiry_time is not None
            and now <= checked.session.expiry_time <= limit
            for checked in self.sessions
        )

    def check_size(self) -> None:
        """Do nothing, unless the plan is too large for one batch.

        Raises:
            RefusedError: it is.
        """
        if self.tier is Tier.TOO_MANY:
            raise RefusedError(
                f"{self.count} sessions are more than {self.rules.max_batch}, "
                "the most for one batch.",
                Remedy.SPLIT_LIST,
            )

    def accepts(self, answer: str) -> bool:
        """Return whether the answer is the phrase, in any letter case."""
        return " ".join(answer.split()).casefold() == self.phrase

    def confirm(self, answer: str) -> "ConfirmedPlan":
        """Return the plan as one that may be carried out.

        Raises:
            RefusedError: the answer is not the phrase, or the plan is too large.
        """
        self.check_size()
        if not self.accepts(answer):
            raise RefusedError(f"Type {self.phrase} to go ahead.")
        return ConfirmedPlan(self, answer)


@dataclass(frozen=True, slots=True)
class ConfirmedPlan:
    """A plan that a person has reviewed and confirmed in so many words."""

    plan: ExpiryPlan
    """The reviewed plan."""
    answer: str
    """Text that the person typed; it is checked once more, wherever it came from."""

    def __post_init__(self) -> None:
        if not self.plan.accepts(self.answer):
            raise RefusedError("This list was not confirmed.")

    def checked_again(self, checked: Sequence[CheckedSession]) -> "ConfirmedPlan":
        """Return the same confirmed plan with newer checks that found no change.

        Raises:
            RefusedError: the sessions, their states or their order differ.
        """
        before = [(each.session_uuid, each.state) for each in self.plan.sessions]
        if before != [(each.session_uuid, each.state) for each in checked]:
            raise RefusedError("The list has changed since it was confirmed.")
        return replace(self, plan=replace(self.plan, sessions=tuple(checked)))


@dataclass(frozen=True, slots=True)
class Batch:
    """One confirmed run, under the id by which the journal knows it."""

    batch_id: str
    """Id such as ``B-20260304-120502``; the journal makes it unique."""
    confirmed: ConfirmedPlan
    """The confirmed plan."""

    @property
    def account(self) -> Account:
        """The account on which it happens."""
        return self.confirmed.plan.account


@dataclass(frozen=True, slots=True)
class RecordedIntent:
    """Leave to send one DELETE, once: its intent is in the journal.

    Only the journal makes one, after the entry is on the disk.

    Raises:
        RefusedError: the session does not stand in the confirmed plan.
    """

    batch: Batch
    """The confirmed run."""
    session_uuid: SessionUuid
    """The session that may be expired."""
    attempt: int
    """Attempt number, from 1."""
    sequence: int
    """The number of the journal entry."""

    def __post_init__(self) -> None:
        if self.session_uuid not in self.batch.confirmed.plan:
            raise RefusedError("This session is not in the list that was reviewed.")


class ExpiryOutcome(Enum):
    """Outcome of one session of a batch."""

    EXPIRED = "expired"
    """Expired by this batch, with positive evidence."""
    ALREADY_EXPIRED = "already expired"
    """Expired before; nothing was left to do."""
    NOT_FOUND = "not found"
    """Neither the DELETE nor a look after it found it on this account."""
    REFUSED = "refused"
    """A definite no: bad token, no permission, or a plain refusal of Plivo's."""
    FAILED = "failed"
    """A definite refusal that is not Plivo's own, such as a redirect.

    Older journals also call so what was open when it was looked at.
    """
    OPEN = "open when looked at"
    """Tried, and found open by a look; the attempt may still take effect."""
    UNKNOWN = "unknown"
    """Tried, with an unknown result; it has to be looked at."""
    NOT_SENT = "not sent"
    """No request for it was carried out."""


UNSETTLED = frozenset({ExpiryOutcome.UNKNOWN, ExpiryOutcome.OPEN})
"""Outcomes that a later look settles: an attempt may have worked by then."""
OFF = frozenset({ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED})
"""Outcomes of a session that connects no more calls."""


EXPIRED_BY_THEN = "expired by then; an unclear attempt before may have done it"
"""The words where Plivo calls a session already expired after an attempt of ours."""


class Evidence(Enum):
    """Evidence of an outcome."""

    ANSWER = "answer"
    """Plivo's answer to the DELETE."""
    LOOK = "look"
    """A GET after it."""
    NONE = "none"
    """Nothing: there was no answer, or no request."""


@dataclass(frozen=True, slots=True)
class ExpiryResult:
    """The final word on one session of a batch."""

    session_uuid: SessionUuid
    """The session."""
    outcome: ExpiryOutcome
    """Its outcome."""
    at: datetime
    """Time at which that was known."""
    evidence: Evidence = Evidence.NONE
    """Its evidence."""
    http_status: int | None = None
    """The status of the last answer, where there was one."""
    api_id: PlainText = PlainText("")
    """Plivo's id of the last request."""
    elapsed_ms: int | None = None
    """Duration of the last request."""
    attempts: int = 0
    """Number of DELETEs that were sent."""
    detail: PlainText = PlainText("")
    """More in words, from Plivo or from us."""


class RunEnd(Enum):
    """Reason for the end of a run."""

    COMPLETED = "completed"
    """Every session has been dealt with."""
    STOPPED = "stopped"
    """The operator stopped it."""
    TERMINAL_CLOSED = "terminal closed"
    """The terminal went away: a closed window, or a lost connection."""
    SIGNAL = "signal"
    """Another program told this one to end."""
    SLEPT = "sleep"
    """The computer slept, and nobody was there to say whether to go on."""
    FAILURES = "failures in a row"
    """A pause by itself, with nobody there to say whether to go on."""
    TOKEN_REFUSED = "token refused"  # noqa: S105 - a reason in words
    """Plivo answered 401."""
    FORBIDDEN = "forbidden"
    """Plivo answered 403."""
    FIRST_FAILED = "first failed"
    """The first session went alone and did not expire."""
    JOURNAL_FAILED = "journal failed"
    """The journal could not be written."""
    TEAM_AWAY = "team away"
    """The team's server was away, and the account is protected."""
    CRASHED = "crashed"
    """A defect of this program."""
    INTERRUPTED = "interrupted"
    """The program ended in the middle; a later one has looked at what was open."""


@dataclass(frozen=True, slots=True)
class ExpirySummary:
    """Result of a whole batch."""

    batch: Batch
    """The run."""
    results: tuple[ExpiryResult, ...]
    """One a session of the plan, in its order."""
    end: RunEnd
    """Reason for its end."""
    started_at: datetime
    """Time of the first request."""
    finished_at: datetime
    """Time of the last outcome."""

    def count(self, *outcomes: ExpiryOutcome) -> int:
        """Return how many sessions came to one of these outcomes."""
        return sum(result.outcome in outcomes for result in self.results)

    @property
    def off(self) -> int:
        """Number of sessions that are known to connect no more calls."""
        return self.count(ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED)

    @property
    def to_check(self) -> tuple[ExpiryResult, ...]:
        """The sessions that may still connect calls."""
        return tuple(
            result
            for result in self.results
            if result.outcome
            in {
                *UNSETTLED,
                ExpiryOutcome.FAILED,
                ExpiryOutcome.REFUSED,
                ExpiryOutcome.NOT_SENT,
            }
        )

    @property
    def is_clean(self) -> bool:
        """Whether every session is off."""
        return self.off == len(self.results)
