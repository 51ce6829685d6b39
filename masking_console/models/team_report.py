"""What a look at the whole history of a team found."""

from dataclasses import dataclass

from masking_console.models.history import Finding


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
