"""What ``--help`` says, kept as a text: to build it takes longer than to read it.

``python -m masking_console.cli.help_text`` writes it anew; a test says when to.
"""

import os

PATH = os.path.join(os.path.dirname(__file__), "help.txt")  # noqa: PTH118, PTH120 - quick
WIDTH = 80


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


if __name__ == "__main__":
    text = made()
    with open(PATH, "w", encoding="utf-8") as file:  # noqa: PTH123 - likewise
        file.write(text)
