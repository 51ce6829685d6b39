"""All that the main screen does."""

from typing import TYPE_CHECKING

from masking_console.ui.check_job import CheckJob
from masking_console.ui.detail_job import DetailJob
from masking_console.ui.expiry_job import ExpiryJob
from masking_console.ui.find_job import REFRESH_SECONDS, FindJob
from masking_console.ui.follow_up import FollowUp
from masking_console.ui.numbers_job import NumbersJob
from masking_console.ui.writes import WriteSwitch

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


class Jobs:
    """Gives a main screen its jobs, in the order in which they need each other."""

    def __init__(self, screen: "MainScreen") -> None:
        screen.checks = CheckJob(screen)
        screen.job = ExpiryJob(screen)
        screen.finding = FindJob(screen)
        screen.details = DetailJob(screen)
        screen.follow_up = FollowUp(screen)
        screen.numbers = NumbersJob(screen, screen.clock)
        screen.writes = WriteSwitch(screen)
        self._screen = screen

    def begin(self) -> None:
        """Do what has to be done again and again; the screen is there."""
        screen = self._screen
        screen.set_interval(1, screen.header.tick)
        screen.set_interval(REFRESH_SECONDS, screen.finding.refresh)
