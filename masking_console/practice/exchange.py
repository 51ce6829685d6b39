"""What the simulated account receives and answers, without any HTTP library."""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import msgspec


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request exactly as it came in, but for the credentials."""

    method: str
    """The method, in upper case as it came."""
    path: str
    """The path as it was sent, percent-encoding and slashes included."""
    received_at: datetime
    """When it came, by the account's clock."""
    query: str = ""
    """What followed the question mark, as it was sent."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case and values; of ``authorization`` only the scheme."""
    body: bytes = b""
    """The beginning of the body; a GET and a DELETE should have none."""
    is_signed_in: bool = True
    """Whether the credentials in it are the account's."""

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status code, body and headers."""

    status: int
    """The status code."""
    body: bytes = b""
    """The body; any bytes."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case and values; ``content-length`` is added by the server."""


class Replies:
    """Makes JSON answers; each has an ``api_id`` of its own."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.latest_yes: Reply | None = None
        """The latest answer to a DELETE that worked."""

    def success(self, **content: object) -> Reply:
        """Return a 200 with this content."""
        return self._json(HTTPStatus.OK, content)

    def answer(self, status: HTTPStatus, **content: object) -> Reply:
        """Return an answer with this content and an id."""
        return self._json(status, content)

    def expired(self) -> Reply:
        """Return the answer to a DELETE that worked."""
        self.latest_yes = self.success(message="Session expired")
        return self.latest_yes

    def refusal(
        self, status: HTTPStatus, words: str, *headers: tuple[str, str]
    ) -> Reply:
        """Return an error as Plivo writes it."""
        return self._json(status, {"error": words}, *headers)

    def _json(
        self, status: HTTPStatus, content: dict[str, object], *headers: tuple[str, str]
    ) -> Reply:
        api_id = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        return Reply(
            status,
            msgspec.json.encode({"api_id": api_id, **content}),
            (("content-type", "application/json"), *headers),
        )
