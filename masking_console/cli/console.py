"""`masking-console`: opens the console."""

import gc
import os
import sys
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import (
    account_options,
    check_keymap,
    load_settings,
    read_only_option,
    text_of,
)
from masking_console.cli.secret_process import protect
from masking_console.errors import InputError
from masking_console.exit_codes import ExitCode

if TYPE_CHECKING:
    from masking_console.operations.wiring import Operations
    from masking_console.settings import Settings


@click.command(hidden=True)
@click.argument("ids", nargs=-1, metavar="[UUID ...]")
@account_options
@click.option("--file", "file", type=click.Path(), help="Take ids from a file.")
@read_only_option
def console(
    ids: tuple[str, ...],
    account: str | None,
    file: str | None,
    read_only: bool,
    practice: bool,
    api_url: str | None,
) -> None:
    """Open the console."""
    settings = load_settings(
        account=account, practice=practice, api_url=api_url, read_only=read_only
    )
    first_text = text_of(ids, file)
    if not sys.stdin.isatty():
        raise InputError("The console needs a terminal on its standard input.")
    if not sys.stderr.isatty():
        # Textual draws there, so that the standard output can be piped.
        raise InputError("The console needs a terminal on its error stream (2>).")
    _run_console(settings, first_text)


def _run_console(settings: "Settings", first_text: str) -> None:
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
    app = ConsoleApp(settings, lambda: _operations(settings), first_text)
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
