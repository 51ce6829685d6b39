"""How far the journal's entries got on their way out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditState:
    """How far one target got."""

    target: str
    """The target, as it was configured."""
    sent: int
    """The number of the last entry that it has."""
    entries: int
    """The number of the journal's last entry."""
    problem: str = ""
    """Why it does not get on, in words; empty where it does."""

    @property
    def waiting(self) -> int:
        """The number of entries that the target does not have."""
        return max(0, self.entries - self.sent)
