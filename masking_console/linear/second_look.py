"""The second look, for those who wait for it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from masking_console.errors import JournalError
from masking_console.linear.json_lines import JsonLines
from masking_console.linear.remedies import with_remedy
from masking_console.linear.stop_signals import StopSignals
from masking_console.linear.text_lines import TextLines
from masking_console.models.expiry import ExpiryResult, ExpirySummary
from masking_console.models.run_events import LookedAgain, LookFound
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.wiring import Operations


class SecondLook:
    """Waits, looks at a finished batch once more, and tells what it finds."""

    def __init__(
        self,
        operations: Operations,
        lines: TextLines | JsonLines,
        signals: StopSignals,
    ) -> None:
        self._operations = operations
        self._lines = lines
        self._signals = signals

    async def run(
        self, summary: ExpirySummary, clock: Callable[[], datetime]
    ) -> ExpirySummary:
        """Return what is known of the batch then; a signal ends the wait or the look.

        The run is over and stands in the journal, so nothing is lost by that.
        """
        seconds = self._operations.settings.second_look_seconds
        self._lines.note(f"Looking once more in {seconds:.0f} s. Ctrl+C skips it.")
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        with self._signals.reacting(lambda _n: _soon(loop, told.set)):
            try:
                await asyncio.wait_for(told.wait(), seconds)
            except TimeoutError:
                return await self._look(summary, clock)
        return summary

    async def _look(
        self, summary: ExpirySummary, clock: Callable[[], datetime]
    ) -> ExpirySummary:
        results = {each.session_uuid: each for each in summary.results}
        stream = self._operations.second_look(summary)
        loop = asyncio.get_running_loop()
        try:
            with self._signals.reacting(lambda _n: _soon(loop, stream.cancel)):
                async for found in stream:
                    for each in found:
                        self._lines.look(each, clock())
                        _learn(results, each)
        except JournalError as error:
            self._lines.note(with_remedy(error))
        return replace(summary, results=tuple(results.values()))


def _learn(results: dict[SessionUuid, ExpiryResult], found: LookFound) -> None:
    """Take over what a look says of a session of the batch."""
    if isinstance(found, LookedAgain):
        results[found.session_uuid] = found.result


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    """Do something in the loop, from a signal handler, which may take no lock."""
    loop.call_soon_threadsafe(work)
