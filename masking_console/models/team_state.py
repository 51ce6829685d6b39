"""How far the journal's entries got on their way to the team's server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TeamState:
    """How far the shipping got, as it was known last."""

    shipped: int = 0
    """The number of the last entry that the server has."""
    entries: int = 0
    """The number of the journal's last entry."""
    problem: str = ""
    """Why it does not get on, in a sentence; empty where it does."""

    @property
    def waiting(self) -> int:
        """The number of entries that the server does not have."""
        return max(0, self.entries - self.shipped)
