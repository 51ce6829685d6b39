"""The team's server, for a console whose configuration names one.

Nothing of `masking_console.team` is imported without ``[team]`` in the configuration.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from masking_console.errors import InputError
from masking_console.models.expiry import RecordedIntent, RunEnd
from masking_console.models.run_events import RunEvent, RunWaiting
from masking_console.models.team import TeamState
from masking_console.operations.run_control import RunControl
from masking_console.presentation.history import team_verified_words
from masking_console.settings import HistoryScope, Settings, TeamRequire, TeamRules

if TYPE_CHECKING:
    from masking_console.team.connection import TeamServer
    from masking_console.team.searching import TeamHistory
    from masking_console.team.shipper import Shipper

_SAY_AFTER_SECONDS = 1.0
"""Time after which a wait for the server is announced."""
_SAY_EVERY_SECONDS = 10.0


def rules_of(settings: Settings) -> TeamRules:
    """Return where the team's server is.

    Raises:
        InputError: the configuration names none.
    """
    if settings.team is None or settings.practice:
        raise InputError('No team: config.toml has no service = "..." under [team].')
    return settings.team


def open_server(settings: Settings) -> "TeamServer":
    """Return the team's server; nothing is connected yet.

    Raises:
        InputError: the configuration names none, or psycopg is not installed.
    """
    rules = rules_of(settings)
    try:
        from masking_console.team.connection import TeamServer  # noqa: PLC0415 - see above
    except ImportError:
        raise InputError(
            "[team] needs psycopg: install masking-console[team]."
        ) from None
    return TeamServer(rules)


def is_of_team(settings: Settings, wish: bool | None) -> bool:
    """Return whether the history of all consoles is meant.

    Args:
        settings: has the scope of the configuration.
        wish: of this call; None where it has none.
    """
    if wish is None:
        return settings.history_scope is HistoryScope.TEAM and not settings.practice
    return wish


def open_history(settings: Settings) -> "TeamHistory":
    """Return the history of all consoles; nothing is connected yet.

    Raises:
        InputError: the configuration names no team, or psycopg is not installed.
    """
    server = open_server(settings)
    from masking_console.team.searching import TeamHistory  # noqa: PLC0415 - see above

    return TeamHistory(server)


def print_team_verification(
    settings: Settings, tell: Callable[[int], None] = lambda _count: None
) -> tuple[str, bool]:
    """Return what a look at the whole history of the team found, and if all is well.

    Args:
        settings: which team, and which journal is compared with it.
        tell: is told how many entries were read.

    Raises:
        InputError: the configuration names no team.
        TeamError: the server cannot be used.
        JournalError: the journal cannot be read.
    """
    with closing(open_server(settings)) as server:
        from masking_console.team.verification import verify_team  # noqa: PLC0415 - see above

        report = verify_team(server, settings.journal_path, tell)
    return team_verified_words(report), report.is_whole


class Team:
    """The shipping to a team's server, or its absence."""

    def __init__(self, settings: Settings) -> None:
        """Make it; without ``[team]``, and in practice, it does nothing.

        Raises:
            InputError: psycopg is not installed.
        """
        rules = None if settings.practice else settings.team
        self._is_required = rules is not None and rules.require is TeamRequire.INTENT
        self._shipper = None if rules is None else _new_shipper(settings)

    def start(self) -> None:
        """Start the thread that ships."""
        if self._shipper is not None:
            self._shipper.start()

    def wake(self) -> None:
        """Tell it that there is a new entry; from any thread, and at once."""
        if self._shipper is not None:
            self._shipper.wake()

    def newest_anchor(self) -> str:
        """Return the server's newest anchor, as an entry names it, or nothing."""
        return self._shipper.newest_anchor if self._shipper is not None else ""

    def state(self) -> TeamState | None:
        """Return how far the shipping got; None where there is no team."""
        return self._shipper.state if self._shipper is not None else None

    def gate(self) -> "IntentGate | None":
        """Return what holds a DELETE back, where the configuration asks for it."""
        if self._shipper is None or not self._is_required:
            return None
        return IntentGate(self._shipper)

    def begin_to_close(self) -> None:
        """Ship what waits, and end."""
        if self._shipper is not None:
            self._shipper.begin_to_close()

    def wait_closed(self, seconds: float) -> None:
        """Wait for the end, so long at most; the rest is shipped the next time."""
        if self._shipper is not None:
            self._shipper.wait_closed(seconds)


def _new_shipper(settings: Settings) -> "Shipper":
    server = open_server(settings)
    from masking_console.team.shipper import GATHER_SECONDS, Shipper  # noqa: PLC0415 - see above
    from masking_console.team.store import TeamStore  # noqa: PLC0415 - see above

    is_required = rules_of(settings).require is TeamRequire.INTENT
    gather = 0.0 if is_required else GATHER_SECONDS
    return Shipper(settings.journal_path, TeamStore(server), gather)


class IntentGate:
    """Holds each DELETE back until its intent is on the team's server."""

    def __init__(self, shipper: "Shipper") -> None:
        self._shipper = shipper

    @property
    def problem(self) -> str:
        """Reason that the server cannot be used, in a sentence; empty where it can."""
        return self._shipper.state.problem

    async def lets_pass(
        self,
        intent: RecordedIntent,
        control: RunControl,
        emit: Callable[[RunEvent], None],
    ) -> bool:
        """Wait until the server has the intent; return whether it may be sent.

        On a protected account the wait is short, and its end is the end of the run.
        """
        waiting = asyncio.create_task(self._shipper.until_shipped(intent.sequence))
        try:
            while not (waiting.done() or control.is_stopped):
                await control.unless_stopped(_wait(waiting, _SAY_AFTER_SECONDS))
                if not (waiting.done() or control.is_stopped):
                    await self._hold_up(intent, control, emit, waiting)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        return not control.is_stopped

    async def _hold_up(
        self,
        intent: RecordedIntent,
        control: RunControl,
        emit: Callable[[RunEvent], None],
        waiting: "asyncio.Task[None]",
    ) -> None:
        """Say what is waited for, and wait on; or end a run on a protected account."""
        problem = self.problem
        if intent.batch.account.protected and problem:
            control.stop(RunEnd.TEAM_AWAY)
            return
        words = problem or "The team's server is slow."
        emit(RunWaiting(_SAY_EVERY_SECONDS, f"{words} Nothing is being sent."))
        await control.unless_stopped(_wait(waiting, _SAY_EVERY_SECONDS))


async def _wait(task: "asyncio.Task[None]", seconds: float) -> None:
    """Wait for a task, so long at most."""
    await asyncio.wait([task], timeout=seconds)
