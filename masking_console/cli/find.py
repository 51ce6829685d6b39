"""`masking-console find`: which sessions a number or an id has, without a screen."""

import os
import sys
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import account_options, load_settings, say_where
from masking_console.cli.process import protect
from masking_console.errors import InputError

if TYPE_CHECKING:
    from masking_console.models.listing import Wanted
    from masking_console.settings import Settings

_QUESTION = "Number or id (it is not shown): "


@click.command(short_help="Find sessions by number or id, without a screen.")
@click.argument("words", nargs=-1, metavar="[- | NUMBER | ID]")
@click.option("--open", "is_open", is_flag=True, help="Find every open session.")
@account_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
def find(
    words: tuple[str, ...],
    is_open: bool,
    account: str | None,
    practice: bool,
    api_url: str | None,
    form: str,
) -> None:
    """Find sessions by number or id, open and expired, of the last 90 days.

    Give - to be asked for the number without an echo, or to read it from the standard
    input: a number on the command line stays in the history of your shell.
    """
    settings = load_settings(account=account, practice=practice, api_url=api_url)
    say_where(settings)
    protect(os.environ, practice=practice)
    sys.exit(_run(settings, _wanted(words, settings.country, is_open=is_open), form))


def _wanted(words: tuple[str, ...], country: str, *, is_open: bool) -> "Wanted":
    """Return what is looked for.

    Raises:
        InputError: nothing was given, or both a number and ``--open``.
    """
    from masking_console.models.listing import Wanted

    # A number with spaces that nobody put into quotes comes in pieces.
    text = " ".join(words).strip()
    if is_open == bool(text):
        raise InputError("Give - or a number or an id, or --open for all that is open.")
    if is_open:
        return Wanted()
    if text == "-":
        text = _asked() if sys.stdin.isatty() else _piped()
    return Wanted.of(text, country)


def _asked() -> str:
    """Return what a person types on the terminal, which does not show it.

    Raises:
        InputError: nothing was typed, or the terminal cannot hide it.
    """
    import getpass
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            text = getpass.getpass(_QUESTION)
        except getpass.GetPassWarning:
            raise InputError(
                "This terminal cannot hide what is typed. Pipe the number in instead."
            ) from None
        except (EOFError, KeyboardInterrupt):
            raise click.Abort from None
    if not text.strip():
        raise InputError("Nothing was typed. Type a phone number or a session id.")
    return text


def _piped() -> str:
    """Return the one number or id of the standard input.

    Raises:
        InputError: there is none, or more than one line.
    """
    from masking_console.operations.read_ids import read_text_stream

    text = read_text_stream(sys.stdin.buffer, "Standard input")
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        raise InputError("Standard input has more than one line. Find one at a time.")
    return lines[0]


def _run(settings: "Settings", wanted: "Wanted", form: str) -> int:
    from masking_console.linear.find import FindJob, FindJson, FindText
    from masking_console.linear.output import Output
    from masking_console.operations.wiring import build_operations
    from masking_console.presentation.display import show_as

    show_as(settings)
    output = Output(gone_words="Standard output is closed.")
    lines = FindJson(output) if form == "jsonl" else FindText(output)
    operations = build_operations(settings, os.environ)
    try:
        return FindJob(operations, wanted, lines, output).run()
    finally:
        operations.close()
