"""The output for people: the lines of the console's log, one an event."""

from datetime import datetime

from masking_console.linear.choice import Choice
from masking_console.linear.ending import Ending, left_to_do
from masking_console.linear.output import Output
from masking_console.models.history import BatchRecord
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.run_events import (
    LookFound,
    RunEvent,
    RunFinished,
    RunPaused,
    RunSlept,
    RunWaiting,
)
from masking_console.presentation.display import Sign
from masking_console.presentation.finished import saved_words, summary_lines
from masking_console.presentation.log_lines import LogLine
from masking_console.presentation.review import left_out_words, sessions
from masking_console.presentation.run_lines import event_line, headline, look_line
from masking_console.presentation.sessions import (
    calls_in_words,
    ends_in,
    state_words,
)

_SIGNS = {
    CheckState.IN_CALL: Sign.FAILED,
    CheckState.EXPIRED: Sign.ALREADY,
    CheckState.NOT_FOUND: Sign.ABSENT,
    CheckState.NOT_CHECKED: Sign.FAILED,
}


class TextLines:
    """What happens on the standard output; waits and problems on the error stream."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def note(self, words: str) -> None:
        """Say something that is no event."""
        self._output.note(plain_text(words))

    def checked(self, checked: CheckedSession, now: datetime) -> None:
        """Tell what a session is, as soon as that is known."""
        line = LogLine(
            checked.checked_at or now,
            _SIGNS.get(checked.state, Sign.NOTE),
            "checked",
            PlainText(_session_words(checked, now)),
            checked.session_uuid,
        )
        self._output.line(line.line)

    def planned(self, choice: Choice, now: datetime, **_more: object) -> None:
        """Tell what would be expired and what would not."""
        count, account = len(choice.planned), choice.account.label.upper()
        words = f"{sessions(count)} to expire on {account}."
        left_out = left_out_words(choice.left_out)
        self._tell(now, "plan", f"{words} {left_out}".strip())

    def event(self, event: RunEvent, now: datetime) -> None:
        """Tell what happens in a run."""
        line = event_line(event, now)
        if line is None:
            return
        if isinstance(event, RunWaiting | RunPaused | RunSlept):
            self._output.note(line.line)
        elif isinstance(event, RunFinished):
            words = headline(BatchRecord.of(event.summary))
            self._tell(line.at, line.word, words, line.sign)
        else:
            self._output.line(line.line)

    def look(self, found: LookFound, now: datetime) -> None:
        """Tell what a second look found."""
        self._output.line(look_line(found, now).line)

    def run_ended(self, ending: Ending) -> None:
        """Tell how many came to what, and where that stands."""
        summary = ending.summary
        if summary is None:
            return
        for line in summary_lines(summary):
            self._output.line(line)
        self._output.line(saved_words(summary))
        if ending.seal:
            self._output.line(f"Journal seal {ending.seal}")
        for words in (left_to_do(summary), left_out_words(ending.choice.left_out)):
            if words:
                self.note(words)

    def ended(self, ending: Ending, now: datetime) -> None:
        """Say the last word where no run did."""
        if ending.summary is None:
            self._tell(now, "finished", ending.words)

    def _tell(self, at: datetime, word: str, text: str, sign: Sign = Sign.NOTE) -> None:
        self._output.line(LogLine(at, sign, word, PlainText(text)).line)


def _session_words(checked: CheckedSession, now: datetime) -> str:
    parts = [state_words(checked)]
    session = checked.session
    if session is not None and checked.state is not CheckState.EXPIRED:
        parts += [words for words in (calls_in_words(session),) if words]
        if session.expiry_time is not None:
            parts.append(f"ends in {ends_in(session.expiry_time, now)}")
    return ", ".join(parts)
