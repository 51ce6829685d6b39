"""Cells of one queued session."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.presentation.display import Sign, glyph
from masking_console.presentation.sessions import (
    calls,
    ends,
    masked,
    origin_short,
    origin_words,
    outcome_sign,
    outcome_word,
    parties,
    state_flag,
    state_words,
)
from masking_console.ui.widgets.row_cells import Cell, Column

_TICK = Column("", 3)
_SHORT_ID, _FULL_ID = Column("session", 8), Column("session", 36)
_FLAG = Column("", 1, gap=0)
_STATE, _STATE_ALONE = Column("state", 10), Column("state", 9, gap=0)
_LEGS = Column("legs", 5, right=True)
_ENDS = Column("ends", 6, right=True)
_FROM, _FROM_IN_FULL = Column("from", 8), Column("from", 32)
_PARTIES = Column("parties", 17)
_VIRTUAL = Column("virtual", 8)
_NUMBER = 15
"""The most digits that a phone number has (E.164)."""
_FIRST, _SECOND = Column("first party", _NUMBER), Column("second party", _NUMBER)
_VIRTUAL_IN_FULL = Column("virtual", _NUMBER)

_NARROW = (_TICK, _SHORT_ID, _FLAG, _STATE, _LEGS, _ENDS, _PARTIES)
_WIDER = (*_NARROW, _VIRTUAL)
_WIDE = (_TICK, _FULL_ID, *_NARROW[2:], _VIRTUAL)
_MIXED_NARROW = (_TICK, _SHORT_ID, _FLAG, _STATE_ALONE, _ENDS, _FROM, _PARTIES)
_MIXED_WIDER = (*_NARROW[:6], _FROM, _PARTIES, _VIRTUAL)
_MIXED_WIDE = (*_NARROW[:6], _FROM_IN_FULL, _PARTIES, _VIRTUAL)
_NUMBERS_NARROW = (_TICK, _SHORT_ID, _FLAG, _STATE, _FIRST, _SECOND)
_NUMBERS = (*_NUMBERS_NARROW, _VIRTUAL_IN_FULL)
_LAYOUTS: Mapping[tuple[bool, bool], Sequence[tuple[int, Sequence[Column]]]] = {
    (False, False): ((91, _WIDE), (63, _WIDER), (0, _NARROW)),
    (False, True): ((97, _MIXED_WIDE), (73, _MIXED_WIDER), (0, _MIXED_NARROW)),
    (True, False): ((72, _NUMBERS), (0, _NUMBERS_NARROW)),
    (True, True): ((72, _NUMBERS), (0, _NUMBERS_NARROW)),
}
"""The columns from a width on, by whether numbers and origins are shown."""

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


class OutcomeShown(NamedTuple):
    """Outcome of a row in a run, in place of its state."""

    word: str
    """The kind in a word."""
    sign: Sign
    """Its sign."""

    @classmethod
    def of(cls, outcome: ExpiryOutcome | None, word: str) -> "OutcomeShown":
        """Return what to show; without a word, the outcome's own."""
        return cls(word or outcome_word(outcome), outcome_sign(outcome))


def queue_layout(
    width: int, *, shows_numbers: bool = False, shows_origins: bool = False
) -> Sequence[Column]:
    """Return the columns of the queue for a width: ids in full where there is room.

    Numbers in full take the place of what else is known.
    """
    layouts = _LAYOUTS[shows_numbers, shows_origins]
    return next(columns for least, columns in layouts if width >= least)


def queue_cells(
    checked: CheckedSession,
    columns: Sequence[Column],
    *,
    ticked: bool,
    outcome: OutcomeShown | None,
    now: datetime,
    origin: Origin | None = None,
) -> Sequence[Cell]:
    """Return the cells of one queued session, one a column.

    A state that needs more room than its column has takes the rest of the line.
    """
    uuid, state = checked.session_uuid, checked.state
    tick = "[x]" if ticked else "[ ]" if state.can_be_ticked else " - "
    flag, words, look = _state_shown(checked, outcome)
    cells = {
        _TICK: Cell(tick),
        _SHORT_ID: Cell(uuid.short),
        _FULL_ID: Cell(uuid),
        _FLAG: Cell(flag, look),
        _STATE: Cell(words, look),
        _STATE_ALONE: Cell(words, look),
        _FROM: Cell(origin_short(origin)),
        _FROM_IN_FULL: Cell(origin_words(origin)),
    }
    has_facts = state not in _WITHOUT_FACTS and checked.session is not None
    state_column = next(each for each in columns if each.title == _STATE.title)
    if not has_facts or (outcome is not None and len(words) > state_column.width):
        until_state = columns[: columns.index(state_column) + 1]
        return [cells[column] for column in until_state]
    cells |= _facts(checked, now)
    return [cells[column] for column in columns]


def _state_shown(
    checked: CheckedSession, outcome: OutcomeShown | None
) -> tuple[str, str, str]:
    """Return the flag, the words and the look of a state, or of what a run says."""
    if outcome is not None:
        look = SIGN_LOOKS.get(outcome.sign, "")
        return " ", f"{outcome.word} {glyph(outcome.sign)}", look
    look = _STATE_LOOKS.get(checked.state, "rows-view--dim")
    return state_flag(checked.state), state_words(checked), look


def _facts(checked: CheckedSession, now: datetime) -> dict[Column, Cell]:
    session = checked.session
    if session is None:
        return {}
    return {
        _LEGS: Cell(calls(session)),
        _ENDS: Cell(ends(checked, now)),
        _PARTIES: Cell(parties(session)),
        _VIRTUAL: Cell(masked(session.virtual_number)),
        _FIRST: Cell(session.first_party),
        _SECOND: Cell(session.second_party),
        _VIRTUAL_IN_FULL: Cell(session.virtual_number),
    }
