"""The command line: parse, wire, run one face; errors become one line and a code.

Textual, httpx and keyring are imported after parsing, so that ``--help`` and
``--version`` answer at once.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from masking_console import __version__, paths
from masking_console.errors import (
    InputError,
    InvalidSessionUuidError,
    MaskingConsoleError,
)
from masking_console.exit_codes import ExitCode
from masking_console.models.session_uuid import SessionUuid
from masking_console.settings import (
    PLIVO_API_URL,
    PRACTICE_API_URL,
    ApiUrl,
    Settings,
    checked_api_url,
)


class ConsoleGroup(click.Group):
    """Opens the console when the first word is not a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; what does not start with a command is for the console."""
        own = {*self.commands, "--help", "-h", "--version"}
        if not args or args[0] not in own:
            args = ["console", *args]
        return super().parse_args(ctx, args)

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
            if (record := parameter.get_help_record(ctx)) is not None
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


@cli.command(hidden=True)
@click.argument("ids", nargs=-1, metavar="[UUID ...]")
@click.option("--account", metavar="NAME", help="Use this account from the start.")
@click.option("--file", "file", type=click.Path(), help="Take ids from a file.")
@click.option("--read-only", is_flag=True, help="Look, never expire.")
@click.option(
    "--practice",
    is_flag=True,
    help="Use a simulated account; nothing leaves this computer.",
)
@click.option(
    "--api-url",
    metavar="URL",
    envvar="MASKING_CONSOLE_API_URL",
    help="Use another base URL: https, or http to a loopback address.",
)
def console(
    ids: tuple[str, ...],
    account: str | None,
    file: str | None,
    read_only: bool,
    practice: bool,
    api_url: str | None,
) -> None:
    """Open the console."""
    settings = Settings(
        journal_path=paths.journal_path(practice=practice),
        api_url=_api_url(api_url, practice=practice),
        practice=practice,
        read_only=read_only,
        account_name=account,
    )
    first_text = _first_text(ids, file)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError("The console needs a terminal on its input and output.")
    _run_console(settings, first_text)


def _api_url(text: str | None, *, practice: bool) -> ApiUrl:
    if practice:
        return ApiUrl(PRACTICE_API_URL)
    return checked_api_url(text or PLIVO_API_URL)


def _first_text(ids: tuple[str, ...], file: str | None) -> str:
    """Return the ids of the command line and the file as one text to read.

    Raises:
        InputError: an argument is no session id, or the file cannot be used.
    """
    from masking_console.operations.read_ids import read_text_file

    lines = [_session_uuid(text) for text in ids]
    text = read_text_file(Path(file)) if file is not None else ""
    return "\n".join([*lines, text]).strip("\n")


def _session_uuid(text: str) -> SessionUuid:
    try:
        return SessionUuid(text.strip())
    except InvalidSessionUuidError as error:
        raise InvalidSessionUuidError(f'"{text}": {error}') from None


def _run_console(settings: Settings, first_text: str) -> None:
    from masking_console.operations.wiring import build_operations
    from masking_console.ui.app import ConsoleApp
    from masking_console.ui.crash import refuse_spying_environment

    refuse_spying_environment(os.environ, practice=settings.practice)
    operations = build_operations(settings, os.environ)
    app = ConsoleApp(operations, first_text)
    with app.departure.on_signals():
        try:
            app.run()
        finally:
            app.departure.app_ended()
            operations.close()
    sys.exit(app.return_code or ExitCode.DONE)


@cli.group(invoke_without_command=True)
@click.option("--batch", default="", help="The beginning of a batch id.")
@click.option("--session", default="", help="The beginning of a session id.")
@click.option("--ticket", default="", help="A part of the ticket.")
@click.option("--account", default="", metavar="NAME", help="On this account.")
@click.option("--operator", default="", help="Done by this person.")
@click.option("--outcome", default="", help="With such an outcome, e.g. unknown.")
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
@click.pass_context
def history(ctx: click.Context, /, form: str, practice: bool, **fields: str) -> None:
    """Print what was done: one batch a line, newest first; no phone numbers."""
    ctx.obj = paths.journal_path(practice=practice)
    if ctx.invoked_subcommand is None:
        from masking_console.operations.print_history import print_history

        click.echo(print_history(ctx.obj, form, **fields), nl=False)


@history.command()
@click.pass_obj
def verify(journal_path: Path) -> None:
    """Say whether the journal is whole and unaltered, and if not, where."""
    from masking_console.operations.print_history import print_verification

    words, is_whole = print_verification(journal_path)
    click.echo(words)
    if not is_whole:
        sys.exit(ExitCode.BAD_INPUT)


@cli.command("practice-server")
@click.option("--port", default=0, show_default=True, help="0 takes any free one.")
def practice_server(port: int) -> None:
    """Serve the simulated account on a loopback port, for any client.

    Prints its URL, Auth ID and token, one a line, when it listens.
    """
    from masking_console.practice.server import serve

    serve(port, click.echo)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    try:
        cli.main(args=arguments, prog_name="masking-console", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(ExitCode.STOPPED)
    except click.ClickException as error:
        _fail(error.format_message(), ExitCode.BAD_INPUT)
    except MaskingConsoleError as error:
        _fail(str(error), error.exit_code)
    sys.exit(ExitCode.DONE)


def _fail(sentence: str, code: ExitCode) -> NoReturn:
    from masking_console.models.plain_text import plain_text

    click.echo(f"masking-console: {plain_text(sentence)}", err=True)
    sys.exit(code)
