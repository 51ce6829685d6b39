"""A Plivo account as the operator knows it, with a token that cannot be shown."""

import base64
import hmac
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import NoReturn, Self
from urllib.parse import quote
from weakref import WeakSet

from masking_console.errors import InvalidAccountNameError, InvalidAuthIdError, Remedy
from masking_console.models.plain_text import PlainText, plain_text

_AUTH_ID = re.compile(r"(?:MA|SA)[A-Za-z0-9]{18}", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,19}", re.ASCII)

_PIECE = 10
"""Characters of a piece by which a token is found in a text."""
_SHORTEST_PIECE = 6
"""A shorter secret is a word of a language as well."""

ENVIRONMENT_ACCOUNT = "env"
"""The name of the account that the environment variables describe."""
RESERVED_NAMES = frozenset({ENVIRONMENT_ACCOUNT, "practice"})
"""The names of accounts that nobody sets up."""


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

    __slots__ = ("__weakref__", "_marks", "_reveal")

    def __init__(self, secret: str) -> None:
        self._reveal = secret.strip().__str__
        self._marks: frozenset[int] | None = None
        with _LOCK:
            _KNOWN.add(self)

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
        return "Basic " + base64.b64encode(
            f"{auth_id}:{self._reveal()}".encode()
        ).decode("ascii")

    def places_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where a text has the secret or a piece of it, in any usual encoding.

        Pieces of 10 characters count, in either letter case. They are compared by
        their hashes, so that no copy of the secret is made for it.
        """
        if self._marks is None:
            self._marks = frozenset(map(hash, self._pieces()))
        size = min(_PIECE, len(self._reveal()))
        lowered = text.lower() if len(text.lower()) == len(text) else text
        start, stop = 0, -1
        for at in range(len(text) - size + 1) if self._marks else ():
            if hash(lowered[at : at + size]) not in self._marks:
                continue
            if at > stop >= 0:
                yield start, stop
            start, stop = (at if at > stop else start), at + size
        if stop >= 0:
            yield start, stop

    def _pieces(self) -> Iterator[str]:
        """Yield the pieces of the secret, as it is and as it may be written."""
        size = min(_PIECE, len(self._reveal()))
        if size < _SHORTEST_PIECE:
            return
        for form in (
            self._reveal().lower(),
            self._reveal().encode().hex(),
            quote(self._reveal(), safe="").lower(),
            *(_encoded(before, self._reveal()).lower() for before in range(3)),
        ):
            for at in range(len(form) - size + 1):
                yield form[at : at + size]

    def reveal_to_keyring(self) -> str:
        """Return the secret; only the keyring module calls this."""
        return self._reveal()


def _encoded(before: int, secret: str) -> str:
    """Return a secret in base64, without what a neighbor of so many bytes changes."""
    encoded = base64.b64encode(bytes(before) + secret.encode()).decode("ascii")
    return encoded[-(-before * 8 // 6) :].rstrip("=")[:-1]


def known_tokens() -> tuple[AuthToken, ...]:
    """Return every token that is held in this process, of whichever account."""
    with _LOCK:
        return tuple(_KNOWN)


_LOCK = threading.Lock()
_KNOWN: "WeakSet[AuthToken]" = WeakSet()


class AccountSource(Enum):
    """Source of the token of an account."""

    KEYRING = "OS keyring"
    """The operating system's keyring."""
    ENVIRONMENT = "environment"
    """``PLIVO_AUTH_ID`` and ``PLIVO_AUTH_TOKEN``."""
    MEMORY = "this run only"
    """Typed in, and gone when the console ends."""
    COMMAND = "token_command"
    """A command of the operator's configuration, which is run at each start."""
    PRACTICE = "practice"
    """The simulated account; nothing behind it is real."""

    @property
    def is_kept_here(self) -> bool:
        """Whether this program keeps it, and so can replace and remove it."""
        return self in {AccountSource.KEYRING, AccountSource.MEMORY}


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
    """Source of the token."""
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
class CommandAccount:
    """An account of the operator's configuration, whose token a command prints."""

    name: AccountName
    """The operator's name for it."""
    auth_id: AuthId
    """Plivo's name for it."""
    command: tuple[str, ...] = field(repr=False)
    """The program, by its absolute path, and its arguments."""

    @property
    def program(self) -> PlainText:
        """The program as it is shown; its arguments may name what nobody need see."""
        return plain_text(str(PurePath(self.command[0])), limit=60)


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """Details of an account that Plivo gives when its credentials are checked."""

    name: PlainText
    """The account's name at Plivo; may be empty."""
    api_id: PlainText
    """Plivo's id of the request; may be empty."""


@dataclass(frozen=True, slots=True)
class LastCheck:
    """Result of the latest check of an account by this console."""

    words: str = "never"
    """The result in a word."""
    checked_at: datetime | None = None
    """Its time, in UTC."""
    name_at_plivo: PlainText = PlainText("")
    """Name of the account at Plivo."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One account of the list."""

    name: str
    """The operator's name for it."""
    auth_id: str
    """Its Auth ID, shortened."""
    source: AccountSource
    """Source of its token."""
    protected: bool = False
    """Whether its name must be typed before anything is done with it."""
    protected_by_config: bool = False
    """Whether the config file says so, so that it cannot be changed here."""
    program: str = ""
    """The program that prints its token, if it is one."""
    hides_stored: bool = False
    """Whether the keyring has an account of this name too, which is not used."""
    problem: str = ""
    """Reason that it cannot be used, as a sentence; empty when none is known."""
    last_check: LastCheck = LastCheck()
    """Result of its latest check."""

    @property
    def key(self) -> str:
        """The name as names are compared: without regard to its letters."""
        return self.name.casefold()


@dataclass(frozen=True, slots=True)
class AccountList:
    """Every account there is, and how the keyring is doing."""

    entries: tuple[AccountEntry, ...]
    """The accounts; those of a keyring that fails are not among them."""
    keyring: str
    """State of the keyring, as a sentence."""
    keyring_works: bool
    """Whether the keyring could be read."""
    late: str = ""
    """Result of a change after it was given up, as a sentence; said only once."""
    remedy: Remedy = Remedy.NONE
    """The next step where the keyring could not be read."""
