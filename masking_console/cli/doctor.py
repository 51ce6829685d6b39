"""`masking-console doctor`: one page on everything the console depends on."""

import os
import sys
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import (
    api_url_option,
    load_configuration,
    load_settings,
)
from masking_console.cli.secret_process import prevent_core_dumps
from masking_console.exit_codes import ExitCode

if TYPE_CHECKING:
    from masking_console.config_layers import Configuration
    from masking_console.presentation.examination import Part
    from masking_console.settings import Settings


@click.command(short_help="Say in one page what works and what does not.")
@api_url_option
@click.option("--offline", is_flag=True, help="Leave the network out.")
def doctor(api_url: str | None, offline: bool) -> None:
    """Say in one page what works and what does not, to paste to a colleague.

    Nothing is changed, and Plivo is asked without credentials. Ends with 0 when all is
    well, and with 1 when a part needs a look.
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from masking_console.operations.examine import caught, is_well, parts
    from masking_console.presentation.examination import page

    prevent_core_dumps()

    def load() -> "tuple[Settings, Configuration]":
        return load_settings(api_url=api_url), load_configuration(api_url=api_url)

    found = list(parts(load, _without_configuration, os.environ, is_offline=offline))
    found.append(caught("terminal", terminal))
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - raises nothing
    click.echo(page(found, datetime.now(UTC), home))
    if not is_well(found):
        sys.exit(ExitCode.BAD_INPUT)


def terminal() -> "Part":
    """Return what this terminal can show, and where a copied text goes."""
    from rich.console import Console

    from masking_console.presentation.examination import Part, fit_lines
    from masking_console.ui.clipboard import route_words
    from masking_console.ui.terminal.characters import can_draw, shows

    term = os.environ.get("TERM", "")
    screen = Console(stderr=True)
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    lines = [
        ("TERM", term or "not set"),
        ("size", f"{screen.width} x {screen.height}" if is_terminal else "no terminal"),
        ("colors", screen.color_system or "none"),
        ("characters", shows(os.environ, sys.stderr) if is_terminal else "no terminal"),
        ("clipboard", route_words(os.environ, sys.platform)),
    ]
    problem = "" if can_draw(os.environ) else "It cannot show the console; use expire."
    return Part("terminal", fit_lines(lines), problem)


def _without_configuration() -> "Settings":
    from masking_console import paths
    from masking_console.settings import Settings

    return Settings(journal_path=paths.journal_path(practice=False))
