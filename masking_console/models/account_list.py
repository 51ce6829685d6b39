"""The accounts that there are, as they are listed; none of this holds a token."""

from dataclasses import dataclass
from datetime import datetime

from masking_console.errors import Remedy
from masking_console.models.account import AccountSource
from masking_console.models.plain_text import PlainText


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What came of the latest check of an account by this console."""

    words: str = "never"
    """How it went, in a word."""
    checked_at: datetime | None = None
    """When that was, in UTC."""
    name_at_plivo: PlainText = PlainText("")
    """What Plivo calls the account."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One account of the list."""

    name: str
    """The operator's name for it."""
    auth_id: str
    """Its Auth ID, shortened."""
    source: AccountSource
    """Where its token comes from."""
    protected: bool = False
    """Whether its name must be typed before anything is done with it."""
    protected_by_config: bool = False
    """Whether the config file says so, so that it cannot be changed here."""
    program: str = ""
    """The program that prints its token, if it is one."""
    hides_stored: bool = False
    """Whether the keyring has an account of this name too, which is not used."""
    problem: str = ""
    """Why it cannot be used, as a sentence; empty when nothing is known against it."""
    last_check: LastCheck = LastCheck()
    """What Plivo said of it."""

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
    """How the keyring is doing, as a sentence."""
    keyring_works: bool
    """Whether the keyring could be read."""
    late: str = ""
    """What came of a change after it was given up, as a sentence; said only once."""
    remedy: Remedy = Remedy.NONE
    """The next step where the keyring could not be read."""
