"""The team's server: how far the journal was shipped, and what a look at it found."""

from dataclasses import dataclass

from masking_console.models.journal_entry import Finding


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


@dataclass(frozen=True, slots=True)
class TeamReport:
    """The proof of a team's history."""

    chains: int
    """How many journals there are."""
    entries: int
    """How many entries they have together."""
    compared: int
    """How many of them stand on this computer as well."""
    last_anchor: str
    """Number and seal of the newest anchor; kept elsewhere, it proves all before it."""
    findings: tuple[Finding, ...] = ()
    """What is wrong, acknowledged or not; empty when all is well."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or put elsewhere, or it is known why."""
        return all(each.reason for each in self.findings)
