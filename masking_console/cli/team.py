"""`masking-console team`: the PostgreSQL server on which a team keeps one history."""

import sys
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import load_settings
from masking_console.errors import ExitCode

if TYPE_CHECKING:
    from masking_console.settings import Settings

_service = click.option(
    "--service",
    metavar="NAME",
    help="Another service of pg_service.conf than the configured one.",
)
_apply = click.option(
    "--apply", "is_applied", is_flag=True, help="Run the SQL instead of printing it."
)


@click.group(short_help="Set up and look at a team's one history.")
def team() -> None:
    """Set up and look at a team's one history on PostgreSQL.

    Host, database and login role come from pg_service.conf, a password from pgpass or
    from team.token_command, never from this command line.
    """


@team.command(short_help="Make the roles and the schema.")
@_service
@_apply
def init(service: str | None, is_applied: bool) -> None:
    """Make the roles and the schema, as a lead with the right to create them.

    Without --apply the SQL is only printed.
    """
    from masking_console.operations.manage_team import init_team

    _show(init_team(_settings(service), is_applied=is_applied), is_applied=is_applied)


@team.command(short_help="Bring the schema up to date.")
@_service
@_apply
def upgrade(service: str | None, is_applied: bool) -> None:
    """Bring the schema up to date, as a lead.

    Consoles that are older than the schema keep their entries until they are updated.
    Without --apply the SQL is only printed.
    """
    from masking_console.operations.manage_team import upgrade_team

    words = upgrade_team(_settings(service), is_applied=is_applied)
    _show(words, is_applied=is_applied)


@team.command(short_help="Say whether the server is set up as it should be.")
@_service
def check(service: str | None) -> None:
    """Say whether the server is set up as it should be, for this login role.

    Ends with 0 when all is well, and with 1 when something needs a look.
    """
    from masking_console.operations.manage_team import check_team

    words, is_well = check_team(_settings(service))
    click.echo(words, nl=False)
    if not is_well:
        sys.exit(ExitCode.BAD_INPUT)


@team.command(short_help="Say who has shipped what.")
@_service
def status(service: str | None) -> None:
    """Say how far each journal was shipped, and how much of this one waits."""
    from masking_console.operations.manage_team import team_status

    click.echo(team_status(_settings(service)), nl=False)


def _show(words: str, *, is_applied: bool) -> None:
    click.echo(words, nl=False)
    if not is_applied:
        click.echo("-- --apply runs it, as one transaction.")


def _settings(service: str | None) -> "Settings":
    from masking_console.operations.manage_team import with_service

    return with_service(load_settings(), service)
