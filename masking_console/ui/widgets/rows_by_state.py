"""Which rows of the queue are in which state."""

from collections.abc import Iterable, Iterator

from masking_console.models.masking_session import CheckState
from masking_console.models.session_uuid import SessionUuid


class RowsByState(dict[CheckState, set[SessionUuid]]):
    """A set of rows for each state; only these methods change them."""

    def __init__(self) -> None:
        super().__init__((state, set()) for state in CheckState)
        self._active_once: set[SessionUuid] | None = None

    def append(self, uuids: Iterable[SessionUuid]) -> None:
        """Add rows of which nothing is known."""
        self[CheckState.QUEUED].update(uuids)

    def put(self, uuid: SessionUuid, state: CheckState) -> None:
        """Add a row that is in this state."""
        self[state].add(uuid)
        self._active_once = None

    def move(self, uuid: SessionUuid, before: CheckState, after: CheckState) -> None:
        """Take a row from one state to another."""
        self[before].discard(uuid)
        self.put(uuid, after)

    def drop(self, gone: set[SessionUuid]) -> None:
        """Take rows out."""
        for members in self.values():
            members.difference_update(gone if members else ())
        self._active_once = None

    def forget(self, uuids: Iterable[SessionUuid]) -> None:
        """Begin anew with these rows, of which nothing is known."""
        for members in self.values():
            members.clear()
        self._active_once = None
        self.append(uuids)

    def active(self) -> set[SessionUuid]:
        """Return the active rows in a set that stays as it is.

        It is the same one until a row changes, so that to be it answers what would take
        two looks at a hundred thousand rows.
        """
        if self._active_once is None:
            self._active_once = self[CheckState.ACTIVE].copy()
        return self._active_once

    def are_the_active(self, uuids: set[SessionUuid]) -> bool:
        """Return whether this is the set of the active rows, and still right."""
        return uuids is self._active_once

    def open(self) -> Iterator[set[SessionUuid]]:
        """Yield the sets of rows that may be ticked."""
        return (self[state] for state in CheckState if state.can_be_ticked)
