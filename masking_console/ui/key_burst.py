"""Tells a person's keys from a paste that arrives as key presses.

A terminal without bracketed paste, and tmux's `paste-buffer` without `-p`, send a paste
as keys by nature. No person presses two keys within 25 ms; a paste sends hundreds.
"""

from dataclasses import dataclass, field
from enum import Enum

GAP_SECONDS = 0.025
"""Two keys closer than this did not come from two presses."""
BURST_KEYS = 8
"""So many keys in a row, each that close to the one before, are a paste."""
QUIET_SECONDS = 0.15
"""A key that says yes stands alone, and counts only when so much silence follows."""


class KeyKind(Enum):
    """What the console does with a key."""

    PERSON = "person"
    """It stands alone: it may act."""
    FAST = "fast"
    """It came right behind another: it may do nothing that leads anywhere."""
    PASTE = "paste"
    """It is part of a paste."""


@dataclass(slots=True)
class KeyBurst:
    """The latest keys, with the times at which the terminal sent them, in seconds."""

    _characters: list[str] = field(default_factory=list)
    _last: float = float("-inf")

    def note(self, time: float, character: str) -> KeyKind:
        """Return what the key is, in the light of those before it."""
        is_close = self.is_followed_by(time)
        self._last = time
        if not is_close:
            self._characters.clear()
        self._characters.append(character)
        if not is_close:
            return KeyKind.PERSON
        is_paste = len(self._characters) >= BURST_KEYS
        return KeyKind.PASTE if is_paste else KeyKind.FAST

    @property
    def length(self) -> int:
        """How many keys have come without a pause."""
        return len(self._characters)

    def take_text(self) -> str:
        """Return what the burst would have pasted, and forget it."""
        text = "".join(self._characters)
        self._characters.clear()
        return text

    def is_followed_by(self, time: float) -> bool:
        """Return whether a key at this time would belong to the latest ones."""
        return time - self._last < GAP_SECONDS
