"""Lines to the two standard streams, wherever they lead."""

import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TextIO

from masking_console.linear.exit_code import Ending, left_to_do
from masking_console.linear.plan import Choice, ExpiryRequest
from masking_console.models.expiry import ExpiryOutcome, ExpiryResult
from masking_console.models.history import BatchRecord
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.run_events import (
    AttemptUnclear,
    LookedAgain,
    LookFinished,
    LookFound,
    RunEvent,
    RunFinished,
    RunPaused,
    RunSlept,
    RunStarted,
    RunWaiting,
    SessionCameBack,
    SessionSending,
    SessionSettled,
)
from masking_console.models.session_ids import PastedIds
from masking_console.presentation.display import LogLine, Sign
from masking_console.presentation.finished import saved_words, summary_lines
from masking_console.presentation.review import left_out_words, sessions
from masking_console.presentation.run_lines import (
    event_line,
    headline,
    look_line,
    result_words,
    slept_words,
)
from masking_console.presentation.sessions import (
    calls_in_words,
    ends_in,
    state_words,
)

_GONE = "Standard output is closed. The work goes on, and the journal has it."


class Output:
    """Writes whole lines; a stream that is gone ends nothing."""

    def __init__(
        self,
        out: TextIO | None = None,
        err: TextIO | None = None,
        gone_words: str = _GONE,
    ) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._gone_words = gone_words
        self._is_gone = False

    def line(self, text: str) -> None:
        """Write a line to the standard output, at once."""
        if not self._is_gone and not _write(self._out, text):
            # Such as `| head`, which has seen enough. The run must go on.
            self._is_gone = True
            _silence(self._out)
            self.note(self._gone_words)

    def note(self, text: str) -> None:
        """Write a line for the operator's eyes to the standard error, at once."""
        if not _write(self._err, text):
            _silence(self._err)


def _write(stream: TextIO, text: str) -> bool:
    """Return whether the stream took the line."""
    encoding = stream.encoding or "utf-8"
    line = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _silence(stream: TextIO) -> None:
    """Point a stream that is gone at nothing, or the interpreter fails at its end."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, stream.fileno())
        finally:
            os.close(nothing)


_SIGNS = {
    CheckState.IN_CALL: Sign.FAILED,
    CheckState.EXPIRED: Sign.ALREADY,
    CheckState.NOT_FOUND: Sign.ABSENT,
    CheckState.NOT_CHECKED: Sign.FAILED,
}


class TextLines:
    """Events on the standard output, waits and problems on the error stream."""

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

    def planned(self, choice: Choice, now: datetime) -> None:
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
        """Write the counts of the outcomes, and the place of the record."""
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

    def failed(self, ending: Ending, now: datetime) -> None:
        """Say nothing: the sentence of the error follows on the error stream."""

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


class JsonLines:
    """Every event on the standard output; words for people on the error stream."""

    def __init__(self, output: Output, request: ExpiryRequest) -> None:
        self._output = output
        self._request = request

    def note(self, words: str) -> None:
        """Say something that is no event."""
        self._output.note(plain_text(words))

    def checked(self, checked: CheckedSession, now: datetime) -> None:
        """Wait: the plan comes first."""

    def planned(self, choice: Choice, now: datetime) -> None:
        """Write the plan, and the state of each session."""
        request = self._request
        self._write(
            "plan",
            now,
            account=choice.account.name,
            auth_id=choice.account.auth_id.tail,
            count=len(choice.planned),
            confirm=choice.phrase if choice.planned else None,
            dry_run=request.is_dry_run,
            left_out=_states(choice.left_out),
            **_besides(request.pasted),
            ticket=request.cause.ticket,
            reason=request.cause.reason,
        )
        for group, is_planned in ((choice.planned, True), (choice.left_out, False)):
            for each in group:
                self._write(
                    "checked",
                    each.checked_at or now,
                    session_uuid=each.session_uuid,
                    state=_state(each),
                    planned=is_planned,
                    words=state_words(each),
                )

    def event(self, event: RunEvent, now: datetime) -> None:
        """Write what happens in a run."""
        match event:
            case RunStarted(batch, at):
                self._write("started", at, batch=batch.batch_id)
            case SessionSending(session_uuid):
                self._write("sending", now, session_uuid=session_uuid)
            case AttemptUnclear(result, next_step):
                words = f"{result.detail}; {next_step}"
                self._write("unclear", result.at, **_result(result, words))
            case SessionSettled(result):
                words = result_words(result)
                self._write("outcome", result.at, **_result(result, words))
            case RunWaiting() | RunSlept() | RunPaused():
                self._write_hold(event, now)
            case RunFinished():
                return

    def _write_hold(
        self, event: RunWaiting | RunSlept | RunPaused, now: datetime
    ) -> None:
        match event:
            case RunWaiting(seconds, reason):
                self._write("waiting", now, seconds=round(seconds, 1), words=reason)
            case RunSlept(seconds):
                words = slept_words(event)
                self._write("slept", now, seconds=round(seconds, 1), words=words)
            case RunPaused(reason):
                self._write("paused", now, words=reason)

    def look(self, found: LookFound, now: datetime) -> None:
        """Write what a second look found."""
        words = look_line(found, now).text
        match found:
            case LookedAgain():
                outcome = found.result.outcome.value
                self._write(
                    "looked",
                    found.result.at,
                    session_uuid=found.session_uuid,
                    outcome="open again" if found.is_open_again else outcome,
                    before=found.before.value,
                    words=words,
                )
            case SessionCameBack(session_uuid, new_uuid, at):
                self._write(
                    "came_back",
                    at,
                    session_uuid=session_uuid,
                    new_session_uuid=new_uuid,
                    words=words,
                )
            case LookFinished():
                self._write("look_finished", now, words=words)

    def run_ended(self, ending: Ending) -> None:
        """Wait: the summary is the last line."""

    def failed(self, ending: Ending, now: datetime) -> None:
        """Write the summary of what an error has ended."""
        self.ended(ending, now)

    def ended(self, ending: Ending, now: datetime) -> None:
        """Write the summary."""
        summary = ending.summary
        results = summary.results if summary else ()
        counts = Counter(each.outcome for each in results)
        self._write(
            "summary",
            now,
            batch=summary.batch.batch_id if summary else None,
            end=summary.end.value if summary else None,
            exit_code=int(ending.code),
            counts={each.value: counts[each] for each in ExpiryOutcome},
            left_out=_states(ending.choice.left_out),
            words=ending.words,
            seal=ending.seal or None,
        )

    def _write(self, name: str, at: datetime, **fields: object) -> None:
        line = {"event": name, "at": at.isoformat(), **fields}
        self._output.line(json.dumps(line))


def _result(result: ExpiryResult, words: str) -> dict[str, Any]:
    return {
        "session_uuid": result.session_uuid,
        "outcome": result.outcome.value,
        "evidence": result.evidence.value,
        "words": words,
        "http_status": result.http_status,
        "api_id": result.api_id,
        "elapsed_ms": result.elapsed_ms,
        "attempt": result.attempts,
    }


def _besides(pasted: PastedIds) -> dict[str, Any]:
    """Return the ids that the text held besides, each with its line and reason."""
    return {
        "incomplete": [
            {"line": each.line, "text": each.text, "reason": each.reason.value}
            for each in pasted.incomplete
        ],
        "incomplete_count": pasted.incomplete_count,
        "ignored": [
            {"line": each.line, "text": each.text, "reason": f"named {each.name}"}
            for each in pasted.ignored
        ],
        "ignored_count": pasted.ignored_count,
    }


def _state(checked: CheckedSession) -> str:
    return checked.state.name.lower()


def _states(checked: Iterable[CheckedSession]) -> dict[str, int]:
    return dict(Counter(_state(each) for each in checked))
