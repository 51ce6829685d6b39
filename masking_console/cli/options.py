"""Options that mean the same in every command: account, place and ids."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from masking_console.errors import (
    InputError,
    InvalidSessionUuidError,
    MaskingConsoleError,
)

if TYPE_CHECKING:
    from masking_console.config_layers import Configuration
    from masking_console.models.session_uuid import SessionUuid
    from masking_console.settings import ApiUrl, Settings


_BEFORE_ZSH = "    compdef "
_COMPINIT = """\
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
"""
Complete = Callable[[click.Context, click.Parameter, str], list[str]]


@click.command(short_help="Print a script for your shell that completes words.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands, options and values in your shell.

    For bash, put this into ~/.bashrc: eval "$(masking-console completion bash)"
    """
    from click.shell_completion import get_completion_class

    root = ctx.find_root()
    complete = get_completion_class(shell)
    if complete is None:  # pragma: no cover - click knows these three
        raise click.UsageError(f"No completion for {shell}.")
    name = root.info_name or "masking-console"
    script = complete(root.command, {}, name, "_MASKING_CONSOLE_COMPLETE").source()
    if shell == "zsh":
        # The line may stand above the one that starts zsh's completion, or alone.
        script = script.replace(_BEFORE_ZSH, _COMPINIT + _BEFORE_ZSH)
    click.echo(script, nl=False)


def _completes(values: Callable[[click.Context], Iterable[str]]) -> Complete:
    """Return what click asks for the values that begin with what was typed."""

    def complete(
        ctx: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[str]:
        typed = incomplete.casefold()
        try:
            found = sorted(set(values(ctx)))
        except (MaskingConsoleError, OSError):
            # Told by the command itself, when it runs.
            return []
        return [each for each in found if each.casefold().startswith(typed)]

    return complete


def _accounts(ctx: click.Context) -> Iterable[str]:
    """Return the accounts that are known without the keyring."""
    from masking_console import paths
    from masking_console.config_file import read_config
    from masking_console.models.account import ENVIRONMENT_ACCOUNT

    yield from (name for _batch, name in _latest(ctx) if name)
    config = read_config(paths.config_path())
    yield from config.values.protected
    yield from (account.name for account in config.accounts)
    if os.environ.get("PLIVO_AUTH_ID"):
        yield ENVIRONMENT_ACCOUNT


def _batches(ctx: click.Context) -> Iterable[str]:
    return (batch for batch, _name in _latest(ctx))


def _latest(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from masking_console import paths
    from masking_console.operations.read_history import latest_batches

    return latest_batches(paths.journal_path(practice=bool(ctx.params.get("practice"))))


def _outcomes(_ctx: click.Context) -> Iterable[str]:
    from masking_console.models.expiry import ExpiryOutcome

    return (outcome.value for outcome in ExpiryOutcome)


def _config_keys(_ctx: click.Context) -> Iterable[str]:
    from masking_console.config_keys import allowed

    return allowed()


complete_account = _completes(_accounts)
complete_batch = _completes(_batches)
complete_outcome = _completes(_outcomes)
complete_config_key = _completes(_config_keys)


Command = TypeVar("Command", bound=Callable[..., Any])

api_url_option = click.option(
    "--api-url",
    metavar="URL",
    envvar="MASKING_CONSOLE_API_URL",
    help="Use another base URL: https, or http to a loopback address.",
)
read_only_option = click.option("--read-only", is_flag=True, help="Look, never expire.")
_OPTIONS = (
    click.option(
        "--account",
        metavar="NAME",
        shell_complete=complete_account,
        help="Use this account from the start.",
    ),
    click.option(
        "--practice",
        is_flag=True,
        help="Use a simulated account; nothing leaves this computer.",
    ),
    api_url_option,
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
    """Return what applies: the stricter of the configuration and the command line.

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
    user, system = paths.config_path(), paths.system_config_path()
    if paths.is_absent(user) and paths.is_absent(system):
        # Most have none, and the decoder is a tenth of the way to the first paint.
        return base
    found = load_configuration(api_url=api_url, read_only=read_only)
    if not practice:
        found.refuse_what_is_locked()
    return found.on(base)


def load_configuration(
    *, api_url: str | None = None, read_only: bool = False
) -> "Configuration":
    """Return the configuration with what this call asks for.

    Raises:
        InputError: the URL or something in the configuration cannot be used.
    """
    from masking_console import paths
    from masking_console.config_layers import Asked, read_configuration

    context = click.get_current_context(silent=True)
    place = context.get_parameter_source("api_url") if context is not None else None
    asked = Asked(read_only, api_url, place is ParameterSource.ENVIRONMENT)
    return read_configuration(paths.config_path(), paths.system_config_path(), asked)


def say_where(settings: "Settings") -> None:
    """Say first of all, on the error stream, that the base URL is not Plivo's."""
    from masking_console.linear.output import Output
    from masking_console.presentation.display import place_words

    if words := place_words(settings):
        Output().note(words)


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
