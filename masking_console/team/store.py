"""Writing on the team's server: rows of a console's journal, and anchors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

import msgspec

from masking_console.journal.seals import Head, SealedRow
from masking_console.team.connection import TeamServer
from masking_console.team.schema import check_version

ChainId = NewType("ChainId", str)
"""The name of a journal's chain on the server: its `journal_id`."""

_SHIP = """
INSERT INTO team.entry
    (chain, sequence, event, batch_id, session_uuid, content, previous_seal, seal)
SELECT %s::uuid, t.* FROM json_to_recordset(%s::json) AS t (
    sequence bigint, event text, batch_id text, session_uuid text, content text,
    previous_seal text, seal text
)
ON CONFLICT DO NOTHING
"""
_HEAD = """
SELECT sequence, seal FROM team.entry WHERE chain = %s::uuid
ORDER BY sequence DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """One seal over the heads of all chains."""

    sequence: int
    """Its number, from 1."""
    seal: str
    """Its seal."""

    @property
    def text(self) -> str:
        """Its text in an entry."""
        return f"{self.sequence} {self.seal}"


class TeamStore:
    """Writes rows and anchors; one thread uses it."""

    def __init__(self, server: TeamServer) -> None:
        self._server = server

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that was not lost."""
        return self._server.is_open

    def head(self, chain: ChainId) -> Head | None:
        """Return the last entry that the server has of a chain; None where it has none.

        A chain that is not there is begun, in the name of the login role.

        Raises:
            TeamError: the server cannot be used, or its schema is another.
        """
        check_version(self._server)
        found = self._server.ask(_HEAD, (chain,))
        if found:
            return Head(*found[0])
        self._server.ask("SELECT team.begin_chain(%s::uuid)", (chain,))
        return None

    def ship(self, chain: ChainId, rows: Sequence[SealedRow]) -> None:
        """Write rows that follow the last one there; those that it has are ignored.

        Raises:
            TeamError: the server refused one, or cannot be used; it may have them.
        """
        # One text: an array of each column takes longer to write than all else.
        self._server.ask(_SHIP, (chain, msgspec.json.encode(rows).decode()))

    def anchor(self, gap_seconds: int) -> Anchor | None:
        """Return the newest anchor, after making one where the last one is old.

        Args:
            gap_seconds: how old it may be.

        Raises:
            TeamError: the server cannot be used.
        """
        query = "SELECT sequence, seal FROM team.make_anchor(%s)"
        sequence, seal = self._server.ask(query, (gap_seconds,))[0]
        return Anchor(sequence, seal) if sequence else None

    def close(self) -> None:
        """Close the connection."""
        self._server.close()
