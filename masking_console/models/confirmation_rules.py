"""When an operator has to type what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfirmationRules:
    """From how many sessions on which tier applies."""

    count_from: int = 2
    """From here on the number is typed."""
    name_from: int = 26
    """From here on the account is typed as well."""
    max_batch: int = 1_000
    """More than this is refused."""
