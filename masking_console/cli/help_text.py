"""The text of ``--help``, kept since it takes longer to build than to read; the manual.

``python -m masking_console.cli.help_text`` writes both anew; a test says when to.
"""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

PATH = os.path.join(os.path.dirname(__file__), "help.txt")  # noqa: PTH118, PTH120 - quick
MANUAL = os.path.join(os.path.dirname(__file__), "masking-console.1")  # noqa: PTH118, PTH120 - likewise
WIDTH = 80
_NAME = "masking-console"
_TABLES = {
    "CONFIGURATION": "| key | what it may be |",
    "EXIT STATUS": "| exit code | meaning |",
    "FILES": "| what | where |",
}
"""Sections of the manual, and the beginnings of their tables in the guide."""


def kept() -> str:
    """Return the text that is kept."""
    with open(PATH, encoding="utf-8") as file:  # noqa: PTH123 - likewise
        return file.read()


def made() -> str:
    """Return what the commands say of themselves."""
    from masking_console.cli.commands import cli

    context = cli.make_context(
        "masking-console", [], resilient_parsing=True, terminal_width=WIDTH
    )
    return cli.get_help(context) + "\n"


def manual(guide: str) -> str:
    """Return the manual page, from the commands and the tables of the guide.

    Args:
        guide: the text of all its pages.
    """
    from masking_console import __version__
    from masking_console.cli.commands import cli

    context = cli.make_context(_NAME, [], resilient_parsing=True)
    summary = (cli.help or "").partition("\n")[0].rstrip(".")
    lines = [
        # Written by the command in the docstring of cli/help_text.py.
        f'.TH {_NAME.upper()} 1 "" "{_NAME} {__version__}"',
        ".SH NAME",
        f"{escaped(_NAME)} \\- {escaped(summary)}",
        ".SH SYNOPSIS",
        f".B {escaped(_NAME)}",
        "[OPTIONS] [UUID ...]",
        ".br",
        f".B {escaped(_NAME)}",
        "COMMAND [ARGS]...",
        ".SH DESCRIPTION",
        *_paragraphs(cli.help or ""),
        ".SH OPTIONS",
        *_options(cli.commands["console"], context),
        *_item("--version", "Show the version and exit."),
        ".SH COMMANDS",
        *_commands(cli, context),
    ]
    for title, head in _TABLES.items():
        lines += [f".SH {title}", *_rows(guide, head)]
    return "\n".join(lines) + "\n"


def whole_guide() -> str:
    """Return the text of all pages of the guide."""
    from masking_console.presentation.guide import FOLDER, TOPICS

    pages = (FOLDER / f"{topic}.md" for topic in TOPICS)
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def _commands(group: "click.Group", context: "click.Context") -> Iterator[str]:
    """Return every command that is shown, with those below it."""
    import click

    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        own = click.Context(command, info_name=name, parent=context)
        words = own.command_path.partition(" ")[2]
        usage = " ".join(command.collect_usage_pieces(own))
        yield from (".SS " + escaped(f"{words} {usage}"), *_paragraphs(command.help))
        yield from _options(command, own)
        if isinstance(command, click.Group):
            yield from _commands(command, own)


def _options(command: "click.Command", context: "click.Context") -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:
            yield from _item(*record)


def _paragraphs(text: str | None) -> Iterator[str]:
    for paragraph in (text or "").split("\n\n"):
        yield from (".PP", escaped(" ".join(paragraph.split())))


def _rows(guide: str, head: str) -> Iterator[str]:
    """Return the rows of a table as items: the first cell, and all others below it."""
    rows = guide.partition(head)[2].partition("\n\n")[0].splitlines()[2:]
    for row in rows:
        plain = re.sub(r"`([^`]*)`|\*\*", r"\1", row.strip("| "))
        cells = re.split(r"\s*\|\s*", plain)
        if len(cells) == len(("key", "what", "default", "does")):
            name, may_be, default, does = cells
            yield from _item(name, f"{does} ({may_be}; default: {default or 'none'})")
        elif cells[-1].startswith("journal") or "beside" in cells[-1]:
            # A file is looked up by its name.
            yield from _item(cells[1], cells[0])
        else:
            yield from _item(*cells)


def _item(name: str, words: str) -> Iterator[str]:
    yield from (".TP", f".B {escaped(name)}", escaped(words))


def escaped(text: str) -> str:
    """Return a text that means itself, also where it begins like a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - likewise
        file.write(text)


if __name__ == "__main__":
    _write(PATH, made())
    _write(MANUAL, manual(whole_guide()))
