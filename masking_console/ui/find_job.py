"""Finding sessions at Plivo, and bringing them into the queue without a tick."""

import asyncio
from typing import TYPE_CHECKING

from masking_console.errors import InputError, TokenRefusedError
from masking_console.models.account import Account
from masking_console.models.listing import ListEnd, ListEvent, Wanted
from masking_console.models.masking_session import CheckedSession
from masking_console.operations.engine import Stream
from masking_console.presentation.accounts import refusal_words
from masking_console.presentation.display import Sign
from masking_console.presentation.listing import (
    end_words,
    found_words,
    progress_words,
    stopped_words,
)
from masking_console.ui.screens.question import QuestionScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen

REFRESH_SECONDS = 30.0
"""How often open rows that were picked from a list are asked about anew."""
_FRAME_SECONDS = 0.04


class FindJob:
    """One search at a time; its rows stay when it is stopped."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._wanted: Wanted | None = None
        self._stream: Stream[ListEvent] | None = None
        self.progress = ""

    @property
    def is_reading(self) -> bool:
        """Whether a list is being read."""
        return self._stream is not None

    @property
    def can_go_again(self) -> bool:
        """Whether there was a search that can be made once more."""
        return self._wanted is not None

    def find(self, text: str) -> None:
        """Find what a person typed."""
        try:
            wanted = Wanted.of(text)
        except InputError as error:
            self._screen.source.say(str(error))
            return
        if wanted.session_uuid is not None:
            self._screen.queue_up([wanted.session_uuid])
            self._screen.source.say("The id is in the queue.")
            return
        self._wanted = wanted
        self.again()

    def again(self) -> None:
        """Make the last search once more; the cursor and the ticks stay."""
        screen, wanted = self._screen, self._wanted
        if wanted is None:
            return
        if screen.account is None:
            screen.note(Sign.NOTE, "account?", "Choose an account first. Press P.")
            return
        self.stop()
        if ticked := screen.queue.summary().ticked:
            words = f"{ticked} ticked from before stay ticked; u unticks them."
            screen.note(Sign.NOTE, "find", words)
        work = self._read(screen.account, wanted)
        screen.run_worker(work, group="find", exclusive=True)

    def refresh(self) -> None:
        """Keep what was picked up to date while it is looked at."""
        if self._screen.is_current and self._wanted is not None:
            self._screen.checks.refresh_seen()

    def stop(self) -> None:
        """Stop reading, and keep what is there."""
        if self._stream is not None:
            self._stream.cancel()

    def forget(self) -> None:
        """Stop, and forget what was looked for, as for another account."""
        self.stop()
        self._wanted = None

    async def _read(self, account: Account, wanted: Wanted) -> None:
        screen = self._screen
        stream = self._stream = screen.operations.find(account, wanted)
        screen.refresh_bindings()
        refusal = ""
        try:
            found, end = await self._take_over(account, stream)
        except TokenRefusedError as error:
            found, end = 0, None
            refusal = refusal_words(error, on_screen=True)
        finally:
            stream.cancel()
            if self._stream is stream:
                self._stream, self.progress = None, ""
        if screen.account is not account:
            return
        if refusal:
            self._say_refused(refusal)
        else:
            self._say_what_was_found(wanted, found, end)
        screen.show_counts()

    async def _take_over(
        self, account: Account, stream: Stream[ListEvent]
    ) -> tuple[int, ListEnd | None]:
        """Put what is found into the queue; return how many, and how it ended."""
        screen, found, end = self._screen, 0, None
        async for events in stream:
            if screen.account is not account:
                break
            now, rows = screen.clock(), list[CheckedSession]()
            for event in events:
                if isinstance(event, ListEnd):
                    end = event
                else:
                    rows += (CheckedSession.of(each, now) for each in event.found)
                    self.progress = progress_words(event)
            # All pages of a frame at once: each time, all rows are filtered anew.
            screen.queue.add_found(rows)
            found += len(rows)
            self._say_progress()
            screen.checks.say_lost_ticks()
            await asyncio.sleep(_FRAME_SECONDS)
        return found, end

    def _say_progress(self) -> None:
        screen = self._screen
        screen.queue.empty_text = self.progress
        screen.source.say(self.progress)
        screen.show_counts()

    def _say_refused(self, words: str) -> None:
        screen = self._screen
        screen.source.say(words)
        screen.queue.empty_text = words
        screen.note(Sign.FAILED, "refused", words)
        screen.app.push_screen(QuestionScreen("Sign-in refused", words))

    def _say_what_was_found(
        self, wanted: Wanted, found: int, end: ListEnd | None
    ) -> None:
        screen = self._screen
        words = end_words(wanted, end, found) if end else stopped_words(wanted, found)
        screen.source.say("\n".join(words))
        screen.queue.empty_text = words[0]
        sign = Sign.NOTE if end is not None and end.is_complete else Sign.UNKNOWN
        is_whole = " Complete." if sign is Sign.NOTE else " Not complete. Press r."
        screen.note(sign, "listed", f"{found_words(wanted, found)}{is_whole}")
        screen.refresh_bindings()
