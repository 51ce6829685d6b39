"""The command line: parse, wire, run one face; errors become one line and a code.

Textual, httpx and keyring are imported after parsing, so that ``--help`` and
``--version`` answer at once.
"""

import sys
import threading
from typing import NoReturn

from masking_console import __version__
from masking_console.cli.process import lost_output, open_closed, say


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    open_closed()
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["--help"], ["-h"]):
        # What is asked first and most often needs no command line at all.
        _tell(_of_itself(words[0]))
    before, threading.excepthook = threading.excepthook, _note_of_thread
    try:
        code = _run(arguments)
    finally:
        threading.excepthook = before
    # The work of `expire` is done, whether anybody reads of it; it says so itself.
    lost = "" if words[:1] == ["expire"] else lost_output()
    if lost and code == 0:
        code = _failed(lost, 1)
    sys.exit(code)


def _tell(text: str) -> NoReturn:
    """Write to the standard output and exit."""
    try:
        sys.stdout.write(text)
        lost = lost_output()
    except OSError as error:
        lost = lost_output(error)
    sys.exit(_failed(lost, 1) if lost else 0)


def _run(arguments: list[str] | None) -> int:
    """Run a command and return the exit code; what went wrong is said."""
    import click

    from masking_console.cli.commands import cli
    from masking_console.errors import ExitCode, MaskingConsoleError
    from masking_console.paths import PathVariableError

    code = int(ExitCode.DONE)
    try:
        cli.main(args=arguments, prog_name="masking-console", standalone_mode=False)
    except SystemExit as stop:
        code = int(stop.code or 0)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.Abort:
        code = ExitCode.STOPPED
    except click.ClickException as error:
        code = _failed(error.format_message(), ExitCode.BAD_INPUT)
    except MaskingConsoleError as error:
        from masking_console.linear.exit_code import with_remedy

        code = _failed(with_remedy(error), error.exit_code)
    except PathVariableError as error:
        code = _failed(str(error), ExitCode.BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - the last place to keep its values back
        code = _unforeseen(error)
    return code


def _of_itself(option: str) -> str:
    if option == "--version":
        return f"masking-console, version {__version__}\n"
    from masking_console.cli.help_text import kept

    return kept()


def _failed(sentence: str, code: int) -> int:
    """Say what went wrong, and return the exit code."""
    from masking_console.models.plain_text import plain_text

    say(f"masking-console: {plain_text(sentence)}")
    return code


def _unforeseen(error: Exception) -> int:
    """Tell of lost output or a defect of ours; Python shows the text of an error."""
    lost = lost_output(error) if isinstance(error, OSError) else ""
    if lost:
        return _failed(lost, 1)
    from masking_console.errors import ExitCode
    from masking_console.ui.crash import crash_message, write_crash_file

    say(crash_message(error, write_crash_file(error)))
    return ExitCode.BAD_INPUT


def _note_of_thread(lost: threading.ExceptHookArgs) -> None:
    """Write down an error that ended a thread; Python's own way shows its text."""
    from masking_console.ui.crash import write_crash_file

    if lost.exc_value is not None:
        write_crash_file(lost.exc_value)
