"""Entries of the journal, and reports on its chain."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import msgspec

SCHEMA_VERSION = 5
"""Rises with every change of what an entry holds; 2 brought consoles and looks, and the
note of the last entry; 3 brought what is found about the journal itself; 4 brought what
is learnt after the end of a batch, who is behind an operator, and the values to search
by; 5 brought the journal's own name, the anchors of a team, and drills."""
NOTE_SINCE = 2
"""The version since which there is a note of the last entry."""


class JournalEvent(Enum):
    """The kind of event."""

    BATCH_CONFIRMED = "batch.confirmed"
    """A person reviewed a list and said yes; no session has been touched yet."""
    EXPIRE_INTENDED = "expire.intended"
    """A DELETE is about to leave."""
    EXPIRE_UNCLEAR = "expire.unclear"
    """A DELETE brought no final answer; a look or another attempt follows."""
    SESSION_SETTLED = "session.settled"
    """The outcome of one session is known, or known to be unknown."""
    BATCH_ENDED = "batch.ended"
    """The run is over."""
    BATCH_RESUMED = "batch.resumed"
    """A later console takes care of a run that was cut off; it only looks."""
    SESSION_LOOKED = "session.looked"
    """A look after the end, with its outcome and evidence. An older one without them
    found a session open that had been called expired."""
    SESSION_CAME_BACK = "session.came_back"
    """Plivo has a new open session for the same two numbers."""
    SECOND_LOOK_ENDED = "batch.second_look"
    """The second look at a batch is over; also when nothing was found."""
    TICKET_ADDED = "batch.ticket_added"
    """A ticket was added to a finished batch."""
    BATCH_SET_ASIDE = "batch.set_aside"
    """An operator leaves unsettled what is not settled of a batch."""
    NUMBERS_SHOWN = "numbers.shown"
    """An operator looked at phone numbers in full for a minute."""
    DRILL_BEGAN = "practice.drill"
    """A drill began on the practice account; `detail` has its name."""
    JOURNAL_SET_ASIDE = "journal.set_aside"
    """A damaged journal was kept under another name, and this one begun."""
    JOURNAL_CUT = "journal.cut"
    """Entries that had been written were missing when a console started."""
    JOURNAL_NOTE = "journal.note"
    """The note of the last entry did not fit the journal when a console started."""
    FINDING_ACKNOWLEDGED = "journal.acknowledged"
    """A person has seen what a verification found, and says why it can stay so."""


class JournalEntry(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One entry; there is no field for a phone number, a PIN or a token."""

    event: JournalEvent
    """The kind of event."""
    at: datetime
    """The time, in UTC."""
    batch_id: str = ""
    """Id of the batch; empty for what concerns the whole journal."""
    version: int = 0
    """The schema version it was written with; never left out."""
    session_uuid: str = ""
    """Id of the session."""
    attempt: int = 0
    """Attempt number, from 1."""
    outcome: str = ""
    """The outcome."""
    evidence: str = ""
    """Evidence of the outcome."""
    http_status: int | None = None
    """The status of the answer."""
    api_id: str = ""
    """Plivo's id of the request."""
    elapsed_ms: int | None = None
    """Duration of the request."""
    detail: str = ""
    """More in words; the name of the finding that is acknowledged."""
    operator: str = ""
    """The user of the operating system whose process did it."""
    sudo_user: str = ""
    """The user behind ``sudo``, as the environment names it."""
    operator_name: str = ""
    """The name from the configuration, beside the user."""
    host: str = ""
    """The computer on which it happened."""
    console: str = ""
    """Id of the console, one for each start; of a batch that begins or is resumed."""
    account_name: str = ""
    """The operator's name for the Plivo account."""
    auth_id_tail: str = ""
    """Its Auth ID, shortened."""
    ticket: str = ""
    """The ticket that asked for it."""
    reason: str = ""
    """The reason."""
    sessions: tuple[str, ...] = ()
    """The reviewed list, of a batch."""
    anchor: str = ""
    """The team's newest anchor, as its number and seal; in the first entry after it."""


@dataclass(frozen=True, slots=True)
class DamagedEntry:
    """An entry that cannot be read, or that is not what was sealed."""

    sequence: int
    """Its number."""
    event: str = ""
    """The event as far as it can be read."""
    session_uuids: frozenset[str] = frozenset()
    """The sessions that it names, as far as they can be read."""


@dataclass(frozen=True, slots=True)
class AuditState:
    """Progress of one target."""

    target: str
    """The target, as it was configured."""
    sent: int
    """The number of the last entry that it has."""
    entries: int
    """The number of the journal's last entry."""
    problem: str = ""
    """Reason that it does not get on; empty where it does."""

    @property
    def waiting(self) -> int:
        """The number of entries that the target does not have."""
        return max(0, self.entries - self.sent)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the journal."""

    name: str
    """The name by which it is acknowledged; empty until it is written down."""
    words: str
    """The finding in a sentence."""
    reason: str = ""
    """Reason given when it was acknowledged; empty before."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Report on the whole hash chain."""

    entries: int
    """Number of entries."""
    last_seal: str
    """Seal of the last entry; kept elsewhere, it can prove the rest."""
    findings: tuple[Finding, ...] = ()
    """Findings, acknowledged or not; empty when all is well."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Findings that were not acknowledged, in sentences."""
        return tuple(each.words for each in self.findings if not each.reason)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or put elsewhere, or it is known why."""
        return not self.problems
