"""Every error that this program raises on purpose.

::

    MaskingConsoleError               one sentence for the operator, and an exit code
     ├ InputError                     what was typed, pasted or given cannot be used
     │  ├ InvalidSessionUuidError
     │  ├ InvalidAuthIdError
     │  ├ InvalidAccountNameError
     │  ├ ConfigFileError
     │  ├ UnusableFileError
     │  └ UnwritableFileError
     ├ CredentialsError               no token, or none that works
     │  ├ KeyringMissingError
     │  │  └ KeyringUnsafeError
     │  ├ KeyringLockedError
     │  ├ KeyringSilentError
     │  ├ KeyringRefusedError
     │  ├ KeyringMismatchError
     │  ├ AccountUnknownError
     │  ├ TokenMissingError
     │  ├ TokenCommandError
     │  └ TokenRefusedError
     ├ RefusedError                   not reviewed, not confirmed, read-only, too many
     ├ StoppedError                   the operator stopped it
     ├ PlivoUnavailableError          no answer that can be used
     └ JournalError                   the record cannot be written or read
        └ TeamError                   the team's server, likewise

The text of an error is shown to the operator as it stands, and never carries a token, a
PIN or a phone number. A next step that differs between the faces is its `Remedy`.
"""

from enum import Enum, IntEnum, unique
from typing import ClassVar


@unique
class ExitCode(IntEnum):
    """The exit codes that are documented in the README; they never change meaning."""

    DONE = 0
    """Every session handed in is off, and nothing that may be one stayed unread."""
    BAD_INPUT = 1
    """An option, an argument, a file or the configuration cannot be used."""
    CREDENTIALS = 2
    """Plivo refused the sign-in, or the keyring could not give it."""
    PLIVO = 3
    """The network or Plivo failed before anything was done."""
    RATE_LIMITED = 4
    """Plivo's rate limit stopped the work before anything was done."""
    REFUSED = 5
    """Not confirmed, read-only, or over the limit of one batch."""
    PARTLY_DONE = 7
    """Some are expired; others are not, were not read, or are not in the journal."""
    UNKNOWN = 8
    """At least one session is unknown, or was open when looked at."""
    STOPPED = 130
    """The operator stopped it."""


class Remedy(Enum):
    """The next step after an error; each face says it in words of its own."""

    NONE = "none"
    """The sentence of the error says it all."""
    CHOOSE_ACCOUNT = "choose account"
    """Choose the account to work on."""
    ADD_ACCOUNT = "add account"
    """Set up an account."""
    REPLACE_TOKEN = "replace token"  # noqa: S105 - a step in words
    """Put another token in the place of the account's."""
    SET_VARIABLES = "set variables"
    """Set the environment variables again, and start again."""
    CORRECT_COMMAND = "correct command"
    """Correct the command that gives the token, where the configuration names it."""
    READ_KEYRING_AGAIN = "read keyring again"
    """Read the accounts from the keyring once more."""
    UNLOCK_KEYRING = "unlock keyring"
    """Unlock the keyring and read it again, or do without it for this run."""
    TURN_WRITES_ON = "turn writes on"
    """Turn writes on for the account in use."""
    TICK_SESSIONS = "tick sessions"
    """Tick the sessions that are meant."""
    SPLIT_LIST = "split list"
    """Expire the list in several batches."""
    GIVE_REASON = "give reason"
    """Say why, in words that the journal keeps."""
    SET_UP_TEAM = "set up team"
    """Make the roles and the schema on the team's server."""
    UPGRADE_TEAM = "upgrade team"
    """Bring the schema on the team's server up to date."""
    CHECK_TEAM = "check team"
    """Check the rights of this login role on the team's server."""
    UPDATE_CONSOLE = "update console"
    """Update this program."""
    CHOOSE_PORT = "choose port"
    """Let the practice server listen on another port."""


class MaskingConsoleError(Exception):
    """The root of our own errors; its text is a sentence for the operator."""

    def __init__(self, words: str, remedy: Remedy = Remedy.NONE) -> None:
        super().__init__(words)
        self.remedy = remedy
        """The next step, which the sentence leaves to the face."""

    exit_code: ClassVar[ExitCode] = ExitCode.BAD_INPUT
    """The exit code of a process that this error ends."""


class InputError(MaskingConsoleError):
    """Something that a person gave cannot be used."""


class InvalidSessionUuidError(InputError):
    """A text is not the canonical form of a session UUID."""


class InvalidAuthIdError(InputError):
    """A text is not an Auth ID of Plivo."""


class InvalidAccountNameError(InputError):
    """A text cannot be the name of an account in this console."""


class ConfigFileError(InputError):
    """The file ``config.toml`` cannot be read, or something in it is wrong."""


class UnusableFileError(InputError):
    """A file of ids is missing, empty, binary, too large or not readable."""


class UnwritableFileError(InputError):
    """A file that was asked for cannot be written."""


class CredentialsError(MaskingConsoleError):
    """No token to sign in with, or one that Plivo refused."""

    exit_code = ExitCode.CREDENTIALS


class KeyringMissingError(CredentialsError):
    """This computer has no keyring that can be trusted."""


class KeyringUnsafeError(KeyringMissingError):
    """The keyring of this computer does not keep a secret."""


class KeyringLockedError(CredentialsError):
    """The keyring is there, but locked."""


class KeyringSilentError(CredentialsError):
    """The keyring has not answered in time."""


class KeyringRefusedError(CredentialsError):
    """The keyring answered, and said no."""


class KeyringMismatchError(CredentialsError):
    """The keyring did not give back the value that was written."""


class AccountUnknownError(CredentialsError):
    """No account of this name is set up."""


class TokenMissingError(CredentialsError):
    """The account is set up, but its token is not in the keyring."""


class TokenCommandError(CredentialsError):
    """The operator's command for a token gave none."""


class TokenRefusedError(CredentialsError):
    """The answer was 401 or 403."""


class RefusedError(MaskingConsoleError):
    """This program declines: not confirmed, read-only, or over a limit."""

    exit_code = ExitCode.REFUSED


class StoppedError(MaskingConsoleError):
    """The operator stopped it."""

    exit_code = ExitCode.STOPPED


class PlivoUnavailableError(MaskingConsoleError):
    """Plivo gave no answer that can be used."""

    exit_code = ExitCode.PLIVO


class JournalError(MaskingConsoleError):
    """The journal cannot be written or read, so nothing may be sent."""


class TeamError(JournalError):
    """The team's server cannot be used; what is written stays on this computer."""
