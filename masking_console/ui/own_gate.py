"""A screen that decides itself which keys it hears."""

from textual import events


class OwnGate:
    """The gate of all keys asks such a screen first, and leaves the rest to it."""

    def hears(self, key: events.Key) -> bool:
        """Return whether the key may act."""
        raise NotImplementedError
