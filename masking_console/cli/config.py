"""`masking-console config` and `doctor`: the values that apply, and their state."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import (
    api_url_option,
    check_keymap,
    complete_config_key,
    load_configuration,
    load_settings,
    read_only_option,
)
from masking_console.cli.process import prevent_core_dumps
from masking_console.errors import ExitCode, InputError

if TYPE_CHECKING:
    from masking_console.config_layers import Configuration
    from masking_console.presentation.examination import Part
    from masking_console.settings import Settings


@click.group()
def config() -> None:
    """Show or check the configuration."""


@config.command("path")
@click.option(
    "--system", "is_system", is_flag=True, help="The file of administrators instead."
)
def config_path(is_system: bool) -> None:
    """Print where the file is looked for."""
    from masking_console import paths

    path = paths.system_config_path() if is_system else paths.config_path()
    click.echo(_shown(path))


@config.command("show")
@click.argument("key", default="", shell_complete=complete_config_key)
@api_url_option
@read_only_option
def config_show(key: str, api_url: str | None, read_only: bool) -> None:
    """Print every value that applies, or one, where it comes from, and what is locked.

    KEY is one of the configuration, such as confirm.name_from, or a table.
    """
    from masking_console.presentation.examination import as_toml

    text = as_toml(_checked(api_url, read_only=read_only))
    click.echo(_only(key, text) if key else text, nl=False)


@config.command("check")
def config_check() -> None:
    """Say whether the files can be used; ends with 1 if not."""
    found = _checked()
    if found.system.exists:
        click.echo(f"The rules in {_shown(found.system.path)} are fine.")
    click.echo(
        "The configuration is fine."
        if found.user.exists
        else "There is no configuration file; the defaults apply."
    )


def _only(key: str, text: str) -> str:
    """Return the lines of one key, dotted.

    Raises:
        InputError: it is no key of the configuration.
    """
    import difflib

    from masking_console.config_keys import allowed

    if key not in allowed():
        near = difflib.get_close_matches(key, allowed(), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise InputError(f'There is no key "{key}" in the configuration.{hint}')
    if key == "accounts":
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if line.startswith("# account "))
    table, found = "", ""
    for line in text.splitlines():
        if line.startswith("["):
            table = f"{line.strip('[]')}."
        elif line and f"{table}{line}".startswith((f"{key} ", f"{key}.")):
            found += f"{table}{line}\n"
    return found


def _checked(api_url: str | None = None, *, read_only: bool = False) -> "Configuration":
    found = load_configuration(api_url=api_url, read_only=read_only)
    check_keymap(found.user.keymap)
    return found


def _shown(path: Path) -> str:
    from masking_console.models.plain_text import plain_text

    return plain_text(str(path), limit=4096)


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
