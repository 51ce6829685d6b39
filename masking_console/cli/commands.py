"""The commands, and which of them a command line is for."""

import difflib
import re
from typing import TYPE_CHECKING

import click
from click.exceptions import NoSuchCommand

from masking_console import __version__
from masking_console.cli.completion import completion
from masking_console.cli.config import config
from masking_console.cli.console import console
from masking_console.cli.doctor import doctor
from masking_console.cli.expire import expire
from masking_console.cli.find import find
from masking_console.cli.history import history
from masking_console.cli.practice_server import practice_server
from masking_console.cli.team import team

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


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
    epilog="Exit codes and keys: see the README, or press ? in the console.",
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
cli.add_command(history)
cli.add_command(team)
cli.add_command(practice_server)
