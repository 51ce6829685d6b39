"""`masking-console practice-server`: the simulated account for any client."""

import click


@click.command(
    "practice-server", short_help="Serve the simulated account on a loopback port."
)
@click.option("--port", default=0, show_default=True, help="0 takes any free one.")
@click.option("--strict", is_flag=True, help="Refuse parameters that there are not.")
def practice_server(port: int, *, strict: bool) -> None:
    """Serve the simulated account on a loopback port, for any client.

    Prints its URL, Auth ID and token, one a line, when it listens.
    """
    from masking_console.practice.listing import Conduct
    from masking_console.practice.server import serve
    from masking_console.practice.simulated_account import SimulatedAccount

    account = SimulatedAccount(conduct=Conduct(refuses_unknown=strict))
    serve(port, click.echo, account)
