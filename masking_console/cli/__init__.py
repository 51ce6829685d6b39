"""The command line: parse, wire, run one face; errors become one line and a code.

Textual, httpx and keyring are imported after parsing, so that ``--help`` and
``--version`` answer at once.
"""

import sys
import threading
from typing import NoReturn

from masking_console import __version__


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["--help"], ["-h"]):
        # What is asked first and most often needs no command line at all.
        sys.stdout.write(_of_itself(words[0]))
        sys.exit(0)
    import click

    from masking_console.cli.commands import cli
    from masking_console.errors import MaskingConsoleError
    from masking_console.exit_codes import ExitCode

    before, threading.excepthook = threading.excepthook, _note_of_thread
    try:
        cli.main(args=arguments, prog_name="masking-console", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(ExitCode.STOPPED)
    except click.ClickException as error:
        _fail(error.format_message(), ExitCode.BAD_INPUT)
    except MaskingConsoleError as error:
        _fail(str(error), error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last place to keep its values back
        _crash(error)
    finally:
        threading.excepthook = before
    sys.exit(ExitCode.DONE)


def _of_itself(option: str) -> str:
    if option == "--version":
        return f"masking-console, version {__version__}\n"
    from masking_console.cli.help_text import kept

    return kept()


def _fail(sentence: str, code: int) -> NoReturn:
    import click

    from masking_console.models.plain_text import plain_text

    click.echo(f"masking-console: {plain_text(sentence)}", err=True)
    sys.exit(code)


def _crash(error: Exception) -> NoReturn:
    """End by a defect of ours; Python's own way shows the text of the error."""
    import click

    from masking_console.exit_codes import ExitCode
    from masking_console.ui.crash import crash_message, write_crash_file

    click.echo(crash_message(error, write_crash_file(error)), err=True)
    sys.exit(ExitCode.BAD_INPUT)


def _note_of_thread(lost: threading.ExceptHookArgs) -> None:
    """Write down an error that ended a thread; Python's own way shows its text."""
    from masking_console.ui.crash import write_crash_file

    if lost.exc_value is not None:
        write_crash_file(lost.exc_value)
