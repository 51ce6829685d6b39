"""What means the same in every command: which account, where, and which ids."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from masking_console.errors import InvalidSessionUuidError
from masking_console.models.session_uuid import SessionUuid
from masking_console.settings import (
    PLIVO_API_URL,
    PRACTICE_API_URL,
    ApiUrl,
    checked_api_url,
)

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


def chosen_api_url(text: str | None, *, practice: bool) -> ApiUrl:
    """Return where the API lives.

    Raises:
        InputError: the URL is neither https nor http to a loopback address.
    """
    if practice:
        return ApiUrl(PRACTICE_API_URL)
    return checked_api_url(text or PLIVO_API_URL)


def text_of(ids: tuple[str, ...], file: str | None) -> str:
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
