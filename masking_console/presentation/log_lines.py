"""One event as one line, in the same words on every face."""

from dataclasses import dataclass
from datetime import datetime

from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import Sign, glyph, hour_to_second

_SECONDS_FROM_MS = 10_000
"""From here on seconds say it better."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log pane."""

    at: datetime
    """When it happened, in UTC."""
    sign: Sign
    """The sign of its kind."""
    word: str
    """The kind in one word, such as ``expired``."""
    text: PlainText
    """The rest, in words."""
    session_uuid: SessionUuid | None = None
    """The session it is about."""
    status: str = ""
    """``200``, ``GET``, ``---`` for no answer, or nothing."""
    elapsed_ms: int | None = None
    """How long the request took."""
    api_id: PlainText = PlainText("")
    """Plivo's id of the request."""

    @property
    def line(self) -> str:
        """The whole event in fixed columns, without the full ids."""
        return self.head + self.text

    @property
    def head(self) -> str:
        """All that stands before the text: time, sign, word and what was asked."""
        columns = [f"{hour_to_second(self.at)} {glyph(self.sign)} {self.word:<9}"]
        if self.session_uuid:
            columns = [f"{columns[0]} {self.session_uuid.short}"]
        if self.status or self.elapsed_ms is not None:
            columns.append(f"{self.status:<3} {elapsed_column(self.elapsed_ms)}")
        if self.api_id:
            columns.append(f"api {self.api_id[:8]}")
        is_note = len(columns) == 1 and not self.session_uuid
        return "  ".join(columns) + (" " if is_note else "  ")


def elapsed(milliseconds: int) -> str:
    """Return a duration such as ``118 ms`` or ``15.0 s``."""
    if milliseconds < _SECONDS_FROM_MS:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:.1f} s"


def elapsed_column(milliseconds: int | None) -> str:
    """Return a duration in seven columns, its number and its unit aligned."""
    if milliseconds is None:
        return " " * 7
    number, unit = elapsed(milliseconds).split(" ")
    return f"{number:>4} {unit:<2}"
