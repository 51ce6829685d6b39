"""Consent: whether a person has said yes, judged by all input and its silence.

It knows no terminal and reads no clock. Whoever asks feeds it with what came and with
the times at which it came, in seconds of any clock that only goes forward.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

SILENCE_BEFORE_SECONDS = 0.6
"""Silence before a yes of one key, and before the first character of a phrase."""
SILENCE_AFTER_SECONDS = 0.4
"""Silence behind a yes; until then anything that comes takes it back."""
KEY_GAP_SECONDS = 0.025
"""Two characters closer than this did not come from two presses."""
ENTER_GAP_SECONDS = 0.15
"""Time between the last character of a phrase and the Enter that sends it."""
LOCK_SECONDS = 1.0
"""Time for which a field takes nothing after input that was no person's."""
LATE_SECONDS = 2.0
"""A process that was stopped for so long cannot vouch for the silence."""
_ROUNDING = 1e-6
"""Differences of times that a person makes are no exact numbers."""


class Refusal(Enum):
    """Reason that an input was not taken as a person's yes."""

    TOO_SOON = "too soon"
    """Other input, or the question itself, came just before."""
    TOO_FAST = "too fast"
    """The characters came faster than a person types."""
    NOT_NEXT = "not next"
    """The character is not the next one of the phrase."""
    LOCKED = "locked"
    """Input while the field takes nothing."""
    NOT_WHOLE = "not whole"
    """The phrase is not complete."""
    ENTER_TOO_SOON = "Enter too soon"
    """Enter came right behind the last character; the phrase is kept."""
    FOLLOWED = "followed"
    """More input came right behind the yes."""
    INTERRUPTED = "interrupted"
    """Enter came right behind other input; the phrase is kept."""
    PASTED = "pasted"
    """A paste."""
    HELD_UP = "held up"
    """A stall of the program during the required silence."""


class Silence:
    """The silence of a terminal: how long nothing came, whatever it was meant for.

    Input is a key, a paste, a press of the mouse or its wheel. Motion of the mouse,
    focus, resizing and a terminal's own replies are none.
    """

    def __init__(self) -> None:
        self.last = float("-inf")
        """Time of the latest input."""
        self.previous = float("-inf")
        """Time of the input before it."""
        self.arrived = float("-inf")
        """The earliest time at which the latest one may have come."""
        self.count = 0
        """Number of inputs: two may come at one reading of the clock."""
        self._unproved_from = float("inf")

    @property
    def before(self) -> float:
        """Proved silence before the latest input."""
        return self.arrived - self.previous

    def note(self, at: float) -> None:
        """Take down that input was read at this time."""
        self.previous, self.last = self.last, at
        self.arrived = min(at, self._unproved_from)
        self._unproved_from = float("inf")
        self.count += 1

    def unproved_from(self, at: float) -> None:
        """Take down that nobody looked from then on until the next input is read."""
        self._unproved_from = min(at, self._unproved_from)


class Press(NamedTuple):
    """A yes by one press, as it was judged when it came."""

    number: int
    """Number of the input, by the count of the terminal's inputs."""
    at: float
    """Time of its arrival."""
    refusal: Refusal | None
    """Reason that it is none, if it is none."""


@dataclass(slots=True)
class _Pending:
    number: int
    """Number of the input that says yes."""
    since: float
    """Time of its completion: for the mouse, the release of the button."""


class Consent:
    """A question that is answered by one key or by typing a phrase.

    Call `Silence.note` for every input first, and then the method for what it was.
    """

    def __init__(self, phrase: str, silence: Silence) -> None:
        """Make the question.

        Args:
            phrase: what to type, in any letter case; empty where one key says yes.
            silence: the terminal's, to which all input is told.
        """
        self._phrase = phrase.casefold()
        self._silence = silence
        self.text = ""
        """Text of the field: always a beginning of the phrase."""
        self._shown_at: float | None = None
        self._locked_until = float("-inf")
        self._typed_at = float("-inf")
        """Time of the last change of the field by hand."""
        self._own: int | None = None
        """Number of the latest input that belongs to the typing of the phrase."""
        self._pending: _Pending | None = None

    @property
    def is_pending(self) -> bool:
        """Whether a yes waits for the silence behind it."""
        return self._pending is not None

    def shown(self, at: float) -> None:
        """Take down when the question was painted for the first time."""
        if self._shown_at is None:
            self._shown_at = at

    def character(self, character: str) -> Refusal | None:
        """Take a character into the field, or return why not."""
        refusal = self._judged(character.casefold())
        if refusal is None:
            self.text += character.casefold()
            self._typed_at, self._own = self._silence.last, self._silence.count
        elif refusal is not Refusal.LOCKED:
            self._lock()
        return refusal

    def is_next(self, character: str) -> bool:
        """Return whether the phrase goes on with this character."""
        rest = self._phrase[len(self.text) :]
        return bool(rest) and rest[0] == character.casefold()

    def backspace(self) -> None:
        """Take the last character out of the field."""
        self._pending = None
        self.text = self.text[:-1]
        if self._goes_on or self._is_quiet:
            # Else what follows needs the silence that this one did not have.
            self._typed_at, self._own = self._silence.last, self._silence.count

    def look(self) -> Refusal | None:
        """Take any other input; it takes back a yes that is not through."""
        if self._pending is None or self._pending.number == self._silence.count:
            return None
        self._pending = None
        return Refusal.FOLLOWED

    def paste(self) -> Refusal:
        """Empty the field, and take back a yes that is not through."""
        self._pending = None
        self.text = ""
        return Refusal.PASTED

    def press(self, *, by_mouse: bool = False) -> Press:
        """Judge the latest input as a yes; `agree` makes it one."""
        refusal = self._no_yes(by_mouse=by_mouse)
        if refusal is Refusal.ENTER_TOO_SOON:
            self._own = self._silence.count
        return Press(self._silence.count, self._silence.last, refusal)

    def agree(self, press: Press, at: float) -> Refusal | None:
        """Take a press as a yes, if it is a person's and nothing has come since.

        Args:
            press: the press of a key, or that of the mouse on the button.
            at: when it was over; for a key the same time, for the mouse its release.
        """
        if press.refusal is not None:
            return press.refusal
        if press.number != self._silence.count:
            return Refusal.FOLLOWED
        since = self._pending.since if self._pending and self._is_repeat else at
        self._pending = _Pending(press.number, since)
        return None

    def settle(self, at: float) -> Refusal | None:
        """Return why a yes is none now that it was silent long enough, or nothing.

        Call it where `is_pending` is true and `seconds_left` are over.
        """
        pending, self._pending = self._pending, None
        if pending is None or self._silence.count != pending.number:
            return Refusal.FOLLOWED
        if at - pending.since > SILENCE_AFTER_SECONDS + LATE_SECONDS:
            return Refusal.HELD_UP
        return None

    def seconds_left(self, at: float) -> float:
        """Return how much silence is still missing behind a yes."""
        if self._pending is None:
            return 0.0
        return self._pending.since + SILENCE_AFTER_SECONDS - at

    def _judged(self, character: str) -> Refusal | None:
        silence = self._silence
        if silence.last < self._locked_until:
            return Refusal.LOCKED
        if not self.is_next(character):
            return Refusal.NOT_NEXT
        if not self._goes_on:
            return None if self._is_quiet else Refusal.TOO_SOON
        is_slow = silence.before >= KEY_GAP_SECONDS - _ROUNDING
        return None if is_slow else Refusal.TOO_FAST

    def _no_yes(self, *, by_mouse: bool) -> Refusal | None:
        """Return why the latest input is no yes."""
        silence = self._silence
        if not self._phrase:
            return None if self._is_quiet else Refusal.TOO_SOON
        if silence.last < self._locked_until:
            return Refusal.LOCKED
        if self.text != self._phrase:
            return Refusal.NOT_WHOLE
        if self._is_repeat:
            return None
        if by_mouse or not self._goes_on:
            return None if self._is_quiet else Refusal.INTERRUPTED
        is_slow = silence.arrived - self._typed_at >= ENTER_GAP_SECONDS - _ROUNDING
        return None if is_slow else Refusal.ENTER_TOO_SOON

    @property
    def _goes_on(self) -> bool:
        """Whether the latest input came right behind another one of the phrase."""
        return self._own == self._silence.count - 1

    @property
    def _is_repeat(self) -> bool:
        """Whether the Enter behind a phrase is held down: its first press is a yes."""
        pending = self._pending
        is_next = pending is not None and pending.number == self._silence.count - 1
        return bool(self._phrase) and is_next

    @property
    def _is_quiet(self) -> bool:
        """Whether it was silent before the latest input, with the question shown."""
        if self._shown_at is None:
            return False
        silence = min(self._silence.before, self._silence.arrived - self._shown_at)
        return silence >= SILENCE_BEFORE_SECONDS - _ROUNDING

    def _lock(self) -> None:
        self._pending = None
        self.text = ""
        self._own = None
        self._locked_until = self._silence.last + LOCK_SECONDS
