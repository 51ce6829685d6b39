"""A token from a command of the operator's: a password manager, a vault.

The command is started without a shell, without an input, without this program's own
variables for a token, and without the terminal, so that it can show nothing there. Its
output goes into a room that no repr shows, from there into an `AuthToken`, and nowhere
else; its error stream is not even read.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO

from masking_console.credentials.waiting import IsWanted, asked
from masking_console.errors import TokenCommandError
from masking_console.models.account import (
    Account,
    AccountSource,
    AuthToken,
    CommandAccount,
)

ANSWER_SECONDS = 60.0
"""Time limit of a command: it may ask a person for a finger or a password."""
LONGEST_OUTPUT = 1024
"""Bytes; an Auth Token has about 40."""
_TOKEN = re.compile(rb"[!-~]+\r?\n?")
_HIDDEN_VARIABLES = "PLIVO_"
_LOOK_SECONDS = 0.05
_END_SECONDS = 5.0


class TokenCommands:
    """The accounts whose tokens come from commands; none is kept here."""

    def __init__(
        self,
        accounts: Iterable[CommandAccount],
        environment: Mapping[str, str],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._accounts = {each.name.casefold(): each for each in accounts}
        self._environment = environment
        self._answer_seconds = answer_seconds

    @property
    def accounts(self) -> tuple[CommandAccount, ...]:
        """All of them, in the order of the configuration."""
        return tuple(self._accounts.values())

    def find(self, name: str) -> CommandAccount | None:
        """Return the account of this name, in any letters, if there is one."""
        return self._accounts.get(name.casefold())

    async def load(self, account: CommandAccount) -> Account:
        """Run the command of an account, and return the account with its token.

        Raises:
            TokenCommandError: it gave none; the text says of which kind the failure is,
                and nothing of what the command said.
        """
        run = _Run(account, self._environment, self._answer_seconds)
        words = f"Waiting for {account.program}. It may ask for something elsewhere."
        # The command is ended first, and only then not waited for.
        limit = self._answer_seconds + 2 * _END_SECONDS
        try:
            return await asked(run.account, words, limit)
        except TimeoutError:
            raise run.failed("does not end") from None


class _Room:
    """Room for the output of a command; no repr and no attribute shows what is in it.

    A `memoryview` says only where it lies, not what it holds.
    """

    __slots__ = ("_room", "_size")

    def __init__(self) -> None:
        self._room = memoryview(bytearray(LONGEST_OUTPUT + 1))
        self._size = 0

    def fill(self, pipe: FileIO) -> None:
        """Read to the end of the pipe, or of the room."""
        while not self.is_full:
            size = pipe.readinto(self._room[self._size :])
            if not size:
                return
            self._size += size

    @property
    def is_full(self) -> bool:
        return self._size == len(self._room)

    @property
    def is_empty(self) -> bool:
        return not self._size

    @property
    def holds_token(self) -> bool:
        """Whether it is one printable word, with at most the end of a line behind."""
        return not self.is_full and bool(_TOKEN.fullmatch(self._room[: self._size]))

    def token(self) -> AuthToken:
        """Return what is in it as a token."""
        return AuthToken(str(self._room[: self._size], "ascii"))

    def clear(self) -> None:
        """Overwrite what is in it."""
        self._room[:] = bytes(len(self._room))


@dataclass(frozen=True, slots=True)
class _Run:
    """One call of a command."""

    of: CommandAccount
    environment: Mapping[str, str]
    seconds: float

    def account(self, is_wanted: IsWanted) -> Account:
        """Return the account with the token that the command prints; blocks.

        Raises:
            TokenCommandError: see `TokenCommands.load`.
        """
        try:
            return self._account(is_wanted)
        # No more processes, threads or files to be had, or one that does not end. The
        # text of such an error may hold the arguments.
        except (OSError, RuntimeError, subprocess.SubprocessError):
            problem = self.failed("cannot be run, or does not end")
        raise problem

    def _account(self, is_wanted: IsWanted) -> Account:
        deadline = time.monotonic() + self.seconds
        room, is_over = _Room(), threading.Event()
        read_end, write_end = os.pipe()
        with FileIO(read_end) as pipe:
            with FileIO(write_end, "w") as output:
                process = self._start(output)
            reading = threading.Thread(
                target=_read,
                args=(process, pipe, room, is_over),
                name="token",
                daemon=True,
            )
            reading.start()
            try:
                while not is_over.wait(_LOOK_SECONDS):
                    if time.monotonic() >= deadline or not is_wanted():
                        late = f"has not answered within {self.seconds:g} s"
                        raise self.failed(late)
                _end(process, is_over)
                self._look_at(process.returncode, room)
                return Account(
                    self.of.name, self.of.auth_id, room.token(), AccountSource.COMMAND
                )
            finally:
                _end(process, is_over)
                reading.join(_END_SECONDS)
                room.clear()

    def _start(self, output: FileIO) -> "subprocess.Popen[bytes]":
        try:
            # Its error stream may hold the token, or draw over the screen. In a session
            # of its own it has no terminal, and is ended with all that it started.
            return subprocess.Popen(  # noqa: S603 - the operator's own command
                self.of.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env={
                    name: value
                    for name, value in self.environment.items()
                    if not name.upper().startswith(_HIDDEN_VARIABLES)
                },
                cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root of the disk
                start_new_session=True,
            )
        except (FileNotFoundError, NotADirectoryError):
            problem = "is not there"
        except PermissionError:
            problem = "may not be run; check its rights"
        except OSError:
            problem = "cannot be run"
        raise self.failed(problem)

    def _look_at(self, status: int, room: _Room) -> None:
        """Do nothing, unless the command gave no token."""
        if room.is_full:
            raise self.failed("printed something too long to be a token")
        if status < 0:
            raise self.failed(f"was ended by signal {-status}")
        if status:
            raise self.failed(f"ended with status {status}")
        if room.is_empty:
            raise self.failed("printed nothing")
        if not room.holds_token:
            raise self.failed("printed something that is no token")

    def failed(self, what: str) -> TokenCommandError:
        """Return the one sentence on a command that gave no token."""
        return TokenCommandError(
            f"The token_command of {self.of.name.upper()} gave no token: "
            f"{self.of.program} {what}. Run it yourself to see why; "
            "it stands in config.toml."
        )


def _read(
    process: "subprocess.Popen[bytes]",
    pipe: FileIO,
    room: _Room,
    is_over: threading.Event,
) -> None:
    """Read the output, and wait for the end of what writes it."""
    room.fill(pipe)
    if not room.is_full:
        process.wait()
    is_over.set()


def _end(process: "subprocess.Popen[bytes]", is_over: threading.Event) -> None:
    """End a command that still runs, or that has left something that writes."""
    if is_over.is_set() and process.poll() is not None:
        return
    if sys.platform != "win32":  # pragma: no branch - tested on Linux
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait(_END_SECONDS)
