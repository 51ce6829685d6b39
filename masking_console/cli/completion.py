"""`masking-console completion`, and the values that a shell completes.

They come from the configuration and the journal, which is only read: a key that is
pressed in a shell asks neither the keyring nor Plivo, and what fails completes nothing.
"""

import os
from collections.abc import Callable, Iterable

import click

from masking_console.errors import MaskingConsoleError

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
