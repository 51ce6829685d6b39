"""The output for programs: one JSON object a line, with the fields of the README.

The first line is the plan and the last the summary. No phone number is in any of them.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from masking_console.linear.choice import Choice
from masking_console.linear.ending import Ending
from masking_console.linear.output import Output
from masking_console.models.cause import Cause
from masking_console.models.expiry import ExpiryOutcome, ExpiryResult
from masking_console.models.masking_session import CheckedSession
from masking_console.models.plain_text import plain_text
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
from masking_console.presentation.run_lines import look_line, result_words, slept_words
from masking_console.presentation.sessions import state_words


class JsonLines:
    """Every event on the standard output; words for people on the error stream."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def note(self, words: str) -> None:
        """Say something that is no event."""
        self._output.note(plain_text(words))

    def checked(self, checked: CheckedSession, now: datetime) -> None:
        """Wait: the plan comes first."""

    def planned(
        self,
        choice: Choice,
        now: datetime,
        *,
        cause: Cause,
        is_dry_run: bool,
        pasted: PastedIds,
    ) -> None:
        """Write the plan, and what each session is."""
        self._write(
            "plan",
            now,
            account=choice.account.name,
            auth_id=choice.account.auth_id.tail,
            count=len(choice.planned),
            confirm=choice.phrase if choice.planned else None,
            dry_run=is_dry_run,
            left_out=_states(choice.left_out),
            **_besides(pasted),
            ticket=cause.ticket,
            reason=cause.reason,
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
