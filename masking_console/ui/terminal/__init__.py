"""Terminal driver: whole pastes, clean characters, and a clean end.

On Windows the console delivers input as records, which Textual's own driver reads; a
hostile paste can still become key presses there, and the paste guard and the
confirmation rules are what stops it.
"""

import sys

from textual.driver import Driver

from masking_console.ui.terminal.paste_parser import (
    InputStalled,
    PasteBegan,
    PasteDropped,
    PasteOver,
    WholePasteParser,
)

if sys.platform == "win32":
    from textual.drivers.windows_driver import WindowsDriver as _ConsoleDriver
else:
    from masking_console.ui.terminal.driver import WholePasteDriver as _ConsoleDriver

__all__ = [
    "InputStalled",
    "PasteBegan",
    "PasteDropped",
    "PasteOver",
    "WholePasteParser",
    "console_driver_class",
]


def console_driver_class() -> type[Driver]:
    """Return the driver class to give to the app as ``driver_class``.

    Given explicitly, it also wins over ``TEXTUAL_DRIVER``, which could name any code.
    """
    return _ConsoleDriver
