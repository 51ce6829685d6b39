"""The detail of a session, and the phone numbers in the queue.

Numbers are shown when asked for, for a minute, and that is recorded first.
"""

from datetime import datetime, timedelta

from masking_console.errors import MaskingConsoleError
from masking_console.models.account import Account
from masking_console.models.session_detail import SessionInspection
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import Sign
from masking_console.settings import ShowNumbers
from masking_console.ui.main.expire import ExpiryJob
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.screens.session_detail import (
    NEVER_SHOWN,
    SHOWN_SECONDS,
    DetailScreen,
)


class NumbersJob:
    """Shows the numbers of the queue's rows, and hides them again."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._clock = space.clock
        self._policy = space.operations.settings.show_numbers
        self._until: datetime | None = None

    @property
    def notice(self) -> str:
        """Notice while numbers can be read; else empty."""
        if self._until is None:
            return ""
        if self._policy is ShowNumbers.ALWAYS:
            return "Numbers shown (recorded)."
        left = max(timedelta(0), self._until - self._clock())
        return f"Numbers shown for {left.total_seconds():.0f} s (recorded)."

    def toggle(self) -> None:
        """Show the numbers, or hide them at once."""
        account = self._space.account
        if self._policy is ShowNumbers.NEVER:
            self._space.note(Sign.NOTE, "numbers", NEVER_SHOWN)
        elif self._until is not None:
            self.hide()
        elif account is not None:
            work = self._show(account)
            self._space.work_alone(work, "numbers")

    def hide(self) -> None:
        """Hide the numbers, if they are shown."""
        if self._until is not None:
            self._until = None
            self._space.queue.show_numbers(are_shown=False)
            self._show_notice()

    def tick(self) -> None:
        """Count down, and hide the numbers when their minute is over."""
        is_over = self._until is not None and self._clock() >= self._until
        if is_over and self._policy is not ShowNumbers.ALWAYS:
            self.hide()
        self._space.numbers_notice = self.notice

    def _show_notice(self) -> None:
        self._space.numbers_notice = self.notice
        self._space.show_status()

    async def _show(self, account: Account) -> None:
        space = self._space
        try:
            await space.operations.record_numbers_shown(account)
        except MaskingConsoleError as error:
            space.note(
                Sign.FAILED,
                "numbers",
                f"{space.words(error)} They stay hidden.",
            )
            return
        if space.account is account:
            self._until = self._clock() + timedelta(seconds=SHOWN_SECONDS)
            space.queue.show_numbers(are_shown=True)
            key = space.key("queue.numbers")
            space.note(Sign.NOTE, "numbers", f"{self.notice} {key} hides them.")
            self._show_notice()


class DetailJob:
    """Opens the detail of a session; it reads, and expires nothing."""

    def __init__(self, space: Workspace, job: ExpiryJob) -> None:
        self._space = space
        self._job = job

    def open(self, session_uuid: SessionUuid) -> None:
        """Show the detail of a session of the queue."""
        account = self._space.account
        if account is not None:
            work = self._open(account, session_uuid)
            self._space.work(work, "detail")

    async def _open(self, account: Account, session_uuid: SessionUuid) -> None:
        space = self._space
        detail = DetailScreen(
            self,
            account,
            session_uuid,
            space.clock,
            space.operations.settings.show_numbers,
        )
        if await space.ask(detail):
            self._job.review()

    async def inspect(
        self, account: Account, session_uuid: SessionUuid
    ) -> SessionInspection:
        """Return what is known of it.

        Raises:
            MaskingConsoleError: Plivo gave no answer that can be used.
        """
        return await self._space.operations.inspect(account, session_uuid)

    async def record_numbers_shown(
        self, account: Account, session_uuid: SessionUuid
    ) -> None:
        """Write down that its numbers are about to be shown.

        Raises:
            JournalError: they must stay hidden.
        """
        await self._space.operations.record_numbers_shown(account, session_uuid)
        words = "Numbers shown for 60 s (recorded)."
        self._space.note(Sign.NOTE, "numbers", words)

    def neighbor(self, session_uuid: SessionUuid, step: int) -> SessionUuid | None:
        """Move the queue's cursor to the row before or after, and return it."""
        queue = self._space.queue
        keys = list(queue.keys)
        index = keys.index(session_uuid) + step if session_uuid in keys else -1
        if not 0 <= index < len(keys):
            return None
        queue.move_to(index)
        return keys[index]

    async def copy(self, session_uuid: SessionUuid) -> str:
        """Copy the id and say how."""
        return await self._space.copy(session_uuid, "1 id")
