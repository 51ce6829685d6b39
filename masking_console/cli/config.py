"""`masking-console config`: where the configuration is, what it says, is it right."""

from typing import TYPE_CHECKING

import click

from masking_console.cli.completion import complete_config_key
from masking_console.cli.options import check_keymap
from masking_console.errors import InputError

if TYPE_CHECKING:
    from masking_console.config_file import ConfigFile


@click.group()
def config() -> None:
    """Show or check the configuration."""


@config.command("path")
def config_path() -> None:
    """Print where the file is looked for."""
    from masking_console import paths
    from masking_console.models.plain_text import plain_text

    click.echo(plain_text(str(paths.config_path()), limit=4096))


@config.command("show")
@click.argument("key", default="", shell_complete=complete_config_key)
def config_show(key: str) -> None:
    """Print every value that applies, or one, and whether the file says so.

    KEY is one of the configuration, such as confirm.name_from, or a table.
    """
    from masking_console.presentation.configuration import as_toml

    text = as_toml(_checked())
    click.echo(_only(key, text) if key else text, nl=False)


@config.command("check")
def config_check() -> None:
    """Say whether the file can be used; ends with 1 if not."""
    from masking_console import paths

    _checked()
    there = paths.config_path().exists()
    click.echo(
        "The configuration is fine."
        if there
        else "There is no configuration file; the defaults apply."
    )


def _only(key: str, text: str) -> str:
    """Return the lines of one key, dotted.

    Raises:
        InputError: it is no key of the configuration.
    """
    import difflib

    from masking_console.config_file import allowed

    if key not in allowed():
        near = difflib.get_close_matches(key, allowed(), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise InputError(f'There is no key "{key}" in the configuration.{hint}')
    table, found = "", ""
    for line in text.splitlines():
        if line.startswith("["):
            table = f"{line.strip('[]')}."
        elif line and f"{table}{line}".startswith((f"{key} ", f"{key}.")):
            found += f"{table}{line}\n"
    return found


def _checked() -> "ConfigFile":
    from masking_console import paths
    from masking_console.config_file import read_config

    found = read_config(paths.config_path())
    check_keymap(found.keymap)
    return found
