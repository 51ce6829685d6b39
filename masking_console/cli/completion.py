"""`masking-console completion`: the script that a shell completes with."""

import click


@click.command(short_help="Print a script for your shell that completes words.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands and options in your shell.

    For bash, put this into ~/.bashrc: eval "$(masking-console completion bash)"
    """
    from click.shell_completion import get_completion_class

    root = ctx.find_root()
    complete = get_completion_class(shell)
    if complete is None:  # pragma: no cover - click knows these three
        raise click.UsageError(f"No completion for {shell}.")
    name = root.info_name or "masking-console"
    script = complete(root.command, {}, name, "_MASKING_CONSOLE_COMPLETE")
    click.echo(script.source(), nl=False)
