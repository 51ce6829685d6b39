"""Finding sessions at Plivo, and bringing them into the queue without a tick."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from masking_console.errors import InputError, TokenRefusedError
from masking_console.models.account import Account
from masking_console.models.listing import (
    FoundSession,
    ListEnd,
    ListEvent,
    ListProgress,
    Origin,
    Wanted,
)
from masking_console.models.masking_session import CheckedSession
from masking_console.models.plain_text import plain_text
from masking_console.operations.engine import Stream
from masking_console.presentation.display import Sign
from masking_console.presentation.listing import (
    end_words,
    progress_words,
    search_short,
    search_words,
    stopped_words,
    wholeness,
)
from masking_console.ui.keys.acts import key_of
from masking_console.ui.keys.remedies import with_remedy
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
        self._origin: Origin | None = None
        self._stream: Stream[ListEvent] | None = None
        self._asked = 0
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
        self._asked += 1
        self._screen.run_worker(self._find(text, self._asked), group="find-text")

    async def _find(self, text: str, asked: int) -> None:
        country = self._screen.operations.settings.country
        try:
            # Not in the event loop: the first number loads the numbering plans.
            wanted = await asyncio.to_thread(Wanted.of, text, country)
        except InputError as error:
            self._screen.source.say(with_remedy(error, self._screen))
            return
        if asked != self._asked:
            return
        if wanted != self._wanted or not self._screen.queue.is_search_latest:
            self._begin(wanted)
        self.again()

    def _begin(self, wanted: Wanted) -> None:
        """Make room for what a new search finds, on top of the queue."""
        if self._screen.account is not None:
            words = plain_text(search_words(wanted))
            short = plain_text(search_short(wanted))
            is_for_all = not wanted.finds_all_states
            now = self._screen.clock()
            self._origin = Origin(now, words, short, is_for_all)
            self.stop()
            self._screen.queue.begin_search(self._origin)
        self._wanted = wanted

    def again(self) -> None:
        """Make the last search once more; the cursor and the ticks stay."""
        screen, wanted = self._screen, self._wanted
        if wanted is None:
            return
        if screen.account is None:
            key = key_of("app.accounts", screen)
            words = f"Choose an account first. Press {key}."
            screen.note(Sign.NOTE, "account?", words)
            return
        self.stop()
        if ticked := screen.queue.summary().ticked:
            key = key_of("queue.untick", screen)
            words = f"{ticked} ticked from before stay ticked; {key} unticks them."
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
        # A number may still be being read, for the account from before.
        self._asked += 1
        self._wanted = self._origin = None

    async def _read(self, account: Account, wanted: Wanted) -> None:
        screen = self._screen
        stream = self._stream = screen.operations.find(account, wanted)
        screen.refresh_bindings()
        refusal: TokenRefusedError | None = None
        try:
            found, end = await self._take_over(account, stream)
        except TokenRefusedError as error:
            found, end, refusal = [], None, error
        finally:
            stream.cancel()
            if self._stream is stream:
                self._stream, self.progress = None, ""
        if screen.account is not account:
            return
        if refusal is not None:
            self._say_refused(refusal)
        else:
            self._say_what_was_found(wanted, found, end)
        screen.show_counts()

    async def _take_over(
        self, account: Account, stream: Stream[ListEvent]
    ) -> tuple[list[FoundSession], ListEnd | None]:
        """Put what is found into the queue; return it, and how it ended."""
        screen, found, end = self._screen, list[FoundSession](), None
        async for events in stream:
            if screen.account is not account:
                break
            now, rows = screen.clock(), list[CheckedSession]()
            for event in events:
                if isinstance(event, ListEnd):
                    end = event
                elif not isinstance(event, ListProgress):
                    screen.follow_up.learn([event])
                else:
                    found += event.found
                    rows += (
                        CheckedSession.of(each.session, now) for each in event.found
                    )
                    stops = key_of("main.stop_finding", screen)
                    self.progress = f"{progress_words(event)} {stops} stops."
            # All pages of a frame at once: each time, all rows are filtered anew.
            screen.queue.add_found(rows, self._origin)
            self._say_progress()
            screen.checks.say_lost_ticks()
            await asyncio.sleep(_FRAME_SECONDS)
        return found, end

    def _say_progress(self) -> None:
        screen = self._screen
        screen.queue.empty_text = self.progress
        screen.source.say(self.progress)
        screen.show_counts()

    def _say_refused(self, error: TokenRefusedError) -> None:
        screen = self._screen
        words = with_remedy(error, screen)
        screen.source.say(words)
        screen.queue.empty_text = words
        screen.note(Sign.FAILED, "refused", words)
        words = with_remedy(error, screen, in_dialog=True)
        screen.app.push_screen(QuestionScreen("Sign-in refused", words))

    def _say_what_was_found(
        self, wanted: Wanted, found: Sequence[FoundSession], end: ListEnd | None
    ) -> None:
        screen = self._screen
        again = f"Press {key_of('queue.check', screen)}."
        words = (
            end_words(wanted, end, found, again)
            if end
            else stopped_words(wanted, found, again)
        )
        screen.source.say("\n".join(words))
        screen.queue.empty_text = words[0]
        sign = Sign.NOTE if end is not None and end.is_complete else Sign.UNKNOWN
        screen.note(sign, "listed", f"{words[0]} {wholeness(end, again)}")
        screen.refresh_bindings()
