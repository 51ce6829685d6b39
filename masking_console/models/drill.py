"""Drills: an accident to rehearse, and what came of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from masking_console.models.expiry import OFF, UNSETTLED, ExpiryOutcome, RunEnd
from masking_console.models.history import BatchRecord
from masking_console.models.session_uuid import SessionUuid

DRILLS: Mapping[str, str] = {
    "wrong-number": "the wrong number",
    "wrong-account": "the wrong account",
    "lost-answer": "the lost answer",
    "revoked-token": "the revoked token",
    "closed-laptop": "the closed laptop",
    "half-way": "the list of 240, handed over half-way",
}
"""Titles of the drills by their names, in their order."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One accident, ready to be met on the simulated account."""

    name: str
    """Its name, one of `DRILLS`."""
    words: str
    """Words of the customer, or of whoever asks."""
    text: str
    """Text to paste."""
    wanted: frozenset[SessionUuid]
    """Sessions that ought to be expired in the end."""
    forbidden: frozenset[SessionUuid]
    """Sessions that ought to stay open."""
    why: str
    """Reason that it matters."""
    is_handed_over: bool = False
    """Whether the list ought to be stopped half-way."""
    wall: Callable[[], float] | None = None
    """Time of day in seconds, where the drill changes it."""

    @property
    def title(self) -> str:
        """The accident in a few words."""
        return DRILLS[self.name]


@dataclass(frozen=True, slots=True)
class Debrief:
    """Result of a drill, from the journal."""

    drill: Drill
    """The accident."""
    seconds: float
    """Time from its beginning to the debrief."""
    done: int
    """Number of sessions that were meant and are expired."""
    harmed: int
    """Number of sessions that were not meant and are expired."""
    unsettled: int
    """Number of sessions that were tried, and are unknown or open."""
    not_sent: int
    """Number of sessions that were reviewed and not sent."""
    was_stopped: bool
    """Whether the operator stopped a run."""

    @classmethod
    def of(
        cls, drill: Drill, records: Iterable[BatchRecord], seconds: float
    ) -> "Debrief":
        """Return the debrief of a drill from the batches since its beginning."""
        batches = sorted(records, key=lambda record: record.began_at)
        latest = {
            session.session_uuid: session.outcome
            for record in batches
            for session in record.sessions
        }
        off = {uuid for uuid, outcome in latest.items() if outcome in OFF}
        outcomes = list(latest.values())
        return cls(
            drill,
            seconds,
            done=len(off & drill.wanted),
            harmed=len(off & drill.forbidden),
            unsettled=sum(outcome in UNSETTLED for outcome in outcomes),
            not_sent=outcomes.count(ExpiryOutcome.NOT_SENT),
            was_stopped=any(each.end == RunEnd.STOPPED.value for each in batches),
        )

    @property
    def is_all_done(self) -> bool:
        """Whether all that was meant is done, or was handed over in order."""
        if self.drill.is_handed_over:
            return self.was_stopped and self.done > 0 and self.not_sent > 0
        return self.done == len(self.drill.wanted)

    @property
    def is_well(self) -> bool:
        """Whether nothing was missed."""
        return self.is_all_done and not (self.harmed or self.unsettled)
