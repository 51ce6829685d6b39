"""The team's server: how far the journal was shipped, and what a look at it found."""

from dataclasses import dataclass

from masking_console.models.journal_entry import Finding


@dataclass(frozen=True, slots=True)
class TeamState:
    """Progress of the shipping, as it was known last."""

    shipped: int = 0
    """The number of the last entry that the server has."""
    entries: int = 0
    """The number of the journal's last entry."""
    problem: str = ""
    """Reason that it does not get on, in a sentence; empty where it does."""

    @property
    def waiting(self) -> int:
        """The number of entries that the server does not have."""
        return max(0, self.entries - self.shipped)


@dataclass(frozen=True, slots=True)
class TeamReport:
    """The proof of a team's history."""

    chains: int
    """Number of journals."""
    entries: int
    """Number of their entries."""
    compared: int
    """Number of those that are on this computer as well."""
    last_anchor: str
    """Number and seal of the newest anchor; kept elsewhere, it proves all before it."""
    findings: tuple[Finding, ...] = ()
    """Findings, acknowledged or not; empty when all is well."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or put elsewhere, or it is known why."""
        return all(each.reason for each in self.findings)
