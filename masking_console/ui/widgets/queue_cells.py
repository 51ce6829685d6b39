"""How one queued session is drawn, found and counted."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import Sign, glyph
from masking_console.presentation.numbers import masked
from masking_console.presentation.sessions import (
    calls,
    ends,
    outcome_sign,
    outcome_word,
    parties,
    state_flag,
    state_words,
)
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.session_queue import SessionQueue

_TICK = Column("", 3)
_SHORT_ID = Column("session", 8)
_FULL_ID = Column("session", 36)
_FACTS = (
    Column("", 1, gap=0),
    Column("state", 10),
    Column("legs", 5, right=True),
    Column("ends", 6, right=True),
    Column("parties", 17),
)
_VIRTUAL = Column("virtual", 8)
_NARROW = (_TICK, _SHORT_ID, *_FACTS)
_WIDER = (*_NARROW, _VIRTUAL)
_WIDE = (_TICK, _FULL_ID, *_FACTS, _VIRTUAL)
_NUMBER = 15
"""The most digits that a phone number has (E.164)."""
_NUMBERS_NARROW = (
    *_NARROW[:4],
    Column("first party", _NUMBER),
    Column("second party", _NUMBER),
)
_NUMBERS = (*_NUMBERS_NARROW, Column("virtual", _NUMBER))
_NUMBERS_FROM = 72
_WIDER_FROM = 63
_WIDE_FROM = 91

_STATE_LOOKS = {
    CheckState.ACTIVE: "rows-view--good",
    CheckState.IN_CALL: "rows-view--warn",
    CheckState.OTHER: "rows-view--warn",
    CheckState.NOT_CHECKED: "rows-view--bad",
}
SIGN_LOOKS = {
    Sign.DONE: "rows-view--good",
    Sign.ALREADY: "rows-view--good",
    Sign.UNKNOWN: "rows-view--warn",
    Sign.RETRY: "rows-view--warn",
    Sign.FAILED: "rows-view--bad",
}
"""The component class of each sign that has a color."""
_WITHOUT_FACTS = (CheckState.NOT_FOUND, CheckState.NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """The queue in numbers."""

    total: int = 0
    """How many rows there are."""
    shown: int = 0
    """How many of them the filter lets through."""
    ticked: int = 0
    """How many are ticked."""
    hidden_ticked: int = 0
    """How many are ticked, but not shown."""
    in_call_left: int = 0
    """How many have a call running and are not ticked."""
    nothing_to_do: int = 0
    """How many are expired or not on this account."""
    pending: int = 0
    """How many wait for the answer of a check."""
    not_checked: int = 0
    """How many could not be checked."""

    @property
    def text(self) -> str:
        """The numbers in words, for a border; what is zero is left out."""
        parts = [
            (self.ticked, "ticked"),
            (self.hidden_ticked, "of them hidden"),
            (self.in_call_left, "in call, not ticked"),
            (self.nothing_to_do, "nothing to do"),
            (self.pending, "being checked"),
            (self.not_checked, "not checked"),
        ]
        return "   ".join(f"{count} {words}" for count, words in parts if count)


def summary_of(queue: SessionQueue, shown: Sequence[SessionUuid]) -> QueueSummary:
    """Return the queue in numbers, with what the filter lets through."""
    total, states = len(queue.order), queue.by_state
    hidden = 0
    if len(shown) != total:
        hidden = len(queue.ticks.difference(shown))
    return QueueSummary(
        total=total,
        shown=len(shown),
        ticked=len(queue.ticks),
        hidden_ticked=hidden,
        in_call_left=len(states[CheckState.IN_CALL] - queue.ticks),
        nothing_to_do=_sum(states, CheckState.EXPIRED, CheckState.NOT_FOUND),
        pending=_sum(states, CheckState.QUEUED, CheckState.CHECKING),
        not_checked=_sum(states, CheckState.NOT_CHECKED),
    )


def _sum(by_state: Mapping[CheckState, Sized], *states: CheckState) -> int:
    return sum(len(by_state[state]) for state in states)


class OutcomeShown(NamedTuple):
    """What a run says of a row, in place of its state."""

    word: str
    """The kind in a word."""
    sign: Sign
    """Its sign."""

    @classmethod
    def of(cls, outcome: ExpiryOutcome | None, word: str) -> "OutcomeShown":
        """Return what to show; without a word, the outcome's own."""
        return cls(word or outcome_word(outcome), outcome_sign(outcome))


def queue_layout(width: int, *, shows_numbers: bool = False) -> Sequence[Column]:
    """Return the columns of the queue for a width: ids in full where there is room.

    Numbers in full take the place of what else is known.
    """
    if shows_numbers:
        return _NUMBERS if width >= _NUMBERS_FROM else _NUMBERS_NARROW
    if width >= _WIDE_FROM:
        return _WIDE
    return _WIDER if width >= _WIDER_FROM else _NARROW


def queue_cells(
    checked: CheckedSession,
    columns: Sequence[Column],
    *,
    ticked: bool,
    outcome: OutcomeShown | None,
    now: datetime,
) -> Sequence[Cell]:
    """Return the cells of one queued session."""
    uuid, session, state = checked.session_uuid, checked.session, checked.state
    full = columns[1] is _FULL_ID
    tick = "[x]" if ticked else "[ ]" if state.can_be_ticked else " - "
    start = [Cell(tick), Cell(uuid if full else uuid.short)]
    if outcome is not None:
        look = SIGN_LOOKS.get(outcome.sign, "")
        start += [Cell(" "), Cell(f"{outcome.word} {glyph(outcome.sign)}", look)]
        if len(start[-1].text) > columns[3].width:
            return start
    else:
        look = _STATE_LOOKS.get(state, "rows-view--dim")
        start += [Cell(state_flag(state), look), Cell(state_words(checked), look)]
    if state in _WITHOUT_FACTS:
        return start
    if session is None:
        return start
    if columns[4].width == _NUMBER:
        numbers = (session.first_party, session.second_party, session.virtual_number)
        return [*start, *map(Cell, numbers)]
    virtual = masked(session.virtual_number)
    facts = (calls(session), ends(checked, now), parties(session), virtual)
    return [*start, *map(Cell, facts)]
