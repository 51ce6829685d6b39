"""The commands of a team's lead: make the schema, bring it up to date, look at it."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from masking_console.errors import InputError, Remedy
from masking_console.operations.team import open_server
from masking_console.presentation.display import day_and_minute
from masking_console.settings import Settings, TeamRules

if TYPE_CHECKING:
    from masking_console.team.connection import TeamServer

_GRANTS = """\
-- Then, for each operator, after a review of who that is:
--   CREATE ROLE asha LOGIN PASSWORD '...' IN ROLE masking_console_operator;
-- and for whoever only reads and verifies:
--   CREATE ROLE auditor LOGIN PASSWORD '...' IN ROLE masking_console_reader;
-- Nobody needs masking_console_owner after this:
--   REVOKE masking_console_owner FROM CURRENT_USER;
"""
_DRY = "-- Nothing was run.\n"


def with_service(settings: Settings, service: str | None) -> Settings:
    """Return the settings with the service of a command, in place of the configured."""
    if service is None:
        return settings
    if not service or not all(each.isalnum() or each in "_.-" for each in service):
        raise InputError("The name of a service is letters, digits and . _ - alone.")
    rules = settings.team or TeamRules(service)
    return replace(settings, team=replace(rules, service=service))


def init_team(settings: Settings, *, is_applied: bool) -> str:
    """Make the roles and the schema, or return the SQL that does.

    Raises:
        InputError: there is a schema, or no team is configured.
        TeamError: the server cannot be used, or refused it.
    """
    with closing(open_server(settings)) as server:
        from masking_console.team.schema import (  # noqa: PLC0415 - needs psycopg
            read_version,
            script_of,
            steps,
        )

        script = script_of(steps())
        if not is_applied:
            return f"{script}\n{_GRANTS}{_DRY}"
        if read_version(server) is not None:
            raise InputError("There is a schema already. See: team check")
        server.run(script)
    return f"The schema is there.\n{_GRANTS}"


def upgrade_team(settings: Settings, *, is_applied: bool) -> str:
    """Bring the schema up to date, or return the SQL that does.

    Raises:
        InputError: there is no schema, or no team is configured.
        TeamError: the schema is newer, or the server cannot be used.
    """
    with closing(open_server(settings)) as server:
        from masking_console.team.schema import (  # noqa: PLC0415 - needs psycopg
            read_version,
            script_of,
            waiting_steps,
        )

        if read_version(server) is None:
            raise InputError("There is no schema yet.", Remedy.SET_UP_TEAM)
        waiting = waiting_steps(server)
        if not waiting:
            return "The schema is up to date.\n"
        script = script_of(waiting)
        if not is_applied:
            return f"{script}\n{_DRY}"
        server.run(script)
    names = ", ".join(step.name for step in waiting)
    return f"Run: {names}.\n"


def check_team(settings: Settings) -> tuple[str, bool]:
    """Return what a look at the server finds, and whether all is well.

    Raises:
        InputError: no team is configured.
        TeamError: the server cannot be used.
    """
    with closing(open_server(settings)) as server:
        from masking_console.team.examination import examine  # noqa: PLC0415 - needs psycopg

        found = examine(server, datetime.now(UTC))
    lines = (f"{'ok ' if each.is_well else 'NOT'} {each.words}\n" for each in found)
    return "".join(lines), all(each.is_well for each in found)


def team_status(settings: Settings) -> str:
    """Return how far each journal was shipped, and how much of this one waits.

    Raises:
        InputError: no team is configured.
        TeamError: the server cannot be used.
    """
    with closing(open_server(settings)) as server:
        return _status(server, settings)


def _status(server: "TeamServer", settings: Settings) -> str:
    from masking_console.journal.entry_reader import (  # noqa: PLC0415 - as all below
        read_journal_id,
        read_last,
    )
    from masking_console.journal.failures import in_our_words  # noqa: PLC0415
    from masking_console.team.examination import read_chains  # noqa: PLC0415
    from masking_console.team.schema import check_version  # noqa: PLC0415

    check_version(server)
    chains = read_chains(server)
    lines = [f"{'journal':<10} {'operator':<16} {'entries':>9}  last shipped"]
    for each in chains:
        at = day_and_minute(each.shipped_at) if each.shipped_at is not None else "-"
        lines.append(
            f"{each.chain[:8]:<10} {each.shipped_by:<16} {each.entries:>9}  {at}"
        )
    path = settings.journal_path
    if path.exists():
        own = in_our_words(lambda: read_journal_id(path), "read")
        last = in_our_words(lambda: read_last(path).sequence, "read")
        there = {each.chain.replace("-", ""): each.entries for each in chains}
        waiting = max(0, last - there.get(own, 0))
        verb = "entry waits" if waiting == 1 else "entries wait"
        lines.append(f"This computer's journal is {own[:8]}; {waiting} {verb}.")
    return "".join(f"{line}\n" for line in lines)
