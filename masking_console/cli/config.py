"""`masking-console config`: where the configuration is, what it says, is it right."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from masking_console.cli.options import (
    api_url_option,
    check_keymap,
    complete_config_key,
    load_configuration,
    read_only_option,
)
from masking_console.errors import InputError

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
