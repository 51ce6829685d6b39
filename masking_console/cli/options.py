"""What means the same in every command: which account, where, and which ids."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from masking_console.errors import InputError, InvalidSessionUuidError

if TYPE_CHECKING:
    from masking_console.models.session_uuid import SessionUuid
    from masking_console.settings import ApiUrl, Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--account", metavar="NAME", help="Use this account from the start."),
    click.option(
        "--practice",
        is_flag=True,
        help="Use a simulated account; nothing leaves this computer.",
    ),
    click.option(
        "--api-url",
        metavar="URL",
        envvar="MASKING_CONSOLE_API_URL",
        help="Use another base URL: https, or http to a loopback address.",
    ),
)


def account_options(command: Command) -> Command:
    """Add ``--account``, ``--practice`` and ``--api-url`` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen_api_url(text: str | None, *, practice: bool) -> "ApiUrl":
    """Return where the API lives.

    Raises:
        InputError: the URL is neither https nor http to a loopback address.
    """
    from masking_console.settings import (
        PLIVO_API_URL,
        PRACTICE_API_URL,
        ApiUrl,
        checked_api_url,
    )

    if practice:
        return ApiUrl(PRACTICE_API_URL)
    return checked_api_url(text or PLIVO_API_URL)


def load_settings(
    *,
    account: str | None = None,
    practice: bool = False,
    api_url: str | None = None,
    read_only: bool = False,
) -> "Settings":
    """Return what applies: the command line, then ``config.toml``, then the defaults.

    Raises:
        InputError: the URL or something in the configuration cannot be used.
    """
    from masking_console import paths
    from masking_console.settings import Settings

    base = Settings(
        journal_path=paths.journal_path(practice=practice),
        api_url=chosen_api_url(api_url, practice=practice),
        practice=practice,
        read_only=read_only,
        account_name=account,
    )
    path = paths.config_path()
    if paths.is_absent(path):
        # Most have none, and the decoder is a tenth of the way to the first paint.
        return base
    from masking_console.config_file import read_config

    return read_config(path).on(base)


def check_keymap(keymap: Mapping[str, tuple[str, ...]]) -> None:
    """Make sure that the console can use the operator's own keys.

    Raises:
        ConfigFileError: it cannot.
    """
    if not keymap:
        return
    from masking_console import paths
    from masking_console.config_file import problem
    from masking_console.ui.keys.keymap import keymap_of

    try:
        keymap_of(keymap)
    except InputError as error:
        raise problem(paths.config_path(), str(error)) from None


def text_of(ids: tuple[str, ...], file: str | None) -> str:
    """Return the ids of the command line and the file as one text to read.

    Raises:
        InputError: an argument is no session id, or the file cannot be used.
    """
    from masking_console.operations.read_ids import read_text_file

    lines = [_session_uuid(text) for text in ids]
    text = read_text_file(Path(file)) if file is not None else ""
    return "\n".join([*lines, text]).strip("\n")


def _session_uuid(text: str) -> "SessionUuid":
    from masking_console.models.session_uuid import SessionUuid

    try:
        return SessionUuid(text.strip())
    except InvalidSessionUuidError as error:
        raise InvalidSessionUuidError(f'"{text}": {error}') from None
