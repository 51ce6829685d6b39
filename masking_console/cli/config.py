"""`masking-console config`: where the configuration is, what it says, is it right."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import (
    api_url_option,
    check_keymap,
    load_configuration,
    read_only_option,
)

if TYPE_CHECKING:
    from masking_console.config_layers import Configuration


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
@api_url_option
@read_only_option
def config_show(api_url: str | None, read_only: bool) -> None:
    """Print every value that applies, where it comes from, and what is locked."""
    from masking_console.presentation.configuration import as_toml

    click.echo(as_toml(_checked(api_url, read_only=read_only)), nl=False)


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


def _checked(api_url: str | None = None, *, read_only: bool = False) -> "Configuration":
    found = load_configuration(api_url=api_url, read_only=read_only)
    check_keymap(found.user.keymap)
    return found


def _shown(path: Path) -> str:
    from masking_console.models.plain_text import plain_text

    return plain_text(str(path), limit=4096)
