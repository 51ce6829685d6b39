"""Troubles of a team's server: stopped, crashed, hung, cut off and full."""

import signal
import time
from collections.abc import Callable

from tests.support.postgres import LEAD, Team


def stop(team: Team, seconds: float) -> None:
    team.cluster.stop()
    time.sleep(seconds)
    team.cluster.start()


def crash(team: Team, seconds: float) -> None:
    team.cluster.stop(signal.SIGQUIT)
    time.sleep(seconds)
    team.cluster.start()


def hang(team: Team, seconds: float) -> None:
    team.cluster.freeze()
    time.sleep(seconds)
    team.cluster.thaw()


def cut(team: Team, _seconds: float) -> None:
    team.sql(
        LEAD,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE usename IN ('asha', 'ben')",
    )


def fill(team: Team, seconds: float) -> None:
    team.sql(LEAD, "ALTER TABLE team.entry RENAME TO gone")
    time.sleep(seconds)
    team.sql(LEAD, "ALTER TABLE team.gone RENAME TO entry")


TROUBLES: tuple[Callable[[Team, float], None], ...] = (stop, crash, hang, cut, fill)
