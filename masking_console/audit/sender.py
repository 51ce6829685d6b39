"""The sender of one target: a thread that reads the journal and holds up nothing.

The journal is the queue. What is behind the mark is sent, and the mark moves when the
target has it; so an entry can arrive twice, and none is lost.
"""

import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic

import msgspec

from masking_console.audit.messages import audit_entry
from masking_console.audit.targets import (
    NewContext,
    Target,
    open_target,
    trusted_context,
)
from masking_console.errors import JournalError
from masking_console.journal.entry_reader import read_last, read_rows
from masking_console.journal.failures import in_our_words
from masking_console.journal.seals import SealedRow
from masking_console.models.journal_entry import AuditState
from masking_console.models.plain_text import plain_text
from masking_console.paths import (
    UnsafePathError,
    make_private_subfolder,
    open_private,
    try_lock,
)
from masking_console.settings import AuditRules, AuditTarget, Settings

_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """The last entry that a target has."""

    journal: str = ""
    """The seal of the journal's first entry: another journal begins anew."""
    sequence: int = 0
    """The number of the last entry that was sent."""
    seal: str = ""
    """Its seal."""


class MarkFile:
    """The mark of one target, and the lock that only one console has."""

    def __init__(self, journal_path: Path, target: AuditTarget) -> None:
        self._folder = journal_path.with_name(f"{journal_path.stem}-audit")
        name = hashlib.sha256(target.text.encode()).hexdigest()[:16]
        self._path = self._folder / f"{name}.mark"
        self._lock_path = self._folder / f"{name}.lock"

    def read(self) -> Mark:
        """Return the mark; where there is none that can be read, the beginning."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                content = os.read(descriptor, _LONGEST)
            finally:
                os.close(descriptor)
            return msgspec.json.decode(content, type=Mark)
        except (OSError, msgspec.MsgspecError):
            return Mark()

    def write(self, mark: Mark) -> None:
        """Replace the mark, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        unnamed = self._path.with_suffix(".new")
        with suppress(FileNotFoundError):
            unnamed.unlink()
        descriptor = open_private(unnamed, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            os.write(descriptor, msgspec.json.encode(mark))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unnamed.replace(self._path)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock of this target; tells whether no other console has it."""
        make_private_subfolder(self._folder)
        descriptor = open_private(self._lock_path, os.O_CREAT | os.O_RDWR)
        try:
            try:
                try_lock(descriptor)
            except OSError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)


_AT_ONCE = 200
"""Entries that are sent together."""
_GATHER_SECONDS = 0.3
"""A run writes many entries a second; so long they gather."""
_LOOK_SECONDS = 5.0
"""Other consoles write entries, too."""
_LONGEST_PAUSE = 60.0
"""A target that is away is tried again after a second, two, four, up to this."""


_WORDS: Mapping[type[Exception], str] = {
    ssl.SSLError: "no TLS",
    TimeoutError: "no answer in time",
    socket.gaierror: "its name is not found",
    BlockingIOError: "another program holds it",
}


class Sender:
    """Sends what one target does not have, as long as it runs."""

    def __init__(
        self,
        journal_path: Path,
        target: AuditTarget,
        to: Target,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._journal_path = journal_path
        self._mark_file = MarkFile(journal_path, target)
        self._to = to
        self._clock = clock
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._last_try = 0.0
        self.state = AuditState(target.text, 0, 0)
        """Progress, as it was known last."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the journal soon; from any thread."""
        self._woken.set()

    def begin_to_close(self) -> None:
        """Look once more, and end."""
        self._closing.set()
        self._woken.set()

    def wait_closed(self, seconds: float) -> None:
        """Wait for the end, so long at most; what is left is sent the next time."""
        self._thread.join(seconds)

    def send_waiting(self) -> bool:
        """Send all that waits; return whether that worked.

        A sender in another console that is at it counts as one that works.
        """
        try:
            with self._mark_file.held() as is_ours:
                if is_ours:
                    self._send_behind_the_mark()
        # A ValueError: a text that no system takes, such as a name without a label.
        except (OSError, JournalError, ValueError) as error:
            self._note(self._mark_file.read(), _words(error))
            return False
        return True

    def _run(self) -> None:
        pause = 1.0
        while True:
            is_last = self._closing.is_set()
            self._woken.clear()
            if self.send_waiting():
                pause = 1.0
                wait = _LOOK_SECONDS
            else:
                wait = pause
                pause = min(_LONGEST_PAUSE, 2 * pause)
            if is_last:
                return
            self._rest(wait, has_failed=bool(self.state.problem))

    def _rest(self, seconds: float, *, has_failed: bool) -> None:
        """Wait for news; a target that is away is not asked with every entry."""
        if has_failed:
            self._closing.wait(seconds)
        elif self._woken.wait(seconds):
            self._closing.wait(_GATHER_SECONDS)

    def _send_behind_the_mark(self) -> None:
        mark = self._sound_mark()
        while rows := self._rows(mark.sequence):
            # Where the mark cannot be written, the same would be sent for ever.
            self._mark_file.write(mark)
            journal = mark.journal or rows[0].seal
            self._to.send([audit_entry(row, journal) for row in rows])
            mark = Mark(journal, rows[-1].sequence, rows[-1].seal)
            self._mark_file.write(mark)
            self._note(mark, "")
        self._note(mark, "")

    def _sound_mark(self) -> Mark:
        """Return the mark, or the beginning where it is not of this journal."""
        mark = self._mark_file.read()
        first = self._rows(0, 1)
        if not first or first[0].seal != mark.journal:
            return Mark()
        marked = self._rows(mark.sequence - 1, 1)
        fits = bool(marked) and marked[0].sequence == mark.sequence
        return mark if fits and marked[0].seal == mark.seal else Mark()

    def _rows(self, behind: int, most: int = _AT_ONCE) -> Sequence[SealedRow]:
        if not self._journal_path.exists():
            return ()
        # No longer than it takes to read: an open reader keeps SQLite from tidying up.
        return in_our_words(
            lambda: tuple(islice(read_rows(self._journal_path, behind), most)), "read"
        )

    def _note(self, mark: Mark, problem: str) -> None:
        self.state = _state(self._journal_path, self.state.target, mark, problem)


def rules_of(settings: Settings) -> AuditRules:
    """Return where a journal's entries go: nowhere in practice, which is no record."""
    return AuditRules() if settings.practice else settings.audit


class AuditOut:
    """All senders of one journal."""

    def __init__(
        self,
        journal_path: Path,
        rules: AuditRules,
        new_context: NewContext = trusted_context,
    ) -> None:
        self._senders = [
            Sender(
                journal_path,
                target,
                open_target(target, rules.facility, journal_path, new_context),
            )
            for target in rules.targets
        ]

    def start(self) -> None:
        """Start a thread for each target: one that is away holds up no other."""
        for sender in self._senders:
            sender.start()

    def wake(self) -> None:
        """Tell the senders that there is a new entry; from any thread, and at once."""
        for sender in self._senders:
            sender.wake()

    def close(self, seconds: float) -> None:
        """Send what waits, for so long at most; the rest is sent the next time."""
        for sender in self._senders:
            sender.begin_to_close()
        deadline = monotonic() + seconds
        for sender in self._senders:
            sender.wait_closed(max(0.0, deadline - monotonic()))

    def states(self) -> tuple[AuditState, ...]:
        """Return how far each target got, without asking anybody."""
        return tuple(sender.state for sender in self._senders)


def read_states(journal_path: Path, rules: AuditRules) -> tuple[AuditState, ...]:
    """Return how far each target got, from the marks alone; nothing is written."""
    return tuple(
        _state(
            journal_path,
            each.text,
            MarkFile(journal_path, each).read(),
            is_untouched=True,
        )
        for each in rules.targets
    )


def _state(
    journal_path: Path,
    target: str,
    mark: Mark,
    problem: str = "",
    *,
    is_untouched: bool = False,
) -> AuditState:
    try:
        last = in_our_words(
            lambda: read_last(journal_path, is_untouched=is_untouched).sequence, "read"
        )
    except JournalError:
        last = mark.sequence
    return AuditState(target, min(mark.sequence, last), last, problem)


def _words(error: Exception) -> str:
    """Return why a target does not get on, without anything from outside."""
    if isinstance(error, JournalError | UnsafePathError):
        return str(error).rstrip(".")
    if isinstance(error, ssl.SSLCertVerificationError):
        said = getattr(error, "verify_message", "")
        return plain_text(f"certificate refused: {said}", limit=120)
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    number = error.errno if isinstance(error, OSError) else None
    known = isinstance(number, int) and number > 0
    return os.strerror(number).lower() if known and number else "it cannot be reached"
