"""The Textual face: which screen is shown, and what a key or a paste may reach."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from masking_console.errors import ExitCode
from masking_console.presentation.display import Sign, place_words
from masking_console.settings import Settings
from masking_console.ui.crash import CrashSafeApp
from masking_console.ui.keys.acts import asks, key_of, moves
from masking_console.ui.keys.asking import ListeningApp
from masking_console.ui.lifetime import (
    FINISH_SECONDS,
    TERMINAL_GONE,
    Departure,
    Opening,
)
from masking_console.ui.screens.splash import OpeningScreen
from masking_console.ui.terminal import (
    PasteDropped,
    console_driver_class,
)
from masking_console.ui.themes import ANSI, DARK, SHIPPED

if TYPE_CHECKING:
    from rich.console import RenderableType

    from masking_console.operations.wiring import Operations
    from masking_console.ui.keys.paste_guard import PasteGuard
    from masking_console.ui.main.outer_screens import OuterScreens
    from masking_console.ui.main.screen import MainScreen
    from masking_console.ui.screens.accounts import AccountsScreen

_ACCOUNT_ACTIONS = frozenset({"accounts", "new_account"})
_EARLY_KEYS = 100
"""Discard more keys than these that came before the console was ready."""
_ON_MAIN = _ACCOUNT_ACTIONS | {"ticket", "history", "not_settled"}


class ConsoleApp(ListeningApp[int], CrashSafeApp[int]):
    """The console; `operations` does the work."""

    TITLE = "masking-console"
    # Textual loads no styles of its own for the screen that an app starts with.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/panes.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        asks(
            "P",
            "accounts",
            "accounts",
            id="app.accounts",
            tooltip="accounts and tokens",
        ),
        asks("n", "new_account", "new account", id="app.new_account"),
        asks("T", "ticket", "ticket", id="app.ticket", tooltip="ticket and reason"),
        asks("H", "history", "history", id="app.history", tooltip="what was done"),
        asks(
            "U",
            "not_settled",
            "unsettled",
            id="app.not_settled",
            tooltip="what is not settled",
        ),
        moves(
            "question_mark",
            "help",
            "help",
            id="app.help",
            key_display="?",
            show=True,
            tooltip="all keys",
        ),
        # Over a dialog as well, and where a question mark is a question mark.
        moves(
            "f1",
            "guide",
            "guide",
            id="app.guide",
            priority=True,
            tooltip="the guide to this screen",
        ),
        asks(
            "q",
            "quit",
            "quit",
            id="app.quit",
            tooltip="quit; asks while busy",
            is_spare=True,
        ),
        asks(
            "ctrl+q",
            "quit",
            "quit",
            id="app.quit_always",
            priority=True,
            tooltip="quit, from everywhere",
        ),
        asks(
            "ctrl+c",
            "hold",
            "pause",
            id="app.hold",
            tooltip="copy a selection, or pause",
        ),
    ]

    main: "MainScreen"
    """The screen at the bottom of the stack, as soon as the console is ready."""
    guard: "PasteGuard"
    """Guard that routes pastes and holds back bursts of keys."""
    _outer: "OuterScreens"

    def __init__(
        self,
        settings: Settings,
        open_operations: "Callable[[], Operations]",
        first_text: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        drill: str = "",
    ) -> None:
        is_colorless = bool(os.environ.get("NO_COLOR"))
        # Textual turns the colors of other themes into grays, which are colors too.
        super().__init__(
            driver_class=console_driver_class(),
            ansi_color=True if is_colorless else None,
        )
        for theme in SHIPPED:
            self.register_theme(theme)
        wanted = ANSI if is_colorless else settings.theme or DARK.name
        self.theme = wanted if wanted in self.available_themes else DARK.name
        self._settings = settings
        self._opening = Opening(open_operations)
        self._first_text = first_text
        self._drill = drill
        self._clock = clock
        self.is_ready = False
        """Whether everything is loaded, and keys act."""
        self.frame = OpeningScreen(place_words(settings))
        """The screen of the first paint."""
        self._early_pastes: list[events.Paste | PasteDropped] = []
        self._early_keys: deque[events.Key] = deque()
        self._is_seen = False
        if settings.keymap:
            # Only who has keys of their own pays for looking at all there are.
            from masking_console.ui.keys.keymap import keymap_of  # noqa: PLC0415

            self.set_keymap(keymap_of(settings.keymap))
        self.departure = Departure(self, self.close)

    def get_default_screen(self) -> OpeningScreen:
        return self.frame

    def close(self) -> None:
        """Close engine and journal, if they are open by now; blocks."""
        self._opening.close()

    async def on_mount(self) -> None:
        # Behind the first paint: most imports, the journal, keyring and network.
        self.run_worker(self._begin())

    async def _begin(self) -> None:
        await self.frame.painted.wait()
        opened = await asyncio.to_thread(self._opening.open)
        self.main = opened.main_screen(opened.operations, self._clock)
        self.guard = opened.paste_guard(self, self.main, self._press)
        self._outer = self.main.outer
        self._load_styles()
        # Not awaited: cancelled by a quit, it would take the removal of screens along.
        self.push_screen(self.main)
        await self.main.painted.wait()
        await self._hear_what_came_early()
        steps = self.main.first_steps
        steps.say_of_the_theme(self.available_themes)
        await steps.take(self._first_text)
        if self._drill:
            await self.main.drill.begin(self._drill)

    def _display(
        self, screen: Screen[Any], renderable: "RenderableType | None"
    ) -> None:
        # The frame's own word that it is painted comes 10 ms after its bytes, and
        # meanwhile a key is pressed by somebody who sees it.
        super()._display(screen, renderable)
        self._is_seen |= screen is self.frame and bool(screen.children)

    def _load_styles(self) -> None:
        """Read the styles of all screens.

        With each that came later, all that is there would be styled anew, and the first
        dialog would come a tenth of a second after its key.
        """
        for path in sorted(Path(__file__).parent.glob("*/*.tcss")):
            self.stylesheet.read(path)

    async def _hear_what_came_early(self) -> None:
        self.is_ready = True
        self.main.refresh_bindings()
        for paste in self._early_pastes:
            if isinstance(paste, PasteDropped):
                self.on_paste_dropped(paste)
            else:
                self.guard.take(paste.text)
        if len(self._early_keys) > _EARLY_KEYS:
            self._early_keys.clear()
            words = "Too many keys came before the console was ready. None was taken."
            self.main.note(Sign.NOTE, "keys", words)
        # Those that come meanwhile wait behind them.
        while self._early_keys:
            await self._hear(self._early_keys[0])
            self._early_keys.popleft()

    async def heard(self, event: events.Event) -> None:
        is_ready = self.is_ready
        if is_ready and isinstance(event, events.Key | events.MouseDown):
            self.main.writes.touched()
        if isinstance(event, events.Paste) and not event.is_forwarded:
            if is_ready:
                self.guard.take(event.text)
            else:
                self._early_pastes.append(event)
        elif isinstance(event, events.Key) and not event.is_forwarded:
            if is_ready and not self._early_keys:
                await self._hear(event)
            elif self._is_seen:
                # Before there was anything to see, a key was meant for the shell.
                self._early_keys.append(event)
        elif is_ready or not isinstance(event, events.MouseEvent):
            await super().heard(event)

    def take_paste_tail(self, text: str) -> None:
        if self.is_ready:
            self.guard.take(text, is_rest=True)
        else:
            self._early_pastes.append(events.Paste(text))

    async def _hear(self, event: events.Key) -> None:
        if self.guard.lets_through(event):
            await super().heard(event)

    async def _press(self, event: events.Key) -> None:
        """Let a key act that the guard has held back for a moment."""
        await super().heard(event)

    def action_help(self) -> None:
        self.run_worker(self._outer.show_help(), group="help")

    def action_guide(self) -> None:
        self.run_worker(self._outer.show_guide(), group="help")

    def get_system_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Yield what the command palette offers: all that a key can do right now."""
        yield SystemCommand("theme", "Choose other colors", self.action_change_theme)
        yield from self._outer.commands(screen)
        yield from self.main.drill.commands()

    def action_hold(self) -> None:
        """Ctrl+C copies what is selected, else pauses a run; it never quits."""
        selected = self.screen.get_selected_text()
        if selected:
            self.run_worker(self.main.space.copy(selected, "the selection"))
        elif self.main.job.is_running:
            self.main.job.pause_or_go_on()
        else:
            words = f"Press {key_of('app.quit', self)} to quit."
            self.main.note(Sign.NOTE, "hint", words)

    async def action_quit(self) -> None:
        """Quit at once, or ask while something is open or on its way."""
        if self.main.job.is_running:
            work = self._outer.quit_while_running()
            self.run_worker(work, exclusive=True, group="quit")
        elif self.main.drill.is_under_way:
            self.run_worker(self.main.drill.quit(), exclusive=True, group="quit")
        elif self.main.follow_up.seconds_to_second_look is not None:
            work = self._outer.quit_before_the_look()
            self.run_worker(work, exclusive=True, group="quit")
        elif unsettled := self.main.queue.unsettled:
            work = self._outer.quit_with_unsettled([*unsettled.values()])
            self.run_worker(work, exclusive=True, group="quit")
        else:
            self.exit(return_code=ExitCode.DONE)

    def terminal_closed(self) -> None:
        """Leave, because nobody can read or type any more."""
        self.departure.begin(TERMINAL_GONE)

    def ask_to_leave(self, why: int) -> None:
        """Stop a run and leave when it has ended; from any thread, and at once."""
        if self.is_ready:
            self.main.job.stop_silently(why)
        # Before the app runs, there is nothing to leave.
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self.run_worker(self._leave_soon(), group="leave")

    async def _leave_soon(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                if self.is_ready:
                    await self.main.job.until_over()
        self.exit(return_code=ExitCode.STOPPED)

    def on_accounts_screen_renewed(self, event: "AccountsScreen.Renewed") -> None:
        self._outer.renew(event.account)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready or (action in _ON_MAIN and self.screen is not self.main):
            return False
        if action in {"help", "guide"}:
            return self._outer.may_show_help
        # A run belongs to one account; no other is chosen on top of it.
        if action == "new_account" and self.main.account is not None:
            return False
        if action in _ACCOUNT_ACTIONS and self.main.job.is_running:
            return None
        return super().check_action(action, parameters)

    def action_accounts(self) -> None:
        self.run_worker(self._outer.manage_accounts(new=False), group="accounts")

    def action_new_account(self) -> None:
        self.run_worker(self._outer.manage_accounts(new=True), group="accounts")

    def action_ticket(self) -> None:
        self.run_worker(self._ask_cause(), group="ticket")

    async def _ask_cause(self) -> None:
        await self.main.tickets.ask()

    def action_history(self) -> None:
        self.run_worker(self._outer.show_history(), group="history")

    def action_not_settled(self) -> None:
        self.run_worker(self._outer.show_not_settled(), group="not_settled")

    def on_paste_dropped(self, event: PasteDropped) -> None:
        if self.is_ready:
            self.main.note(Sign.FAILED, "pasted", event.reason)
        else:
            self._early_pastes.append(event)
