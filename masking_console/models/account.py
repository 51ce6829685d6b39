"""A Plivo account as the operator knows it, with a token that cannot be shown."""

import base64
import hmac
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn, Self
from urllib.parse import quote

from masking_console.errors import InvalidAccountNameError, InvalidAuthIdError
from masking_console.models.plain_text import PlainText

_AUTH_ID = re.compile(r"(?:MA|SA)[A-Za-z0-9]{18}", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,19}", re.ASCII)

_HIDDEN = "(hidden)"
_SHORTEST_PIECE = 10
"""Shorter pieces of a secret are words of a language as well."""

ENVIRONMENT_ACCOUNT = "env"
"""The name of the account that the environment variables describe."""


class AuthId(str):
    """An Auth ID: ``MA`` or ``SA`` and 18 letters or digits, safe in a URL path.

    Plivo documents no alphabet; every public example and every SDK's check fits this
    one (API reference, "Auth ID format").

    Raises:
        InvalidAuthIdError: the text is anything else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the text without the white space around it."""
        stripped = text.strip()
        if _AUTH_ID.fullmatch(stripped) is None:
            raise InvalidAuthIdError(
                "An Auth ID has 20 letters and digits and starts with MA or SA."
            )
        return super().__new__(cls, stripped)

    @property
    def tail(self) -> str:
        """The form for headers and the journal, such as ``MA..7Q2X``."""
        return f"{self[:2]}..{self[-4:]}"

    @property
    def is_subaccount(self) -> bool:
        """Whether Plivo calls this a subaccount."""
        return self.startswith("SA")


class AccountName(str):
    """The operator's own name for an account: 2 to 20 letters, digits, ``. _ -``.

    Raises:
        InvalidAccountNameError: the text is anything else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the text without the white space around it."""
        stripped = text.strip()
        if _NAME.fullmatch(stripped) is None:
            raise InvalidAccountNameError(
                "A name has 2 to 20 letters, digits, dots or dashes."
            )
        return super().__new__(cls, stripped)


class AuthToken:
    """An Auth Token that has no repr, no equality, no copy and no pickle.

    The secret stays behind a closure, because crash reports, debuggers and loggers
    print attributes and local variables but do not call functions.
    """

    __slots__ = ("_reveal",)

    def __init__(self, secret: str) -> None:
        self._reveal = secret.strip().__str__

    def __repr__(self) -> str:
        return "AuthToken(hidden)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("An auth token is never copied or pickled.")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self._reveal()

    @property
    def can_be_sent(self) -> bool:
        """Whether it is printable ASCII without spaces, as an HTTP header needs."""
        return bool(re.fullmatch(r"[!-~]+", self._reveal()))

    def is_longer_than(self, characters: int) -> bool:
        """Whether it has more characters than that."""
        return len(self._reveal()) > characters

    def matches(self, other: "AuthToken") -> bool:
        """Whether both hold the same secret, compared in constant time."""
        return hmac.compare_digest(
            self.reveal_to_keyring().encode(), other.reveal_to_keyring().encode()
        )

    def basic_authorization(self, auth_id: AuthId) -> str:
        """Return the value of the HTTP ``Authorization`` header."""
        return f"Basic {self._encoded(auth_id)}"

    def _encoded(self, auth_id: AuthId) -> str:
        return base64.b64encode(f"{auth_id}:{self._reveal()}".encode()).decode("ascii")

    def cut_from(self, text: str, auth_id: AuthId) -> str:
        """Return the text without the secret, which an answer may echo.

        The secret is found as it is, in the ``Authorization`` header and in its other
        encodings, whole or a piece of `_SHORTEST_PIECE` characters, in either letter
        case. The Auth ID becomes its shortened form.
        """
        shown = text.replace(auth_id, auth_id.tail)
        if self._reveal() and self._reveal() in shown:
            shown = shown.replace(self._reveal(), _HIDDEN)
        last = len(shown) - _SHORTEST_PIECE + 1
        hidden = [n for n in range(last) if self._holds(shown, n, auth_id)]
        for at in reversed(_runs(hidden)):
            shown = f"{shown[: at.start]}{_HIDDEN}{shown[at.stop :]}"
        return shown

    def _holds(self, text: str, start: int, auth_id: AuthId) -> bool:
        """Return whether a piece of the text is a piece of the secret."""
        piece = text[start : start + _SHORTEST_PIECE].casefold()
        return (
            piece in self._reveal().casefold()
            or piece in self._encoded(auth_id).casefold()
            or piece in base64.b64encode(self._reveal().encode()).decode().casefold()
            or piece in quote(self._reveal(), safe="").casefold()
            or piece in self._reveal().encode().hex()
        )

    def reveal_to_keyring(self) -> str:
        """Return the secret; only the keyring module calls this."""
        return self._reveal()


def _runs(starts: list[int]) -> list[range]:
    """Return the stretches that pieces cover which begin at these places, in order."""
    runs: list[range] = []
    for start in starts:
        end = start + _SHORTEST_PIECE
        if runs and start <= runs[-1].stop:
            runs[-1] = range(runs[-1].start, end)
        else:
            runs.append(range(start, end))
    return runs


class AccountSource(Enum):
    """Where the token of an account comes from."""

    KEYRING = "OS keyring"
    """The operating system's keyring."""
    ENVIRONMENT = "environment"
    """``PLIVO_AUTH_ID`` and ``PLIVO_AUTH_TOKEN``."""
    MEMORY = "this run only"
    """Typed in, and gone when the console ends."""
    PRACTICE = "practice"
    """The simulated account; nothing behind it is real."""


@dataclass(frozen=True, slots=True)
class Account:
    """One Plivo account that can be used: who it is and how to sign in."""

    name: AccountName
    """The operator's name for it, shown wherever it matters."""
    auth_id: AuthId
    """Plivo's name for it."""
    auth_token: AuthToken = field(repr=False, compare=False)
    """The secret; see `AuthToken`."""
    source: AccountSource = AccountSource.KEYRING
    """Where the token comes from."""
    protected: bool = False
    """Whether the operator must type the account's name before anything is sent."""

    def is_same_as(self, other: "Account | None") -> bool:
        """Whether both are one account, whatever their tokens and their protection."""
        if other is None:
            return False
        mine = (self.name.casefold(), self.auth_id)
        return mine == (other.name.casefold(), other.auth_id)

    @property
    def label(self) -> str:
        """The name for headers; says so when the token is only in memory."""
        in_memory = self.source is AccountSource.MEMORY
        return f"{self.name} (memory)" if in_memory else self.name


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """What Plivo says of an account when its credentials are checked."""

    name: PlainText
    """The account's name at Plivo; may be empty."""
    api_id: PlainText
    """Plivo's id of the request; may be empty."""
