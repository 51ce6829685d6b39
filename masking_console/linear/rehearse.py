"""The rehearsal on a live account: the open questions, step by step, and the facts."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from masking_console.errors import ExitCode, MaskingConsoleError, RefusedError
from masking_console.linear.exit_code import with_remedy
from masking_console.linear.expire import ExpireJob
from masking_console.linear.output import Output, TextLines
from masking_console.linear.plan import ExpiryRequest, chosen_account
from masking_console.linear.prompt import StopSignals
from masking_console.models.account import Account
from masking_console.models.cause import Cause
from masking_console.models.session_detail import AnswerShape
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.rehearse import Rehearse
from masking_console.operations.wiring import Operations
from masking_console.presentation.display import day_and_second

T = TypeVar("T")
Ask = Callable[[str], str]
"""Shows a question and returns the line that a person types."""

SKIP, LEAVE = "s", "q"
_CHOICES = f"Enter: do it. {SKIP}: skip it. {LEAVE}: end here. "
_MOST_LINES = 24


@dataclass
class Step:
    """One open question, and the way to its answer."""

    number: int
    """Its number in the guide."""
    question: str
    """The question."""
    does: str
    """Act that follows if a person goes on; empty where nothing can be tried."""
    find: Callable[[], Sequence[str]]
    """Does it, and returns the facts."""
    facts: Sequence[str] = field(default=("skipped",))
    """Facts that were found."""


class Rehearsal:
    """Leads through the open questions; each expiry is confirmed as any other."""

    def __init__(
        self,
        operations: Operations,
        uuids: Sequence[SessionUuid],
        cause: Cause,
        output: Output,
        ask: Ask,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Make it.

        Args:
            operations: the account to rehearse on.
            uuids: sessions that a person can spare: the first is expired while nobody
                talks, the second while its two people do.
            cause: ticket and reason of what is expired.
            output: the lines for the person.
            ask: reads a line from the terminal.
            clock: tells aware times.
        """
        self._operations = operations
        self._quiet = uuids[0]
        self._talking = uuids[1] if len(uuids) > 1 else None
        self._cause = cause
        self._output = output
        self._ask = ask
        self._clock = clock
        self._looks: Rehearse | None = None
        self._account: Account | None = None

    def run(self) -> ExitCode:
        """Do all of it, and write the page of facts.

        Raises:
            MaskingConsoleError: it could not begin, or the page cannot be written.
        """
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            self._account = runner.run(
                chosen_account(self._operations, self._output.note, StopSignals())
            )
        self._looks = self._operations.rehearsal(self._account)
        steps = self._steps()
        for step in steps:
            if not self._take(step):
                break
        path = self._save(steps)
        self._output.line(f"The facts are in {path}. Nothing in it names a person.")
        return ExitCode.DONE

    def _steps(self) -> list[Step]:
        quiet, talking = self._quiet, self._talking
        steps = [
            Step(
                9,
                "Does a GET show PINs, and which fields does it have?",
                f"asks for session {quiet.short}",
                lambda: self._session_facts(quiet),
            ),
            Step(10, "How do lists look?", "asks for one page", self._list_facts),
            Step(
                4,
                "Is a window of 40 days refused, or shortened?",
                "asks for one page of 40 days",
                lambda: self._shown(self._look(self._rehearse.long_window(self._now))),
            ),
            Step(
                5,
                "Are there sessions that are nearly 90 days old?",
                "asks for one page of the oldest",
                lambda: self._shown(self._look(self._rehearse.oldest(self._now))),
            ),
            Step(
                2,
                "What does Plivo answer for an id that nobody has?",
                "asks for an id that was made up here",
                lambda: self._shown(self._look(self._rehearse.unknown_session())),
            ),
            Step(
                6,
                "Does a GET right after a DELETE see it?",
                f"expires session {quiet.short}, after your confirmation, and looks",
                lambda: self._expire(quiet, includes_in_call=False),
            ),
        ]
        if talking is not None:
            steps += self._in_a_call(talking)
        steps += [
            Step(7, "Does a 429 say when to try again?", "", _not_provoked),
            Step(8, "Does an update revive an expired session?", "", _not_changed),
        ]
        return steps

    def _in_a_call(self, talking: SessionUuid) -> list[Step]:
        return [
            Step(
                3,
                "Does status=active list sessions in a call?",
                f"looks for session {talking.short} there; let its two people talk now",
                lambda: self._is_active(talking),
            ),
            Step(
                1,
                "Does DELETE on a session in a call hang up?",
                f"expires session {talking.short}, after your confirmation, while its "
                "two people talk",
                lambda: self._hang_up(talking),
            ),
        ]

    def _take(self, step: Step) -> bool:
        """Take a step if a person wants it; return whether to go on."""
        self._output.line("")
        self._output.line(f"{step.number}. {step.question}")
        if not step.does:
            step.facts = step.find()
            self._tell(step)
            return True
        self._output.line(f"   This {step.does}.")
        choice = self._ask(_CHOICES).strip().casefold()
        if choice == LEAVE:
            return False
        if choice != SKIP:
            try:
                step.facts = step.find()
            except MaskingConsoleError as error:
                step.facts = (with_remedy(error),)
            self._tell(step)
        return True

    def _tell(self, step: Step) -> None:
        for line in step.facts:
            self._output.line(f"   {line}")

    @property
    def _now(self) -> datetime:
        return self._clock()

    @property
    def _rehearse(self) -> Rehearse:
        if self._looks is None:
            raise RefusedError("No account was chosen.")
        return self._looks

    def _look(self, work: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(self._operations.look(work))

    def _shown(self, shape: AnswerShape) -> Sequence[str]:
        status = shape.status if shape.status is not None else "no answer"
        again = f", Retry-After {shape.retry_after}" if shape.retry_after else ""
        head = f"{status} after {shape.elapsed_ms} ms{again}"
        return (head, *shape.lines[:_MOST_LINES])

    def _session_facts(self, session_uuid: SessionUuid) -> Sequence[str]:
        shape = self._look(self._rehearse.session(session_uuid))
        has_pins = shape.has("first_party_pin") or shape.has("second_party_pin")
        words = "PIN fields are there; they were not read." if has_pins else "No PINs."
        return (*self._shown(shape), words)

    def _list_facts(self) -> Sequence[str]:
        shape = self._look(self._rehearse.page())
        places = [name for name in ("objects", "sessions") if shape.has(name)]
        return (*self._shown(shape), f"Sessions are under: {', '.join(places) or '-'}.")

    def _is_active(self, session_uuid: SessionUuid) -> Sequence[str]:
        found = self._look(self._rehearse.is_listed_as_active(session_uuid))
        words = {True: "It is there.", False: "It is not on the first page."}
        return (words.get(found, "No answer that tells."),)  # type: ignore[arg-type]

    def _expire(
        self, session_uuid: SessionUuid, *, includes_in_call: bool
    ) -> Sequence[str]:
        """Expire one session as `expire` does, and look at it right afterwards."""
        request = ExpiryRequest(
            (session_uuid,), cause=self._cause, includes_in_call=includes_in_call
        )
        code = self.carry_out(request)
        shape = self._look(self._rehearse.session(session_uuid))
        return (
            f"expire ended with {int(code)}; a GET right after it:",
            *self._shown(shape),
        )

    def carry_out(self, request: ExpiryRequest) -> ExitCode:
        """Expire what is asked for, after a person has confirmed it on the terminal."""
        lines = TextLines(self._output)
        return ExpireJob(self._operations, request, lines).run()

    def _hang_up(self, session_uuid: SessionUuid) -> Sequence[str]:
        facts = self._expire(session_uuid, includes_in_call=True)
        said = self._ask("Can the two people still hear each other? y or n: ")
        return (*facts, f"Asked whether the call goes on, the person said: {said[:20]}")

    def _save(self, steps: Sequence[Step]) -> Path:
        text = "".join(f"{line}\n" for line in self._page(steps))
        stem = f"rehearsal-{self._now:%Y%m%d-%H%M%S}"
        return self._operations.history.save_text(stem, text)

    def _page(self, steps: Sequence[Step]) -> Iterator[str]:
        practice = self._operations.practice_account is not None
        yield f"Rehearsal of masking-console, {day_and_second(self._now)}"
        yield "On the practice account." if practice else "On a live account."
        for step in sorted(steps, key=lambda each: each.number):
            yield ""
            yield f"{step.number}. {step.question}"
            yield from (f"   {line}" for line in step.facts)


def _not_provoked() -> Sequence[str]:
    return ("Not tried: production shares the limit. Send us what your logs have.",)


def _not_changed() -> Sequence[str]:
    return ("Not tried: it would change a session.",)
