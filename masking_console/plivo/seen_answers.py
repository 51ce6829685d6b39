"""The answers that came to this process: one that comes twice answers nobody.

Plivo gives each answer an ``api_id`` of its own. A server in between may send an answer
once more, and it then stands where the answer to another request belongs.
"""

REMEMBERED = 50_000
"""So many ids are kept, the latest ones; a copy comes soon or never."""


class SeenAnswers:
    """The ids of the latest answers, of all accounts; used in one event loop."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._ids: dict[str, None] = {}

    def has_come_before(self, api_id: str) -> bool:
        """Return whether this id has come before, and remember it from here on."""
        if not api_id:
            return False
        if api_id in self._ids:
            return True
        self._ids[api_id] = None
        if len(self._ids) > self._remembered:
            del self._ids[next(iter(self._ids))]
        return False
