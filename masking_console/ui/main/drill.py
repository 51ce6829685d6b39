"""Drills on the practice account: the customer's words, the clock, and the debrief."""

from collections.abc import Iterator
from functools import partial

from textual.app import SystemCommand

from masking_console.errors import ExitCode, MaskingConsoleError
from masking_console.models.drill import DRILLS
from masking_console.presentation.debrief import (
    clock_words,
    debrief_words,
    drill_heading,
)
from masking_console.presentation.display import Sign
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.question import QuestionScreen


class DrillJob:
    """Begins a drill in place of the queue, and tells at its end what was missed."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._drills = space.operations.drills

    @property
    def is_under_way(self) -> bool:
        """Whether a drill has begun and was not debriefed."""
        return self._drills.drill is not None

    def tick(self) -> None:
        """Show the clock."""
        drill = self._drills.drill
        words = clock_words(drill, self._drills.seconds) if drill is not None else ""
        self._space.drill_clock = words

    def commands(self) -> Iterator[SystemCommand]:
        """Yield the drills that can begin now, for the command palette."""
        if not self._drills.are_possible or self._space.is_busy:
            return
        for name, title in DRILLS.items():
            begin = partial(self._begin, name)
            yield SystemCommand(f"drill {name}", f"rehearse {title}", begin)

    def _begin(self, name: str) -> None:
        self._space.work(self.begin(name), "drill")

    async def quit(self) -> None:
        """Show the debrief, and leave."""
        await self.debrief()
        self._space.screen.app.exit(return_code=ExitCode.DONE)

    async def begin(self, name: str) -> None:
        """Set a drill up, and show the customer's words."""
        space = self._space
        try:
            drill = await self._drills.begin(name)
        except MaskingConsoleError as error:
            space.note(Sign.FAILED, "drill", space.words(error))
            return
        space.queue.clear()
        space.source.take(drill.text)
        self.tick()
        space.note(Sign.NOTE, "drill", drill.words)
        end = f"The clock runs. {space.key('app.quit')} ends it, with a debrief."
        question = QuestionScreen(
            drill_heading(drill), f"{drill.words}\n\n{end}", safe="Begin"
        )
        await space.ask(question)

    async def debrief(self) -> None:
        """End the drill, and show what was done and missed, and why it matters."""
        space = self._space
        try:
            found = await self._drills.debrief()
        except MaskingConsoleError as error:
            space.note(Sign.FAILED, "drill", space.words(error))
            return
        self.tick()
        space.show_status()
        if found is not None:
            words = debrief_words(found)
            space.note(Sign.NOTE, "debrief", words.partition("\n\n")[0])
            await space.ask(QuestionScreen("Debrief", words))
