"""`masking-console config`: where the configuration is, what it says, is it right."""

from typing import TYPE_CHECKING

import click

from masking_console.cli.options import check_keymap

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
def config_show() -> None:
    """Print every value that applies, and whether the file says so."""
    from masking_console.presentation.configuration import as_toml

    click.echo(as_toml(_checked()), nl=False)


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


def _checked() -> "ConfigFile":
    from masking_console import paths
    from masking_console.config_file import read_config

    found = read_config(paths.config_path())
    check_keymap(found.keymap)
    return found
