"""`masking-console history`: what was done, and whether the record is whole."""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from masking_console.cli.options import (
    complete_account,
    complete_batch,
    complete_outcome,
    load_settings,
)
from masking_console.errors import ExitCode

if TYPE_CHECKING:
    from masking_console.settings import Settings


_TOLD_EVERY = 500_000
"""Entries of a team that are verified between two progress lines."""


def _known_outcome(_ctx: click.Context, option: click.Parameter, value: str) -> str:
    """Return the outcome; one that is given must be the beginning of one."""
    source = _ctx.get_parameter_source(option.name or "")
    if source is not click.core.ParameterSource.DEFAULT:
        from masking_console.models.history_query import outcomes_that_begin_with

        outcomes_that_begin_with(value)
    return value


class _Fields(TypedDict):
    """The options that say what to look for."""

    batch: str
    session: str
    ticket: str
    account: str
    operator: str
    outcome: str
    since: str


@click.group(
    invoke_without_command=True, short_help="Print what was done, newest first."
)
@click.option(
    "--batch",
    default="",
    shell_complete=complete_batch,
    help="The beginning of a batch id.",
)
@click.option("--session", default="", help="A session: the beginning of its id.")
@click.option("--ticket", default="", help="A part of the ticket.")
@click.option(
    "--account",
    default="",
    metavar="NAME",
    shell_complete=complete_account,
    help="On this account.",
)
@click.option("--operator", default="", help="Done by this person.")
@click.option(
    "--outcome",
    default="",
    callback=_known_outcome,
    shell_complete=complete_outcome,
    help="With such an outcome, e.g. unknown.",
)
@click.option("--since", default="", metavar="DATE", help="From 2026-03-04 on.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "report", "csv", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@click.option("--practice", is_flag=True, help="The journal of practice mode.")
@click.option(
    "--team/--local",
    "is_team",
    default=None,
    help="Of all consoles, or of this computer; else as history.scope says.",
)
@click.pass_context
def history(
    ctx: click.Context,
    /,
    form: str,
    practice: bool,
    is_team: bool | None,
    **fields: Unpack[_Fields],
) -> None:
    """Print what was done: one batch a line, newest first; no phone numbers."""
    from masking_console import paths

    ctx.obj = paths.journal_path(practice=practice)
    if ctx.invoked_subcommand is None:
        from masking_console.operations.read_history import (
            HistorySource,
            LocalHistory,
            print_history,
            slow_words,
        )
        from masking_console.operations.team import is_of_team, open_history
        from masking_console.presentation.display import show_as

        settings = load_settings(practice=practice)
        show_as(settings)
        source: HistorySource = LocalHistory(ctx.obj)
        if is_of_team(settings, is_team):
            source = ctx.with_resource(closing(open_history(settings)))
        elif slow := slow_words(ctx.obj):
            click.echo(slow, err=True)
        words = print_history(source, form, settings.history_days, **fields)
        click.echo(words, nl=False)


@history.command()
@click.option("--practice", is_flag=True, help="The journal of practice mode.")
@click.option(
    "--against",
    multiple=True,
    metavar="REPORT",
    type=click.Path(),
    help="Hold it to a report or an export that was kept elsewhere.",
)
@click.option(
    "--rebuild-search",
    is_flag=True,
    help="Prepare the journal for searching anew, and then verify it.",
)
@click.option(
    "--team",
    "is_team",
    is_flag=True,
    help="Verify the history of all consoles, and compare it with this one's.",
)
@click.argument("reports", nargs=-1, metavar="[REPORT ...]", type=click.Path())
@click.pass_obj
def verify(
    journal_path: Path,
    practice: bool,
    is_team: bool,
    against: tuple[str, ...],
    reports: tuple[str, ...],
    rebuild_search: bool,
) -> None:
    """Say whether the journal is whole and unaltered, and if not, where.

    Additions and a journal that was written anew from its beginning are seen only with
    reports that were kept elsewhere: --against REPORT, as many as there are.
    """
    from masking_console import paths
    from masking_console.errors import InputError
    from masking_console.operations.verify_history import print_verification

    if practice:
        journal_path = paths.journal_path(practice=True)
    if reports and not against:
        raise InputError("Write --against before the reports.")
    if rebuild_search:
        _rebuild_search(journal_path)
    files = [Path(each) for each in (*against, *reports)]
    if is_team:
        _verify_team(journal_path)
        return
    words, is_whole = print_verification(_settings_of(journal_path), files)
    click.echo(words)
    if not is_whole:
        sys.exit(ExitCode.BAD_INPUT)


def _verify_team(journal_path: Path) -> None:
    from masking_console.operations.team import print_team_verification

    def tell(count: int) -> None:
        if count % _TOLD_EVERY == 0:
            click.echo(f"{count} entries verified ...", err=True)

    words, is_whole = print_team_verification(_settings_of(journal_path), tell)
    click.echo(words)
    if not is_whole:
        sys.exit(ExitCode.BAD_INPUT)


def _rebuild_search(journal_path: Path) -> None:
    from masking_console.operations.verify_history import rebuild_search
    from masking_console.presentation.history import preparing_words

    rebuild_search(
        journal_path, lambda progress: click.echo(preparing_words(progress), err=True)
    )


@history.command()
@click.argument("finding")
@click.option("--reason", default="", help="Why it can stay so, in your words.")
@click.option("--practice", is_flag=True, help="The journal of practice mode.")
@click.pass_obj
def acknowledge(journal_path: Path, finding: str, reason: str, practice: bool) -> None:
    """Write down that a finding of verify is known, and why.

    FINDING is its name in the list. It stays in the list, with your reason.
    """
    from masking_console import paths
    from masking_console.operations import verify_history

    if practice:
        journal_path = paths.journal_path(practice=True)
    settings = _settings_of(journal_path)
    click.echo(verify_history.acknowledge(settings, finding, reason))


@history.command()
@click.argument("batch")
@click.argument("ticket")
@click.option("--reason", default="", help="Why, in your words.")
@click.option("--practice", is_flag=True, help="The journal of practice mode.")
@click.pass_obj
def add_ticket(
    journal_path: Path, batch: str, ticket: str, reason: str, practice: bool
) -> None:
    """Add a ticket to a batch that is over; nothing else of it changes."""
    from masking_console import paths
    from masking_console.models.cause import Cause
    from masking_console.operations import verify_history

    if practice:
        journal_path = paths.journal_path(practice=True)
    # The option may stand before the command as well.
    is_practice = journal_path == paths.journal_path(practice=True)
    settings = load_settings(practice=is_practice)
    cause = Cause.of(ticket, reason)
    click.echo(verify_history.add_ticket(settings, batch, cause))


def _settings_of(journal_path: Path) -> "Settings":
    """Return what applies to a journal; a wrong configuration stops no proof."""
    from masking_console import paths
    from masking_console.cli.process import say
    from masking_console.errors import ConfigFileError
    from masking_console.settings import Settings

    practice = journal_path == paths.journal_path(practice=True)
    try:
        return load_settings(practice=practice)
    except ConfigFileError as error:
        say(str(error))
        return Settings(journal_path, practice=practice)
