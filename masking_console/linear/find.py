"""Finding without a screen: the search of the console, one line a session."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from masking_console.errors import ExitCode
from masking_console.linear.output import Output
from masking_console.linear.plan import chosen_account
from masking_console.linear.prompt import StopSignals
from masking_console.models.account import Account
from masking_console.models.listing import FoundSession, ListEnd, ListProgress, Wanted
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.unsettled import (
    PastAttempt,
)
from masking_console.operations.wiring import Operations
from masking_console.presentation.display import LogLine, Sign, day_and_second
from masking_console.presentation.listing import (
    end_words,
    search_words,
    session_words,
    stopped_words,
)
from masking_console.presentation.run_lines import learnt_line
from masking_console.presentation.sessions import masked

_AGAIN = "Run this again."
_SIGNS = {CheckState.IN_CALL: Sign.FAILED, CheckState.EXPIRED: Sign.ALREADY}


class FindLines(Protocol):
    """A form of output for a search."""

    def begun(self, account: Account, wanted: Wanted, now: datetime) -> None:
        """Tell what is looked for."""

    def found(self, found: FoundSession, now: datetime) -> None:
        """Tell of a session."""

    def ended(self, ended: "FindEnding", now: datetime) -> None:
        """Tell what it came to."""


class FindEnding:
    """The end of a search, for both forms of output."""

    def __init__(
        self, wanted: Wanted, found: tuple[FoundSession, ...], end: ListEnd | None
    ) -> None:
        self.found = found
        self.end = end
        """The end of reading; None where it was stopped."""
        self.words = (
            end_words(wanted, end, found, _AGAIN)
            if end is not None
            else stopped_words(wanted, found, _AGAIN)
        )

    @property
    def code(self) -> ExitCode:
        """The exit code: 0 only where everything was read, also if nothing is found."""
        if self.end is None:
            return ExitCode.STOPPED
        if self.end.is_complete:
            return ExitCode.DONE
        if self.end.is_rate_limited and not self.end.is_anything_read:
            return ExitCode.RATE_LIMITED
        return ExitCode.PLIVO


class FindJob:
    """One call of `masking-console find`."""

    def __init__(
        self,
        operations: Operations,
        wanted: Wanted,
        lines: FindLines,
        output: Output,
        signals: StopSignals | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._operations = operations
        self._wanted = wanted
        self._lines = lines
        self._output = output
        self._signals = signals or StopSignals()
        self._clock = clock

    def run(self) -> ExitCode:
        """Do all of it, and return how it ended.

        Raises:
            MaskingConsoleError: it could not begin, or Plivo refused the sign-in.
        """
        # A loop of its own, so that the thread's is left as it was.
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        with self._signals.caught(), runner:
            return runner.run(self._run())

    async def _run(self) -> ExitCode:
        account = await chosen_account(
            self._operations, self._output.note, self._signals
        )
        where = f"{account.label.upper()} ({account.auth_id.tail})"
        self._output.note(f"Account {where}, {day_and_second(self._clock())}")
        if self._operations.practice_account is not None:
            self._output.note("PRACTICE. Nothing here is real.")
        for words in await self._operations.warm_up(account):
            self._output.note(words)
        self._output.note(f"Finding {search_words(self._wanted)} ...")
        self._lines.begun(account, self._wanted, self._clock())
        ending = await self._read(account)
        self._lines.ended(ending, self._clock())
        return ending.code

    async def _read(self, account: Account) -> FindEnding:
        found: list[FoundSession] = []
        end: ListEnd | None = None
        stream = self._operations.find(account, self._wanted)
        loop = asyncio.get_running_loop()

        def stop(_count: int) -> None:
            loop.call_soon_threadsafe(stream.cancel)

        with self._signals.reacting(stop):
            async for events in stream:
                for event in events:
                    if isinstance(event, ListProgress):
                        found += event.found
                        for each in event.found:
                            self._lines.found(each, self._clock())
                    elif isinstance(event, ListEnd):
                        end = event
                    else:
                        self._output.note(learnt_line(event, self._clock()).line)
        return FindEnding(self._wanted, tuple(found), end)


class FindText:
    """For people: the lines of the console's log, with whole ids."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def begun(self, account: Account, wanted: Wanted, now: datetime) -> None:
        """Say nothing: it was said on the error stream."""

    def found(self, found: FoundSession, now: datetime) -> None:
        """Tell of a session with its whole id, as `expire --file -` takes it."""
        state = CheckedSession.of(found.session, now).state
        words = f"{found.session.session_uuid}  {plain_text(session_words(found))}"
        self._tell(now, "found", words, _SIGNS.get(state, Sign.NOTE))

    def ended(self, ended: FindEnding, now: datetime) -> None:
        """Tell what it came to."""
        sign = Sign.UNKNOWN if ended.code else Sign.NOTE
        for words in ended.words:
            self._tell(now, "finished", plain_text(words), sign)

    def _tell(self, at: datetime, word: str, text: str, sign: Sign) -> None:
        self._output.line(LogLine(at, sign, word, PlainText(text)).line)


class FindJson:
    """For programs: one JSON object a line; numbers are masked here as well."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def begun(self, account: Account, wanted: Wanted, now: datetime) -> None:
        """Write what is looked for."""
        self._write(
            "search",
            now,
            account=account.name,
            auth_id=account.auth_id.tail,
            words=search_words(wanted),
        )

    def found(self, found: FoundSession, now: datetime) -> None:
        """Write a session."""
        session = found.session
        self._write(
            "found",
            now,
            session_uuid=session.session_uuid,
            state=CheckedSession.of(session, now).state.name.lower(),
            created=_iso(session.created_time),
            ends=_iso(session.expiry_time),
            last_call=_iso(session.last_interaction_time),
            legs=session.total_call_count,
            first_party=masked(session.first_party),
            second_party=masked(session.second_party),
            virtual_number=masked(session.virtual_number),
            read_as=found.reading or None,
            history_read=found.is_past_read,
            past=_past(found.past),
            words=plain_text(session_words(found)),
        )

    def ended(self, ended: FindEnding, now: datetime) -> None:
        """Write what it came to."""
        end = ended.end
        open_ones = sum(each.is_open for each in ended.found)
        self._write(
            "summary",
            now,
            open=open_ones,
            expired=len(ended.found) - open_ones,
            complete=end is not None and end.is_complete,
            since=end.since.isoformat() if end is not None else None,
            until=end.until.isoformat() if end is not None else None,
            read_as=list(end.readings) if end is not None else [],
            problems=list(end.problems) if end is not None else [],
            exit_code=int(ended.code),
            words=" ".join(ended.words),
        )

    def _write(self, name: str, at: datetime, **fields: object) -> None:
        self._output.line(json.dumps({"event": name, "at": at.isoformat(), **fields}))


def _past(past: PastAttempt | None) -> dict[str, object] | None:
    if past is None:
        return None
    return {
        "batch": past.batch_id,
        "operator": past.operator,
        "ticket": past.ticket,
        "outcome": past.outcome.value,
        "at": past.at.isoformat(),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
