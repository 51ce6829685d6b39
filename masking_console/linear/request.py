"""What the command line asks this face for."""

from dataclasses import dataclass, field

from masking_console.models.cause import Cause
from masking_console.models.session_ids import PastedIds
from masking_console.models.session_uuid import SessionUuid


@dataclass(frozen=True, slots=True)
class ExpiryRequest:
    """What the command line asks for."""

    session_uuids: tuple[SessionUuid, ...]
    """The sessions, each once, in the order in which they were given."""
    pasted: PastedIds = field(default_factory=PastedIds)
    """The reading of the text: also incomplete ids, and those left out."""
    cause: Cause = field(default_factory=Cause)
    """Why."""
    confirm: str | None = None
    """Number, account and letters, or None to ask on the terminal."""
    is_dry_run: bool = False
    """Whether to look and tell, and no more."""
    includes_in_call: bool = False
    """Whether sessions with a call running go as well."""
    watches: bool = False
    """Whether to wait for the second look."""
