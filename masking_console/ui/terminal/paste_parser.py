"""Takes a bracketed paste whole, before Textual's parser can look inside it.

Textual leaves paste mode at an ESC inside a paste and makes key presses of the rest.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from time import monotonic

from textual._xterm_parser import (
    BRACKETED_PASTE_END,
    BRACKETED_PASTE_START,
    XTermParser,
)
from textual.events import Key, Paste, Resize
from textual.keys import Keys
from textual.message import Message

MAX_PASTE_CHARACTERS = 64 * 1024 * 1024
"""A longer paste is left out; 64 MB is more than a million ids."""

QUIET_SECONDS = 30.0
"""Silence in a paste after which it is given up; a stalled ssh is shorter."""

BURST_SECONDS = 2.0
"""The pause that separates the late rest of a paste from what is typed after it."""

PARTIAL_SECONDS = 2.0
"""Time to wait for the rest of a start marker before it is taken as keys."""

TOO_LARGE = "The paste is larger than 64 MB and was left out."
UNFINISHED = "The paste did not end and was left out. Press a key, then paste again."

_EXTRA_BUTTONS = 128
# ESC and ESC [ are keys of their own (Escape, Alt+[), on which Textual puts a delay of
# its own; from the third character on, only the start of a paste can follow in earnest.
_NEVER_HELD = 2


class PasteDropped(Message):
    """A paste was left out; ``reason`` is a sentence for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class PasteOver(Message):
    """The end of a paste that was left out has come; ``at`` is when, in seconds."""

    def __init__(self, at: float) -> None:
        super().__init__()
        self.at = at


class PasteBegan(Message):
    """A paste has begun; it comes as a whole when it has ended."""


class InputStalled(Message):
    """Input that came at an unknown time while the process stood still."""

    def __init__(self, since: float) -> None:
        super().__init__()
        self.since = since
        """Time of the last look."""


class _OpenPaste:
    """A paste whose end marker has not come yet."""

    def __init__(self) -> None:
        self.dropped = False
        self.overdue = False
        self.quiet_limit: float | None = QUIET_SECONDS
        self._pieces: list[str] = []
        self._size = 0
        self._tail = ""

    def take(self, data: str) -> str | None:
        """Take data up to the end marker; return what follows it, or ``None``.

        Only the new data and the last few characters before it are searched, so that
        a paste in a thousand pieces costs no more than one in one piece.
        """
        window = self._tail + data
        end = window.find(BRACKETED_PASTE_END)
        if end < 0:
            self._add(data)
            self._tail = window[1 - len(BRACKETED_PASTE_END) :]
            return None
        inside = end - len(self._tail)
        if inside >= 0:
            self._add(data[:inside])
        elif not self.dropped:
            self._pieces = ["".join(self._pieces)[:inside]]
        return window[end + len(BRACKETED_PASTE_END) :]

    def _add(self, data: str) -> None:
        self._size += len(data)
        if not self.dropped:
            self._pieces.append(data)

    @property
    def is_too_large(self) -> bool:
        """Whether more came than is ever kept."""
        return self._size > MAX_PASTE_CHARACTERS

    def drop(self) -> None:
        """Forget what came so far and keep nothing more."""
        self.dropped = True
        self._pieces.clear()

    def text(self) -> str:
        """Return the paste as it came, control characters included."""
        return "".join(self._pieces)


class WholePasteParser(XTermParser):
    """Textual's parser, except that a paste is one `Paste`, whatever is in it.

    A paste that never ends, or is too large, is dropped whole and reported as
    `PasteDropped`. It is not cut off, because half a list of ids looks like a whole
    one, and it never becomes keys, because keys can do things.
    """

    def __init__(
        self, debug: bool = False, *, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(debug)
        self._clock = clock
        self._last_input = clock()
        self._paste: _OpenPaste | None = None
        # The part of a start marker that the input ended with, and how many
        # characters of it Textual's parser has already been given.
        self._partial = ""
        self._given = 0
        # When the first character was read of what has not ended.
        self._began: float | None = None

    @property
    def is_in_the_middle(self) -> bool:
        """Whether a paste or a sequence has begun and not ended."""
        is_sequence = self._awaiting.timeout is not None
        return self._paste is not None or bool(self._partial) or is_sequence

    def feed(self, data: str) -> Iterator[Message]:
        """Yield the messages that the data completes; no data means the end."""
        yield from self._dated(self._feed(data))

    def tick(self) -> Iterator[Message]:
        """Yield what is due because nothing more came; called a few times a second."""
        yield from self._dated(self._tick())

    def _dated(self, messages: Iterator[Message]) -> Iterator[Message]:
        """Give what a sequence says the time at which its first character was read.

        An Escape is known as one only when nothing has followed it for a while.
        """
        now = self._clock()
        for message in messages:
            if isinstance(message, Resize):
                # The system tells of every other size; with this one, and a false
                # one in a paste, reports of the mouse would mean other places.
                self.mouse_pixels = False
                continue
            if not isinstance(message, Paste):
                message.time = now if self._began is None else self._began
            self._began = None
            yield message
        if not self.is_in_the_middle:
            self._began = None
        elif self._began is None:
            self._began = now

    def parse_mouse_code(self, code: str) -> Message | None:
        """Return what a report of the mouse says; its extra buttons say nothing."""
        buttons = code.lstrip("\x1b[<").partition(";")[0]
        if buttons.isdecimal() and int(buttons) >= _EXTRA_BUTTONS:
            return None
        return super().parse_mouse_code(code)

    def _sequence_to_key_events(
        self, sequence: str, alt: bool = False
    ) -> Iterable[Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            # A report of a key with numbers that stand for no key.
            return [Key(Keys.Ignore, sequence)]

    def _feed(self, data: str) -> Iterator[Message]:
        if not data:
            # A paste that the end of the input cuts off is dropped like any other.
            yield from self._release_partial()
            yield from super().feed("")
            return
        self._last_input = self._clock()
        rest: str | None = data
        while rest:
            if self._paste is None:
                rest = yield from self._feed_outside(rest)
            else:
                rest = yield from self._feed_inside(self._paste, rest)

    def _tick(self) -> Iterator[Message]:
        quiet_seconds = self._clock() - self._last_input
        if self._paste is not None:
            yield from self._give_up(self._paste, quiet_seconds)
        elif quiet_seconds >= PARTIAL_SECONDS:
            yield from self._release_partial()
        elif len(self._partial) > self._given:
            # Textual's parser must not lose patience with what is held back here.
            return
        yield from super().tick()

    def _feed_outside(self, data: str) -> Generator[Message, None, str | None]:
        """Pass keys on; open a paste at a start marker and return what follows."""
        stream = self._partial + data
        start = stream.find(BRACKETED_PASTE_START)
        if start >= 0:
            yield from self._open_paste(stream[:start])
            return stream[start + len(BRACKETED_PASTE_START) :]
        kept = _partial_marker_length(stream)
        given = min(kept, _NEVER_HELD)
        keys = stream[self._given : len(stream) - kept + given]
        self._partial, self._given = stream[len(stream) - kept :], given
        if keys:
            yield from super().feed(keys)
        return None

    def _open_paste(self, before: str) -> Iterator[Message]:
        """Pass an empty paste on, which settles whatever Textual's parser waits for.

        It sees a start and an end marker with nothing between them; the `Paste` that
        it makes of them is replaced by ours.
        """
        given = self._given
        # Textual's parser has had the first characters of the marker. Unless it gave
        # up waiting meanwhile, it gets only the others.
        is_waiting = self._awaiting.timeout is not None
        had = given if not before and is_waiting else 0
        keys = before[given:] + BRACKETED_PASTE_START[had:] + BRACKETED_PASTE_END
        self._partial, self._given = "", 0
        self._paste = _OpenPaste()
        for message in super().feed(keys):
            if not isinstance(message, Paste):
                yield message
        yield PasteBegan()

    def _feed_inside(
        self, paste: _OpenPaste, data: str
    ) -> Generator[Message, None, str | None]:
        """Take what belongs to the paste and return what follows it."""
        rest = paste.take(data)
        if paste.is_too_large and not paste.dropped:
            paste.drop()
            yield PasteDropped(TOO_LARGE)
        if rest is None:
            if paste.overdue:
                paste.quiet_limit = BURST_SECONDS
            return None
        self._paste = None
        yield PasteOver(self._clock()) if paste.dropped else Paste(paste.text())
        return rest

    def _give_up(self, paste: _OpenPaste, quiet_seconds: float) -> Iterator[Message]:
        """Drop a paste that has stalled, and end it after one more burst of input.

        That burst may be the late rest of the paste or a key that was pressed because
        nothing happened; it is swallowed either way, since the rest must not be keys.
        """
        if paste.quiet_limit is None or quiet_seconds < paste.quiet_limit:
            return
        if paste.overdue:
            self._paste = None
            return
        paste.overdue = True
        paste.quiet_limit = None
        if not paste.dropped:
            paste.drop()
            yield PasteDropped(UNFINISHED)

    def _release_partial(self) -> Iterator[Message]:
        """Pass on a cut start marker as the keys that it then is."""
        keys = self._partial[self._given :]
        self._partial, self._given = "", 0
        if keys:
            yield from super().feed(keys)


def _partial_marker_length(text: str) -> int:
    """Return how many characters at the end could begin a start marker."""
    longest = min(len(text), len(BRACKETED_PASTE_START) - 1)
    for length in range(longest, 0, -1):
        if BRACKETED_PASTE_START.startswith(text[-length:]):
            return length
    return 0
