"""The commands, and which of them a command line is for."""

import difflib
import gc
import os
import re
import sys
from typing import TYPE_CHECKING, TypedDict, Unpack

import click
from click.exceptions import NoSuchCommand

from masking_console import __version__
from masking_console.cli.config import config, doctor
from masking_console.cli.expire import expire, rehearse
from masking_console.cli.find import find
from masking_console.cli.history import history
from masking_console.cli.options import (
    account_options,
    check_keymap,
    completion,
    load_settings,
    read_only_option,
    text_of,
)
from masking_console.cli.process import protect
from masking_console.cli.team import team
from masking_console.errors import ExitCode, InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from masking_console.operations.wiring import Operations
    from masking_console.settings import Settings


@click.command(
    "practice-server", short_help="Serve the simulated account on a loopback port."
)
@click.option("--port", default=0, show_default=True, help="0 takes any free one.")
@click.option("--strict", is_flag=True, help="Refuse parameters that there are not.")
def practice_server(port: int, *, strict: bool) -> None:
    """Serve the simulated account on a loopback port, for any client.

    Prints its URL, Auth ID and token, one a line, when it listens.
    """
    from masking_console.practice.listing import Conduct
    from masking_console.practice.server import serve
    from masking_console.practice.simulated_account import SimulatedAccount

    account = SimulatedAccount(conduct=Conduct(refuses_unknown=strict))
    serve(port, click.echo, account)


def _complete_topic(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    from masking_console.presentation.guide import TOPICS

    return [each for each in TOPICS if each.startswith(incomplete.casefold())]


@click.command("guide", short_help="Show a page of the guide, or list its pages.")
@click.argument("topic", required=False, shell_complete=_complete_topic)
def guide(topic: str | None) -> None:
    """Show a page of the guide as Markdown; without a topic, list its pages."""
    from masking_console.presentation.guide import guide_page, guide_topics

    click.echo(guide_topics() if topic is None else guide_page(topic), nl=False)


class _Place(TypedDict):
    """The options that say where the console works, by click's names."""

    practice: bool
    api_url: str | None
    read_only: bool


@click.command(hidden=True)
@click.argument("ids", nargs=-1, metavar="[UUID ...]")
@account_options
@click.option("--file", "file", type=click.Path(), help="Take ids from a file.")
@read_only_option
@click.option(
    "--drill",
    metavar="NAME",
    is_flag=False,
    flag_value="",
    help="With --practice: an accident to rehearse; without a name, their list.",
)
def console(
    ids: tuple[str, ...],
    account: str | None,
    file: str | None,
    drill: str | None,
    **place: Unpack[_Place],
) -> None:
    """Open the console."""
    if drill is not None:
        _check_drill(drill, practice=place["practice"])
    if drill == "":
        return
    settings = load_settings(account=account, **place)
    first_text = text_of(ids, file)
    if not sys.stdin.isatty():
        raise InputError("The console needs a terminal on its standard input.")
    if not sys.stderr.isatty():
        # Textual draws there, so that the standard output can be piped.
        raise InputError("The console needs a terminal on its error stream (2>).")
    _run_console(settings, first_text, drill or "")


def _check_drill(name: str, *, practice: bool) -> None:
    """Refuse a drill that cannot begin; without a name, list them.

    Raises:
        InputError: there is no such drill, or the account is a real one.
    """
    from masking_console.models.drill import DRILLS

    if not name:
        width = max(map(len, DRILLS))
        for each, title in DRILLS.items():
            click.echo(f"{each:<{width}}  {title}")
        return
    if name not in DRILLS:
        raise InputError(f"No drill of this name. Drills: {', '.join(DRILLS)}.")
    if not practice:
        raise InputError("A drill is for the practice account alone: add --practice.")


def _run_console(settings: "Settings", first_text: str, drill: str) -> None:
    # What is loaded now stays until the end. Looking through it for garbage, again and
    # again while it grows, takes a tenth of the time to the first paint.
    gc.disable()
    from masking_console.presentation.display import show_as
    from masking_console.ui.app import ConsoleApp
    from masking_console.ui.crash import refuse_spying_environment
    from masking_console.ui.terminal.characters import prepare

    check_keymap(settings.keymap)
    protect(os.environ, practice=settings.practice)
    refuse_spying_environment(os.environ, practice=settings.practice)
    show_as(settings)
    prepare(os.environ, sys.__stderr__)
    app = ConsoleApp(settings, lambda: _operations(settings), first_text, drill=drill)
    with app.departure.on_signals():
        try:
            app.run()
        finally:
            app.departure.app_ended()
            app.close()
    sys.exit(app.return_code or ExitCode.DONE)


def _operations(settings: "Settings") -> "Operations":
    from masking_console.operations.wiring import build_operations

    try:
        return build_operations(settings, os.environ)
    finally:
        gc.freeze()
        gc.enable()


_COMMAND = re.compile(r"[a-z]+(-[a-z]+)*")


class ConsoleGroup(click.Group):
    """Opens the console when the first word is not a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; what does not start with a command is for the console."""
        if ctx.resilient_parsing and not args:
            # A shell completes the first word: all that can stand there.
            return super().parse_args(ctx, args)
        own = {*self.commands, "--help", "-h", "--version"}
        if not args or args[0] not in own:
            self._refuse_mistyped_command(ctx, args)
            args = ["console", *args]
        return super().parse_args(ctx, args)

    def _refuse_mistyped_command(self, ctx: click.Context, args: list[str]) -> None:
        """Refuse a first word that is nearly a command; ids and options are not."""
        # An id has digits; a word of letters alone can only be meant as a command.
        word = args[0].casefold() if args and not ctx.resilient_parsing else ""
        if not _COMMAND.fullmatch(word):
            return
        shown = [name for name, each in self.commands.items() if not each.hidden]
        if near := difflib.get_close_matches(word, shown, n=1):
            raise NoSuchCommand(word, possibilities=near, ctx=ctx)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Complete the first word: a command, or an option of the console."""
        found = super().shell_complete(ctx, incomplete)
        there = {item.value for item in found}
        more = self.commands["console"].shell_complete(ctx, incomplete)
        return [*found, *(item for item in more if item.value not in there)]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both ways to call this program."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] [UUID ...]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix="       ")

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the console's options as the program's own, then the commands."""
        console = self.commands["console"]
        options = [
            record
            for parameter in (*console.get_params(ctx), *self.get_params(ctx))
            if (record := parameter.get_help_record(ctx)) is not None and record[1]
        ]
        with formatter.section("Options"):
            formatter.write_dl(list(dict(options).items()))
        self.format_commands(ctx, formatter)


@click.group(
    cls=ConsoleGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="More: masking-console guide. Keys: press ? in the console, or F1.",
)
@click.version_option(__version__, prog_name="masking-console")
def cli() -> None:
    """Expire Plivo number-masking sessions, safely and by hand.

    Without a command the console opens. Session ids given here, or with --file, start
    in its queue. Credentials come from the OS keyring, never from this command line.
    """


cli.add_command(console)
cli.add_command(expire)
cli.add_command(find)
cli.add_command(completion)
cli.add_command(config)
cli.add_command(doctor)
cli.add_command(guide)
cli.add_command(history)
cli.add_command(rehearse)
cli.add_command(team)
cli.add_command(practice_server)
