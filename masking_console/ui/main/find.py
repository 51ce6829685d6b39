"""Finding sessions at Plivo, and bringing them into the queue without a tick."""

import asyncio
from collections.abc import Sequence

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
from masking_console.ui.main.check import CheckJob
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.question import QuestionScreen

REFRESH_SECONDS = 30.0
"""Interval between two checks of open rows that came from a list."""
_FRAME_SECONDS = 0.04


class FindJob:
    """One search at a time; its rows stay when it is stopped."""

    def __init__(self, space: Workspace, checks: CheckJob, follow_up: FollowUp) -> None:
        self._space = space
        self._checks = checks
        self._follow_up = follow_up
        self._wanted: Wanted | None = None
        self._origin: Origin | None = None
        self._stream: Stream[ListEvent] | None = None
        self._asked = 0

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
        self._space.work(self._find(text, self._asked), "find-text")

    async def _find(self, text: str, asked: int) -> None:
        country = self._space.operations.settings.country
        try:
            # Not in the event loop: the first number loads the numbering plans.
            wanted = await asyncio.to_thread(Wanted.of, text, country)
        except InputError as error:
            self._space.source.say(self._space.words(error))
            return
        if asked != self._asked:
            return
        if wanted != self._wanted or not self._space.queue.is_search_latest:
            self._begin(wanted)
        self.again()

    def _begin(self, wanted: Wanted) -> None:
        """Make room for what a new search finds, on top of the queue."""
        if self._space.account is not None:
            words = plain_text(search_words(wanted))
            short = plain_text(search_short(wanted))
            is_for_all = not wanted.finds_all_states
            now = self._space.clock()
            self._origin = Origin(now, words, short, is_for_all)
            self.stop()
            self._space.queue.begin_search(self._origin)
        self._wanted = wanted

    def again(self) -> None:
        """Make the last search once more; the cursor and the ticks stay."""
        space, wanted = self._space, self._wanted
        if wanted is None:
            return
        if space.account is None:
            key = space.key("app.accounts")
            words = f"Choose an account first. Press {key}."
            space.note(Sign.NOTE, "account?", words)
            return
        self.stop()
        if ticked := space.queue.summary().ticked:
            key = space.key("queue.untick")
            words = f"{ticked} ticked from before stay ticked; {key} unticks them."
            space.note(Sign.NOTE, "find", words)
        work = self._read(space.account, wanted)
        space.work_alone(work, "find")

    def refresh(self) -> None:
        """Keep what was picked up to date while it is looked at."""
        if self._space.screen.is_current and self._wanted is not None:
            self._checks.refresh_seen()

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
        space = self._space
        stream = self._stream = space.operations.find(account, wanted)
        space.screen.refresh_bindings()
        refusal: TokenRefusedError | None = None
        try:
            found, end = await self._take_over(account, stream)
        except TokenRefusedError as error:
            found, end, refusal = [], None, error
        finally:
            stream.cancel()
            if self._stream is stream:
                self._stream, space.find_progress = None, ""
        if space.account is not account:
            return
        if refusal is not None:
            self._say_refused(refusal)
        else:
            self._say_what_was_found(wanted, found, end)
        space.show_counts()

    async def _take_over(
        self, account: Account, stream: Stream[ListEvent]
    ) -> tuple[list[FoundSession], ListEnd | None]:
        """Put what is found into the queue; return it, and how it ended."""
        space, found, end = self._space, list[FoundSession](), None
        async for events in stream:
            if space.account is not account:
                break
            now, rows = space.clock(), list[CheckedSession]()
            for event in events:
                if isinstance(event, ListEnd):
                    end = event
                elif not isinstance(event, ListProgress):
                    self._follow_up.learn([event])
                else:
                    found += event.found
                    rows += (
                        CheckedSession.of(each.session, now) for each in event.found
                    )
                    stops = space.key("main.stop_finding")
                    space.find_progress = f"{progress_words(event)} {stops} stops."
            # All pages of a frame at once: each time, all rows are filtered anew.
            space.queue.add_found(rows, self._origin)
            self._say_progress()
            self._checks.say_lost_ticks()
            await asyncio.sleep(_FRAME_SECONDS)
        return found, end

    def _say_progress(self) -> None:
        space = self._space
        space.queue.empty_text = self._space.find_progress
        space.source.say(self._space.find_progress)
        space.show_counts()

    def _say_refused(self, error: TokenRefusedError) -> None:
        space = self._space
        words = space.words(error)
        space.source.say(words)
        space.queue.empty_text = words
        space.note(Sign.FAILED, "refused", words)
        words = space.words(error, in_dialog=True)
        space.show(QuestionScreen("Sign-in refused", words))

    def _say_what_was_found(
        self, wanted: Wanted, found: Sequence[FoundSession], end: ListEnd | None
    ) -> None:
        space = self._space
        again = f"Press {space.key('queue.check')}."
        words = (
            end_words(wanted, end, found, again)
            if end
            else stopped_words(wanted, found, again)
        )
        space.source.say("\n".join(words))
        space.queue.empty_text = words[0]
        sign = Sign.NOTE if end is not None and end.is_complete else Sign.UNKNOWN
        space.note(sign, "listed", f"{words[0]} {wholeness(end, again)}")
        space.screen.refresh_bindings()
