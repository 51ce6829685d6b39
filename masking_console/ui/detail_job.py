"""Opens the detail of a session, and whatever the operator asks for from there."""

from typing import TYPE_CHECKING

from masking_console.models.account import Account
from masking_console.models.session_detail import SessionInspection
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import Sign
from masking_console.ui.dialogs import answer_to
from masking_console.ui.screens.session_detail import DetailScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class DetailJob:
    """What the detail screen may ask of the console; it reads, and expires nothing."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen

    def open(self, session_uuid: SessionUuid) -> None:
        """Show the detail of a session of the queue."""
        account = self._screen.account
        if account is not None:
            work = self._open(account, session_uuid)
            self._screen.run_worker(work, group="detail")

    async def _open(self, account: Account, session_uuid: SessionUuid) -> None:
        screen = self._screen
        detail = DetailScreen(
            self,
            account,
            session_uuid,
            screen.clock,
            screen.operations.settings.show_numbers,
        )
        if await answer_to(screen.app, detail):
            screen.job.review()

    async def inspect(
        self, account: Account, session_uuid: SessionUuid
    ) -> SessionInspection:
        """Return what is known of it.

        Raises:
            MaskingConsoleError: Plivo gave no answer that can be used.
        """
        return await self._screen.operations.inspect(account, session_uuid)

    async def record_numbers_shown(
        self, account: Account, session_uuid: SessionUuid
    ) -> None:
        """Write down that its numbers are about to be shown.

        Raises:
            JournalError: they must stay hidden.
        """
        await self._screen.operations.record_numbers_shown(account, session_uuid)
        words = "Numbers shown for 60 s (recorded)."
        self._screen.note(Sign.NOTE, "numbers", words)

    def neighbor(self, session_uuid: SessionUuid, step: int) -> SessionUuid | None:
        """Move the queue's cursor to the row before or after, and return it."""
        queue = self._screen.queue
        keys = list(queue.keys)
        index = keys.index(session_uuid) + step if session_uuid in keys else -1
        if not 0 <= index < len(keys):
            return None
        queue.move_to(index)
        return keys[index]

    async def copy(self, session_uuid: SessionUuid) -> str:
        """Copy the id and say how."""
        return await self._screen.copy(session_uuid, "1 id")
