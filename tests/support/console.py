"""The whole console on a simulated account, driven as an operator would."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from masking_console.models.consent import ENTER_GAP_SECONDS
from masking_console.operations.wiring import Operations, build_operations
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import PRACTICE_API_URL, ApiUrl, Settings
from masking_console.ui.app import ConsoleApp
from masking_console.ui.keys.asking import PASTE_TAIL_SECONDS, Asks
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.review import ReviewScreen

PERSON_SECONDS = 0.06
"""The shortest time between two keys that a person presses."""
DEAF_SECONDS = 0.7
"""Time that a person looks before answering: a little more than is asked for."""
PATIENCE_SECONDS = 15.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Console:
    """The app under test."""

    app: ConsoleApp
    pilot: Pilot[int]
    account: SimulatedAccount
    operations: Operations

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def ticket(self) -> str:
        """The ticket of the next batch."""
        return self.main.space.cause.ticket

    async def press(self, *keys: str) -> None:
        """Press keys one by one, as a person does."""
        for key in keys:
            await self.pilot.press(key)
            await asyncio.sleep(PERSON_SECONDS)
        await self.pilot.pause()

    def send(self, character: str) -> None:
        """Send one key and wait for nothing, as for a key that ends the console."""
        key = {"\n": "enter", "\t": "tab"}.get(character, character)
        self.send_key(key, character)

    def send_key(self, key: str, character: str | None = None) -> None:
        """Send one key by its name, and wait for nothing."""
        event = events.Key(key, character)
        event.set_sender(self.app)
        self.app.post_message(event)

    async def burst(self, text: str) -> None:
        """Send a text as key presses without a pause, as a terminal does."""
        for character in text:
            self.send(character)
        await asyncio.sleep(0.3)
        await self.pilot.pause()

    async def paste(self, text: str) -> None:
        """Paste as a terminal with bracketed paste does."""
        self.app.post_message(events.Paste(text))
        # What comes at once belongs to the paste.
        await asyncio.sleep(PASTE_TAIL_SECONDS)
        await self.pilot.pause()

    async def look(self) -> None:
        """Look at what is painted for a moment, as a person does before answering."""
        screen = self.app.screen
        if isinstance(screen, Asks):
            await self.until(lambda: screen.consent._shown_at is not None, "a question")
        await asyncio.sleep(DEAF_SECONDS)
        await self.pilot.pause()

    async def until(self, is_true: Callable[[], object], what: str = "it") -> None:
        """Wait until something is so."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not is_true():
            is_late = asyncio.get_running_loop().time() > deadline
            assert not is_late, f"waited for {what}:\n{self.screen_text()}"
            # The pilot's own pause sends a message to each widget, and paints.
            await asyncio.sleep(POLL_SECONDS)
        await self.pilot.pause()

    async def until_ready(self) -> None:
        """Wait until everything is loaded, and keys act."""
        await self.until(lambda: self.app.is_ready, "the rest behind the first paint")

    async def until_ended(self) -> None:
        """Wait until the console has ended; its widgets answer no pilot any more."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.app.is_running:
                await asyncio.sleep(0.02)

    async def until_checked(self, rows: int) -> None:
        """Wait until so many rows are queued and none waits for an answer."""

        def is_checked() -> bool:
            summary = self.main.queue.summary()
            return summary.total == rows and not summary.pending

        await self.until(is_checked, f"{rows} checked rows")

    async def answer(self, phrase: str) -> None:
        """Look, type a phrase and press Enter, as a person does."""
        await self.look()
        await self.press(*phrase)
        await asyncio.sleep(ENTER_GAP_SECONDS)
        await self.press("enter")

    async def open_review(self) -> ReviewScreen:
        """Press X and wait until the review takes keys."""
        await self.press("X")
        await self.until(lambda: isinstance(self.app.screen, ReviewScreen), "review")
        await self.look()
        screen = self.app.screen
        assert isinstance(screen, ReviewScreen)
        return screen

    def log_lines(self) -> list[str]:
        """Return the lines of the log pane."""
        log = self.main.space.log
        return [log.rows[number].line for number in log.keys]

    def words(self) -> str:
        """Return the text of the screen as one line, without boxes and breaks."""
        text = re.sub(r"[─-╿]", " ", self.screen_text())
        return " ".join(text.split())

    def screen_text(self) -> str:
        """Return the text of the screen."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def console(
    account: SimulatedAccount,
    folder: Path,
    *,
    size: tuple[int, int] = (100, 30),
    clock: Callable[[], datetime] | None = None,
    first_text: str = "",
    **settings: object,
) -> AsyncIterator[Console]:
    """Open the console on this account; the journal is in the folder."""
    base = Settings(
        journal_path=folder / "journal.db",
        practice=True,
        api_url=ApiUrl(PRACTICE_API_URL),
        share=1.0,
    )
    now = clock or (lambda: datetime.now(UTC))
    operations = build_operations(replace(base, **settings), {}, account, now)  # type: ignore[arg-type]
    app = ConsoleApp(
        operations.settings,
        lambda: operations,
        first_text,
        now,
    )
    try:
        async with app.run_test(size=size) as pilot:
            opened = Console(app, pilot, account, operations)
            await opened.until_ready()
            await opened.until(lambda: app.main.account is not None, "an account")
            yield opened
    finally:
        await asyncio.to_thread(operations.close)
