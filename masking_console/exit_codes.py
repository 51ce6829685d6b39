"""What the exit code of the process means to a script or a ticket."""

from enum import IntEnum, unique


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
